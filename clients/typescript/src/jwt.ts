// JSON Web Tokens, as far as they can be read without a key.

/** Base64url without padding, in its one canonical form. */
export function decoded(text: string): Buffer | undefined {
  const data = Buffer.from(text, "base64url");
  return data.toString("base64url") === text ? data : undefined;
}

/** A JSON object in UTF-8. */
export function object(data: Buffer): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

/** Milliseconds from a token's making to its end; undefined where it does not say. Nothing here
 * trusts it. */
export function lifetime(token: string): number | undefined {
  const [, body, signature, ...more] = token.split(".");
  if (body === undefined || signature === undefined || more.length > 0) return undefined;
  const data = decoded(body);
  const { iat, exp } = (data && object(data)) ?? {};
  if (typeof iat !== "number" || typeof exp !== "number" || !(exp > iat)) return undefined;
  return (exp - iat) * 1_000;
}
