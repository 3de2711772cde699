// A session kept in a file that only its owner can read, shared by processes under a lock.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync } from "node:fs";
import { open, readFile, rename, rm, unlink } from "node:fs/promises";
import { openSync } from "node:fs";
import { ClientFailure, why } from "./errors.js";
import type { SessionStore, StoredSession } from "./sessions.js";
import { members, text } from "./values.js";

const FILE_BYTES_MAX = 1 << 20;

/** Programs that lock the file that is their descriptor 3, without waiting. Node cannot; a lock of
 * this kind belongs to the open file, which is ours, and so stays when they have ended. */
const lockers: readonly (readonly [string, readonly string[]])[] = [
  ["flock", ["-x", "-n", "3"]],
  ["perl", ["-MFcntl=:flock", "-e", 'open(F, "+<&=", 3) or exit 2; exit !flock(F, LOCK_EX|LOCK_NB)']],
  ["python3", ["-c", lockedByPython()]],
];

function lockedByPython(): string {
  return [
    "import fcntl, sys",
    "try: fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)",
    "except BlockingIOError: sys.exit(1)",
  ].join("\n");
}

/**
 * Keeps the session in a file (0600).
 *
 * Processes that use the same file renew its tokens one after another, under a lock (flock) on the
 * file of that name with `.lock` after it. The file is replaced as a whole, so that no reader sees
 * half of it. The Python and the Swift client's files are the same.
 */
export class FileSessionStore implements SessionStore {
  readonly #path: string;
  readonly #server: string | undefined;

  /** `server`: whose tokens they are, the server's address for one. What the file has of another
   * server is not used. The file's folder must be there. */
  constructor(path: string, server?: string) {
    this.#path = path;
    this.#server = server;
  }

  async load(): Promise<StoredSession | null> {
    let data: Buffer;
    try {
      data = await readFile(this.#path);
    } catch (error) {
      if (isMissing(error)) return null;
      throw unusable(`${this.#path} cannot be read`, error);
    }
    try {
      if (data.length > FILE_BYTES_MAX) throw new Error("it is too large");
      const value = members(JSON.parse(data.toString("utf8")), "it");
      if (this.#server !== undefined && value["server"] !== this.#server) return null;
      return session(value);
    } catch (error) {
      throw unusable(`${this.#path} is no session file`, error);
    }
  }

  async save(session: StoredSession | null): Promise<void> {
    try {
      if (session === null) await rm(this.#path, { force: true });
      else await this.#replace(JSON.stringify(this.#value(session), undefined, 2) + "\n");
    } catch (error) {
      throw unusable(`${this.#path} cannot be written`, error);
    }
  }

  #value(session: StoredSession): Record<string, string | undefined> {
    return {
      server: this.#server,
      user_id: session.userID,
      username: session.username,
      session_id: session.sessionID,
      access_token: session.accessToken,
      access_expires_at: session.accessExpiresAt,
      refresh_key: session.refreshKey,
      refresh_token: session.refreshToken,
      refresh_expires_at: session.refreshExpiresAt,
    };
  }

  async #replace(content: string): Promise<void> {
    const draft = `${this.#path}.${process.pid}-${randomBytes(4).toString("hex")}`;
    const file = await open(draft, "wx", 0o600);
    try {
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#path);
    } catch (error) {
      await unlink(draft).catch(() => {});
      throw error;
    }
  }

  async tryLock(): Promise<(() => void) | null> {
    const path = `${this.#path}.lock`;
    let file: number;
    try {
      file = openSync(path, "a+", 0o600);
    } catch (error) {
      throw unusable(`${path} cannot be opened`, error);
    }
    try {
      if (await isLocked(file)) {
        // Closing the file gives the lock back.
        return () => closeSync(file);
      }
    } catch (error) {
      closeSync(file);
      throw unusable(`${path} cannot be locked`, error);
    }
    closeSync(file);
    return null;
  }
}

/** Locks an open file; false where another has the lock. */
async function isLocked(file: number): Promise<boolean> {
  for (const [program, words] of lockers) {
    const status = await run(program, words, file);
    if (status === 0 || status === 1) return status === 0;
  }
  throw new Error("none of flock, perl and python3 is there to do it");
}

/** A program's status with `file` as its descriptor 3; null where it could not be run. */
function run(program: string, words: readonly string[], file: number): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "ignore", file] });
    child.once("error", () => resolve(null));
    child.once("exit", (status) => resolve(status));
  });
}

function session(value: Readonly<Record<string, unknown>>): StoredSession {
  const optional = (name: string) =>
    value[name] === undefined || value[name] === null ? undefined : text(value[name], name);
  const [refreshToken, refreshExpiresAt] = [optional("refresh_token"), optional("refresh_expires_at")];
  return {
    userID: text(value["user_id"], "user_id"),
    username: optional("username") ?? "",
    sessionID: text(value["session_id"], "session_id"),
    accessToken: text(value["access_token"], "access_token"),
    accessExpiresAt: text(value["access_expires_at"], "access_expires_at"),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(refreshExpiresAt === undefined ? {} : { refreshExpiresAt }),
    refreshKey: text(value["refresh_key"], "refresh_key"),
  };
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ENOENT";
}

function unusable(what: string, error: unknown): ClientFailure<"store_unusable"> {
  return new ClientFailure("store_unusable", `${what}: ${why(error)}`, error);
}
