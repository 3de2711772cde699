// One call's way from its params to its result: connecting, attaching, sending, repeating,
// renewing.
import type { Address } from "./address.js";
import { aborted, Attempt } from "./attempt.js";
import type { Identity, Waits } from "./attempt.js";
import { Broadcast } from "./broadcast.js";
import { Connector } from "./connector.js";
import { ClientFailure, closed, late, readError, why } from "./errors.js";
import type { MuseError, ServerError } from "./errors.js";
import * as methods from "./generated/methods.js";
import { readGrant } from "./generated/models.js";
import type { Grant } from "./generated/models.js";
import type { ServerNotification } from "./generated/notifications.js";
import { Lost, Moved } from "./link.js";
import type { Answer, Link } from "./link.js";
import type { Method } from "./method.js";
import type { CallOptions, Configuration } from "./options.js";
import { freshKey } from "./sessions.js";
import type { StoredSession } from "./sessions.js";
import { onAbort } from "./signals.js";
import { Tokens } from "./tokens.js";
import { DEADLINE_MAX, Request } from "./wire.js";

const noOptions: CallOptions = {};

/** The methods whose results say who the client is from then on. */
const settling: ReadonlySet<Method> = new Set([
  methods.authRegister,
  methods.authLogin,
  methods.authRefresh,
  methods.authChangePassword,
  methods.authLogout,
  methods.usersDelete,
]);

/** Attaching a connection, done by one call for all. */
interface Binding {
  readonly link: Link;
  readonly version: number;
  readonly done: Promise<ServerError | undefined>;
}

/** A client without its face. */
export class Engine {
  readonly tokens: Tokens;
  readonly connector: Connector;
  readonly notifications = new Broadcast<ServerNotification>();
  readonly #settings: Configuration;
  readonly #sleepers = new Set<() => void>();
  readonly #waits: Waits = new Set();
  #isClosed = false;
  #binding: Binding | undefined;
  #refused: { readonly version: number; readonly error: ServerError } | undefined;

  constructor(address: Address, settings: Configuration) {
    this.#settings = settings;
    this.connector = new Connector(address, settings, (one) => this.notifications.send(one));
    this.tokens = new Tokens(settings, {
      refresh: (session) => this.#refresh(session),
      sleep: (milliseconds) => this.#sleep(milliseconds),
    });
  }

  /** Ends the connection. Calls that wait fail, and so does each later one. */
  close(): void {
    this.#isClosed = true;
    this.connector.close();
    for (const wake of [...this.#sleepers]) wake();
    for (const end of [...this.#waits]) end(closed());
    this.tokens.events.finish();
    this.notifications.finish();
  }

  // A call.

  /** Takes a call to its result. */
  async perform<T>(
    method: Method,
    params: object,
    read: (value: unknown) => T,
    options: CallOptions = noOptions,
  ): Promise<T> {
    const given = options.deadline ?? this.#settings.deadline;
    // What is no number above zero is no time at all.
    if (!(given > 0)) throw late();
    const attempt = new Attempt(method, options, Math.min(given, DEADLINE_MAX), this.#waits);
    const key = options.idempotencyKey ?? (method.isKeyed ? freshKey() : undefined);
    const request = new Request(method, params, key, options);
    const value = await this.#attempts(method, request, attempt);
    const result = checked(method, read, value);
    if (settling.has(method) && this.#settings.followsLogins && options.accessToken === undefined) {
      await this.#follow(method, params, value, attempt);
    }
    return result;
  }

  /** Somebody has logged in or out. */
  async #follow(method: Method, params: object, value: unknown, attempt: Attempt): Promise<void> {
    if (method === methods.authLogout || method === methods.usersDelete) {
      if (this.#endsOurs(params)) await attempt.until(this.tokens.settle(undefined));
      return;
    }
    const isRenewal = method === methods.authRefresh || method === methods.authChangePassword;
    const grant = readGrant(value);
    const isSame = this.tokens.identity.session?.sessionID === grant.session_id;
    await attempt.until(this.tokens.settle(grant, isRenewal && isSame));
  }

  /** Whether a log-out is of the client's own session: the caller's, or of its token. */
  #endsOurs(params: object): boolean {
    const token = (params as { refresh_token?: unknown }).refresh_token;
    return token === undefined || token === this.tokens.identity.session?.refreshToken;
  }

  /** Sends a request, again where that is safe, until it has a result. */
  async #attempts(method: Method, request: Request, attempt: Attempt): Promise<unknown> {
    const isBound = method.isBound && attempt.options.accessToken === undefined;
    for (;;) {
      let version = 0;
      let error: ServerError | undefined;
      try {
        if (isBound) {
          const loading = this.tokens.load();
          if (loading !== undefined) await attempt.until(loading);
          this.tokens.renewIfDue(performance.now());
        }
        const link = this.connector.ready ?? (await this.connector.get(attempt));
        if (isBound) {
          const { identity } = this.tokens;
          attempt.speaksFor(identity);
          version = identity.version;
          if (link.bound !== version) {
            error = await this.#bind(link, identity, attempt);
            // Whose turn it is now may have changed meanwhile.
            if (error === undefined) continue;
          }
        }
        if (error === undefined) {
          const answer = await this.#once(link, request, attempt);
          if ("result" in answer && !("error" in answer)) return answer["result"];
          error = refusal(answer, method);
        }
      } catch (failure) {
        if (failure instanceof Moved) continue;
        if (!(failure instanceof Lost)) throw failure;
        attempt.lost(failure);
        continue;
      }
      const remedy = attempt.refused(error, version);
      if (remedy === "renew") await this.tokens.renew(version, error, attempt);
      else await attempt.until(this.#sleep(remedy.pause));
    }
  }

  /** One request and its answer. */
  #once(link: Link, request: Request, attempt: Attempt): Promise<Answer> {
    return new Promise((answered, failed) => {
      const { deadline, options } = attempt;
      const { signal } = options;
      if (signal === undefined) {
        link.call({ request, deadline, answered, failed, id: 0, sentAt: 0 });
        return;
      }
      if (signal.aborted) {
        failed(aborted(signal.reason));
        return;
      }
      const waiter = {
        request,
        deadline,
        answered: (answer: Answer) => {
          unlisten();
          answered(answer);
        },
        failed: (error: unknown) => {
          unlisten();
          failed(error);
        },
        id: 0,
        sentAt: 0,
      };
      const unlisten = onAbort(signal, () => {
        link.abandon(waiter);
        waiter.failed(aborted(signal.reason));
      });
      link.call(waiter);
    });
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(closed());
        return;
      }
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        if (this.#isClosed) reject(closed());
        else resolve();
      };
      const timer = setTimeout(wake, Math.ceil(milliseconds));
      this.#sleepers.add(wake);
    });
  }

