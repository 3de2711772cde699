// A server in this process that answers as a test says.
import { createServer as createPlain } from "node:net";
import type { Server as Listener, Socket } from "node:net";
import { createServer as createSecure } from "node:tls";
import type { TestContext } from "node:test";
import { Client } from "../src/index.js";
import type { Configuration } from "../src/index.js";

/** A request as it came. */
export interface Asked {
  readonly id?: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> & { readonly _meta?: Meta };
}

export interface Meta {
  readonly deadline_ms?: number;
  readonly idempotency_key?: string;
  readonly access_token?: string;
  readonly traceparent?: string;
}

/** One connection, as the server sees it. */
export class Peer {
  readonly socket: Socket;
  readonly number: number;
  readonly asked: Asked[] = [];
  #isEnding = false;
  /** For the test to use. */
  bound: string | undefined;

  constructor(socket: Socket, number: number) {
    this.socket = socket;
    this.number = number;
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  say(value: object): void {
    this.write(`${JSON.stringify(value)}\n`);
  }

  result(asked: Asked, result: unknown = "pong"): void {
    this.say({ jsonrpc: "2.0", id: asked.id, result });
  }

  refuse(asked: Asked, code: number, data: object = {}): void {
    this.say({ jsonrpc: "2.0", id: asked.id, error: { code, message: "No.", data } });
  }

  drain(): void {
    const params = { reason: "idle", closes_in_ms: 60_000, later: 1 };
    this.say({ jsonrpc: "2.0", method: "server.draining", params });
  }

  close(): void {
    this.socket.destroy();
  }

  /** Node never lets go of a socket that is reset while it ends: the process would spin at exit. */
  reset(): void {
    if (this.#isEnding) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  end(): void {
    this.#isEnding = true;
    this.socket.end();
  }

  /** Reads nothing until it goes on. */
  pause(): void {
    this.socket.pause();
  }

  goOn(): void {
    this.socket.resume();
  }
}

export type Behaviour = (peer: Peer, asked: Asked) => void;

/** `behave` is called for each line, `greet` for each connection. */
export class Server {
  behave: Behaviour;
  readonly greet: ((peer: Peer) => void) | undefined;
  readonly peers: Peer[] = [];
  readonly asked: Asked[] = [];
  readonly #listener: Listener;

  constructor(
    behave: Behaviour,
    greet?: (peer: Peer) => void,
    secret?: { key: string; cert: string },
  ) {
    this.behave = behave;
    this.greet = greet;
    const connected = (socket: Socket) => this.#serve(socket);
    this.#listener = secret === undefined
      ? createPlain({ noDelay: true }, connected)
      : createSecure(secret, connected);
  }

  /** At a free port, or at a Unix socket's path. */
  listen(path?: string): Promise<void> {
    return new Promise((resolve) => {
      if (path === undefined) this.#listener.listen(0, "127.0.0.1", resolve);
      else this.#listener.listen(path, resolve);
    });
  }

  get port(): number {
    return this.#listener.address().port;
  }

  get address(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  #serve(socket: Socket): void {
    const peer = new Peer(socket, this.peers.length);
    this.peers.push(peer);
    let rest = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const lines = (rest + data.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("{")) continue;
        const asked = JSON.parse(line) as Asked;
        peer.asked.push(asked);
        this.asked.push(asked);
        this.behave(peer, asked);
      }
    });
    this.greet?.(peer);
  }

  /** The requests of a method so far. */
  of(method: string): readonly Asked[] {
    return this.asked.filter((asked) => asked.method === method);
  }

  close(): Promise<void> {
    for (const peer of this.peers) peer.close();
    return new Promise((resolve) => this.#listener.close(resolve));
  }
}

/** A server that behaves so until the test ends. */
export async function serve(
  context: TestContext,
  behave: Behaviour,
  greet?: (peer: Peer) => void,
): Promise<Server> {
  const server = new Server(behave, greet);
  await server.listen();
  context.after(() => server.close());
  return server;
}

/** A client of it until the test ends. */
export function clientOf(
  context: TestContext,
  server: Server | string,
  settings: Partial<Configuration> = {},
): Client {
  const client = new Client(typeof server === "string" ? server : server.address, settings);
  context.after(() => client.close());
  return client;
}

/** A server of that behaviour, and a client of it. */
export async function pair(
  context: TestContext,
  behave: Behaviour,
  settings: Partial<Configuration> = {},
): Promise<{ server: Server; client: Client }> {
  const server = await serve(context, behave);
  return { server, client: clientOf(context, server, settings) };
}

/** A server, and a client that is connected to it already: however short a deadline is, it is not
 * over because of the connection. The server behaves so, and counts what it is asked, from then on.
 */
export async function connected(
  context: TestContext,
  behave: Behaviour,
  settings: Partial<Configuration> = {},
): Promise<{ server: Server; client: Client; peer: Peer }> {
  const { server, client } = await pair(context, pong, settings);
  await client.connect();
  const [peer] = server.peers;
  if (peer === undefined) throw new Error("nobody has connected");
  peer.asked.length = 0;
  server.asked.length = 0;
  server.behave = behave;
  return { server, client, peer };
}

/** What each of so many calls ends with: its result, or the name of its error. */
export async function ends(
  count: number,
  call: (number: number) => Promise<unknown>,
): Promise<unknown[]> {
  const all = Array.from({ length: count }, (_, number) => call(number));
  const found = await Promise.allSettled(all);
  return found.map((end) => (end.status === "fulfilled" ? end.value : nameOf(end.reason)));
}

export function nameOf(error: unknown): string {
  return (error as Error).name;
}

/** Milliseconds that something took. */
export async function timed(body: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

/** Waits until something holds: that a server was asked, for one. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error("it did not come to pass");
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export const pong: Behaviour = (peer, asked) => {
  if (asked.method === "server.ping") peer.result(asked);
};

export const TIME = "2026-11-24T09:30:00.000Z";

export const POST = {
  id: "01936b2f-5a20-7c3e-9f00-0a1b2c3d4e61",
  author: { id: "01936b2f-5a10-7c3e-9f00-0a1b2c3d4e51", username: "ada", display_name: null, later: 1 },
  body: "Hello.",
  created_at: TIME,
  updated_at: TIME,
  edited: false,
  like_count: 0,
  comment_count: 0,
  liked: false,
  revision: 1,
  later: { than: "this client" },
};

export const USER = {
  id: "u",
  username: "ada",
  display_name: null,
  bio: null,
  role: "user",
  created_at: TIME,
  post_count: 0,
  revision: 2,
};
