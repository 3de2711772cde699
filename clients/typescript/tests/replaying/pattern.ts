// Comparing answers with patterns, exactly.
import { readFileSync } from "node:fs";
import { brief, Broken, Differs, encode, isArray, isObject, isSame, Num, parse } from "./json.js";
import type { Obj, Value } from "./json.js";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

type Test = (value: Value) => boolean;
const isText: (pattern: RegExp) => Test = (pattern) => (value) =>
  typeof value === "string" && pattern.test(value);

const kinds: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["any", () => true],
  ["string", (value) => typeof value === "string"],
  ["text", (value) => typeof value === "string" && value !== ""],
  ["int", (value) => value instanceof Num && value.isInteger],
  ["bool", (value) => typeof value === "boolean"],
  ["object", isObject],
  ["list", isArray],
  ["id", isText(ID)],
  ["time", isText(TIME)],
  ["token", isText(TOKEN)],
]);

const types: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["string", (value) => typeof value === "string"],
  ["integer", (value) => value instanceof Num && value.isInteger],
  ["number", (value) => value instanceof Num],
  ["boolean", (value) => typeof value === "boolean"],
  ["object", isObject],
  ["array", isArray],
  ["null", (value) => value === null],
]);

/** The members of an object, none of anything else. */
export function at(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  let found = value;
  for (const name of path) found = isObject(found) ? found.get(name) : undefined;
  return found;
}

function membersOf(value: Value | undefined): Obj {
  return isObject(value) ? value : new Map<string, Value>();
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return isArray(value) ? value : [];
}

function names(of: Iterable<string>): string {
  return `[${[...of].sort().join(", ")}]`;
}

/** The schema, as far as transcripts speak of it. */
export class Schema {
  readonly #root: Value;
  readonly types: Obj;
  readonly errors: Obj;

