// The pure parts: addresses, lines, errors as values; and TLS.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { addressText, ClientError, Client, MuseError, parseAddress, ServerError } from "../src/index.js";
import type { Calls } from "../src/index.js";
import { ERRORS } from "../src/generated/errors.js";
import { METHODS } from "../src/generated/methods.js";
import { readError } from "../src/errors.js";
import { Lines } from "../src/wire.js";
import type { Line } from "../src/wire.js";
import { clientOf, ends, nameOf, pair, pong, Server } from "./fake.js";
import { Folder } from "./serving.js";

test("the three forms of address are read and written", () => {
  for (const text of [
    "tcp://localhost:6873", "tls://muse.example:1", "unix:/run/muse.sock", "tcp://[::1]:65535",
    "unix:muse.sock",
  ]) {
    assert.equal(addressText(parseAddress(text)), text);
  }
  assert.deepEqual(parseAddress("tcp://[::1]:2"), { scheme: "tcp", host: "::1", port: 2 });
});

test("what is no address is refused", () => {
  for (const text of [
    "", "http://x:1", "tcp://x", "tcp://x:0", "tcp://x:65536", "tcp://:1", "unix:", "localhost:6873",
    "tcp://::1:2", "tcp://x:-1", "tcp://x:1_0", "tcp://x:١", "unix:a\0b", `tcp://x:${"9".repeat(5_000)}`,
    "tcp://x:1/", "tcp://x:1\n",
  ]) {
    assert.throws(() => new Client(text), { name: "invalid_address" }, text);
  }
});

test("without an address it is the environment's", () => {
  const before = process.env["MUSE_URL"];
  delete process.env["MUSE_URL"];
  assert.equal(addressText(parseAddress()), "tcp://127.0.0.1:6873");
  process.env["MUSE_URL"] = "tcp://there:1";
  assert.equal(addressText(parseAddress()), "tcp://there:1");
  if (before === undefined) delete process.env["MUSE_URL"];
  else process.env["MUSE_URL"] = before;
});

function cut(pieces: readonly Uint8Array[], bytesMax = 100): readonly Line[] {
  const lines = new Lines(bytesMax);
  const found: Line[] = [];
  for (const piece of pieces) lines.feed(Buffer.from(piece), (line) => found.push(line));
  return found;
}

test("lines are the same at every split", () => {
  const data = Buffer.concat([
    Buffer.from('{"a":1}\n\n{"b":"é"}\r\n'), Buffer.from([0xff, 0x0a]), Buffer.from('{"c":3}\n{"d'),
  ]);
  const whole = cut([data]);
  const texts = ['{"a":1}', "", '{"b":"é"}\r', undefined, '{"c":3}'];
  assert.deepEqual(whole.map((line) => line.text), texts);
  for (let at = 0; at <= data.length; at += 1) {
    assert.deepEqual(cut([data.subarray(0, at), data.subarray(at)]), whole);
  }
  assert.deepEqual(cut([...data].map((byte) => Buffer.from([byte]))), whole);
});

test("a line that is too long is passed over, and told once, at every split", () => {
  const head = '{"jsonrpc":"2.0","id":17,"result":"';
  const data = Buffer.from(`${head}${"x".repeat(400)}"}\n{"a":1}\n{`);
  for (let at = 0; at <= data.length; at += 1) {
    const found = cut([data.subarray(0, at), data.subarray(at)]);
    assert.deepEqual(found.map((line) => line.isTooLong), [true, false]);
    assert(found[0]?.text?.startsWith(head));
    assert.equal(found[1]?.text, '{"a":1}');
  }
});

/** Compiles only as long as it names every error of the schema and of this side. */
function told(error: MuseError): string {
  if (error.side === "client") return error.name;
  switch (error.name) {
    case "already_exists":
      return error.data.field;
    case "stale_revision":
      return `at revision ${error.data.current}`;
    case "invalid_params":
      return error.data.errors.map((one) => `${one.path} ${one.rule}`).join();
    case "rate_limited":
    case "busy":
    case "draining":
    case "unavailable":
      return `in ${error.data.retry_after_ms} ms`;
    case "unknown":
      return `${error.code} ${String(error.data["name"])}`;
    case "parse_error": case "invalid_request": case "method_not_found": case "internal":
    case "message_too_large": case "batch_too_large": case "response_too_large":
    case "deadline_exceeded": case "too_many_connections": case "cancelled": case "unauthenticated":
    case "token_expired": case "token_invalid": case "token_revoked": case "token_reused":
    case "bad_credentials": case "account_disabled": case "permission_denied": case "not_found":
    case "idempotency_mismatch": case "conflict": case "weak_password": case "cursor_invalid":
    case "registration_closed":
      return error.name;
    default: {
      const never: never = error;
      return never;
    }
  }
}

