// A connection by hand: lines out, lines in, and none of the client's rules. For tests and tools.
import { once } from "node:events";
import type { Address } from "./address.js";
import { parseAddress } from "./address.js";
import { ClientFailure } from "./errors.js";
import { usual } from "./options.js";
import type { Configuration } from "./options.js";
import { open } from "./socket.js";
import type { Opened } from "./socket.js";
import { Lines } from "./wire.js";

/** One connection, without ids, deadlines, sessions or repeats. */
export class RawConnection {
  readonly #opened: Opened;
  readonly #lines: Lines;
  readonly #ready: string[] = [];
  #wake: (() => void) | undefined;
  #isEnded = false;
  #isEnding = false;
  #error: Error | undefined;

  private constructor(opened: Opened, settings: Configuration) {
    this.#opened = opened;
    this.#lines = new Lines(settings.answerBytesMax);
    const { socket } = opened;
    socket.on("data", (data) => this.#received(data));
    socket.on("end", () => this.#over());
    socket.on("close", () => this.#over());
    socket.on("error", (error) => this.#over(error));
  }

  /** Connects. Rejects with not_connected or certificate_refused. */
  static async open(
    address: string | Address | undefined,
    configuration: Partial<Configuration> = {},
  ): Promise<RawConnection> {
    const settings = { ...usual, ...configuration };
    const place = typeof address === "object" ? address : parseAddress(address);
    return new RawConnection(await open(place, settings).opened, settings);
  }

  #received(data: Buffer): void {
    this.#lines.feed(data, (line) => {
      if (line.text !== undefined && !line.isTooLong) this.#ready.push(line.text);
      else this.#error ??= new ClientFailure("malformed_answer", "The line cannot be read.");
    });
    this.#wake?.();
  }

  #over(error?: Error): void {
    if (!this.#isEnded && error === undefined && this.#lines.hasRest) {
      this.#error ??= new ClientFailure("malformed_answer", "Half a line came at the end.");
    }
    if (!this.#isEnded) this.#error ??= error;
    this.#isEnded = true;
    this.#wake?.();
  }

  /** Sends bytes as they are, and waits while the server does not take them. After the end of the
   * connection they go nowhere. */
  async write(data: string | Uint8Array): Promise<void> {
    const { socket } = this.#opened;
    if (this.#isEnded || socket.destroyed) return;
    const isTaken = typeof data === "string" ? socket.write(data) : socket.write(data);
    if (isTaken) return;
    const given = new AbortController();
    await Promise.race([
      once(socket, "drain", { signal: given.signal }),
      once(socket, "close", { signal: given.signal }),
    ]).catch(() => {});
    given.abort();
  }

  /** The next line, without its line feed; undefined at the end of input. Rejects where the
   * connection was reset, ends in half a line, or says nothing for `patience` milliseconds. */
  async line(patience: number): Promise<string | undefined> {
    const end = performance.now() + patience;
    for (;;) {
      const line = this.#ready.shift();
      if (line !== undefined) return line;
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return undefined;
      const left = end - performance.now();
      if (left <= 0) throw new ClientFailure("timed_out", "Nothing came in time.");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          this.#wake = undefined;
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Ends the sending side; over TLS by close_notify. */
  halfClose(): void {
    this.#isEnding = true;
    this.#opened.socket.end();
  }

  close(): void {
    this.#opened.socket.destroy();
    this.#opened.raw.destroy();
  }

  /** Ends the connection by a reset; after `halfClose` by what is left of an end, since Node never
   * lets go of a socket that is reset while it ends. */
  reset(): void {
    if (this.#isEnding) this.close();
    else this.#opened.raw.resetAndDestroy();
  }
}
