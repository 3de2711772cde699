// Calls, against servers that behave and that do not: none ever hangs, and none harms another.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connected, ends, pair, pong, POST, timed, until, USER } from "./fake.js";
import type { Asked, Peer } from "./fake.js";

const short = { deadline: 300 };
const once = { retries: false };

test("answers that come out of order find their calls", async (context) => {
  const held: Asked[] = [];
  const { client } = await pair(context, (peer, asked) => {
    held.push(asked);
    if (held.length < 20) return;
    for (const one of held.reverse()) peer.result(one, { ...POST, body: one.params["id"] });
  });
  const bodies = await ends(20, async (n) => (await client.posts.get({ id: `p${n}` })).body);
  assert.deepEqual(bodies, Array.from({ length: 20 }, (_, n) => `p${n}`));
});

test("lines that answer nothing harm nobody", async (context) => {
  const noise = [
    "\n  \r\n{\n[1]\nnull\n{}\n12\n",
    `${"[".repeat(100_000)}\n`,
    '{"jsonrpc":"2.0","id":999,"result":1}\n{"jsonrpc":"2.0","id":"1","result":2}\n',
    '{"jsonrpc":"2.0","id":-1,"result":1}\n{"jsonrpc":"2.0","id":true,"result":1}\n',
    '{"jsonrpc":"2.0","method":"server.news","params":[]}\n',
    '{"jsonrpc":"2.0","method":"server.draining","params":7}\n',
    '{"jsonrpc":"2.0","method":5}\n{"jsonrpc":"2.0","id":null,"error":3}\n',
    '{"__proto__":{"id":1},"constructor":1}\n',
  ].join("");
  const { client } = await pair(context, (peer, asked) => {
    peer.write(Buffer.from([0xff, 0xfe, 0x0a]));
    peer.write(noise);
    peer.result(asked);
  });
  assert.deepEqual(await ends(3, () => client.server.ping()), ["pong", "pong", "pong"]);
});

test("garbage in place of an answer ends its call at the deadline and no other", async (context) => {
  for (const garbage of ["\u0000{]\n", '{"jsonrpc":"2.0","id":12345,"result":"pong"}\n', ""]) {
    const { client } = await connected(context, (peer, asked) => {
      if (asked.method === "server.info") peer.write(garbage);
      else peer.result(asked);
    });
    const info = ends(1, () => client.server.info(short));
    assert.deepEqual(await ends(10, () => client.server.ping()), Array(10).fill("pong"));
    assert.deepEqual(await info, ["timed_out"]);
    assert.equal(await client.server.ping(), "pong");
    assert.equal(client.load, 0);
  }
});

test("a server that speaks something else is given up", async (context) => {
  const { client } = await pair(context, (peer) => peer.write("220 mail ready\r\n".repeat(16)));
  await assert.rejects(client.server.ping(once), { name: "malformed_answer" });
});

test("an answer that is not as the schema says fails its call alone", async (context) => {
  const answers = [
    ["2.0", '"result":5'],
    ["2.0", '"result":null'],
    ["2.0", '"later":1'],
    ["2.0", '"result":{"items":[],"next_cursor":null},"error":{}'],
    ["2.0", '"error":5'],
    ["2.0", '"error":{"code":"x","message":1}'],
    ["2.0", '"result":{"items":[],"later":1}'],
    ["2.0", '"result":{"items":[{}],"next_cursor":null}'],
    ["1.0", '"result":{"items":[],"next_cursor":null}'],
  ];
  for (const [version, answer] of answers) {
    const { client } = await pair(context, (peer, asked) => {
      if (asked.method === "server.ping") peer.result(asked);
      else peer.write(`{"jsonrpc":"${version}","id":${asked.id},${answer}}\n`);
    });
    const list = ends(1, () => client.posts.list());
    assert.equal(await client.server.ping(), "pong");
    assert.deepEqual(await list, ["malformed_answer"], answer);
  }
});

test("an answer that is too long fails its call and no other", async (context) => {
  const settings = { answerBytesMax: 100_000 };
  const { server, client } = await pair(context, (peer, asked) => {
    if (asked.method === "server.ping") peer.result(asked);
    else peer.write(`{"jsonrpc":"2.0","id":${asked.id},"result":"${"x".repeat(300_000)}"}\n`);
  }, settings);
  const info = ends(1, () => client.server.info());
  assert.deepEqual(await ends(2, () => client.server.ping()), ["pong", "pong"]);
  assert.deepEqual(await info, ["malformed_answer"]);
  assert.equal(server.peers.length, 1);
});

