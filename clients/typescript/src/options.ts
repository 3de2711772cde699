// What a caller may say about one call, and about a client as a whole.
import type { SessionStore } from "./sessions.js";

/** An `AbortSignal`, as far as the client uses it. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What a caller may say about one call. */
export interface CallOptions {
  /** Milliseconds that the call may take in all, retries included; the client's own where it is
   * left out. */
  readonly deadline?: number;
  /** Gives the call up. The server is told; a write may have been done by then. */
  readonly signal?: Signal;
  /** The key under which a write happens once, 1 to 128 visible ASCII characters; a fresh one where
   * it is left out. */
  readonly idempotencyKey?: string;
  /** Who is calling, instead of the client's session. */
  readonly accessToken?: string;
  /** A W3C trace context, for the server's log. */
  readonly traceparent?: string;
  /** Whether the call is sent again where that is safe: after a lost connection, to a server that
   * is busy or shutting down. Expired tokens are renewed in any case. True where it is left out. */
  readonly retries?: boolean;
  /** Whether the call waits for a server that cannot be reached; if not, it fails with the first
   * attempt. True where it is left out. */
  readonly waitsForConnection?: boolean;
}

/** What a client keeps to. */
export interface Configuration {
  /** Milliseconds that a call may take where it does not say so itself. */
  readonly deadline: number;
  /** How many calls may be under way at once; more of them wait. The server's own limit is 128 for
   * a connection by default. */
  readonly inFlightMax: number;
  /** The longest line that is sent, in bytes. The server's own limit is 1 MiB by default. */
  readonly lineBytesMax: number;
  /** The longest line that is read, in bytes. The server's own limit is 4 MiB by default. */
  readonly answerBytesMax: number;
  /** How many bytes may wait to be sent before further calls wait. */
  readonly outputBytesMax: number;
  /** Milliseconds that making a connection may take. */
  readonly connectTimeout: number;
  /** Milliseconds before the access token's end at which a new one is asked for; calls use the old
   * one meanwhile. */
  readonly refreshAhead: number;
  /** Milliseconds before the second attempt to connect; they double up to `backoffMax`, and a
   * random part of up to a half is taken off. */
  readonly backoff: number;
  /** The longest pause between two attempts to connect, in milliseconds. */
  readonly backoffMax: number;
  /** Whether whoever logs in or registers is who the client is from then on. Turned off, calls are
   * nobody's unless they say who: for a gateway that speaks for many. */
  readonly followsLogins: boolean;
  /** Where the session is kept; this client's memory where it is left out. */
  readonly sessionStore?: SessionStore;
  /** For `tls://`: certificates (PEM) to trust instead of the system's. */
  readonly certificates?: string | readonly string[];
  /** For `tls://`: the name in the server's certificate, where it is not the address's host. */
  readonly serverName?: string;
}

/** What holds where nothing else is said. */
export const usual: Configuration = {
  deadline: 30_000,
  inFlightMax: 128,
  lineBytesMax: 1 << 20,
  answerBytesMax: (4 << 20) + (64 << 10),
  outputBytesMax: 4 << 20,
  connectTimeout: 10_000,
  refreshAhead: 30_000,
  backoff: 50,
  backoffMax: 5_000,
  followsLogins: true,
};
