// Servers that misbehave at random, by a seed that is told: every call ends in its time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MuseError } from "../src/index.js";
import { clientOf, pong, serve, until } from "./fake.js";
import type { Asked, Peer } from "./fake.js";

const DEADLINE = 1_000;

/** Numbers between 0 and 1 that a seed gives. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Answers late, never, in pieces, with garbage, twice, or with the end of the connection. */
class Storm {
  /** How many answers are still to be written. */
  late = 0;
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = numbers(seed);
  }

  #later(milliseconds: number, write: () => void): void {
    this.late += 1;
    setTimeout(() => {
      this.late -= 1;
      write();
    }, milliseconds);
  }

  readonly behave = (peer: Peer, asked: Asked): void => {
    if (asked.id === undefined) return;
    const [what, number] = [Math.floor(this.#random() * 120), this.#random()];
    const answer = `{"jsonrpc":"2.0","id":${asked.id},"result":"pong"}\n`;
    const half = Math.floor(number * answer.length);
    const acts = [
      () => peer.close(),
      () => peer.reset(),
      () => {
        peer.write(answer.slice(0, half));
        peer.end();
      },
      () => peer.write(`\u00ff{]\n\n[1]\n${answer}`),
      () => peer.write(answer + answer),
      () => peer.write(answer.replace('"pong"', "7")),
      () => peer.write(answer.replace('"id":', '"id":9')),
      () => peer.refuse(asked, -32053, { retry_after_ms: Math.floor(number * 100) }),
      () => {
        peer.drain();
        peer.write(answer);
      },
      () => {
        peer.write(answer.slice(0, half));
        this.#later(number * 10, () => peer.write(answer.slice(half)));
      },
      () => {},
    ];
    const act = acts[what] ?? (() => this.#later(number * 20, () => peer.write(answer)));
    act();
  };
}

test("every call ends in its time, whatever the server does", async (context) => {
  for (let seed = 0; seed < 6; seed += 1) {
    const storm = new Storm(seed);
    const server = await serve(context, storm.behave);
    const client = clientOf(context, server, { deadline: DEADLINE, inFlightMax: 32 });
    const began = performance.now();
    const given = new AbortController();
    const calls = Array.from({ length: 300 }, (_, n) =>
      client.server.ping(n % 10 === 0 ? { signal: given.signal } : {}),
    );
    setTimeout(() => given.abort(), 20);
    for (const end of await Promise.allSettled(calls)) {
      if (end.status === "fulfilled") assert.equal(end.value, "pong");
      else assert(end.reason instanceof MuseError, `seed ${seed}: ${String(end.reason)}`);
    }
    assert(performance.now() - began < DEADLINE + 20_000, `seed ${seed}`);
    server.behave = pong;
    // Half a line of the storm is not to be the beginning of an answer.
    await until(() => storm.late === 0);
    const patient = { deadline: 20_000 };
    const after = await Promise.all(Array.from({ length: 40 }, () => client.server.ping(patient)));
    assert.deepEqual(after, Array(40).fill("pong"), `seed ${seed}`);
    assert.equal(client.load, 0);
  }
});
