// The verifier: what holds, what does not, and keys that change.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { Verifier } from "../src/index.js";
import type { JWKSet } from "../src/index.js";
import { FETCH_PAUSE, KEYS_FRESH, KEYS_STALE } from "../src/verify.js";
import { ends, nameOf } from "./fake.js";

const NOW = 1_800_000_000;
const CLAIMS = {
  iss: "mentalmuse",
  aud: "mentalmuse",
  sub: "u",
  sid: "s",
  role: "user",
  client_id: "mentalmuse",
  jti: "j",
  iat: NOW - 10,
  exp: NOW + 890,
};

function encoded(data: unknown): string {
  const bytes = data instanceof Uint8Array ? Buffer.from(data) : Buffer.from(JSON.stringify(data));
  return bytes.toString("base64url");
}

class Key {
  readonly kid: string;
  readonly #pair = generateKeyPairSync("ed25519");

  constructor(kid: string) {
    this.kid = kid;
  }

  get jwk() {
    const { x } = this.#pair.publicKey.export({ format: "jwk" });
    return { kty: "OKP", crv: "Ed25519", use: "sig", alg: "EdDSA", kid: this.kid, x };
  }

  sign(claims: object = {}, head: object = {}): string {
    const whole = { alg: "EdDSA", typ: "at+jwt", kid: this.kid, ...head };
    return this.signed(encoded(whole), encoded({ ...CLAIMS, ...claims }));
  }

  signed(head: string, body: string): string {
    const text = `${head}.${body}`;
    return `${text}.${encoded(sign(null, Buffer.from(text), this.#pair.privateKey))}`;
  }
}

/** A server that has these keys, and a clock that the test sets. */
class House {
  keys: unknown[];
  now = 0;
  fetches = 0;
  isAway = false;
  readonly verifier = new Verifier(
    { auth: { jwks: () => this.#jwks() } },
    { clock: () => NOW * 1_000, monotonic: () => this.now },
  );

  constructor(...keys: readonly Key[]) {
    this.keys = keys.map((key) => key.jwk);
  }

  async #jwks(): Promise<JWKSet> {
    this.fetches += 1;
    if (this.isAway) throw new Error("away");
    return { keys: this.keys } as JWKSet;
  }

  async refused(token: string, name = "token_invalid"): Promise<void> {
    await assert.rejects(this.verifier.verify(token), { name }, `${token}`.slice(0, 200));
  }
}

test("a token that holds tells its caller, and the keys are fetched once", async () => {
  const key = new Key("one");
  const house = new House(key);
  for (let count = 0; count < 3; count += 1) {
    assert.deepEqual(await house.verifier.verify(key.sign()), {
      userID: "u",
      sessionID: "s",
      role: "user",
      clientID: "mentalmuse",
      tokenID: "j",
      issuedAt: new Date((NOW - 10) * 1_000),
      expiresAt: new Date((NOW + 890) * 1_000),
    });
  }
  await Promise.all(Array.from({ length: 50 }, () => house.verifier.verify(key.sign())));
  assert.equal(house.fetches, 1);
});

test("claims that are not as they should be are refused", async () => {
  const key = new Key("one");
  const house = new House(key);
  const bad = [
    { iss: "x" }, { iss: ["mentalmuse"] }, { aud: "x" }, { aud: ["mentalmuse"] }, { aud: undefined },
    { sub: 5 }, { sub: undefined }, { sid: null }, { jti: null }, { role: 1 },
    { client_id: undefined }, { iat: "x" }, { iat: undefined }, { exp: true },
    { exp: undefined }, { exp: 1e300 }, { exp: -1 },
    { exp: String(NOW + 890) }, { nbf: NOW + 60 }, { nbf: "x" }, { nbf: null },
  ];
  for (const claims of bad) await house.refused(key.sign(claims));
  await house.verifier.verify(key.sign({ nbf: NOW + 4 }));
  for (const body of ["[]", "null", "5", '"x"', "{", "", "\ufeff{}"]) {
    const head = encoded({ alg: "EdDSA", typ: "at+jwt", kid: "one" });
    await house.refused(key.signed(head, encoded(Buffer.from(body))));
  }
});

test("heads that are not as they should be are refused, though the signature holds", async () => {
  const key = new Key("one");
  const house = new House(key);
  const bad = [
    { alg: "none" }, { alg: "HS256" }, { alg: "eddsa" }, { alg: "Ed25519" }, { alg: ["EdDSA"] },
    { alg: undefined }, { typ: "rt+jwt" }, { typ: "JWT" }, { typ: "AT+JWT" }, { typ: undefined },
    { kid: 5 }, { kid: undefined }, { kid: "other" }, { kid: "__proto__" }, { crit: [] },
    { jwk: key.jwk }, { jku: "x" }, { x5u: "x" }, { x5c: [] }, { b64: false },
  ];
  for (const head of bad) await house.refused(key.sign({}, head));
});

test("what was altered, cut, padded, or signed by another is refused", async () => {
  const key = new Key("one");
  const house = new House(key);
  const token = key.sign();
  const [head = "", body = "", signature = ""] = token.split(".");
  await house.refused(new Key("one").sign());
  const last = String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1);
  const bad = [
    "", "a.b.c", `${token}=`, token.slice(0, -1), `${head}.${body}.`, `${head}.${body}`, "..",
    `${head}.${encoded({ ...CLAIMS, sub: "v" })}.${signature}`, ` ${token}`, `${token}\n`,
    `${token}.x`, "é.é.é", "x".repeat(10_000), `${encoded([1])}.${body}.${signature}`,
    `${encoded(Buffer.from("[".repeat(3_000)))}.e30.${signature}`,
    // The last character's unused bits are set: another spelling of the same bytes.
    `${head}.${body}.${signature.slice(0, -1)}${last}`,
    // Another spelling of base64.
    `${head}.${body}.${signature.replace(/-/g, "+").replace(/_/g, "/")}=`,
  ];
  for (const one of bad) await house.refused(one);
  const others: unknown[] = [undefined, null, 5, {}, [token]];
  for (const one of others) await house.refused(one as string);
  await house.verifier.verify(token);
});