test("errors are told apart by name, with their data", async (context) => {
  const answers = new Map<number, object>([
    [1302, { name: "stale_revision", current: 4, later: 1 }],
    [1301, {}],
    [1777, { name: "later", retry: "same" }],
    [-32602, { errors: [{ path: "/body", rule: "minLength", expected: 1 }] }],
  ]);
  let code = 0;
  const { client } = await pair(context, (peer, asked) => {
    peer.refuse(asked, code, answers.get(code));
  });
  const words = [];
  for (code of answers.keys()) {
    try {
      await client.posts.update({ id: "p", body: "x", revision: 3 });
      assert.fail("it was refused");
    } catch (error) {
      assert(error instanceof MuseError && error instanceof ServerError);
      assert(!(error instanceof ClientError));
      assert.equal(error.code, code);
      assert.equal(error.method, "posts.update");
      words.push(told(error));
    }
  }
  // Without the data that its kind promises an error is still told by its code.
  assert.deepEqual(words, ["at revision 4", "1301 undefined", "1777 later", "/body minLength"]);
});

test("every error of the schema is read as its own kind", () => {
  const top = new URL("../../../../", import.meta.url).pathname;
  const schema = JSON.parse(readFileSync(`${top}Protocol/openrpc.json`, "utf8")) as {
    components: { errors: Record<string, { code: number; message: string; data: object }> };
    methods: { name: string }[];
  };
  const stated = Object.entries(schema.components.errors);
  assert.equal(stated.length, ERRORS.size);
  for (const [name, { code, message, data }] of stated) {
    const kind = ERRORS.get(code);
    assert.equal(kind?.name, name);
    assert.equal(kind?.says, message);
    const whole = { ...data, offset: 1, reason: "r", did_you_mean: null, errors: [], incident: "i",
      limit: 1, retry_after_ms: 1, elapsed_ms: 1, started: false, field: "f", current: 1, rules: [],
      window_ms: 1, scope: "caller", outcome: "none" };
    assert.equal(readError({ code, message, data: whole }).name, name);
  }
  assert(schema.methods.every((method) => METHODS.has(method.name)));
});

test("every method of the schema that a client may call has its call", async (context) => {
  const { server, client } = await pair(context, (peer, asked) => peer.refuse(asked, 1201));
  const namespaces = ["auth", "users", "posts", "comments", "server", "admin"] as const;
  for (const namespace of namespaces) {
    const calls = client[namespace] as Calls[typeof namespace];
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(calls));
    for (const name of names.filter((one) => one !== "constructor" && !one.startsWith("iterate"))) {
      const call = (calls as unknown as Record<string, (params: object) => Promise<unknown>>)[name];
      await call?.call(calls, {}).catch(nameOf);
    }
  }
  const called = new Set(server.asked.map((asked) => asked.method));
  const left = [...METHODS.keys()].filter((name) => !called.has(name));
  assert.deepEqual(left, ["auth.attach", "auth.detach", "rpc.cancel", "rpc.discover"]);
});

test("calls go over TLS, and a certificate that does not hold is told at once", async (context) => {
  const folder = new Folder();
  context.after(() => folder.remove());
  const certificates = folder.certificate();
  const secret = { cert: certificates, key: readFileSync(`${folder.path}/key.pem`, "utf8") };
  const server = new Server((peer, asked) => {
    const page = { items: [], next_cursor: "x".repeat(100_000) };
    if (asked.method === "server.ping") peer.result(asked);
    else if (peer.asked.length < 40) peer.result(asked, page);
    else peer.close();
  }, undefined, secret);
  await server.listen();
  context.after(() => server.close());
  const address = `tls://localhost:${server.port}`;
  const client = clientOf(context, address, { certificates });
  assert.deepEqual(await ends(30, () => client.server.ping()), Array(30).fill("pong"));
  const cursor = "c".repeat(90_000);
  const pages = await ends(30, async () => {
    return (await client.posts.list({ cursor })).next_cursor?.length;
  });
  assert.deepEqual(pages, Array(30).fill(100_000));
  const others: [string, object][] = [
    [address, {}],
    [address, { certificates, serverName: "other.example" }],
    [`tls://127.0.0.2:${server.port}`, { certificates }],
  ];
  for (const [place, settings] of others) {
    const other = clientOf(context, place, settings);
    const refused = place.includes("127.0.0.2") ? ["not_connected"] : ["certificate_refused"];
    const found = await ends(1, () => other.server.ping({ waitsForConnection: false }));
    assert.deepEqual(found, refused);
  }
});

test("a server without TLS is not taken for one with it", async (context) => {
  const server = new Server(pong, (peer) => peer.write("hello\n"));
  await server.listen();
  context.after(() => server.close());
  const client = clientOf(context, `tls://localhost:${server.port}`);
  await assert.rejects(client.server.ping({ waitsForConnection: false }), { name: "not_connected" });
});
