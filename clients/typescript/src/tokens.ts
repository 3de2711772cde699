// Who the client is: its session, where that is kept, and how its tokens are renewed.
import type { Attempt, Identity } from "./attempt.js";
import { Broadcast } from "./broadcast.js";
import { ClientFailure, MuseError, why } from "./errors.js";
import type { ServerError } from "./errors.js";
import type { Grant } from "./generated/models.js";
import type { Configuration } from "./options.js";
import { MemorySessionStore, renewalPause, sessionOfGrant, sessionOfToken } from "./sessions.js";
import type { SessionEvent, SessionStore, StoredSession } from "./sessions.js";

/** What a refresh token that is of no use any more is answered with. */
const spent: ReadonlySet<string> = new Set([
  "token_invalid",
  "token_revoked",
  "token_reused",
  "token_expired",
  "idempotency_mismatch",
]);
/** Milliseconds between two looks at a lock that another has. */
const LOCK_PAUSE = 20;

/** What the tokens need of the client. */
export interface TokenSource {
  /** New tokens for a session. */
  readonly refresh: (session: StoredSession) => Promise<Grant>;
  /** Waits; rejects when the client is closed. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The session of a client. */
export class Tokens {
  identity: Identity = { version: 0, session: undefined, ended: undefined };
  readonly events = new Broadcast<SessionEvent>();
  readonly #settings: Configuration;
  readonly #store: SessionStore;
  readonly #source: TokenSource;
  #versions = 0;
  /** When new tokens are to be asked for, on the monotonic clock. */
  #renewsAt = Infinity;
  #isLoaded: boolean;
  #loading: Promise<void> | undefined;
  /** Whether the store has what it was last given. */
  #isKept = true;
  /** Changes of the session come one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  #renewing: { readonly version: number; readonly done: Promise<void> } | undefined;
  #failed: { readonly at: number; readonly error: unknown } | undefined;

  constructor(settings: Configuration, source: TokenSource) {
    this.#settings = settings;
    this.#store = settings.sessionStore ?? new MemorySessionStore();
    this.#source = source;
    this.#isLoaded = settings.sessionStore === undefined;
  }

  /** Reads what the store keeps, before the first call that asks who the client is. */
  load(): Promise<void> | undefined {
    if (this.#isLoaded) return undefined;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    const session = await stored(() => this.#store.load());
    // Somebody may have logged in meanwhile.
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    if (session !== null) this.#signIn(session, false);
  }

  /** `isNew`: its tokens were made just now. */
  #signIn(session: StoredSession, isNew: boolean): void {
    this.#adopt(session, isNew);
    const { userID, username } = session;
    this.events.send({ kind: "signed_in", userID, username });
  }

  #adopt(session: StoredSession, isNew: boolean): void {
    const pause = renewalPause(session, this.#settings.refreshAhead, isNew, Date.now());
    this.#renewsAt = performance.now() + pause;
    this.#versions += 1;
    this.identity = { version: this.#versions, session, ended: undefined };
  }

  /** Calls are nobody's from now on. */
  #end(error: MuseError | undefined, reason: "logged_out" | MuseError): void {
    const had = this.identity.session !== undefined;
    this.#renewsAt = Infinity;
    this.identity = { version: 0, session: undefined, ended: error };
    if (had) this.events.send({ kind: "ended", reason });
  }

  /** An access token that was made elsewhere is the client's from now on. It is not kept. */
  use(accessToken: string): void {
    this.#isLoaded = true;
    this.#signIn(sessionOfToken(accessToken), true);
  }

