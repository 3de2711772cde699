// Who is calling: attaching, renewing once for all, and what is told of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { MemorySessionStore } from "../src/index.js";
import type { Client, Configuration, SessionEvent } from "../src/index.js";
import { clientOf, ends, serve, until } from "./fake.js";
import { Service } from "./service.js";

async function house(context: TestContext, settings: Partial<Configuration> = {}) {
  const service = new Service();
  const server = await serve(context, service.behave);
  return { service, server, client: clientOf(context, server, settings) };
}

const login = (client: Client, username: string) =>
  client.auth.login({ username, password: "a long password" });
const post = async (client: Client) =>
  (await client.posts.create({ body: "Hello." })).author.username;

async function all(events: AsyncIterable<SessionEvent>): Promise<string[]> {
  const told: string[] = [];
  for await (const event of events) {
    const reason = event.kind === "ended" || event.kind === "not_kept" ? event.reason : undefined;
    const word = typeof reason === "string" ? reason : reason?.name;
    told.push(word === undefined ? event.kind : `${event.kind}: ${word}`);
  }
  return told;
}

test("after a log-in each connection is attached before its calls", async (context) => {
  const { server, client } = await house(context);
  await login(client, "ada");
  assert.deepEqual(await ends(50, () => post(client)), Array(50).fill("ada"));
  server.peers[0]?.close();
  assert.deepEqual(await ends(50, () => post(client)), Array(50).fill("ada"));
  const asked = server.peers[1]?.asked.map((one) => one.method) ?? [];
  assert.equal(asked[0], "auth.attach");
  assert.equal(asked.filter((method) => method === "auth.attach").length, 1);
});

test("another log-in attaches anew, and a log-out detaches", async (context) => {
  const { client } = await house(context);
  const events = all(client.sessionEvents());
  for (const name of ["ada", "grace"]) {
    await login(client, name);
    assert.equal(await post(client), name);
    assert.equal(client.session?.username, name);
  }
  await client.auth.logout();
  assert.equal(client.session, undefined);
  await assert.rejects(post(client), { name: "unauthenticated" });
  client.close();
  assert.deepEqual(await events, ["signed_in", "signed_in", "ended: logged_out"]);
});

test("a log-out of another session leaves the client's alone", async (context) => {
  const { client } = await house(context);
  await login(client, "ada");
  await client.auth.logout({ refresh_token: "grace.r9" });
  assert.equal(client.session?.username, "ada");
  await client.auth.logout({ refresh_token: "ada.r1" });
  assert.equal(client.session, undefined);
});

test("calls that are made while somebody else logs in are each made by one of the two", async (context) => {
  const { client, server } = await house(context, { inFlightMax: 4 });
  await login(client, "ada");
  for (let round = 0; round < 5; round += 1) {
    const before = ends(30, () => post(client));
    const next = login(client, `user${round}`);
    const during = ends(30, () => post(client));
    await next;
    const after = ends(30, () => post(client));
    const former = round === 0 ? "ada" : `user${round - 1}`;
    for (const name of await before) assert(name === former || name === `user${round}`);
    await during;
    assert.deepEqual(await after, Array(30).fill(`user${round}`));
  }
  await client.auth.logout();
  assert.deepEqual(await ends(10, () => post(client)), Array(10).fill("unauthenticated"));
  assert.equal(server.peers.length, 1);
});

test("a token of the options is used for its call alone", async (context) => {
  const { client } = await house(context);
  await login(client, "ada");
  const other = await client.posts.create({ body: "x" }, { accessToken: "grace.7" });
  assert.equal(other.author.username, "grace");
  assert.equal(await post(client), "ada");
});

test("a client that follows no log-ins calls for nobody", async (context) => {
  const { client } = await house(context, { followsLogins: false });
  await login(client, "ada");
  await assert.rejects(post(client), { name: "unauthenticated" });
});

test("a token from elsewhere is attached and not renewed", async (context) => {
  const { client, server, service } = await house(context);
  assert.equal((await client.attach("grace.3")).user.username, "grace");
  assert.equal(await post(client), "grace");
  service.oldest = 4;
  await assert.rejects(post(client), { name: "token_expired" });
  assert.equal(server.of("auth.refresh").length, 0);
  await client.detach();
  await assert.rejects(post(client), { name: "unauthenticated" });
});