test("bytes that drip in one by one make whole lines", async (context) => {
  const { client } = await pair(context, (peer, asked) => {
    for (const byte of Buffer.from(`{"jsonrpc":"2.0","id":${asked.id},"result":"pong"}\r\n`)) {
      peer.write(Buffer.from([byte]));
    }
  });
  assert.deepEqual(await ends(3, () => client.server.ping()), ["pong", "pong", "pong"]);
});

test("members that the client does not know are left alone", async (context) => {
  const { client } = await pair(context, (peer, asked) => peer.result(asked, POST));
  const post = await client.posts.get({ id: "p" });
  assert.equal(post.author.username, "ada");
  assert.deepEqual(post, POST);
});

test("a call that nobody answers ends at its deadline, which the server is told", async (context) => {
  const { server, client } = await connected(context, () => {}, short);
  let found: unknown[] = [];
  const took = await timed(async () => {
    found = await ends(50, () => client.server.ping());
  });
  assert(took >= 299 && took < 10_000, `${took} ms`);
  assert.deepEqual(found, Array(50).fill("timed_out"));
  for (const { params } of server.asked) {
    const told = params._meta?.deadline_ms ?? 0;
    assert(told > 0 && told <= 300, `${told}`);
  }
  assert.equal(client.load, 0);
});

test("a call has thirty seconds, and at most an hour", async (context) => {
  const { server, client } = await pair(context, pong);
  await client.server.ping();
  await client.server.ping({ deadline: 9e12 });
  const [usual = 0, longest = 0] = server.asked.map((one) => one.params._meta?.deadline_ms ?? 0);
  assert(usual > 20_000 && usual <= 30_000, `${usual}`);
  assert(longest > 3_590_000 && longest <= 3_600_000, `${longest}`);
});

test("a deadline that is none is over at once", async (context) => {
  const { server, client } = await pair(context, pong);
  for (const deadline of [0, -5, NaN]) {
    await assert.rejects(client.server.ping({ deadline }), { name: "timed_out" });
  }
  assert.equal(server.asked.length, 0);
});

test("a server that has gone silent is left for a new connection", async (context) => {
  const { server, client } = await connected(context, (peer, asked) => {
    if (peer.number > 0) peer.result(asked);
  });
  await assert.rejects(client.server.ping(short), { name: "timed_out" });
  assert.equal(await client.server.ping(), "pong");
  assert.equal(server.peers.length, 2);
});

test("a call that is given up ends at once, and the server is told", async (context) => {
  const { server, client } = await pair(context, pong);
  const given = new AbortController();
  const call = client.posts.get({ id: "p" }, { signal: given.signal });
  const other = client.posts.get({ id: "q" });
  await until(() => server.asked.length === 2);
  given.abort("no longer wanted");
  const error = await call.catch((failure: unknown) => failure);
  assert(error instanceof Error);
  assert.equal(error.name, "aborted");
  assert.equal(error.cause, "no longer wanted");
  assert.equal(await client.server.ping(), "pong");
  const [first, second] = server.asked;
  assert.deepEqual(server.of("rpc.cancel").map((asked) => asked.params), [{ id: first?.id }]);
  if (second !== undefined) server.peers[0]?.result(second, POST);
  assert.equal((await other).body, POST.body);
  await assert.rejects(client.server.ping({ signal: given.signal }), { name: "aborted" });
});

test("calls that are given up while they wait for room leave it to others", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    if (asked.id !== undefined) setTimeout(() => peer.result(asked), 1);
  }, { inFlightMax: 2 });
  const given = new AbortController();
  const all = ends(200, (n) => client.server.ping(n % 3 === 0 ? { signal: given.signal } : {}));
  await until(() => server.asked.length > 0);
  given.abort();
  const found = await all;
  assert.deepEqual(found.filter((_, n) => n % 3 !== 0), Array(133).fill("pong"));
  assert.deepEqual(found[0], "aborted");
  assert.equal(client.load, 0);
});

test("no more calls are under way than the bound", async (context) => {
  let [now, most] = [0, 0];
  const { client } = await pair(context, (peer, asked) => {
    now += 1;
    most = Math.max(most, now);
    setTimeout(() => {
      now -= 1;
      peer.result(asked);
    }, 2);
  }, { inFlightMax: 8 });
  assert.deepEqual(await ends(100, () => client.server.ping()), Array(100).fill("pong"));
  assert(most > 1 && most <= 8, `${most}`);
});

test("calls wait while the server takes no input, each until its own deadline", async (context) => {
  const body = "x".repeat(600_000);
  const behave = (peer: Peer, asked: Asked) => peer.result(asked, POST);
  const settings = { outputBytesMax: 1 << 20, inFlightMax: 1_000 };
  const { server, client, peer } = await connected(context, behave, settings);
  peer.pause();
  const patient = ends(24, async () => (await client.posts.create({ body })).body);
  // No call before these has a short deadline: the connection is not left for its silence.
  const early = await ends(3, (n) => client.server.ping({ deadline: 100 * (n + 1) }));
  assert.deepEqual(early, Array(3).fill("timed_out"));
  peer.goOn();
  assert.deepEqual(await patient, Array(24).fill(POST.body));
  assert.equal(server.peers.length, 1);
});

