// What the generated types are checked with: each throws where parsed JSON is not what it should
// be, and `place` tells people where that was.

/** A value is not what the schema says. */
export class Mismatch extends Error {}

/** An object. */
export function members(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Mismatch(`${place} is no object`);
}

/** A string. */
export function text(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw new Mismatch(`${place} is no string`);
}

/** A whole number, however it was written. */
export function integer(value: unknown, place: string): number {
  if (Number.isInteger(value)) return value as number;
  throw new Mismatch(`${place} is no whole number`);
}

/** true or false. */
export function boolean(value: unknown, place: string): boolean {
  if (typeof value === "boolean") return value;
  throw new Mismatch(`${place} is neither true nor false`);
}

/** An array. */
export function items(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Mismatch(`${place} is no array`);
}

/** Any value, but one has to be there. */
export function present(value: unknown, place: string): unknown {
  if (value !== undefined) return value;
  throw new Mismatch(`${place} is missing`);
}

/** The empty object that says that all is done. */
export function readNothing(value: unknown): void {
  members(value, "the result");
}

/** A text that is a whole result. */
export function readText(value: unknown): string {
  return text(value, "the result");
}

/** Any result. */
export function readAnything(value: unknown): unknown {
  return value;
}
