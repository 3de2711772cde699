// What the client makes of an answer: each result goes through the check of its method, each error
// through the client's own reading.
import { readError } from "../../src/errors.js";
import { Calls } from "../../src/index.js";
import { Differs } from "./json.js";

type Read = (value: unknown) => unknown;

/** The check of each method's result, as the generated calls hand it to the client. */
function readers(): ReadonlyMap<string, Read> {
  const found = new Map<string, Read>();
  const calls = new Calls((method, _params, read) => {
    found.set(method.name, read);
    return new Promise(() => {});
  });
  for (const namespace of Object.values(calls) as Record<string, (params: object) => unknown>[]) {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(namespace))) {
      // All pages of a list are asked for by a loop, and nobody loops here.
      if (name !== "constructor") namespace[name]?.({});
    }
  }
  return found;
}

const known = readers();

/** Reads the answer to a call as the client does. `name` is the error that it is, if it is one. */
export function readAsClient(method: string, line: string, name: string | undefined): void {
  const answer = JSON.parse(line) as { result?: unknown; error?: unknown };
  if (name !== undefined) {
    const error = readError(answer.error, method);
    if (error.name !== name) throw new Differs(`the client takes ${name} for ${error.name}`);
    return;
  }
  const read = known.get(method);
  try {
    read?.(answer.result);
  } catch (error) {
    throw new Differs(`the client cannot read the result: ${(error as Error).message}`);
  }
}
