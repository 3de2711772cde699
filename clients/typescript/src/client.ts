// The client. Its calls are generated.
import { parseAddress } from "./address.js";
import { Engine } from "./engine.js";
import { Calls } from "./generated/calls.js";
import * as methods from "./generated/methods.js";
import type { Caller } from "./generated/models.js";
import type { ServerNotification } from "./generated/notifications.js";
import { usual } from "./options.js";
import type { Configuration } from "./options.js";
import type { SessionEvent, StoredSession } from "./sessions.js";
import { members, readText } from "./values.js";

/**
 * A client of the service, for any number of calls at once, over one connection.
 *
 * The connection is made when the first call needs it, and made again when it was lost. Every call
 * ends: with its result, or with a MuseError at its deadline at the latest.
 */
export class Client extends Calls {
  readonly #engine: Engine;
  readonly #settings: Configuration;

  /** `address`: tcp://host:port, tls://host:port or unix:/path; left out for the one in the
   * environment's MUSE_URL, or tcp://127.0.0.1:6873. Throws invalid_address. */
  constructor(address?: string, configuration: Partial<Configuration> = {}) {
    const settings = { ...usual, ...configuration };
    const engine = new Engine(parseAddress(address), settings);
    super((method, params, read, options) => engine.perform(method, params, read, options));
    this.#engine = engine;
    this.#settings = settings;
  }

  /** A client that has reached its server. Rejects with not_connected or certificate_refused after
   * the first attempt that fails. */
  static async connect(
    address?: string,
    configuration: Partial<Configuration> = {},
  ): Promise<Client> {
    const client = new Client(address, configuration);
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Reaches the server. */
  async connect(): Promise<void> {
    const deadline = this.#settings.connectTimeout;
    const options = { deadline, retries: false, waitsForConnection: false };
    const ping = this.#engine.perform(methods.serverPing, {}, readText, options);
    await Promise.all([ping, this.#engine.tokens.load()]);
  }

  /** Makes an access token from elsewhere the client's own, and tells whose it is. It is not kept,
   * and it is not renewed when it expires. */
  attach(accessToken: string): Promise<Caller> {
    this.#engine.tokens.use(accessToken);
    return this.auth.whoami();
  }

  /** Forgets the client's session on this side, in the store too. The session lives on. */
  detach(): Promise<void> {
    return this.#engine.tokens.settle(undefined);
  }

  /** Who the client is. */
  get session(): StoredSession | undefined {
    return this.#engine.tokens.identity.session;
  }

  /** How many calls are under way, or wait for room on the connection. */
  get load(): number {
    return this.#engine.connector.load;
  }

  /** The server's schema, an OpenRPC document. */
  discover(): Promise<Readonly<Record<string, unknown>>> {
    const read = (value: unknown) => members(value, "the document");
    return this.#engine.perform(methods.rpcDiscover, {}, read);
  }

  /** What the server says by itself, from now on. A loop that is too slow loses the oldest. */
  notifications(): AsyncIterableIterator<ServerNotification> {
    return this.#engine.notifications.listen();
  }

  /** What becomes of the client's session, from now on. */
  sessionEvents(): AsyncIterableIterator<SessionEvent> {
    return this.#engine.tokens.events.listen();
  }

  /** Ends the connection. Calls that wait reject with client_closed, and so does each later one. */
  close(): void {
    this.#engine.close();
  }
}
