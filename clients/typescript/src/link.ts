// One connection: what waits on it, and what becomes of what the server says.
import type { Socket } from "node:net";
import { ClientFailure, late, readError, why } from "./errors.js";
import type { MuseError } from "./errors.js";
import { readNotification } from "./notification.js";
import type { ServerNotification } from "./generated/notifications.js";
import type { Configuration } from "./options.js";
import type { Opened } from "./socket.js";
import { cancellation, GARBAGE_MAX, idOfHead, Lines } from "./wire.js";
import type { Line, Request } from "./wire.js";

/** An answer as it came. */
export type Answer = Readonly<Record<string, unknown>>;

/** A call, as the connection sees it. */
export interface Waiter {
  readonly request: Request;
  /** On the monotonic clock, in milliseconds. */
  readonly deadline: number;
  readonly answered: (answer: Answer) => void;
  readonly failed: (error: unknown) => void;
  /** 0 until it is sent. */
  id: number;
  sentAt: number;
}

/** The connection was lost under a call. */
export class Lost extends Error {
  readonly reason: MuseError;
  /** Whether anything of the call may have reached the server. */
  readonly wasSent: boolean;

  constructor(reason: MuseError, wasSent: boolean) {
    super(reason.message);
    this.reason = reason;
    this.wasSent = wasSent;
  }
}

/** The connection takes no new calls, and this one was not sent: another connection is to have it.
 */
export class Moved extends Error {}

/** What a connection tells its client. */
export interface LinkEvents {
  readonly notified: (notification: ServerNotification) => void;
  /** It is over. */
  readonly lost: (link: Link) => void;
}

/**
 * Ids count up, and an answer is found by its id.
 *
 * An answer that nobody waits for is passed over: its call has given up. A line that says nothing
 * is passed over too, and 16 of them in a row end the connection. What one turn of the loop sends
 * leaves in one write. Calls over the bound wait here, in order.
 */
export class Link {
  /** The version of the session that this connection is attached with; 0 for nobody, -1 while it is
   * not known. */
  bound = 0;
  /** Whether new calls may be sent. */
  isOpen = true;
  /** Why the connection is no more. */
  cause: MuseError | undefined;
  /** Whether the server has answered anything. */
  hasAnswered = false;
  readonly openedAt = performance.now();
  readonly #socket: Socket;
  readonly #settings: Configuration;
  readonly #events: LinkEvents;
  readonly #pending = new Map<number, Waiter>();
  /** Calls that are not sent yet. */
  readonly #queue = new Set<Waiter>();
  readonly #lines: Lines;
  readonly #take = (line: Line) => this.#line(line);
  #lastID = 0;
  #heardAt = 0;
  #garbage = 0;
  #refusal: MuseError | undefined;
  #output = "";
  #alarm: ReturnType<typeof setTimeout> | undefined;
  #alarmAt = Infinity;

  constructor(opened: Opened, settings: Configuration, events: LinkEvents) {
    const socket = opened.socket;
    this.#socket = socket;
    this.#settings = settings;
    this.#events = events;
    this.#lines = new Lines(settings.answerBytesMax);
    socket.on("data", (data) => this.#received(data));
    socket.on("drain", () => this.#advance());
    socket.on("end", () => this.lose(this.#over()));
    socket.on("close", () => this.lose(this.#over()));
    socket.on("error", (error) => {
      this.lose(new ClientFailure("connection_lost", why(error), error));
    });
    if (socket.destroyed || socket.readableEnded) this.lose(this.#over());
  }

  /** How many calls are under way or wait. */
  get load(): number {
    return this.#pending.size + this.#queue.size;
  }

  #over(): MuseError {
    return new ClientFailure("connection_lost", "The server has closed the connection.");
  }

  // Sending.

  /** Sends a call, at once where there is room. */
  call(waiter: Waiter): void {
    if (this.cause !== undefined) {
      waiter.failed(new Lost(this.cause, false));
    } else if (!this.isOpen) {
      waiter.failed(new Moved());
    } else if (this.#queue.size > 0 || !this.#hasRoom()) {
      this.#queue.add(waiter);
      this.#setAlarm(waiter.deadline);
    } else {
      this.#send(waiter);
    }
  }

  /** Nobody waits for a call any more. */
  abandon(waiter: Waiter): void {
    if (this.#queue.delete(waiter) || !this.#pending.delete(waiter.id)) return;
    this.#write(cancellation(waiter.id));
    this.#advance();
    this.#leave();
  }

  #hasRoom(): boolean {
    return (
      this.#pending.size < this.#settings.inFlightMax &&
      this.#socket.writableLength + this.#output.length <= this.#settings.outputBytesMax
    );
  }

  #send(waiter: Waiter): void {
    const now = performance.now();
    if (now >= waiter.deadline) {
      waiter.failed(late());
      return;
    }
    const id = this.#lastID + 1;
    let line: string;
    try {
      line = waiter.request.line(id, waiter.deadline - now, this.#settings.lineBytesMax);
    } catch (error) {
      waiter.failed(error);
      return;
    }
    this.#lastID = id;
    waiter.id = id;
    waiter.sentAt = now;
    this.#pending.set(id, waiter);
    this.#setAlarm(waiter.deadline);
    this.#write(line);
  }

  #write(text: string): void {
    if (this.#output === "") process.nextTick(this.#flush);
    this.#output += text;
  }

  readonly #flush = (): void => {
    const text = this.#output;
    this.#output = "";
    if (this.cause === undefined && text !== "") this.#socket.write(text);
  };

  /** There may be room for calls that wait. */
  #advance(): void {
    for (const waiter of this.#queue) {
      if (this.cause !== undefined || !this.isOpen || !this.#hasRoom()) return;
      this.#queue.delete(waiter);
      this.#send(waiter);
    }
  }

  // Receiving.

  #received(data: Buffer): void {
    if (this.cause !== undefined) return;
    this.#heardAt = performance.now();
    this.#lines.feed(data, this.#take);
    if (this.#lines.isEndless) {
      this.lose(new ClientFailure("malformed_answer", "The server sends a line without end."));
    }
    if (this.#queue.size > 0) this.#advance();
    this.#leave();
  }

  #line(line: Line): void {
    if (this.cause !== undefined) return;
    if (line.isTooLong) {
      this.#tooLong(line.text ?? "");
      return;
    }
    let value: unknown;
    try {
      if (line.text === undefined) throw new SyntaxError("no UTF-8");
      value = JSON.parse(line.text);
    } catch {
      if (line.text === undefined || line.text.trim() !== "") this.#garbled();
      return;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.#garbled();
      return;
    }
    this.#message(value as Answer);
  }

  #message(value: Answer): void {
    const id = value["id"];
    if (typeof id === "number") {
      this.#garbage = 0;
      const waiter = this.#pending.get(id);
      if (waiter === undefined) return;
      this.#pending.delete(id);
      if (value["jsonrpc"] === "2.0") {
        this.hasAnswered = true;
        waiter.answered(value);
      } else {
        waiter.failed(new ClientFailure("malformed_answer", "The answer is not of JSON-RPC 2.0."));
      }
    } else if ("method" in value && !("id" in value)) {
      this.#notified(value);
    } else if ((id === undefined || id === null) && "error" in value) {
      this.#refused(value["error"]);
    } else {
      this.#garbled();
    }
  }

  #garbled(): void {
    this.#garbage += 1;
    if (this.#garbage >= GARBAGE_MAX) {
      this.lose(new ClientFailure("malformed_answer", "The server does not speak JSON-RPC."));
    }
  }

  #tooLong(head: string): void {
    const id = idOfHead(head);
    const waiter = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || waiter === undefined) {
      this.#garbled();
      return;
    }
    this.#pending.delete(id);
    const bytes = this.#settings.answerBytesMax;
    const told = `The answer is longer than ${bytes} bytes.`;
    waiter.failed(new ClientFailure("malformed_answer", told));
  }

