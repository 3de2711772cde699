// Servers of a program, on throw-away folders.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";

type Child = ReturnType<typeof spawn>;

const quick = ["--argon2-memory-kib=64", "--argon2-passes=1"];

/** A server's process. */
export class Server {
  readonly #program: string;
  readonly #words: readonly string[];
  #child: Child | undefined;
  #ended: Promise<void> = Promise.resolve();
  /** The ports that it listens on, by transport. */
  readonly ports = new Map<string, number>();

  constructor(program: string, words: readonly string[]) {
    this.#program = program;
    this.#words = ["serve", "--host=127.0.0.1", ...quick, ...words];
  }

  /** Starts it, and waits until it listens on so many ports. */
  async start(count = 1): Promise<void> {
    const child = spawn(this.#program, this.#words, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.ports.clear();
    let log = "";
    const ended = new Promise<void>((resolve, reject) => {
      child.once("exit", () => resolve());
      child.once("error", reject);
    });
    this.#ended = ended.catch(() => {});
    const listening = new Promise<void>((resolve) => {
      child.stderr?.on("data", (data) => {
        if (this.ports.size === count) return;
        log += data.toString();
        for (const line of log.split("\n").slice(0, -1)) this.#read(line);
        if (this.ports.size === count) resolve();
      });
    });
    await Promise.race([
      listening,
      ended.then(() => {
        throw new Error(`the server has ended: ${log}`);
      }),
    ]);
  }

  #read(line: string): void {
    const entry = JSON.parse(line) as { event?: string; transport?: string; port?: number };
    const { event, transport, port } = entry;
    if (event === "listening" && (transport === "tcp" || transport === "tls")) {
      this.ports.set(transport, port ?? 0);
    }
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#ended;
  }
}

/** A folder of our own. */
export class Folder {
  readonly path = mkdtempSync("/tmp/muse-typescript-");

  /** A certificate for `localhost`, as text; its files are `cert.pem` and `key.pem`. */
  certificate(): string {
    const words = [
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ["-days", "2", "-subj", "/CN=localhost", "-addext"],
      ["subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ["-keyout", `${this.path}/key.pem`, "-out", `${this.path}/cert.pem`],
    ];
    execFileSync("openssl", words.flat(), { stdio: "ignore" });
    return readFileSync(`${this.path}/cert.pem`, "utf8");
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
