// Reading a transcript, and walking through its steps.
import { readFileSync } from "node:fs";
import { RawConnection } from "../../src/index.js";
import { at, Match } from "./pattern.js";
import type { Schema } from "./pattern.js";
import { readAsClient } from "./readers.js";
import * as json from "./json.js";
import { brief, Broken, Differs, isArray, isObject, isSame, Num, object } from "./json.js";
import type { Obj, Value } from "./json.js";

/** Milliseconds that an answer may take. */
const PATIENCE = 60_000;

/** A step, and its line in the file. */
export interface Step {
  readonly number: number;
  readonly step: Obj;
}

/** The head of a transcript, and its steps. */
export function read(path: string): { head: Obj; steps: readonly Step[] } {
  const steps: Step[] = [];
  for (const [index, text] of readFileSync(path, "utf8").split("\n").entries()) {
    if (text.trim() === "") continue;
    const step = json.parse(text);
    if (!isObject(step)) throw new Broken(`${path}:${index + 1}: a step is an object`);
    steps.push({ number: index + 1, step });
  }
  const head = steps.shift()?.step;
  if (head === undefined || !head.has("about")) {
    throw new Broken(`${path}: the first line tells what it is about`);
  }
  return { head, steps };
}

/** A connection, and what it has said that nobody has asked for yet. */
interface Talk {
  readonly raw: RawConnection;
  readonly pool: string[];
  count: number;
}

/** Where a transcript is replayed. */
export interface Place {
  /** What the server says of where the replayer comes from. */
  readonly from: string;
  readonly folder: string;
  connect(isOperator: boolean): Promise<RawConnection>;
}

/** One run of one transcript over one transport. */
export class Replay {
  readonly #place: Place;
  readonly #variables: Map<string, Value>;
  readonly #match: Match;
  readonly #talks = new Map<string, Talk>();

