// Requests as lines, and the input as lines. Pure: no I/O, no waiting.
import { isUtf8 } from "node:buffer";
import { ClientFailure, knownError, why } from "./errors.js";
import type { Method } from "./method.js";
import type { CallOptions } from "./options.js";

/** The longest deadline that the server takes, in milliseconds. */
export const DEADLINE_MAX = 3_600_000;
/** How many lines in a row may say nothing before the connection is given up. */
export const GARBAGE_MAX = 16;
/** How many bytes of a line that is too long are passed over before the connection is given up. */
export const SKIPPED_MAX = 64 << 20;

/** What JSON.stringify writes for half of a surrogate pair, and for nothing else. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
const LINE_FEED = 0x0a;

/** A call's text; each attempt has an id and a deadline of its own. */
export class Request {
  readonly #start: string;
  readonly #end: string;

  /** Throws unsendable. */
  constructor(method: Method, params: object, key: string | undefined, options: CallOptions) {
    let inner = encoded(method, params).slice(1, -1);
    if (inner !== "") inner += ",";
    this.#start = `${method.head}${inner}"_meta":{"deadline_ms":`;
    const { accessToken, traceparent } = options;
    if (key === undefined && accessToken === undefined && traceparent === undefined) {
      this.#end = "}}}\n";
    } else {
      const meta = encoded(method, {
        idempotency_key: key,
        access_token: accessToken,
        traceparent,
      });
      this.#end = `,${meta.slice(1)}}}\n`;
    }
  }

  /** Throws message_too_large. */
  line(id: number, left: number, bytesMax: number): string {
    const deadline = Math.min(Math.max(Math.trunc(left), 1), DEADLINE_MAX);
    const line = `{"jsonrpc":"2.0","id":${id}${this.#start}${deadline}${this.#end}`;
    if (line.length * 3 > bytesMax && Buffer.byteLength(line) > bytesMax) {
      throw knownError(-32050, { limit: bytesMax });
    }
    return line;
  }
}

/** An object as JSON. Throws unsendable. */
function encoded(method: Method, value: object): string {
  let text: string | undefined;
  try {
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === "number" && !Number.isFinite(member)) {
        throw new TypeError(`${name} is no number`);
      }
    }
    if (Array.isArray(value)) throw new TypeError("params are an object");
    if ("_meta" in value) throw new TypeError("_meta is the client's own: see CallOptions");
    if (method.binds && "attach" in value) throw new TypeError("the client attaches by itself");
    text = JSON.stringify(value);
  } catch (error) {
    throw new ClientFailure("unsendable", `${method.name}: ${why(error)}`, error);
  }
  if (text === undefined || text[0] !== "{") {
    throw new ClientFailure("unsendable", `${method.name}: params are an object`);
  }
  if (text.includes("\\ud") && loneSurrogate.test(text)) {
    throw new ClientFailure("unsendable", `${method.name}: a lone surrogate cannot be sent`);
  }
  return text;
}

/** The notification that takes back a call. */
export function cancellation(id: number): string {
  return `{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":${id}}}\n`;
}

/** What has come: a whole line, or the head of one that is too long to be kept. */
export interface Line {
  /** undefined where it is not UTF-8. */
  readonly text: string | undefined;
  readonly isTooLong: boolean;
}

/** Cuts the input of a connection into lines, which may come in pieces of any size. */
export class Lines {
  readonly #bytesMax: number;
  /** A line that has begun and not ended; it grows by doubling, whatever the size of the pieces. */
  #rest = Buffer.alloc(0);
  #restBytes = 0;
  #skipped = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether a line has begun and not ended. */
  get hasRest(): boolean {
    return this.#restBytes > 0 || this.#skipped > 0;
  }

  /** Whether a line that is too long goes on and on. */
  get isEndless(): boolean {
    return this.#skipped > SKIPPED_MAX;
  }

  /** Calls `each` for the lines that end in `data`. */
  feed(data: Buffer, each: (line: Line) => void): void {
    const last = data.lastIndexOf(LINE_FEED);
    if (last < 0) {
      if (this.#skipped > 0) this.#skipped += data.length;
      else this.#keep(data, each);
      return;
    }
    let from = 0;
    if (this.#skipped > 0 || this.#restBytes > 0) {
      const end = data.indexOf(LINE_FEED);
      if (this.#skipped > 0) this.#skipped = 0;
      else whole(this.#taken(data.subarray(0, end)), this.#bytesMax, each);
      from = end + 1;
    }
    if (from <= last) this.#block(data.subarray(from, last), each);
    if (last + 1 < data.length) this.#keep(data.subarray(last + 1), each);
  }

  /** Many lines at once. */
  #block(data: Buffer, each: (line: Line) => void): void {
    if (data.length <= this.#bytesMax && isUtf8(data)) {
      for (const text of data.toString("utf8").split("\n")) each({ text, isTooLong: false });
      return;
    }
    let from = 0;
    while (from <= data.length) {
      const found = data.indexOf(LINE_FEED, from);
      const end = found < 0 ? data.length : found;
      whole(data.subarray(from, end), this.#bytesMax, each);
      from = end + 1;
    }
  }

  #keep(data: Buffer, each: (line: Line) => void): void {
    this.#append(data);
    if (this.#restBytes <= this.#bytesMax) return;
    this.#skipped = this.#restBytes;
    whole(this.#taken(Buffer.alloc(0)), this.#bytesMax, each);
  }

  #append(data: Buffer): void {
    const bytes = this.#restBytes + data.length;
    if (bytes > this.#rest.length) {
      const larger = Buffer.alloc(Math.max(bytes, this.#rest.length * 2, 1_024));
      this.#rest.copy(larger, 0, 0, this.#restBytes);
      this.#rest = larger;
    }
    data.copy(this.#rest, this.#restBytes);
    this.#restBytes = bytes;
  }

  #taken(end: Buffer): Buffer {
    this.#append(end);
    const line = this.#rest.subarray(0, this.#restBytes);
    // A connection that waits holds no buffer.
    this.#rest = Buffer.alloc(0);
    this.#restBytes = 0;
    return line;
  }
}

function whole(data: Buffer, bytesMax: number, each: (line: Line) => void): void {
  if (data.length > bytesMax) {
    each({ text: data.toString("latin1", 0, 256), isTooLong: true });
  } else {
    each({ text: isUtf8(data) ? data.toString("utf8") : undefined, isTooLong: false });
  }
}

const head = /^\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*([0-9]{1,15})\s*,/;

/** The id of an answer that is too long, by its first bytes. */
export function idOfHead(text: string): number | undefined {
  const found = head.exec(text);
  return found === null ? undefined : Number(found[1]);
}
