// Tokens that are renewed before they expire.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { MemorySessionStore } from "../src/index.js";
import { renewalPause } from "../src/sessions.js";
import type { StoredSession } from "../src/index.js";
import { clientOf, ends, serve, until } from "./fake.js";
import type { Asked, Peer } from "./fake.js";
import { LIFE, Service } from "./service.js";

const NOW = Date.parse("2026-11-24T09:30:00.000Z");
const AHEAD = 30_000;

function session(left: number, accessToken = "ada.1"): StoredSession {
  const accessExpiresAt = new Date(NOW + left).toISOString();
  const ids = { userID: "id-ada", username: "ada", sessionID: "s-ada" };
  return { ...ids, accessToken, accessExpiresAt, refreshToken: "ada.r1", refreshKey: "k" };
}

/** A token that lives so many seconds. */
function token(seconds: number): string {
  const claims = JSON.stringify({ iat: 1_700_000_000, exp: 1_700_000_000 + seconds });
  return `h.${Buffer.from(claims).toString("base64url")}.s`;
}

test("new tokens are asked for some time before the end, or in a short life's second half", () => {
  const pause = (one: StoredSession, isNew: boolean) => renewalPause(one, AHEAD, isNew, NOW);
  assert.equal(pause(session(900_000), false), 870_000);
  assert.equal(pause(session(50_000), false), 25_000);
  assert.equal(pause(session(0), false), 0);
  assert.equal(pause(session(-1_000), false), 0);
  assert.equal(renewalPause(session(900_000), -1, false, NOW), 900_000);
});

test("a token that was just made says how long it lives, whatever the clock says", () => {
  const pause = (left: number, one: string) => renewalPause(session(left, one), AHEAD, true, NOW);
  for (const left of [-86_400_000, 900_000, 86_400_000]) {
    assert.equal(pause(left, token(900)), 870_000);
  }
  assert.equal(pause(900_000, "ada.1"), 870_000);
  assert.equal(pause(-86_400_000, "ada.1"), 1_000, "not again and again");
  for (const wrong of [token(0), token(-1), "h.e30.s", "h.W10.s", "h.bnVsbA.s", "h.!.s", "a.b.c.d"]) {
    assert.equal(pause(900_000, wrong), 870_000, wrong);
  }
});

test("a token that cannot be renewed, or does not tell its end, is not renewed ahead", () => {
  const { refreshToken: _, ...elsewhere } = session(0);
  assert.equal(renewalPause(elsewhere, AHEAD, true, NOW), Infinity);
  const untold = { ...session(0), accessExpiresAt: "soon" };
  assert.equal(renewalPause(untold, AHEAD, false, NOW), Infinity);
});

/** A client that has logged in, and a clock to be put forward. */
async function house(context: TestContext) {
  const service = new Service();
  const server = await serve(context, service.behave);
  const sessionStore = new MemorySessionStore();
  const client = clientOf(context, server, { sessionStore });
  const now = performance.now.bind(performance);
  let passed = 0;
  const put = (value: () => number) => {
    Object.defineProperty(performance, "now", { configurable: true, value });
  };
  put(() => now() + passed);
  context.after(() => put(now));
  const pass = (milliseconds: number) => {
    passed += milliseconds;
  };
  await client.auth.login({ username: "ada", password: "a long password" });
  const post = async () => (await client.posts.create({ body: "x" })).author.username;
  await post();
  const refreshes = () => server.of("auth.refresh").length;
  return { service, server, sessionStore, client, pass, post, refreshes };
}

test("calls go on with the old token while one refresh gets the next", async (context) => {
  const { service, server, sessionStore, client, pass, post, refreshes } = await house(context);
  pass(LIFE - AHEAD - 5_000);
  await post();
  assert.equal(refreshes(), 0);
  const held: (() => void)[] = [];
  server.behave = (peer, asked) => {
    if (asked.method === "auth.refresh") held.push(() => service.behave(peer, asked));
    else service.behave(peer, asked);
  };
  pass(10_000);
  assert.deepEqual(await ends(1_000, post), Array(1_000).fill("ada"));
  assert.equal(client.session?.accessToken, "ada.1");
  await until(() => held.length > 0);
  for (const answer of held) answer();
  await until(() => client.session?.accessToken === "ada.2");
  assert.equal((await sessionStore.load())?.accessToken, "ada.2");
  service.oldest = 2;
  assert.deepEqual(await ends(100, post), Array(100).fill("ada"));
  assert.equal(refreshes(), 1);
});

test("a thousand calls that are refused meanwhile wait for the refresh that is under way", async (context) => {
  const { service, pass, post, refreshes } = await house(context);
  service.expire();
  pass(LIFE);
  assert.deepEqual(await ends(1_000, post), Array(1_000).fill("ada"));
  assert.equal(refreshes(), 1);
});

test("a refresh ahead that fails harms no call, and a refusal has it tried again", async (context) => {
  const { service, server, client, pass, post, refreshes } = await house(context);
  server.behave = (peer: Peer, asked: Asked) => {
    if (asked.method === "auth.refresh") peer.refuse(asked, -32603, { incident: "i" });
    else service.behave(peer, asked);
  };
  pass(LIFE);
  assert.deepEqual(await ends(100, post), Array(100).fill("ada"));
  await until(() => refreshes() === 1);
  assert.deepEqual(await ends(100, post), Array(100).fill("ada"));
  assert.equal(refreshes(), 1);
  server.behave = service.behave;
  service.expire();
  assert.equal(await post(), "ada");
  assert.equal(client.session?.accessToken, "ada.2");
});

test("a refresh ahead that is refused ends the session with its error", async (context) => {
  const { service, client, pass, post } = await house(context);
  service.spent.set("ada.r1", "another's key");
  pass(LIFE);
  await post();
  await until(() => client.session === undefined);
  await assert.rejects(post(), { name: "unauthenticated" });
});
