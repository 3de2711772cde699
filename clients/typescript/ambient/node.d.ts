// As much of Node's types as this package uses: Debian has none for its TypeScript.

declare class Buffer extends Uint8Array {
  static alloc(size: number): Buffer;
  static byteLength(text: string): number;
  static concat(parts: readonly Uint8Array[]): Buffer;
  static from(text: string, encoding?: string): Buffer;
  static from(data: Uint8Array | readonly number[]): Buffer;
  override indexOf(value: number, from?: number): number;
  override lastIndexOf(value: number): number;
  override subarray(from?: number, to?: number): Buffer;
  override toString(encoding?: string, from?: number, to?: number): string;
  copy(target: Buffer, at?: number, from?: number, to?: number): number;
  readUInt8(at: number): number;
  writeUInt8(value: number, at: number): number;
  equals(other: Uint8Array): boolean;
}

interface Timer {
  unref(): Timer;
}

declare function setTimeout(body: () => void, milliseconds?: number): Timer;
declare function clearTimeout(timer: Timer | undefined): void;
declare function setImmediate(body: () => void): unknown;

declare const performance: { now(): number };
declare const console: { log(...words: unknown[]): void; error(...words: unknown[]): void };
declare const process: {
  readonly env: Record<string, string | undefined>;
  readonly pid: number;
  readonly argv: readonly string[];
  exitCode: number | undefined;
  nextTick(body: () => void): void;
  on(event: "unhandledRejection", listener: (reason: unknown) => void): void;
};

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare const AbortSignal: { timeout(milliseconds: number): AbortSignal };
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare class URL {
  constructor(place: string, base?: string);
  readonly pathname: string;
}

interface ImportMeta {
  readonly url: string;
}

declare class TextDecoder {
  constructor(encoding: string, options: { fatal?: boolean; ignoreBOM?: boolean });
  decode(data: Uint8Array): string;
}

declare module "node:buffer" {
  export function isUtf8(data: Uint8Array): boolean;
}

declare module "node:events" {
  import type { Socket } from "node:net";
  export function once(
    from: Socket,
    event: string,
    options?: { signal: AbortSignal },
  ): Promise<unknown[]>;
}

declare module "node:net" {
  export interface Socket {
    readonly destroyed: boolean;
    readonly readableEnded: boolean;
    readonly writableLength: number;
    on(event: "data", listener: (data: Buffer) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "drain" | "end" | "close", listener: () => void): this;
    once(event: "error", listener: (error: Error) => void): this;
    once(event: "connect" | "secureConnect" | "close", listener: () => void): this;
    removeListener(event: string, listener: (error: Error) => void): this;
    write(data: string | Uint8Array): boolean;
    end(): this;
    pause(): this;
    resume(): this;
    destroy(): this;
    resetAndDestroy(): this;
  }
  export interface Server {
    readonly listening: boolean;
    address(): { port: number };
    listen(port: number, host: string, listening: () => void): this;
    listen(path: string, listening: () => void): this;
    close(closed?: () => void): this;
  }
  export function connect(options: {
    host?: string;
    port?: number;
    path?: string;
    allowHalfOpen?: boolean;
    noDelay?: boolean;
    keepAlive?: boolean;
  }): Socket;
  export function createServer(
    options: { noDelay?: boolean; allowHalfOpen?: boolean },
    connected: (socket: Socket) => void,
  ): Server;
}

declare module "node:tls" {
  import type { Server, Socket } from "node:net";
  export function connect(options: {
    socket: Socket;
    host: string;
    servername?: string;
    ca?: string | string[];
    minVersion: "TLSv1.2";
    rejectUnauthorized: boolean;
    allowHalfOpen: boolean;
  }): Socket;
  export function createServer(
    options: { key: string; cert: string },
    connected: (socket: Socket) => void,
  ): Server;
}

declare module "node:crypto" {
  export interface KeyObject {
    export(options: { format: "jwk" }): { x: string };
  }
  export function createPublicKey(from: {
    key: { kty: string; crv: string; x: string };
    format: "jwk";
  }): KeyObject;
  export function generateKeyPairSync(type: "ed25519"): {
    publicKey: KeyObject;
    privateKey: KeyObject;
  };
  export function randomBytes(count: number): Buffer;
  export function sign(algorithm: null, data: Uint8Array, key: KeyObject): Buffer;
  export function verify(
    algorithm: null,
    data: Uint8Array,
    key: KeyObject,
    signature: Uint8Array,
  ): boolean;
}

declare module "node:fs" {
  export function appendFileSync(path: string, text: string): void;
  export function closeSync(file: number): void;
  export function openSync(path: string, flags: string, mode?: number): number;
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function readdirSync(path: string): string[];
  export function mkdtempSync(prefix: string): string;
  export function rmSync(path: string, options: { recursive: boolean; force: boolean }): void;
  export function statSync(path: string): { readonly mode: number };
  export function existsSync(path: string): boolean;
  export function writeFileSync(path: string, text: string): void;
}

declare module "node:fs/promises" {
  interface FileHandle {
    writeFile(content: string): Promise<void>;
    sync(): Promise<void>;
    close(): Promise<void>;
  }
  export function open(path: string, flags: string, mode: number): Promise<FileHandle>;
  export function readFile(path: string): Promise<Buffer>;
  export function rename(from: string, to: string): Promise<void>;
  export function rm(path: string, options: { force: boolean }): Promise<void>;
  export function unlink(path: string): Promise<void>;
}

declare module "node:child_process" {
  interface Readable {
    on(event: "data", listener: (data: Buffer) => void): this;
  }
  interface ChildProcess {
    readonly stderr: Readable | null;
    readonly stdout: Readable | null;
    once(event: "error", listener: (error: Error) => void): this;
    once(event: "exit", listener: (status: number | null) => void): this;
    kill(signal?: "SIGKILL" | "SIGTERM"): boolean;
  }
  export function spawn(
    program: string,
    words: readonly string[],
    options?: { stdio: readonly ("ignore" | "pipe" | number)[] },
  ): ChildProcess;
  export function execFileSync(
    program: string,
    words: readonly string[],
    options: { stdio: "ignore" },
  ): void;
}
