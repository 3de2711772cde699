// Connections that cannot be made, and connections that are lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Client } from "../src/index.js";
import { clientOf, ends, pair, pong, POST, serve, Server, timed, until } from "./fake.js";
import type { Peer } from "./fake.js";
import { Folder } from "./serving.js";

const once = { retries: false };
const short = { deadline: 300 };

test("every waiting call fails at once when the connection dies", async (context) => {
  for (const how of ["close", "reset", "end"] as const) {
    const { client } = await pair(context, (peer) => {
      if (peer.asked.length === 100) peer[how]();
    });
    const found = await ends(100, () => client.server.ping(once));
    assert.deepEqual(found, Array(100).fill("connection_lost"));
    assert.equal(client.load, 0);
  }
});

test("half a line and then the end sends a read again", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    if (peer.number > 0) {
      peer.result(asked);
    } else {
      peer.write(`{"jsonrpc":"2.0","id":${asked.id},"result":"po`);
      peer.end();
    }
  });
  assert.equal(await client.server.ping(), "pong");
  assert.equal(server.peers.length, 2);
});

test("a write is sent again with the same key", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    if (peer.number < 2) peer.close();
    else peer.result(asked, POST);
  });
  await client.posts.create({ body: "Hello." });
  const sent = server.of("posts.create").map((asked) => asked.params);
  assert.equal(sent.length, 3);
  const keys = new Set(sent.map((params) => params._meta?.idempotency_key));
  assert.equal(keys.size, 1);
  assert.equal([...keys][0]?.length, 32);
});

test("every write has a key of its own, and reads have none", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    peer.result(asked, asked.method === "posts.list" ? { items: [], next_cursor: null } : POST);
  });
  await ends(600, () => client.posts.like({ id: "p" }));
  await client.posts.list();
  const keys = server.asked.map((asked) => asked.params._meta?.idempotency_key);
  assert.equal(new Set(keys.slice(0, 600)).size, 600);
  assert.equal(keys[600], undefined);
});

test("what cannot be repeated fails at once", async (context) => {
  const { server, client } = await pair(context, (peer) => peer.close());
  const login = client.auth.login({ username: "ada", password: "a password" });
  await assert.rejects(login, { name: "connection_lost" });
  assert.equal(server.asked.length, 1);
});

/** A Unix socket's path where nobody listens, and nobody else will: a free port may be taken. */
function nobody(context: TestContext): string {
  const folder = new Folder();
  context.after(() => folder.remove());
  return `${folder.path}/muse.sock`;
}

test("where nobody listens connecting fails at once", async (context) => {
  const path = nobody(context);
  for (const address of [`unix:${path}`, "tcp://127.0.0.1:1", "tcp://no.such.host.invalid:1"]) {
    const took = await timed(() => assert.rejects(Client.connect(address), { name: "not_connected" }));
    assert(took < 20_000);
  }
});

test("a call that no server was there for says so at its deadline", async (context) => {
  const client = clientOf(context, `unix:${nobody(context)}`);
  const found = await ends(20, () => client.server.ping(short));
  assert.deepEqual(found, Array(20).fill("not_connected"));
});

test("a call waits for a server that comes later", async (context) => {
  const path = nobody(context);
  const client = clientOf(context, `unix:${path}`);
  const calls = ends(5, () => client.server.ping());
  await ends(1, () => client.server.ping(short));
  const server = new Server(pong);
  await server.listen(path);
  context.after(() => server.close());
  assert.deepEqual(await calls, Array(5).fill("pong"));
});

test("a server that closes each connection is not stormed", async (context) => {
  const server = await serve(context, pong, (peer: Peer) => peer.close());
  const client = clientOf(context, server, { deadline: 500 });
  for (const end of await ends(10, () => client.server.ping())) {
    // The last connection may not have been closed yet at the deadline.
    assert(["connection_lost", "not_connected", "timed_out"].includes(String(end)), String(end));
  }
  assert(server.peers.length < 20, `${server.peers.length} connections`);
});

test("why the server closed is what the call ends with", async (context) => {
  const server = await serve(context, pong, (peer: Peer) => {
    const error = { code: -32056, message: "Too many.", data: { limit: 3 } };
    peer.say({ jsonrpc: "2.0", id: null, error });
    peer.end();
  });
  const client = clientOf(context, server);
  const refused = { name: "too_many_connections", data: { limit: 3 } };
  await assert.rejects(client.server.ping(once), refused);
});

test("calls that wait when the client is closed fail at once, on connections it has left too", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => {
    if (asked.method === "server.ping" && peer.number > 0) peer.result(asked);
    else if (asked.method === "server.info") peer.drain();
  });
  const heard = client.notifications();
  const info = ends(1, () => client.server.info());
  await heard.next();
  assert.equal(await client.server.ping(), "pong");
  server.behave = () => {};
  const calls = ends(10, () => client.server.ping());
  await until(() => server.of("server.ping").length === 11);
  client.close();
  assert.equal(server.peers.length, 2);
  assert.deepEqual(await calls, Array(10).fill("client_closed"));
  assert.deepEqual(await info, ["client_closed"]);
  await assert.rejects(client.server.ping(), { name: "client_closed" });
  assert.equal(client.load, 0);
});

test("a client that is closed while it connects, pauses or waits for its turn ends its calls", async (context) => {
  const client = new Client(`unix:${nobody(context)}`);
  const calls = ends(5, () => client.server.ping());
  await ends(1, () => client.server.ping(short));
  client.close();
  assert.deepEqual(await calls, Array(5).fill("client_closed"));
});

test("nobody is kept waiting by a name or a server that does not answer a connection", async (context) => {
  // A connection is taken, but TLS never begins.
  const { port } = await serve(context, pong);
  const client = clientOf(context, `tls://localhost:${port}`, { deadline: 400 });
  const took = await timed(() => assert.rejects(client.server.ping(), { name: "not_connected" }));
  assert(took < 10_000);
});
