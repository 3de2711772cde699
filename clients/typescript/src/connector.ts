// The connection of a client: made by one for all calls that wait for it, and made again, after a
// growing pause, when it was lost.
import type { Address } from "./address.js";
import { closed, ClientFailure } from "./errors.js";
import type { MuseError } from "./errors.js";
import { Attempt } from "./attempt.js";
import type { ServerNotification } from "./generated/notifications.js";
import { Link } from "./link.js";
import type { Configuration } from "./options.js";
import { open } from "./socket.js";
import type { Opening } from "./socket.js";

/** Milliseconds after which a connection that is lost is made again without a pause. */
const LIFE = 1_000;

interface Waiter {
  readonly isPatient: boolean;
  readonly resolve: (link: Link) => void;
  readonly reject: (error: MuseError) => void;
}

/** Makes connections, one at a time. */
export class Connector {
  readonly #address: Address;
  readonly #settings: Configuration;
  readonly #notified: (notification: ServerNotification) => void;
  readonly #waiters = new Set<Waiter>();
  /** Those that take no more calls may still have some under way. */
  readonly #links = new Set<Link>();
  #link: Link | undefined;
  #isRunning = false;
  #isClosed = false;
  #opening: Opening | undefined;
  #wake: (() => void) | undefined;
  #failures = 0;
  #nextTry = 0;
  #last: MuseError = new ClientFailure("not_connected", "No connection has been made.");

  constructor(
    address: Address,
    settings: Configuration,
    notified: (notification: ServerNotification) => void,
  ) {
    this.#address = address;
    this.#settings = settings;
    this.#notified = notified;
  }

  /** The connection that takes calls, where there is one. */
  get ready(): Link | undefined {
    return this.#link?.isOpen === true ? this.#link : undefined;
  }

  /** How many calls are under way or wait on any connection. */
  get load(): number {
    let load = 0;
    for (const link of this.#links) load += link.load;
    return load;
  }

  /** The connection, made if need be. */
  async get(attempt: Attempt): Promise<Link> {
    if (this.#isClosed) throw closed();
    const ready = this.ready;
    if (ready !== undefined) return ready;
    if (this.#link !== undefined) this.#leave(this.#link);
    let waiter: Waiter | undefined;
    const made = new Promise<Link>((resolve, reject) => {
      const isPatient = attempt.options.waitsForConnection !== false;
      waiter = { isPatient, resolve, reject: (error) => reject(attempt.unconnected(error)) };
      this.#waiters.add(waiter);
    });
    if (!this.#isRunning) void this.#run();
    try {
      return await attempt.until(made, () => {
        const { name, message, cause } = this.#last;
        const isOurs = name === "not_connected" || name === "certificate_refused";
        const error = new ClientFailure(isOurs ? name : "not_connected", message, cause);
        return attempt.unconnected(error as MuseError);
      });
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter);
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiters.size > 0 && !this.#isClosed) {
      const pause = this.#nextTry - performance.now();
      if (pause > 0) await this.#sleep(pause);
      else await this.#open();
    }
    this.#isRunning = false;
  }

  async #open(): Promise<void> {
    const opening = open(this.#address, this.#settings);
    this.#opening = opening;
    try {
      const opened = await opening.opened;
      const link = new Link(opened, this.#settings, {
        notified: this.#notified,
        lost: (lost) => {
          this.#links.delete(lost);
          this.#leave(lost);
        },
      });
      if (this.#isClosed) link.lose(closed());
      // It may have been lost before it was ever used.
      this.#link = link;
      if (link.cause !== undefined) {
        this.#leave(link);
        return;
      }
      this.#links.add(link);
      const waiters = [...this.#waiters];
      this.#waiters.clear();
      for (const waiter of waiters) waiter.resolve(link);
    } catch (error) {
      this.#failed(error as MuseError);
    } finally {
      this.#opening = undefined;
    }
  }

  #failed(error: MuseError): void {
    this.#postpone(error);
    for (const waiter of [...this.#waiters]) {
      if (waiter.isPatient && error.name !== "certificate_refused") continue;
      this.#waiters.delete(waiter);
      waiter.reject(error);
    }
  }

  /** A connection is of no use any more. One that did not live long is followed after a pause,
   * which grows as long as none has answered anything. */
  #leave(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    if (link.hasAnswered) this.#failures = 0;
    if (!link.hasAnswered || performance.now() - link.openedAt < LIFE) {
      this.#postpone(new ClientFailure("not_connected", "The server closes its connections."));
    }
  }

  #postpone(error: MuseError): void {
    const { backoff, backoffMax } = this.#settings;
    const pause = Math.min(backoffMax, backoff * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    this.#last = error;
    this.#nextTry = performance.now() + pause * (1 - Math.random() / 2);
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(milliseconds));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends all connections; every call fails at once. */
  close(): void {
    this.#isClosed = true;
    this.#opening?.giveUp(closed());
    this.#wake?.();
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.reject(closed());
    for (const link of [...this.#links]) link.lose(closed());
  }
}