  // The session.

  /** Attaches the connection to the session, once for all calls that wait for it; the server's
   * refusal if there is one. */
  async #bind(link: Link, identity: Identity, attempt: Attempt): Promise<ServerError | undefined> {
    // What the server has refused once it refuses again.
    if (this.#refused?.version === identity.version) return this.#refused.error;
    let binding = this.#binding;
    if (binding?.link !== link || binding.version !== identity.version) {
      binding = { link, version: identity.version, done: this.#attach(link, identity) };
      const begun = binding;
      this.#binding = binding;
      const over = () => {
        if (this.#binding === begun) this.#binding = undefined;
      };
      binding.done.then(over, over);
    }
    return attempt.until(binding.done);
  }

  async #attach(link: Link, identity: Identity): Promise<ServerError | undefined> {
    const { version, session } = identity;
    const method = session === undefined ? methods.authDetach : methods.authAttach;
    const params = session === undefined ? {} : { access_token: session.accessToken };
    const request = new Request(method, params, undefined, noOptions);
    // Until the answer has come nobody knows who the connection is.
    link.bound = -1;
    let answer: Answer;
    try {
      const once = new Attempt(method, noOptions, this.#settings.deadline, this.#waits);
      answer = await this.#once(link, request, once);
    } catch (failure) {
      // The calls that wait for this have not been sent.
      if (failure instanceof Lost) throw new Lost(failure.reason, false);
      if ((failure as MuseError).name === "timed_out") throw new Moved();
      throw failure;
    }
    if ("result" in answer && !("error" in answer)) {
      if (link.bound === -1) link.bound = version;
      return undefined;
    }
    const error = refusal(answer, method);
    if (link.bound === -1) link.bound = 0;
    if (error.status === "unauthenticated" && version !== 0) this.#refused = { version, error };
    return error;
  }

  /** New tokens for a session, always under the same key. */
  async #refresh(session: StoredSession): Promise<Grant> {
    const method = methods.authRefresh;
    const params = { refresh_token: session.refreshToken };
    const request = new Request(method, params, session.refreshKey, noOptions);
    const attempt = new Attempt(method, noOptions, this.#settings.deadline, this.#waits);
    return checked(method, readGrant, await this.#attempts(method, request, attempt));
  }
}

function checked<T>(method: Method, read: (value: unknown) => T, value: unknown): T {
  try {
    return read(value);
  } catch (error) {
    const told = `The result of ${method.name} is not what the schema says: ${why(error)}`;
    throw new ClientFailure("malformed_answer", told, error);
  }
}

/** The error of an answer. Throws malformed_answer. */
function refusal(answer: Answer, method: Method): ServerError {
  if (!("result" in answer)) {
    try {
      return readError(answer["error"], method.name);
    } catch {
      // It is told below.
    }
  }
  const told = `The answer to ${method.name} has not one of result and error.`;
  throw new ClientFailure("malformed_answer", told);
}
