// JSON that keeps numbers as they were written, and the two ways in which a replay ends badly.

/** The server and the transcript do not agree. */
export class Differs extends Error {}

/** The transcript itself cannot be understood. */
export class Broken extends Error {}

/** A number that keeps its text. */
export class Num {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get isInteger(): boolean {
    return /^-?[0-9]+$/.test(this.text);
  }

  get value(): number {
    return Number(this.text);
  }

  equals(other: Num): boolean {
    if (this.isInteger && other.isInteger) return BigInt(this.text) === BigInt(other.text);
    return this.value === other.value;
  }
}

/** An object: a name stands once. */
export type Obj = ReadonlyMap<string, Value>;
export type Value = null | boolean | string | Num | readonly Value[] | Obj;

/** Reads one JSON value; a repeated name is refused. */
export function parse(text: string): Value {
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) this.#fail("more than one value");
  }

  value(): Value {
    this.#space();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object();
      case "[":
        return this.#array();
      case '"':
        return this.#string();
      default:
        return this.#word();
    }
  }

  #fail(why: string): never {
    throw new SyntaxError(`${why} at ${this.#at}`);
  }

  #space(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
  }

  #take(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #object(): Obj {
    const members = new Map<string, Value>();
    this.#at += 1;
    if (this.#take("}")) return members;
    do {
      this.#space();
      const name = this.#string();
      if (members.has(name)) this.#fail(`the member ${name} is repeated`);
      if (!this.#take(":")) this.#fail("a colon is missing");
      members.set(name, this.value());
    } while (this.#take(","));
    if (!this.#take("}")) this.#fail("the object does not end");
    return members;
  }

  #array(): Value[] {
    const items: Value[] = [];
    this.#at += 1;
    if (this.#take("]")) return items;
    do items.push(this.value());
    while (this.#take(","));
    if (!this.#take("]")) this.#fail("the array does not end");
    return items;
  }

  #string(): string {
    const found = this.#match(/"(?:[^"\\]|\\.)*"/y);
    if (found === undefined) this.#fail("a string is missing");
    return JSON.parse(found) as string;
  }

  #word(): Value {
    const number = this.#match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y);
    if (number !== undefined) return new Num(number);
    const word = this.#match(/true|false|null/y);
    if (word === undefined) this.#fail("a value is missing");
    return word === "null" ? null : word === "true";
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** The text of the member `id` of the object that this is. */
  idText(): string | undefined {
    this.#space();
    if (!this.#take("{")) return undefined;
    do {
      this.#space();
      const name = this.#string();
      this.#take(":");
      this.#space();
      const from = this.#at;
      this.value();
      if (name === "id") return this.#text.slice(from, this.#at);
    } while (this.#take(","));
    return undefined;
  }
}

/** The bytes of the top level member `id`, as they stand in the line. */
export function idText(line: string): string | undefined {
  return new Reader(line).idText();
}

/** Compact JSON; numbers as they were written, text beyond ASCII raw. */
export function encode(value: Value): string {
  if (value instanceof Num) return value.text;
  if (isObject(value)) {
    const members = [...value].map(([name, item]) => `${JSON.stringify(name)}:${encode(item)}`);
    return `{${members.join(",")}}`;
  }
  if (isArray(value)) return `[${value.map(encode).join(",")}]`;
  return JSON.stringify(value);
}

export function isObject(value: Value | undefined): value is Obj {
  return value instanceof Map;
}

export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** An object of these members. */
export function object(members: Readonly<Record<string, Value>>): Obj {
  return new Map(Object.entries(members));
}

/** Whether two values that are neither array nor object are the same. */
export function isSame(one: Value | undefined, other: Value | undefined): boolean {
  if (one instanceof Num) return other instanceof Num && one.equals(other);
  return one === other;
}

/** The beginning of a value, for people. */
export function brief(value: Value | undefined): string {
  const text = value === undefined ? "nothing" : encode(value);
  return text.length < 160 ? text : `${text.slice(0, 160)}…`;
}