test("a call over the line's limit is refused here and harms nobody", async (context) => {
  const { server, client } = await pair(context, pong);
  const body = "x".repeat(1 << 20);
  await assert.rejects(client.posts.create({ body }), { name: "message_too_large", code: -32050 });
  assert.equal(await client.server.ping(), "pong");
  assert.equal(server.of("posts.create").length, 0);
});

test("what cannot be sent is refused here", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    peer.result(asked, { items: [], next_cursor: null });
  });
  const circle: Record<string, unknown> = {};
  circle["circle"] = circle;
  const bad: unknown[] = [
    { body: "\ud800" }, { body: "\\\udc00" }, { body: 1n }, circle, { limit: NaN }, [],
    { body: "x", _meta: {} },
  ];
  for (const params of bad) {
    await assert.rejects(client.posts.create(params as { body: string }), { name: "unsendable" });
  }
  const login = { username: "ada", password: "a long password", attach: true };
  await assert.rejects(client.auth.login(login), { name: "unsendable" });
  // A text that only looks like half a pair may go.
  await client.users.list({ query: "\\ud800" });
  assert.equal(server.of("users.list")[0]?.params["query"], "\\ud800");
  assert.equal(server.asked.length, 1);
});

test("a busy server is asked again after its time", async (context) => {
  for (const [code, outcome] of [[-32053], [-32054], [1601, "none"], [1601, "unknown"]] as const) {
    const { server, client } = await pair(context, (peer, asked) => {
      if (server.asked.length === 1) peer.refuse(asked, code, { retry_after_ms: 200, outcome });
      else peer.result(asked);
    });
    assert((await timed(() => client.server.ping())) >= 199);
    server.asked.length = 0;
    const refused = { code };
    await assert.rejects(client.server.ping(once), refused);
  }
});

test("a server that says it will close is left for a new connection", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    if (peer.number === 0 && peer.asked.length === 2) peer.drain();
    peer.result(asked);
  });
  const heard = client.notifications();
  for (let count = 0; count < 4; count += 1) assert.equal(await client.server.ping(), "pong");
  assert.deepEqual(server.peers.map((peer) => peer.asked.length), [2, 2]);
  client.close();
  const told = [];
  for await (const notification of heard) told.push(notification);
  const params = { reason: "idle", closes_in_ms: 60_000, later: 1 };
  assert.deepEqual(told, [{ method: "server.draining", params }]);
});

test("calls that wait for room move to the new connection, those under way are answered", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    if (peer.number > 0) {
      peer.result(asked);
    } else if (peer.asked.length === 4) {
      peer.drain();
      for (const one of peer.asked) peer.result(one);
    }
  }, { inFlightMax: 4 });
  assert.deepEqual(await ends(20, () => client.server.ping(once)), Array(20).fill("pong"));
  assert.deepEqual(server.peers.map((peer) => peer.asked.length), [4, 16]);
});

test("pages are fetched as they are needed, empty ones too", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    const number = Number(asked.params["cursor"] ?? 0);
    const items = number === 1 ? [] : [{ ...POST, id: `p${number}` }];
    peer.result(asked, { items, next_cursor: number < 3 ? String(number + 1) : null });
  });
  const found = [];
  for await (const post of client.posts.iterate({ author_id: "a", limit: 1 })) {
    // A page is asked for when the loop comes to it, and not before.
    assert(server.asked.length <= found.length + 2);
    found.push(post.id);
  }
  assert.deepEqual(found, ["p0", "p2", "p3"]);
  assert(server.asked.every((asked) => asked.params["author_id"] === "a"));
});

test("null clears, absence leaves alone", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => peer.result(asked, USER));
  const user = await client.users.update({ bio: null, email: undefined });
  assert.equal("email" in user, false);
  const { _meta, ...params } = server.asked[0]?.params ?? {};
  assert.deepEqual(params, { bio: null });
});

test("the options of a call go along", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => peer.result(asked, POST));
  const options = { idempotencyKey: "mine", accessToken: "a.b.c", traceparent: "00-1-2-3" };
  await client.posts.like({ id: "p" }, options);
  const { deadline_ms, ...meta } = server.asked[0]?.params._meta ?? {};
  const wanted = { idempotency_key: "mine", access_token: "a.b.c", traceparent: "00-1-2-3" };
  assert.deepEqual(meta, wanted);
});
