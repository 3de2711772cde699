// Pings a second over one connection, pipelined, beside the least that one would write by hand.
// MUSE_URL says where.
//
//   node dist/bench.js [PINGS] [ROUNDS]
import { connect } from "node:net";
import type { Socket } from "node:net";
import { Client, parseAddress } from "./src/index.js";

/** How many calls are under way. */
const TASKS = 100;

/** A request is a line, an answer is found by its id: no deadlines, no errors, no repeats. */
class ByHand {
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #socket: Socket;
  #last = 0;
  #rest = "";

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (data) => {
      const lines = (this.#rest + data.toString()).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        const answer = JSON.parse(line) as { id: number; result: unknown };
        this.#waiting.get(answer.id)?.(answer.result);
        this.#waiting.delete(answer.id);
      }
    });
  }

  call(method: string): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(JSON.stringify({ jsonrpc: "2.0", id, method }) + "\n");
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function rate(ping: () => Promise<unknown>, pings: number): Promise<number> {
  const each = Math.ceil(pings / TASKS);
  const work = async () => {
    for (let count = 0; count < each; count += 1) await ping();
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: TASKS }, work));
  return (each * TASKS * 1_000) / (performance.now() - began);
}

const pings = Number(process.argv[2] ?? 200_000);
const rounds = Number(process.argv[3] ?? 5);
const { host, port } = parseAddress();
const hand = new ByHand(connect({ host, port, noDelay: true }));
const client = await Client.connect();
const found: { times: number; byHand: number; ours: number }[] = [];
for (let round = 0; round <= rounds; round += 1) {
  const byHand = await rate(() => hand.call("server.ping"), pings);
  const ours = await rate(() => client.server.ping(), pings);
  // The first round is for the compiler.
  if (round > 0) found.push({ times: byHand / ours, byHand, ours });
}
for (const { times, byHand, ours } of found.sort((one, other) => one.times - other.times)) {
  const rates = `by hand ${byHand.toFixed(0)} a second, client ${ours.toFixed(0)}`;
  console.log(`${rates}: ${times.toFixed(2)} times`);
}
console.log(`median: ${found[found.length >> 1]?.times.toFixed(2)} times`);
hand.close();
client.close();