test("a write is never repeated as somebody else", async (context) => {
  const { client, server, service } = await house(context);
  await login(client, "ada");
  await post(client);
  let isClosed = false;
  server.behave = (peer, asked) => {
    if (asked.method !== "posts.create" || isClosed) return service.behave(peer, asked);
    isClosed = true;
    void client.attach("grace.9").catch(() => {});
    return peer.close();
  };
  await assert.rejects(post(client), { name: "connection_lost" });
});

test("a thousand calls that wait while the token expires cause one refresh", async (context) => {
  const { client, server, service } = await house(context);
  const events = all(client.sessionEvents());
  await login(client, "ada");
  await post(client);
  service.expire();
  assert.deepEqual(await ends(1_000, () => post(client)), Array(1_000).fill("ada"));
  assert.equal(server.of("auth.refresh").length, 1);
  client.close();
  assert.deepEqual(await events, ["signed_in", "refreshed"]);
});

test("a refresh whose answer was lost is repeated with its key", async (context) => {
  const { client, server, service } = await house(context);
  await login(client, "ada");
  service.expire();
  service.lost = 2;
  assert.equal(await post(client), "ada");
  const keys = server.of("auth.refresh").map((asked) => asked.params._meta?.idempotency_key);
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
});

test("a session that has ended is told to all and is not refreshed", async (context) => {
  const { client, server, service } = await house(context);
  const events = all(client.sessionEvents());
  await login(client, "ada");
  await post(client);
  service.refusal = 1004;
  assert.deepEqual(await ends(100, () => post(client)), Array(100).fill("token_revoked"));
  assert.equal(server.of("auth.refresh").length, 0);
  assert.equal(client.session, undefined);
  client.close();
  assert.deepEqual(await events, ["signed_in", "ended: token_revoked"]);
});

test("a refresh that is refused ends the session with its error", async (context) => {
  const { client, server, service } = await house(context);
  const events = all(client.sessionEvents());
  await login(client, "ada");
  service.expire();
  service.spent.set("ada.r1", "another's key");
  assert.deepEqual(await ends(100, () => post(client)), Array(100).fill("token_reused"));
  assert.equal(server.of("auth.refresh").length, 1);
  client.close();
  assert.deepEqual(await events, ["signed_in", "ended: token_reused"]);
});

test("a refresh that fails fails those who wait for it together, and the next is tried", async (context) => {
  const { client, server, service } = await house(context);
  await login(client, "ada");
  service.expire();
  server.behave = (peer, asked) => {
    if (asked.method === "auth.refresh") peer.refuse(asked, -32603, { incident: "i" });
    else service.behave(peer, asked);
  };
  assert.deepEqual(await ends(100, () => post(client)), Array(100).fill("internal"));
  assert.equal(server.of("auth.refresh").length, 1);
  server.behave = service.behave;
  assert.equal(await post(client), "ada");
});

test("a call does not wait for a refresh beyond its own deadline", async (context) => {
  const { client, server, service } = await house(context);
  await login(client, "ada");
  service.expire();
  server.behave = (peer, asked) => {
    if (asked.method !== "auth.refresh") service.behave(peer, asked);
  };
  await assert.rejects(client.posts.create({ body: "x" }, { deadline: 300 }), { name: "timed_out" });
  const given = new AbortController();
  const call = ends(1, () => client.posts.create({ body: "x" }, { signal: given.signal }));
  await until(() => server.of("auth.refresh").length === 1);
  given.abort();
  assert.deepEqual(await call, ["aborted"]);
});

test("the store has what was renewed, and nothing after a log-out", async (context) => {
  const sessionStore = new MemorySessionStore();
  const { client, service } = await house(context, { sessionStore });
  await login(client, "ada");
  assert.equal((await sessionStore.load())?.accessToken, "ada.1");
  service.expire();
  await post(client);
  assert.equal((await sessionStore.load())?.accessToken, "ada.2");
  await client.auth.logout();
  assert.equal(await sessionStore.load(), null);
});