  /** Somebody has logged in, or out. */
  settle(grant: Grant | undefined, isRenewal = false): Promise<void> {
    return this.#exclusively(async () => {
      this.#isLoaded = true;
      const session = grant === undefined ? null : sessionOfGrant(grant);
      let release: (() => void) | undefined;
      try {
        release = await this.#locked();
      } catch (error) {
        this.#notKept(error);
      }
      try {
        if (release !== undefined) await this.#keep(session);
      } finally {
        release?.();
      }
      if (session === null) this.#end(undefined, "logged_out");
      else if (isRenewal) this.#renewed(session, true);
      else this.#signIn(session, true);
    });
  }

  #renewed(session: StoredSession, isNew: boolean): void {
    this.#adopt(session, isNew);
    this.events.send({ kind: "refreshed" });
  }

  async #exclusively<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(body, body);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #keep(session: StoredSession | null): Promise<void> {
    try {
      await stored(() => this.#store.save(session));
      this.#isKept = true;
    } catch (error) {
      this.#notKept(error);
    }
  }

  #notKept(error: unknown): void {
    this.#isKept = false;
    this.events.send({ kind: "not_kept", reason: unusable(error) });
  }

  /** The store's lock. Other processes may hold it, and none for long. */
  async #locked(): Promise<() => void> {
    const end = performance.now() + this.#settings.deadline;
    for (;;) {
      const release = await stored(() => this.#store.tryLock());
      if (release !== null) return release;
      if (performance.now() >= end) {
        throw new ClientFailure("store_unusable", "The session store is locked by another.");
      }
      await this.#source.sleep(LOCK_PAUSE);
    }
  }

  // Renewal.

  /** A token was refused: one call gets new ones, however many wait for them. If that fails it
   * fails all that were under way. */
  async renew(version: number, error: ServerError, attempt: Attempt): Promise<void> {
    if (this.identity.version !== version) return;
    if (this.#failed !== undefined && this.#failed.at >= attempt.began) throw this.#failed.error;
    await attempt.until(this.#begun(version, error));
  }

  /** Asks for new tokens if it is time, at `now` on the monotonic clock. Nobody waits for them: if
   * that fails, calls go on with the old ones until they are refused. */
  renewIfDue(now: number): void {
    if (now < this.#renewsAt) return;
    this.#renewsAt = Infinity;
    void this.#begun(this.identity.version, undefined);
  }

  /** The renewal of that version's tokens, begun unless it is under way. `error`: what a call was
   * refused with; undefined where none was yet. */
  #begun(version: number, error: ServerError | undefined): Promise<void> {
    if (this.#renewing?.version === version) return this.#renewing.done;
    const done = this.#exclusively(() => this.#exchange(version, error));
    const renewing = { version, done };
    this.#renewing = renewing;
    const over = () => {
      if (this.#renewing === renewing) this.#renewing = undefined;
    };
    done.then(over, (failure) => {
      if (error !== undefined) this.#failed = { at: performance.now(), error: failure };
      over();
    });
    return done;
  }

  /** Looks whether another process was faster; if not, gets new tokens, unless the session is over.
   * What the store could not keep it cannot tell either. */
  async #exchange(version: number, error: ServerError | undefined): Promise<void> {
    const { session } = this.identity;
    if (this.identity.version !== version || session === undefined) return;
    if (session.refreshToken === undefined) {
      if (error !== undefined) this.#end(error, error);
      return;
    }
    const release = await this.#locked();
    try {
      const kept = this.#isKept ? await stored(() => this.#store.load()) : session;
      if (kept === null) {
        this.#end(error, "logged_out");
      } else if (kept.accessToken !== session.accessToken) {
        if (kept.userID === session.userID) this.#renewed(kept, false);
        else this.#signIn(kept, false);
      } else if (error !== undefined && error.name !== "token_expired") {
        await this.#over(error);
      } else {
        await this.#refresh(session);
      }
    } finally {
      release();
    }
  }

  async #refresh(session: StoredSession): Promise<void> {
    let grant: Grant;
    try {
      grant = await this.#source.refresh(session);
    } catch (error) {
      if (!(error instanceof MuseError) || !spent.has(error.name)) throw error;
      await this.#over(error);
      return;
    }
    const renewed = sessionOfGrant(grant);
    await this.#keep(renewed);
    this.#renewed(renewed, true);
  }

  /** The server says that the session is over. */
  async #over(error: MuseError): Promise<void> {
    await this.#keep(null);
    this.#end(error, error);
  }
}

/** What a store is asked to do. Throws store_unusable, or what the client itself has thrown. */
async function stored<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw unusable(error);
  }
}

function unusable(error: unknown): MuseError {
  if (error instanceof MuseError) return error;
  return new ClientFailure("store_unusable", `The session store has failed: ${why(error)}`, error);
}