test("a signature in another spelling of its numbers is refused", async () => {
  const key = new Key("one");
  const house = new House(key);
  const [head = "", body = "", signature = ""] = key.sign().split(".");
  const bytes = Buffer.from(signature, "base64url");
  // The second half is a number below the order of the group; with the order added it would be the
  // same number.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let number = 0n;
  for (let at = 63; at >= 32; at -= 1) number = (number << 8n) | BigInt(bytes.readUInt8(at));
  number += order;
  for (let at = 32; at < 64; at += 1) {
    bytes.writeUInt8(Number(number & 0xffn), at);
    number >>= 8n;
  }
  await house.refused(`${head}.${body}.${encoded(bytes)}`);
});

test("keys of another kind, and those under which anything holds, are passed over", async () => {
  const key = new Key("one");
  const house = new House(key);
  const weak = (hex: string) => ({ ...key.jwk, x: encoded(Buffer.from(hex, "hex")) });
  const sets = [
    { ...key.jwk, kty: "RSA" }, { ...key.jwk, crv: "X25519" }, { ...key.jwk, alg: "HS256" },
    { ...key.jwk, use: "enc" }, { ...key.jwk, x: "" }, { ...key.jwk, x: `${key.jwk.x}=` },
    weak("00".repeat(32)), weak(`01${"00".repeat(31)}`), weak(`${"00".repeat(31)}80`),
    weak("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
  ];
  for (const jwk of sets) {
    house.keys = [jwk];
    house.now += KEYS_FRESH;
    await house.refused(key.sign());
  }
  const forged = new House();
  forged.keys = [weak(`01${"00".repeat(31)}`)];
  const head = encoded({ alg: "EdDSA", typ: "at+jwt", kid: "one" });
  const nothing = encoded(Buffer.concat([Buffer.from(`01${"00".repeat(31)}`, "hex"), Buffer.alloc(32)]));
  await forged.refused(`${head}.${encoded(CLAIMS)}.${nothing}`);
});

test("an expired token is told apart, with five seconds of leeway", async () => {
  const key = new Key("one");
  const house = new House(key);
  await house.verifier.verify(key.sign({ exp: NOW - 4 }));
  await house.refused(key.sign({ exp: NOW - 5 }), "token_expired");
  await house.refused(new Key("one").sign({ exp: NOW - 5 }));
});

test("a new key is fetched, and unknown ones cause no storm", async () => {
  const [one, two] = [new Key("one"), new Key("two")];
  const house = new House(one);
  await house.verifier.verify(one.sign());
  house.keys = [one.jwk, two.jwk];
  await house.refused(two.sign());
  house.now += FETCH_PAUSE;
  await house.verifier.verify(two.sign());
  const forged = (n: number) => house.verifier.verify(new Key(`forged-${n}`).sign());
  assert.deepEqual(await ends(50, forged), Array(50).fill("token_invalid"));
  assert.equal(house.fetches, 2);
});

test("a key that was retired is trusted no longer than the keys are kept", async () => {
  const [one, two] = [new Key("one"), new Key("two")];
  const house = new House(one);
  await house.verifier.verify(one.sign());
  house.keys = [two.jwk];
  house.now += KEYS_FRESH - 1;
  await house.verifier.verify(one.sign());
  house.now += 1;
  await house.refused(one.sign());
});

test("keys are used while the server is away, and not for ever", async () => {
  const key = new Key("one");
  const house = new House(key);
  await house.verifier.verify(key.sign());
  house.isAway = true;
  house.now = KEYS_STALE - 1;
  await house.verifier.verify(key.sign());
  house.now = KEYS_STALE;
  await house.refused(key.sign());
  house.now = 2 * KEYS_STALE;
  assert.equal(await new House().verifier.verify(key.sign()).catch(nameOf), "token_invalid");
  const away = new House(key);
  away.isAway = true;
  await assert.rejects(away.verifier.verify(key.sign()), { message: "away" });
});
