// Sessions that outlive the process.
import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { FileSessionStore } from "../src/index.js";
import type { SessionEvent, SessionStore, StoredSession } from "../src/index.js";
import { clientOf, ends, nameOf, serve } from "./fake.js";
import { Service } from "./service.js";
import { Folder } from "./serving.js";

function fileOf(context: TestContext): string {
  const folder = new Folder();
  context.after(() => folder.remove());
  return `${folder.path}/session.json`;
}

const ADA: StoredSession = {
  userID: "id-ada",
  username: "ada",
  sessionID: "s-ada",
  accessToken: "ada.1",
  accessExpiresAt: "2126-11-24T09:30:00.000Z",
  refreshToken: "ada.r1",
  refreshExpiresAt: "2026-12-24T09:30:00.000Z",
  refreshKey: "k",
};
const login = { username: "ada", password: "a long password" };

test("what is kept is found again, by its owner alone", async (context) => {
  const path = fileOf(context);
  const server = await serve(context, new Service().behave);
  const settings = () => ({ sessionStore: new FileSessionStore(path, "here") });
  const client = clientOf(context, server, settings());
  await client.auth.login(login);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const again = clientOf(context, server, settings());
  const heard = again.sessionEvents();
  const post = await again.posts.create({ body: "x" });
  assert.equal(post.author.username, "ada");
  assert.deepEqual(again.session, client.session);
  const { value } = await heard.next();
  assert.deepEqual(value, { kind: "signed_in", userID: "id-ada", username: "ada" });
  await again.detach();
  assert.equal(existsSync(path), false);
});

test("tokens of another server are not used", async (context) => {
  const path = fileOf(context);
  await new FileSessionStore(path, "here").save(ADA);
  assert.equal(await new FileSessionStore(path, "there").load(), null);
  assert.deepEqual(await new FileSessionStore(path, "here").load(), ADA);
  assert.deepEqual(await new FileSessionStore(path).load(), ADA);
});

test("one at a time is within the lock, programs in other languages too", async (context) => {
  const path = fileOf(context);
  const stores = [new FileSessionStore(path), new FileSessionStore(path)] as const;
  const isFree = () => {
    try {
      execFileSync("flock", ["-n", `${path}.lock`, "true"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  const release = await stores[0].tryLock();
  assert(release !== null);
  assert.equal(await stores[1].tryLock(), null);
  assert.equal(isFree(), false);
  release();
  assert.equal(isFree(), true);
  const other = await stores[1].tryLock();
  assert(other !== null);
  other();
});

test("a file that is none of ours is told", async (context) => {
  const path = fileOf(context);
  for (const content of ["", "{", "[1]", "\0", "{}", "[".repeat(200_000), "x".repeat(2 << 20)]) {
    writeFileSync(path, content);
    await assert.rejects(new FileSessionStore(path).load(), { name: "store_unusable" });
  }
  await assert.rejects(new FileSessionStore(`${path}/x`).save(ADA), { name: "store_unusable" });
  await assert.rejects(new FileSessionStore(`${path}/x`).tryLock(), { name: "store_unusable" });
});

test("clients of one file share its session and one refresh", async (context) => {
  const service = new Service();
  const server = await serve(context, service.behave);
  const path = fileOf(context);
  const clients = Array.from({ length: 6 }, () =>
    clientOf(context, server, { sessionStore: new FileSessionStore(path) }),
  );
  await clients[0]?.auth.login(login);
  await Promise.all(clients.map((client) => client.posts.create({ body: "x" })));
  service.expire();
  const found = await Promise.all(clients.map((client) => client.posts.create({ body: "x" })));
  assert.equal(found.length, 6);
  assert.equal(server.of("auth.refresh").length, 1);
  assert.equal(new Set(clients.map((client) => client.session?.accessToken)).size, 1);
});

/** A store that fails as told. */
class Unruly implements SessionStore {
  how: "throws" | "hangs" | "fine" = "fine";
  kept: StoredSession | null = null;

  async #behave<T>(value: T): Promise<T> {
    if (this.how === "throws") throw new Error("no");
    if (this.how === "hangs") await new Promise(() => {});
    return value;
  }

  load = () => this.#behave(this.kept);
  save = async (session: StoredSession | null) => {
    this.kept = await this.#behave(session);
  };
  tryLock = () => this.#behave(() => {});
}

test("where the store cannot be read, who is calling is not known, and others' calls go on", async (context) => {
  const sessionStore = new Unruly();
  const server = await serve(context, new Service().behave);
  const client = clientOf(context, server, { sessionStore });
  sessionStore.how = "throws";
  const list = client.posts.create({ body: "x" });
  await assert.rejects(list, { name: "store_unusable" });
  assert.equal(await client.server.ping(), "pong");
  sessionStore.how = "hangs";
  await assert.rejects(client.posts.create({ body: "x" }, { deadline: 200 }), { name: "timed_out" });
  const given = new AbortController();
  const call = client.posts.create({ body: "x" }, { signal: given.signal });
  given.abort();
  assert.equal(await call.catch(nameOf), "aborted");
  const last = client.posts.create({ body: "x" });
  client.close();
  assert.equal(await last.catch(nameOf), "client_closed");
});

test("tokens that cannot be kept hold in memory, and are renewed there", async (context) => {
  const sessionStore = new Unruly();
  const service = new Service();
  const server = await serve(context, service.behave);
  const client = clientOf(context, server, { sessionStore });
  const heard = client.sessionEvents();
  await client.server.ping();
  sessionStore.how = "throws";
  await client.auth.login(login);
  sessionStore.how = "fine";
  service.expire();
  assert.deepEqual(
    await ends(20, async () => (await client.posts.create({ body: "x" })).author.username),
    Array(20).fill("ada"),
  );
  client.close();
  const told: SessionEvent["kind"][] = [];
  for await (const event of heard) told.push(event.kind);
  assert.deepEqual(told, ["not_kept", "signed_in", "refreshed"]);
  assert.equal(sessionStore.kept?.accessToken, "ada.2");
});