  constructor(place: Place, schema: Schema, mark: string) {
    this.#place = place;
    this.#variables = new Map<string, Value>([
      ["u", mark],
      ["pw", "correct horse battery 7"],
      ["address", place.from],
      ["folder", place.folder],
    ]);
    this.#match = new Match(schema, this.#variables);
  }

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const { number, step } of steps) await this.#repeated(number, step);
      for (const [name, talk] of this.#talks) {
        // What was read is answered before the end of input: what comes now was not foretold.
        talk.raw.halfClose();
        await this.#expectClose(talk).catch((error: unknown) => {
          throw told(error, `at the end, connection ${name}`);
        });
      }
    } finally {
      for (const { raw } of this.#talks.values()) raw.close();
    }
  }

  async #repeated(number: number, step: Obj): Promise<void> {
    const times = step.get("times");
    for (let count = 1; count <= (times instanceof Num ? times.value : 1); count += 1) {
      this.#variables.set("i", new Num(String(count)));
      await this.#step(step).catch((error: unknown) => {
        throw told(error, `line ${number}`);
      });
    }
  }

  async #talk(step: Obj): Promise<Talk> {
    const name = String(step.get("on") ?? "a");
    let talk = this.#talks.get(name);
    if (talk === undefined) {
      talk = { raw: await this.#place.connect(name === "operator"), pool: [], count: 0 };
      this.#talks.set(name, talk);
    }
    return talk;
  }

  async #step(step: Obj): Promise<void> {
    if (step.has("call")) return this.#call(step);
    if (step.has("user")) return this.#user(step);
    if (step.has("about")) return;
    for (const kind of ["close", "reset", "half_close"] as const) {
      const name = step.get(kind);
      if (name !== undefined) return this.#leave(kind, String(name));
    }
    if (step.has("let")) {
      const values = this.#match.fill(step.get("let") ?? null);
      if (isObject(values)) for (const [name, value] of values) this.#variables.set(name, value);
    } else if (step.has("forge")) {
      const token = this.#match.text(`${String(step.get("forge"))}`);
      this.#variables.set(String(step.get("to")), forged(token, String(step.get("how"))));
    } else if (step.has("claims")) {
      this.#claims(step);
    } else {
      await this.#exchange(await this.#talk(step), step);
    }
  }

  #leave(kind: "close" | "reset" | "half_close", name: string): void {
    const talk = this.#talks.get(name);
    if (talk === undefined) throw new Broken(`no connection ${name}`);
    if (kind === "half_close") {
      talk.raw.halfClose();
      return;
    }
    this.#talks.delete(name);
    if (kind === "reset") talk.raw.reset();
    else talk.raw.close();
  }

  async #exchange(talk: Talk, step: Obj): Promise<void> {
    const { raw } = talk;
    const [send, lines, text, hex] = ["send", "lines", "raw", "hex"].map((name) => step.get(name));
    if (send !== undefined) await raw.write(`${json.encode(this.#match.fill(send))}\n`);
    if (isArray(lines)) {
      await raw.write(lines.map((line) => `${json.encode(this.#match.fill(line))}\n`).join(""));
    }
    if (typeof text === "string") await raw.write(this.#match.fillText(text));
    if (typeof hex === "string") await raw.write(Buffer.from(hex, "hex"));
    if (step.has("expect")) await this.#expect(talk, step);
    if (step.has("expect_nothing")) await this.#expectNothing(talk);
    if (step.has("expect_close")) await this.#expectClose(talk);
  }

  async #call(step: Obj): Promise<void> {
    const talk = await this.#talk(step);
    talk.count += 1;
    const id = new Num(String(talk.count));
    const given = step.get("params");
    let params = given === undefined ? undefined : this.#match.fill(given);
    const meta = new Map<string, Value>();
    if (step.has("as")) {
      meta.set("access_token", this.#match.lookup(`${String(step.get("as"))}.access`));
    }
    const more = this.#match.fill(step.get("meta") ?? new Map());
    if (isObject(more)) for (const [name, value] of more) meta.set(name, value);
    if (meta.size > 0) params = new Map([...(isObject(params) ? params : []), ["_meta", meta]]);
    const method = String(step.get("call"));
    const head = { jsonrpc: "2.0", id, method };
    const request = object(params === undefined ? head : { ...head, params });
    await talk.raw.write(`${json.encode(request)}\n`);
    const answer = await this.#take(talk, object({ jsonrpc: "2.0", id, ...outcome(step) }));
    const error = step.get("error");
    readAsClient(method, answer, typeof error === "string" ? error : undefined);
    const keep = step.get("keep");
    if (typeof keep === "string") this.#keep(keep, at(json.parse(answer), "result"));
  }

  /** A Grant's parts under a name: NAME.access, .refresh, .session, .id, .username. */
  #keep(name: string, grant: Value | undefined): void {
    const parts = {
      access: ["access_token"],
      refresh: ["refresh_token"],
      session: ["session_id"],
      id: ["user", "id"],
      username: ["user", "username"],
    };
    for (const [part, path] of Object.entries(parts)) {
      const value = at(grant, ...path);
      if (value === undefined) throw new Broken(`${name}: this is no grant`);
      this.#variables.set(`${name}.${part}`, value);
    }
  }

  /** A new account NAME_{u}, kept under its name, attached on the connection of its name. */
  async #user(step: Obj): Promise<void> {
    const name = String(step.get("user"));
    const role = step.get("role") ?? "user";
    const account = { username: `${name}_{u}`, password: "{pw}" };
    if (role !== "user") {
      const params = object({ ...account, role });
      await this.#call(object({ call: "admin.create_user", on: "operator", params }));
    }
    const call = role === "user" ? "auth.register" : "auth.login";
    const params = object({ ...account, attach: true });
    await this.#call(object({ call, params, on: name, keep: name }));
  }

  async #expect(talk: Talk, step: Obj): Promise<void> {
    const line = await this.#take(talk, step.get("expect") ?? null);
    const wanted = step.get("id_bytes");
    if (wanted !== undefined && json.idText(line) !== wanted) {
      throw new Differs(`the id came back as ${json.idText(line)} instead of ${String(wanted)}`);
    }
  }

  /** The answer for that pattern: of its id, the first batch, or the first notification. */
  async #take(talk: Talk, pattern: Value): Promise<string> {
    const index = talk.pool.findIndex((line) => this.#isFor(pattern, line));
    let line = talk.pool[index];
    if (line !== undefined) talk.pool.splice(index, 1);
    while (line === undefined) {
      const next = await this.#line(talk);
      if (next === undefined) {
        const unread = talk.pool.slice(0, 2).map((one) => one.slice(0, 300));
        throw new Differs(`closed; no answer for ${brief(pattern)}; unread: ${unread.join(" ")}`);
      }
      if (this.#isFor(pattern, next)) line = next;
      else talk.pool.push(next);
    }
    this.#match.check(pattern, json.parse(line));
    return line;
  }

  /** The next line; each must be one that the client can read. */
  async #line(talk: Talk): Promise<string | undefined> {
    let line: string | undefined;
    try {
      line = await talk.raw.line(PATIENCE);
      if (line !== undefined) JSON.parse(line);
    } catch (error) {
      throw new Differs(`${(error as Error).message} ${line?.slice(0, 200) ?? ""}`);
    }
    return line;
  }

  #isFor(pattern: Value, line: string): boolean {
    const value = json.parse(line);
    if (isArray(pattern) || isArray(value)) return isArray(pattern) && isArray(value);
    if (at(pattern, "method") !== undefined || at(value, "method") !== undefined) {
      return isSame(at(pattern, "method"), at(value, "method"));
    }
    const wanted = at(pattern, "id");
    if (wanted === undefined) throw new Broken("an expected answer has an id");
    return isSame(this.#match.fill(wanted), at(value, "id"));
  }

  /** A ping is answered, and nothing else has come; the end of the run looks once more. */
  async #expectNothing(talk: Talk): Promise<void> {
    talk.count += 1;
    const id = `nothing-${talk.count}`;
    await talk.raw.write(`{"jsonrpc":"2.0","id":"${id}","method":"server.ping"}\n`);
    await this.#take(talk, object({ jsonrpc: "2.0", id, result: "pong" }));
    const [surplus] = talk.pool;
    if (surplus !== undefined) {
      throw new Differs(`said, though nothing was due: ${surplus.slice(0, 300)}`);
    }
  }

  async #expectClose(talk: Talk): Promise<void> {
    for (let line = await this.#line(talk); line !== undefined; line = await this.#line(talk)) {
      talk.pool.push(line);
    }
    const [surplus] = talk.pool;
    if (surplus !== undefined) throw new Differs(`also said: ${surplus.slice(0, 300)}`);
  }

  #claims(step: Obj): void {
    const [head = "", body = ""] = this.#match.text(String(step.get("claims"))).split(".");
    for (const [part, pattern] of [[head, step.get("head")], [body, step.get("body")]] as const) {
      if (pattern === undefined) continue;
      this.#match.check(pattern, json.parse(Buffer.from(part, "base64url").toString()), "claims");
    }
  }
}

