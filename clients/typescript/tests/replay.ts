// Replays the golden conversations of Protocol/transcripts over this client's connections.
//
//   node dist/tests/replay.js --program PROGRAM [--over tcp,tls] [--report FILE] [TRANSCRIPT…]
//   MUSE_URL=tcp://… node dist/tests/replay.js [--admin SOCKET] [--ca FILE]   those without flags
//
// Each transcript that agrees or not adds a line of JSON to the report. Exit status 0 if all agree.
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { addressText, parseAddress, RawConnection } from "../src/index.js";
import { isArray, isObject } from "./replaying/json.js";
import type { Obj, Value } from "./replaying/json.js";
import { Schema } from "./replaying/pattern.js";
import { read, Replay } from "./replaying/transcript.js";
import type { Place } from "./replaying/transcript.js";
import { Folder, Server } from "./serving.js";

const top = new URL("../../../../", import.meta.url).pathname;
/** An answer may be 4 MiB long, and a little more. */
const answerBytesMax = 8 << 20;
const base = ["--login-failures-address-max=1000000"];

/** Where the servers are. */
interface Servers {
  readonly over: readonly string[];
  /** Why a transcript cannot be replayed here. */
  reason(head: Obj, transport: string): string | undefined;
  place(head: Obj, transport: string): Promise<Place>;
  end(): Promise<void>;
}

function texts(value: Value | undefined): readonly string[] {
  return isArray(value) ? value.map(String) : [];
}

/** Servers of a program: one for each set of flags, one alone for those that ask for it. */
class Started implements Servers {
  readonly over: readonly string[];
  readonly #program: string;
  readonly #folder = new Folder();
  readonly #certificate = this.#folder.certificate();
  readonly #shared = new Map<string, Server>();
  readonly #data = new Map<Server, string>();

  constructor(program: string, over: readonly string[]) {
    this.#program = program;
    this.over = over;
  }

  reason(): undefined {
    return undefined;
  }

  async place(head: Obj, transport: string): Promise<Place> {
    const flags = texts(head.get("flags"));
    const key = flags.join("\n");
    let server = head.get("alone") === true ? undefined : this.#shared.get(key);
    if (server === undefined) {
      server = await this.#start(flags);
      if (head.get("alone") !== true) this.#shared.set(key, server);
    }
    const admin = `unix:${this.#data.get(server) ?? ""}/admin.sock`;
    const address = `${transport}://localhost:${server.ports.get(transport) ?? 0}`;
    const settings = { certificates: this.#certificate, answerBytesMax };
    return {
      from: "127.0.0.1",
      folder: this.#folder.path,
      connect: (isOperator) => RawConnection.open(isOperator ? admin : address, settings),
    };
  }

  async #start(flags: readonly string[]): Promise<Server> {
    const { path } = this.#folder;
    const data = `${path}/data-${this.#data.size}`;
    const words = ["--data", data, "--port=0", "--tls-port=0"];
    words.push("--tls-certificate", `${path}/cert.pem`, "--tls-key", `${path}/key.pem`);
    const server = new Server(this.#program, [...words, ...base, ...flags]);
    this.#data.set(server, data);
    await server.start(2);
    return server;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#data.keys()].map((server) => server.kill()));
    this.#folder.remove();
  }
}

/** A server that stands somewhere. */
class Standing implements Servers {
  readonly #address = parseAddress();
  readonly over = [this.#address.scheme];
  readonly #admin: string | undefined;
  readonly #certificates: string | undefined;

  constructor(admin: string | undefined, ca: string | undefined) {
    this.#admin = admin;
    this.#certificates = ca === undefined ? undefined : readFileSync(ca, "utf8");
  }

  reason(head: Obj): string | undefined {
    const needsOwn = head.has("flags") || head.has("alone");
    return needsOwn ? "it needs a server of its own: --program" : undefined;
  }

  async place(): Promise<Place> {
    const admin = `unix:${this.#admin ?? ""}`;
    const address = addressText(this.#address);
    const settings = { certificates: this.#certificates, answerBytesMax };
    return {
      from: this.#address.scheme === "unix" ? "unix" : "127.0.0.1",
      folder: "/tmp",
      connect: (isOperator) => RawConnection.open(isOperator ? admin : address, settings),
    };
  }

  async end(): Promise<void> {}
}

/** Six letters and digits that no run before has used. */
function mark(count: number): string {
  const number = (Date.now() % 36 ** 4) * 1_296 + count;
  return number.toString(36).padStart(6, "0");
}

const words = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const index = words.indexOf(name);
  return index < 0 ? undefined : words.splice(index, 2)[1];
};
const [program, over, report] = [option("--program"), option("--over"), option("--report")];
const [admin, ca] = [option("--admin"), option("--ca")];
const folder = `${top}Protocol/transcripts/`;
const all = readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
const files = words.length > 0 ? words : all.map((name) => folder + name);
const schema = new Schema(`${top}Protocol/openrpc.json`);
const servers: Servers = program === undefined
  ? new Standing(admin, ca)
  : new Started(program, (over ?? "tcp,tls").split(","));

/** Replays one; why it does not agree, or cannot be replayed. */
async function replay(
  path: string,
  transport: string,
  count: number,
): Promise<{ result: "ok" | "failed" | "skipped"; reason?: string }> {
  try {
    const { head, steps } = read(path);
    const reason = servers.reason(head, transport) ?? elsewhere(head, transport);
    if (reason !== undefined) return { result: "skipped", reason };
    await new Replay(await servers.place(head, transport), schema, mark(count)).run(steps);
    return { result: "ok" };
  } catch (error) {
    return { result: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function elsewhere(head: Obj, transport: string): string | undefined {
  const meant = head.get("over");
  if (!isArray(meant) || meant.includes(transport)) return undefined;
  return `it is about ${meant.map(String).join(" and ")} only`;
}

const failures: string[] = [];
console.log(`${"transcript".padEnd(36)} ${servers.over.map((one) => one.padEnd(8)).join(" ")}`);
let count = 0;
for (const path of files) {
  const name = (path.split("/").pop() ?? path).replace(/\.jsonl$/, "");
  const row: string[] = [];
  for (const transport of servers.over) {
    count += 1;
    const began = performance.now();
    const { result, reason } = await replay(path, transport, count);
    const ms = Math.round(performance.now() - began);
    row.push(result === "ok" ? `${ms} ms` : result === "failed" ? "FAILED" : "-");
    if (result === "failed") failures.push(`${name} over ${transport}: ${reason ?? ""}`);
    if (report !== undefined) {
      const entry = { client: "typescript", transcript: name, over: transport, result, reason, ms };
      appendFileSync(report, `${JSON.stringify(entry)}\n`);
    }
  }
  console.log(`${name.padEnd(36)} ${row.map((cell) => cell.padEnd(8)).join(" ")}`);
}
for (const failure of failures) console.log(failure);
console.log(`${files.length} transcripts: ${failures.length} failures`);
await servers.end();
process.exitCode = failures.length > 0 ? 1 : 0;