  constructor(path: string) {
    this.#root = parse(readFileSync(path, "utf8"));
    this.types = membersOf(at(this.#root, "components", "schemas"));
    this.errors = membersOf(at(this.#root, "components", "errors"));
  }

  errorData(name: string): Obj {
    return membersOf(at(this.#root, "x-error-data", name));
  }

  check(schema: Value | undefined, value: Value, where: string): void {
    const reference = at(schema, "$ref");
    if (typeof reference === "string") {
      this.check(this.types.get(reference.split("/").pop() ?? ""), value, where);
      return;
    }
    const choices = itemsOf(at(schema, "oneOf"));
    if (choices.length > 0) {
      this.#checkAny(choices, value, where);
      return;
    }
    const stated = at(schema, "type");
    const wanted = typeof stated === "string" ? [stated] : itemsOf(stated);
    if (wanted.length > 0 && !wanted.some((kind) => types.get(String(kind))?.(value))) {
      throw new Differs(`${where}: ${brief(value)} is no ${wanted.join(" or ")}`);
    }
    const words = itemsOf(at(schema, "enum"));
    if (words.length > 0 && !words.some((word) => isSame(word, value))) {
      throw new Differs(`${where}: ${brief(value)} is none of ${brief(words)}`);
    }
    this.#checkInner(schema, value, where);
  }

  #checkAny(choices: readonly Value[], value: Value, where: string): void {
    let last: unknown;
    for (const choice of choices) {
      try {
        this.check(choice, value, where);
        return;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #checkInner(schema: Value | undefined, value: Value, where: string): void {
    if (typeof value === "string") {
      if (at(schema, "x-check") === "uuidv7" && !ID.test(value)) {
        throw new Differs(`${where}: ${brief(value)} is no id`);
      }
      if (at(schema, "format") === "date-time" && !TIME.test(value)) {
        throw new Differs(`${where}: ${brief(value)} is no time`);
      }
    } else if (value instanceof Num) {
      const [least, most] = [at(schema, "minimum"), at(schema, "maximum")];
      const isLow = least instanceof Num && value.value < least.value;
      const isHigh = most instanceof Num && value.value > most.value;
      if (isLow || isHigh) throw new Differs(`${where}: ${brief(value)} is out of bounds`);
    } else if (isArray(value)) {
      const of = at(schema, "items");
      if (of === undefined) return;
      value.forEach((item, index) => this.check(of, item, `${where}/${index}`));
    } else if (isObject(value) && at(schema, "properties") !== undefined) {
      this.members(schema, value, where, new Set());
    }
  }

  /** Exactly the required members and, of the optional ones, those that are named. What is named is
   * looked at by its own pattern. */
  members(schema: Value | undefined, value: Obj, where: string, named: ReadonlySet<string>): void {
    const properties = membersOf(at(schema, "properties"));
    const expected = new Set(itemsOf(at(schema, "required")).map(String));
    for (const name of named) if (properties.has(name)) expected.add(name);
    sameNames(value, expected, where);
    for (const [name, item] of value) {
      if (!named.has(name)) this.check(properties.get(name), item, `${where}/${name}`);
    }
  }
}

function sameNames(value: Obj, expected: ReadonlySet<string>, where: string): void {
  const surplus = [...value.keys()].filter((name) => !expected.has(name));
  const missing = [...expected].filter((name) => !value.has(name));
  if (surplus.length + missing.length > 0) {
    throw new Differs(`${where}: has ${names(surplus)}, lacks ${names(missing)}`);
  }
}

/** Compares answers with patterns, and keeps what they capture. */
export class Match {
  readonly #schema: Schema;
  readonly #variables: Map<string, Value>;

  constructor(schema: Schema, variables: Map<string, Value>) {
    this.#schema = schema;
    this.#variables = variables;
  }

  /** Replaces `{name}` and `{repeat:text:count}`, in strings at any depth. */
  fill(value: Value): Value {
    if (typeof value === "string") {
      const whole = /^\{([A-Za-z_][\w.]*)\}$/.exec(value)?.[1];
      return whole === undefined ? this.fillText(value) : this.lookup(whole);
    }
    if (isArray(value)) return value.map((item) => this.fill(item));
    if (!isObject(value)) return value;
    return new Map([...value].map(([name, item]) => [this.fillText(name), this.fill(item)]));
  }

  fillText(value: string): string {
    return value
      .replace(/\{repeat:([^{}]*?):([0-9]+)\}/g, (_, text: string, count: string) =>
        text.repeat(Number(count)),
      )
      .replace(/\{([A-Za-z_][\w.]*)\}/g, (_, name: string) => {
        const found = this.lookup(name);
        return typeof found === "string" ? found : encode(found);
      });
  }

  lookup(name: string): Value {
    const value = this.#variables.get(name);
    if (value === undefined) throw new Broken(`no variable ${name}`);
    return value;
  }

  text(name: string): string {
    const value = this.lookup(name);
    if (typeof value !== "string") throw new Broken(`${name} is no text`);
    return value;
  }

  check(pattern: Value, value: Value | undefined, where = ""): void {
    if (value === undefined) throw new Differs(`${where}: is missing`);
    if (typeof pattern === "string" && pattern.startsWith("$")) {
      this.#word(pattern, value, where);
    } else if (isObject(pattern)) {
      this.#object(pattern, value, where);
    } else if (isArray(pattern)) {
      if (!isArray(value) || value.length !== pattern.length) {
        throw new Differs(`${where}: ${brief(value)} instead of ${pattern.length} items`);
      }
      pattern.forEach((item, index) => this.check(item, value[index], `${where}/${index}`));
    } else {
      const filled = this.fill(pattern);
      if (!isSame(filled, value)) {
        throw new Differs(`${where}: ${brief(value)} instead of ${brief(filled)}`);
      }
    }
  }

  #word(pattern: string, value: Value, where: string): void {
    const [kind = "", name] = pattern.slice(1).split(/:(.*)/s);
    let isGood: boolean;
    let keeps: string | undefined = name;
    if (pattern.startsWith("$$")) {
      isGood = isSame(value, this.fill(pattern.slice(1)));
      keeps = undefined;
    } else if (kind === "other" || kind === "above") {
      const other = this.text(name ?? "");
      isGood = typeof value === "string" && (kind === "other" ? value !== other : value > other);
      keeps = undefined;
    } else if (kinds.has(kind)) {
      isGood = kinds.get(kind)?.(value) === true;
    } else if (this.#schema.types.has(kind)) {
      this.#schema.check(this.#schema.types.get(kind), value, where);
      isGood = true;
    } else {
      throw new Broken(`no matcher ${pattern}`);
    }
    if (!isGood) throw new Differs(`${where}: ${brief(value)} instead of ${pattern}`);
    if (keeps !== undefined) this.#variables.set(keeps, value);
  }

  #object(pattern: Obj, value: Value, where: string): void {
    if (pattern.has("$error")) {
      this.#error(pattern, value, where);
    } else if (pattern.has("$each")) {
      this.#each(pattern, value, where);
    } else if (pattern.has("$contains")) {
      this.#contains(pattern.get("$contains") ?? null, value, where);
    } else {
      if (!isObject(value)) throw new Differs(`${where}: ${brief(value)} is no object`);
      const rest = new Map([...pattern].filter(([name]) => name !== "$" && name !== "..."));
      const named = new Set(rest.keys());
      const type = pattern.get("$");
      if (typeof type === "string") {
        this.#schema.members(this.#schema.types.get(type), value, where, named);
      } else if (!pattern.has("...")) {
        sameNames(value, named, where);
      }
      for (const [name, item] of rest) this.check(item, value.get(name), `${where}/${name}`);
    }
  }

  #each(pattern: Obj, value: Value, where: string): void {
    if (!isArray(value)) throw new Differs(`${where}: ${brief(value)} is no list`);
    const [each, count] = [pattern.get("$each") ?? null, pattern.get("count")];
    if (count !== undefined) this.check(count, new Num(String(value.length)), `${where}/count`);
    value.forEach((item, index) => this.check(each, item, `${where}/${index}`));
  }

  #contains(pattern: Value, value: Value, where: string): void {
    for (const item of itemsOf(value)) {
      try {
        this.check(pattern, item, where);
        return;
      } catch (error) {
        if (!(error instanceof Differs)) throw error;
      }
    }
    throw new Differs(`${where}: nothing in ${brief(value)} fits ${brief(pattern)}`);
  }

  /** An error of the schema by its name: code, a message, and exactly its data. */
  #error(pattern: Obj, value: Value, where: string): void {
    const name = String(pattern.get("$error"));
    const stated = this.#schema.errors.get(name);
    if (stated === undefined) throw new Broken(`no error ${name}`);
    if (!isObject(value)) throw new Differs(`${where}: ${brief(value)} is no error`);
    sameNames(value, new Set(["code", "message", "data"]), where);
    if (!isSame(value.get("code"), at(stated, "code"))) {
      throw new Differs(`${where}: ${brief(value)} instead of ${name}`);
    }
    const [message, data] = [value.get("message"), value.get("data")];
    if (typeof message !== "string" || message === "") throw new Differs(`${where}: no message`);
    if (!isObject(data)) throw new Differs(`${where}/data: ${brief(data)}`);
    const told = this.#schema.errorData(name);
    const given = [...pattern].filter(([key]) => key !== "$error" && key !== "offences");
    const members = new Map(membersOf(told.get("properties")));
    for (const [key, schema] of membersOf(told.get("optional"))) {
      if (given.some(([wanted]) => wanted === key)) members.set(key, schema);
    }
    sameNames(data, new Set(["name", "status", "retry", ...members.keys()]), `${where}/data`);
    for (const word of ["name", "status", "retry"]) {
      this.check(at(stated, "data", word) ?? null, data.get(word), `${where}/data/${word}`);
    }
    for (const [key, schema] of members) {
      this.#schema.check(schema, data.get(key) ?? null, `${where}/data/${key}`);
    }
    for (const [key, item] of given) this.check(item, data.get(key), `${where}/data/${key}`);
    const offences = pattern.get("offences");
    if (offences !== undefined) {
      this.#offences(itemsOf(offences), itemsOf(data.get("errors")), `${where}/data/errors`);
    }
  }

  /** Each offence once, in any order: [path, rule] or [path, rule, expected]. */
  #offences(wanted: readonly Value[], told: readonly Value[], where: string): void {
    const left = [...told];
    for (const offence of wanted) {
      const [path = null, rule, expected] = itemsOf(offence);
      const index = left.findIndex(
        (item) => isSame(at(item, "path"), this.fill(path)) && isSame(at(item, "rule"), rule),
      );
      if (index < 0) throw new Differs(`${where}: lacks ${brief(offence)} in ${brief(told)}`);
      if (expected !== undefined) this.check(expected, at(left[index], "expected"), where);
      left.splice(index, 1);
    }
    if (left.length > 0) throw new Differs(`${where}: also has ${brief(left)}`);
  }
}