/** What a `call` is to be answered with. */
function outcome(step: Obj): Readonly<Record<string, Value>> {
  const error = step.get("error");
  if (error === undefined) return { result: step.get("result") ?? "$any" };
  const data = step.get("data");
  const pattern = new Map<string, Value>([["$error", error], ...(isObject(data) ? data : [])]);
  const offences = step.get("offences");
  if (offences !== undefined) pattern.set("offences", offences);
  return { error: pattern };
}

function told(error: unknown, where: string): Error {
  const message = `${where}: ${(error as Error).message}`;
  return error instanceof Differs ? new Differs(message) : new Broken(message);
}

/** A token that must not hold: one part altered, or none of it signed. */
function forged(token: string, how: string): string {
  const [head = "", body = "", signature = ""] = token.split(".");
  switch (how) {
    case "signature":
      return [head, body, (signature[0] === "A" ? "B" : "A") + signature.slice(1)].join(".");
    case "body":
      return [head, body.slice(0, 8) + (body[8] === "f" ? "g" : "f") + body.slice(9), signature].join(".");
    case "none":
      return `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url")}.${body}.`;
    case "cut":
      return token.slice(0, -1);
    case "padded":
      return `${token}=`;
    default:
      throw new Broken(`no way to forge: ${how}`);
  }
}