  /** What the server says to nobody in particular: why it will close. */
  #refused(error: unknown): void {
    try {
      this.#refusal = readError(error);
    } catch {
      this.#garbled();
    }
  }

  #notified(value: Answer): void {
    const method = value["method"];
    if (typeof method !== "string") {
      this.#garbled();
      return;
    }
    this.#garbage = 0;
    const notification = readNotification(method, value["params"]);
    if (notification.method === "server.draining") this.#retire();
    this.#events.notified(notification);
  }

  // Time.

  /** One timer for all calls: it rings for the one whose time is over first. */
  #setAlarm(at: number): void {
    if (at >= this.#alarmAt || this.cause !== undefined) return;
    clearTimeout(this.#alarm);
    this.#alarmAt = at;
    this.#alarm = setTimeout(() => this.#ring(), Math.max(at - performance.now(), 0) + 1);
  }

  /** Fails the calls whose time is over. Where nothing at all was heard since such a call was sent,
   * the connection takes no more calls: the server may have gone without a word. */
  #ring(): void {
    this.#alarm = undefined;
    this.#alarmAt = Infinity;
    const now = performance.now();
    let nearest = Infinity;
    let isSilent = false;
    for (const [id, waiter] of this.#pending) {
      if (waiter.deadline > now) {
        nearest = Math.min(nearest, waiter.deadline);
        continue;
      }
      this.#pending.delete(id);
      if (this.#heardAt <= waiter.sentAt) isSilent = true;
      waiter.failed(late());
    }
    for (const waiter of this.#queue) {
      if (waiter.deadline > now) {
        nearest = Math.min(nearest, waiter.deadline);
        continue;
      }
      this.#queue.delete(waiter);
      waiter.failed(late());
    }
    this.#setAlarm(nearest);
    if (isSilent) this.#retire();
    this.#advance();
    this.#leave();
  }

  // The end.

  /** Takes no more calls: those that wait go to another connection. */
  #retire(): void {
    this.isOpen = false;
    const waiting = [...this.#queue];
    this.#queue.clear();
    for (const waiter of waiting) waiter.failed(new Moved());
  }

  /** A connection that takes no more calls ends with the last one under way. */
  #leave(): void {
    if (!this.isOpen && this.#pending.size === 0) this.lose(this.#over());
  }

  /** The connection is over, and every waiting call fails at once. */
  lose(cause: MuseError): void {
    if (this.cause !== undefined) return;
    this.isOpen = false;
    this.cause = this.#refusal ?? cause;
    clearTimeout(this.#alarm);
    this.#socket.destroy();
    // What is still in the output has not been sent.
    this.#output = "";
    const sent = [...this.#pending.values()];
    const waiting = [...this.#queue];
    this.#pending.clear();
    this.#queue.clear();
    this.#events.lost(this);
    for (const waiter of sent) waiter.failed(new Lost(this.cause, true));
    for (const waiter of waiting) waiter.failed(new Lost(this.cause, false));
  }
}
