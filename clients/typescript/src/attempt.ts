// One call's attempts: whether it is sent again when it did not succeed, and how it waits
// meanwhile.
import { ClientFailure, late, why } from "./errors.js";
import type { MuseError, ServerError } from "./errors.js";
import { ServerError as AnyServerError } from "./errors.js";
import type { Lost } from "./link.js";
import type { Method } from "./method.js";
import type { CallOptions } from "./options.js";
import type { StoredSession } from "./sessions.js";
import { onAbort } from "./signals.js";

/** How often a call is sent again with a new token. */
const RENEWALS_MAX = 2;

/** Who the client is. */
export interface Identity {
  /** Counts up with each change of the session; 0 for nobody. */
  readonly version: number;
  readonly session: StoredSession | undefined;
  /** Why there is no session any more. */
  readonly ended: MuseError | undefined;
}

function who(identity: Identity): string | undefined {
  return identity.session?.userID || identity.session?.accessToken;
}

/** How each call that waits for something is ended when the client is closed. */
export type Waits = Set<(error: MuseError) => void>;

/** What is to be done about a call that was refused. */
export type Remedy = { readonly pause: number } | "renew";

/** The attempts of one call. */
export class Attempt {
  readonly options: CallOptions;
  /** On the monotonic clock, in milliseconds. */
  readonly began = performance.now();
  readonly deadline: number;
  readonly #method: Method;
  readonly #waits: Waits;
  #renewals = 0;
  /** Whether it may have been run. */
  #ran = false;
  #who: string | undefined;
  #last: MuseError | undefined;

  /** `left`: milliseconds that it may take. */
  constructor(method: Method, options: CallOptions, left: number, waits: Waits) {
    this.#method = method;
    this.#waits = waits;
    this.options = options;
    this.deadline = this.began + left;
  }

  /** A call is made by one user, however often it is sent. Throws where that is another by now. */
  speaksFor(identity: Identity): void {
    if (this.#last === undefined) this.#who = who(identity);
    else if (this.#who !== who(identity)) throw identity.ended ?? this.#last;
  }

  /** What the call ends with where no connection can be made. */
  unconnected(error: MuseError): MuseError {
    return this.#ran ? new ClientFailure("connection_lost", error.message, error) : error;
  }

  /** The connection was lost: throws unless the call may be sent again. */
  lost(lost: Lost): void {
    this.#ran ||= lost.wasSent;
    this.#last = lost.reason;
    const isFinal = lost.reason.name === "client_closed" ||
      (lost.reason instanceof AnyServerError && lost.reason.retry === "never");
    const canRepeat = this.#method.canRepeat || !lost.wasSent;
    if (!isFinal && canRepeat && this.options.retries !== false) return;
    if (lost.reason.name === "connection_lost" && !this.#ran) {
      throw new ClientFailure("not_connected", lost.reason.message, lost.reason);
    }
    throw lost.reason;
  }

  /** The server has refused: what is to be done before the call is sent again; or throws. */
  refused(error: ServerError, version: number): Remedy {
    this.#last = error;
    switch (error.name) {
      case "token_expired":
      case "token_invalid":
      case "token_revoked":
        // The session's own token, not one of the options or of the params.
        if (version === 0 || this.#renewals >= RENEWALS_MAX) throw error;
        this.#renewals += 1;
        return "renew";
      case "busy":
      case "draining":
        return this.#later(error.data.retry_after_ms, error);
      case "unavailable":
        if (error.data.outcome !== "none" && !this.#method.canRepeat) throw error;
        return this.#later(error.data.retry_after_ms, error);
      default:
        throw error;
    }
  }

  #later(pause: number, error: ServerError): Remedy {
    const isInTime = performance.now() + pause < this.deadline;
    if (this.options.retries === false || !isInTime) throw error;
    return { pause: Math.max(pause, 1) };
  }

  // Waiting.

  /** Waits for what is shared with other calls, until this call's time is over or it is given up.
   * `atDeadline` tells what it ends with then. */
  until<T>(shared: Promise<T>, atDeadline: () => unknown = late): Promise<T> {
    return new Promise((resolve, reject) => {
      const { signal } = this.options;
      if (signal?.aborted === true) {
        reject(aborted(signal.reason));
        return;
      }
      const settle = () => {
        clearTimeout(timer);
        unlisten?.();
        this.#waits.delete(end);
      };
      const end = (error: unknown) => {
        settle();
        reject(error);
      };
      const unlisten = signal && onAbort(signal, () => end(aborted(signal.reason)));
      const left = Math.max(this.deadline - performance.now(), 0);
      const timer = setTimeout(() => end(atDeadline()), left);
      this.#waits.add(end);
      shared.then((value) => {
        settle();
        resolve(value);
      }, end);
    });
  }
}

/** What a call ends with that was given up. */
export function aborted(reason: unknown): ClientFailure<"aborted"> {
  return new ClientFailure("aborted", `The call was given up: ${why(reason)}`, reason);
}
