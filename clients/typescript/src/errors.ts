// What a call can end with besides its result. The schema's own errors are generated.
import { ERRORS } from "./generated/errors.js";
import type { KnownServerError } from "./generated/errors.js";
import { integer, members, text } from "./values.js";

/** What all errors of this package are. Catch a `MuseError` instead, which tells them apart. */
export class Failure<Name extends string> extends Error {
  /** Which error this is: for a `switch`. */
  override readonly name: Name;

  constructor(name: Name, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
  }
}

/** The server's answer to a call is an error. */
export class ServerFailure<Name extends string, Code extends number, Data> extends Failure<Name> {
  readonly side = "server";
  readonly code: Code;
  /** The word that gRPC and Connect have for such a thing. */
  readonly status: string;
  /** never, refresh, same, after */
  readonly retry: string;
  readonly data: Data;
  /** The method that was called; empty where the server spoke of the connection. */
  readonly method: string;

  constructor(name: Name, code: Code, message: string, told: Told<Data>) {
    super(name, message);
    this.code = code;
    this.status = told.status;
    this.retry = told.retry;
    this.data = told.data;
    this.method = told.method;
  }
}

interface Told<Data> {
  readonly status: string;
  readonly retry: string;
  readonly data: Data;
  readonly method: string;
}

/** What the client itself ends a call with. */
export interface ClientErrorNames {
  /** The call was given up by its `AbortSignal`, whose reason is the `cause`. */
  aborted: unknown;
  /** The server's certificate does not hold. Connecting again would not help. */
  certificate_refused: unknown;
  /** The client was closed. */
  client_closed: unknown;
  /** The connection was lost after the call was sent. Whether it was run is not known. */
  connection_lost: unknown;
  /** No address of a server. */
  invalid_address: unknown;
  /** The answer is not what the schema says, and why. */
  malformed_answer: unknown;
  /** No connection could be made, and why. The call was not run. */
  not_connected: unknown;
  /** The session store cannot be used, and why. */
  store_unusable: unknown;
  /** The deadline has passed. Whether the call was run is not known. */
  timed_out: unknown;
  /** The params, or an option, cannot be sent. */
  unsendable: unknown;
}

/** An error of this side. */
export class ClientFailure<Name extends keyof ClientErrorNames> extends Failure<Name> {
  readonly side = "client";
}

/** An error that this version of the client does not know; `data.name` may tell more. */
export type UnknownServerError = ServerFailure<"unknown", number, Readonly<Record<string, unknown>>>;

/** The server's answer to a call is an error. */
export type ServerError = KnownServerError | UnknownServerError;

/** The call failed on this side. */
export type ClientError = {
  [Name in keyof ClientErrorNames]: ClientFailure<Name>;
}[keyof ClientErrorNames];

/** Whatever a call ends with besides its result: a union that `name` tells apart. */
export type MuseError = ServerError | ClientError;

/** Something that `instanceof` takes, and that tells more than the class it looks for. */
interface Kind<T> extends Function {
  readonly prototype: T;
}

/** `error instanceof MuseError`, and then `switch (error.name)`. */
export const MuseError = Failure as unknown as Kind<MuseError>;

/** `error instanceof ServerError`, and then `switch (error.name)`. */
export const ServerError = ServerFailure as unknown as Kind<ServerError>;

/** `error instanceof ClientError`, and then `switch (error.name)`. */
export const ClientError = ClientFailure as unknown as Kind<ClientError>;

/** An answer's error as the type of its code. Throws Mismatch where it is no error. */
export function readError(value: unknown, method = ""): ServerError {
  const told = members(value, "error");
  const code = integer(told.code, "error.code");
  const message = text(told.message, "error.message");
  const isObject = typeof told.data === "object" && told.data !== null && !Array.isArray(told.data);
  const data = (isObject ? told.data : {}) as Readonly<Record<string, unknown>>;
  if (ERRORS.has(code)) {
    try {
      return knownError(code, data, message, method);
    } catch {
      // Its data are not what this client knows of: the code is still told.
    }
  }
  const word = (name: string, usual: string) => {
    const found = data[name];
    return typeof found === "string" ? found : usual;
  };
  const rest = { status: word("status", "unknown"), retry: word("retry", "never"), data, method };
  return new ServerFailure("unknown", code, message, rest);
}

/** An error of the schema. Throws Mismatch where the data are not its own. */
export function knownError(
  code: number,
  data: Readonly<Record<string, unknown>>,
  message?: string,
  method = "",
): KnownServerError {
  const kind = ERRORS.get(code);
  if (kind === undefined) throw new TypeError(`The schema has no error ${code}.`);
  kind.check(data);
  const rest = { status: kind.status, retry: kind.retry, data, method };
  const failure: unknown = new ServerFailure(kind.name, code, message ?? kind.says, rest);
  return failure as KnownServerError;
}

/** What a call ends with at its deadline. */
export function late(): ClientFailure<"timed_out"> {
  return new ClientFailure("timed_out", "There was no answer in time.");
}

/** What a call ends with once the client is closed. */
export function closed(): ClientFailure<"client_closed"> {
  return new ClientFailure("client_closed", "The client is closed.");
}

/** Words about whatever was thrown. */
export function why(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
