// Listening to an `AbortSignal`: one listener for all calls that share it, since Node warns of more
// than ten.
import type { Signal } from "./options.js";

interface Shared {
  readonly waiting: Set<() => void>;
  readonly listener: () => void;
}

const known = new WeakMap<Signal, Shared>();

/** Calls `body` when the call is given up; the function that stops listening. */
export function onAbort(signal: Signal, body: () => void): () => void {
  let shared = known.get(signal);
  if (shared === undefined) {
    const waiting = new Set<() => void>();
    const listener = () => {
      for (const one of [...waiting]) one();
    };
    shared = { waiting, listener };
    known.set(signal, shared);
  }
  const { waiting, listener } = shared;
  if (waiting.size === 0) signal.addEventListener("abort", listener);
  waiting.add(body);
  return () => {
    if (waiting.delete(body) && waiting.size === 0) signal.removeEventListener("abort", listener);
  };
}
