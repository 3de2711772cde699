// A session that outlives the process, and where it is kept.
import { randomBytes } from "node:crypto";
import type { MuseError } from "./errors.js";
import type { Grant } from "./generated/models.js";
import { lifetime } from "./jwt.js";

/** A session as it is kept: who, and the tokens. Secret. */
export interface StoredSession {
  readonly userID: string;
  readonly username: string;
  readonly sessionID: string;
  readonly accessToken: string;
  readonly accessExpiresAt: string;
  /** Left out for an access token that was made elsewhere. */
  readonly refreshToken?: string;
  readonly refreshExpiresAt?: string;
  /** The idempotency key under which the refresh token will be used: whoever uses it again after an
   * answer was lost must use this key, or the server ends the session. */
  readonly refreshKey: string;
}

/** What the server granted, with a fresh key for its renewal. */
export function sessionOfGrant(grant: Grant): StoredSession {
  return {
    userID: grant.user.id,
    username: grant.user.username,
    sessionID: grant.session_id,
    accessToken: grant.access_token,
    accessExpiresAt: grant.access_expires_at,
    refreshToken: grant.refresh_token,
    refreshExpiresAt: grant.refresh_expires_at,
    refreshKey: freshKey(),
  };
}

/** An access token that was made elsewhere. */
export function sessionOfToken(accessToken: string): StoredSession {
  const accessExpiresAt = "1970-01-01T00:00:00.000Z";
  return { userID: "", username: "", sessionID: "", accessToken, accessExpiresAt, refreshKey: "" };
}

/**
 * Milliseconds until new tokens are to be asked for, `ahead` of the access token's end; a token
 * that lives hardly longer than that is used up to its second half.
 *
 * One that was just made says itself how long it lives, so that a clock that is wrong here (`now`,
 * in milliseconds since 1970) does no harm; for one that was kept the clock has to do.
 */
export function renewalPause(
  session: StoredSession,
  ahead: number,
  isNew: boolean,
  now: number,
): number {
  if (session.refreshToken === undefined) return Infinity;
  const told = isNew ? lifetime(session.accessToken) : undefined;
  const left = told ?? Date.parse(session.accessExpiresAt) - now;
  // What says nothing of its end is used until it is refused.
  if (Number.isNaN(left)) return Infinity;
  return Math.max(left - Math.max(ahead, 0), left / 2, isNew ? 1_000 : 0);
}

/** An idempotency key that nobody has used: 32 hexadecimal digits. */
export function freshKey(): string {
  if (pool.length - poolUsed < 16) {
    pool = randomBytes(4_096);
    poolUsed = 0;
  }
  poolUsed += 16;
  return pool.toString("hex", poolUsed - 16, poolUsed);
}

// Random bytes come much cheaper by the page.
let pool = Buffer.alloc(0);
let poolUsed = 0;

/**
 * Where a session is kept: memory, a file, a key ring.
 *
 * Several clients and processes may share one. The client renews the tokens while it holds the
 * lock, after it has looked whether another was faster: a refresh token may be used once.
 */
export interface SessionStore {
  /** The session that is kept; null if there is none. */
  load(): Promise<StoredSession | null>;
  /** Keeps a session; null for none. */
  save(session: StoredSession | null): Promise<void>;
  /** Takes the lock without waiting; gives the function that gives it back, or null where another
   * has it. */
  tryLock(): Promise<(() => void) | null>;
}

/** Keeps the session as long as the process runs. */
export class MemorySessionStore implements SessionStore {
  #session: StoredSession | null;
  #isLocked = false;

  constructor(session: StoredSession | null = null) {
    this.#session = session;
  }

  async load(): Promise<StoredSession | null> {
    return this.#session;
  }

  async save(session: StoredSession | null): Promise<void> {
    this.#session = session;
  }

  async tryLock(): Promise<(() => void) | null> {
    if (this.#isLocked) return null;
    this.#isLocked = true;
    return () => {
      this.#isLocked = false;
    };
  }
}

/** What becomes of the client's session. */
export type SessionEvent =
  /** Somebody logged in or registered, or a kept session was found. */
  | { readonly kind: "signed_in"; readonly userID: string; readonly username: string }
  /** There are new tokens. */
  | { readonly kind: "refreshed" }
  /** Nobody is logged in any more: by a log-out, here or in another process that shares the store,
   * or because the server says that the session is over. */
  | { readonly kind: "ended"; readonly reason: "logged_out" | MuseError }
  /** The tokens could not be kept; they hold in memory. */
  | { readonly kind: "not_kept"; readonly reason: MuseError };
