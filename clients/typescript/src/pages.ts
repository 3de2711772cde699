// How the generated calls reach the client, and the loop over the pages of a list.
import type { Method } from "./method.js";
import type { CallOptions } from "./options.js";

/** Takes a call to its result, which `read` checks. */
export type Perform = <T>(
  method: Method,
  params: object,
  read: (value: unknown) => T,
  options?: CallOptions,
) => Promise<T>;

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

/** The items of all pages; an empty page is not the end. */
export async function* iterate<T>(
  fetch: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await fetch(cursor);
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
