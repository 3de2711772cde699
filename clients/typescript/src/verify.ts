// Verifying access tokens without asking the server about each: for a service beside it. Whether
// the session has ended since only the server knows: `auth.whoami` with the token asks.
import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { knownError } from "./errors.js";
import type { TokenExpired, TokenInvalid } from "./generated/errors.js";
import type { JWKSet, Role } from "./generated/models.js";
import { decoded, object } from "./jwt.js";

/** Seconds by which clocks may differ. */
const LEEWAY = 5;
/** Milliseconds after which the keys are fetched again, so that a key that was retired is not
 * trusted for longer; and how long they are trusted where that fails. */
export const KEYS_FRESH = 300_000;
export const KEYS_STALE = 3_600_000;
/** The shortest time between two fetches: unknown key ids cost nobody more. */
export const FETCH_PAUSE = 10_000;
const TOKEN_LENGTH_MAX = 8_192;
/** The largest order of a time in seconds that is still one. */
const TIME_MAX = 2 ** 35;

const refusedInHeads = ["crit", "jwk", "jku", "x5u", "x5c", "b64"];

/** Who is calling, by a token that holds. */
export interface TokenCaller {
  readonly userID: string;
  readonly sessionID: string;
  /** As it was when the token was made. */
  readonly role: Role;
  readonly clientID: string;
  readonly tokenID: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** Where the keys come from: a client. */
export interface KeySource {
  readonly auth: { jwks(): Promise<JWKSet> };
}

/** What a verifier keeps to. */
export interface VerifierOptions {
  /** What `server.info` says; "mentalmuse" where it is left out. */
  readonly issuer?: string;
  readonly audience?: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Milliseconds since some time, never going back. */
  readonly monotonic?: () => number;
}

/** Verifies access tokens by the server's public keys, which it fetches and keeps. */
export class Verifier {
  readonly #source: KeySource;
  readonly #issuer: string;
  readonly #audience: string;
  readonly #clock: () => number;
  readonly #monotonic: () => number;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #fetching: Promise<void> | undefined;

  constructor(source: KeySource, options: VerifierOptions = {}) {
    this.#source = source;
    this.#issuer = options.issuer ?? "mentalmuse";
    this.#audience = options.audience ?? "mentalmuse";
    this.#clock = options.clock ?? Date.now;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  /** Who is calling. Rejects with token_invalid or token_expired; and where keys are needed and
   * cannot be fetched, with what `auth.jwks` rejects with. */
  async verify(token: string): Promise<TokenCaller> {
    const parsed = parse(token);
    if (this.#wantsFetch(parsed.keyID)) {
      try {
        await this.#fetch();
      } catch (error) {
        if (!this.#keys.has(parsed.keyID)) throw error;
      }
    }
    return this.#check(parsed);
  }

  #wantsFetch(keyID: string): boolean {
    const now = this.#monotonic();
    const isDue = !this.#keys.has(keyID) || now - this.#fetchedAt >= KEYS_FRESH;
    // One that is under way is waited for.
    return isDue && (this.#fetching !== undefined || now - this.#triedAt >= FETCH_PAUSE);
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetched().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetched(): Promise<void> {
    this.#triedAt = this.#monotonic();
    this.#keys = keysOf(await this.#source.auth.jwks());
    this.#fetchedAt = this.#monotonic();
  }

  #check(token: Token): TokenCaller {
    const key = this.#keys.get(token.keyID);
    if (key === undefined || this.#monotonic() - this.#fetchedAt >= KEYS_STALE) {
      throw invalid("The token's key is not known.");
    }
    if (!verify(null, Buffer.from(token.signed), key, token.signature)) {
      throw invalid("The token's signature does not hold.");
    }
    const claims = new Claims(token.body);
    if (claims.text("iss") !== this.#issuer || claims.text("aud") !== this.#audience) {
      throw invalid("The token is of another issuer, or for another audience.");
    }
    const now = this.#clock() / 1_000;
    const [issuedAt, expiresAt] = [claims.number("iat"), claims.number("exp")];
    if (claims.has("nbf") && claims.number("nbf") > now + LEEWAY) {
      throw invalid("The token does not hold yet.");
    }
    const caller = {
      userID: claims.text("sub"),
      sessionID: claims.text("sid"),
      role: claims.text("role") as Role,
      clientID: claims.text("client_id"),
      tokenID: claims.text("jti"),
      issuedAt: new Date(issuedAt * 1_000),
      expiresAt: new Date(expiresAt * 1_000),
    };
    if (now >= expiresAt + LEEWAY) throw knownError(1002, {}) as TokenExpired;
    return caller;
  }
}

/** The server's keys; what is of another kind is passed over. */
function keysOf(set: JWKSet): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const { kty, crv, alg, use, kid, x } of set.keys) {
    if (kty !== "OKP" || crv !== "Ed25519" || alg !== "EdDSA" || use !== "sig") continue;
    const bytes = decoded(x);
    if (bytes === undefined || bytes.length !== 32 || isOfSmallOrder(bytes)) continue;
    try {
      keys.set(kid, createPublicKey({ key: { kty, crv, x }, format: "jwk" }));
    } catch {
      // No point of the curve.
    }
  }
  return keys;
}

/** The y coordinates of the points of order 1, 2, 4 and 8, little-endian, in all their spellings:
 * under such a key signatures hold for any text. */
const smallOrders: ReadonlySet<string> = new Set([
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

function isOfSmallOrder(bytes: Buffer): boolean {
  const copy = Buffer.from(bytes);
  // The sign of x, which does not matter here.
  copy.writeUInt8(copy.readUInt8(31) & 0x7f, 31);
  return smallOrders.has(copy.toString("hex"));
}

/** A token's parts. Nothing of it is trusted yet. */
interface Token {
  readonly keyID: string;
  readonly signed: string;
  readonly signature: Buffer;
  readonly body: Buffer;
}

function parse(token: string): Token {
  // Another program may hand in what is no text at all.
  const parts = typeof token === "string" && token.length <= TOKEN_LENGTH_MAX ? token.split(".") : [];
  const [head, body, signature] = parts.map(decoded);
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) {
    throw invalid("This is no token.");
  }
  const values = object(head);
  if (values === undefined || values["alg"] !== "EdDSA" || values["typ"] !== "at+jwt") {
    throw invalid("This is no access token.");
  }
  const keyID = values["kid"];
  if (typeof keyID !== "string" || refusedInHeads.some((name) => Object.hasOwn(values, name))) {
    throw invalid("The token's head is not as it should be.");
  }
  return { keyID, signed: `${parts[0]}.${parts[1]}`, signature, body };
}

/** What a token says, once its signature holds. */
class Claims {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(body: Buffer) {
    const values = object(body);
    if (values === undefined) throw invalid("The token has no claims.");
    this.#values = values;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  text(name: string): string {
    const value = this.has(name) ? this.#values[name] : undefined;
    if (typeof value !== "string") throw invalid(`The token has no ${name}.`);
    return value;
  }

  number(name: string): number {
    const value = this.has(name) ? this.#values[name] : undefined;
    if (typeof value !== "number" || !(value >= 0 && value < TIME_MAX)) {
      throw invalid(`The token has no ${name}.`);
    }
    return value;
  }
}

function invalid(message: string): TokenInvalid {
  return knownError(1003, {}, message) as TokenInvalid;
}
