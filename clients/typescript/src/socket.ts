// Making a connection's socket: TCP, TLS or a Unix socket, within a time.
import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { addressText } from "./address.js";
import type { Address } from "./address.js";
import { ClientFailure, why } from "./errors.js";
import type { Configuration } from "./options.js";

/** A socket that is connected; `raw` is what is under TLS, and the socket itself where there is no
 * TLS. */
export interface Opened {
  readonly socket: Socket;
  readonly raw: Socket;
}

/** What of the configuration a socket needs. */
export type SocketSettings = Pick<Configuration, "connectTimeout" | "certificates" | "serverName">;

/** A socket that is under way, and how it is given up. */
export interface Opening {
  readonly opened: Promise<Opened>;
  readonly giveUp: (error: Error) => void;
}

/** Makes a connection. It rejects with not_connected or certificate_refused; over TLS the server's
 * certificate and name hold once it is there. */
export function open(address: Address, settings: SocketSettings): Opening {
  const isUnix = address.scheme === "unix";
  const place = isUnix ? { path: address.host } : { host: address.host, port: address.port };
  // Half open: what the server still says after the client's end has to be read.
  const raw = connectPlain({ ...place, allowHalfOpen: true, noDelay: true, keepAlive: true });
  let giveUp: (error: Error) => void = () => {};
  const opened = new Promise<Opened>((resolve, reject) => {
    let secure: Socket | undefined;
    const fail = (error: unknown) => {
      clearTimeout(timer);
      secure?.on("error", () => {});
      secure?.destroy();
      raw.on("error", () => {});
      raw.destroy();
      reject(notConnected(address, error));
    };
    const timer = setTimeout(
      () => fail(new Error("No connection could be made in time.")),
      settings.connectTimeout,
    );
    giveUp = fail;
    const done = (socket: Socket) => {
      clearTimeout(timer);
      for (const one of [socket, raw]) {
        one.removeListener("error", fail);
        one.removeListener("close", ended);
      }
      // Errors of a socket that nobody listens to end the process.
      raw.on("error", () => {});
      resolve({ socket, raw });
    };
    const ended = () => fail(new Error("The server has closed the connection."));
    raw.once("error", fail);
    raw.once("close", ended);
    if (address.scheme !== "tls") {
      raw.once("connect", () => done(raw));
      return;
    }
    try {
      secure = encrypted(raw, address, settings);
    } catch (error) {
      fail(error);
      return;
    }
    secure.once("error", fail);
    secure.once("close", ended);
    const made = secure;
    made.once("secureConnect", () => done(made));
  });
  return { opened, giveUp: (error) => giveUp(error) };
}

function encrypted(raw: Socket, address: Address, settings: SocketSettings): Socket {
  const name = settings.serverName ?? address.host;
  const ca = settings.certificates;
  return connectSecure({
    socket: raw,
    // An address of digits is checked too, but may not be sent as a name.
    host: name,
    ...(isAddress(name) ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca: typeof ca === "string" ? ca : [...ca] }),
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    allowHalfOpen: true,
  });
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^[0-9.]+$/.test(name);
}

/** How OpenSSL and Node call a certificate that does not hold. */
const refusals = [
  "CERT_", "DEPTH_ZERO_", "SELF_SIGNED_", "UNABLE_TO_", "ERR_TLS_CERT", "HOSTNAME_MISMATCH",
  "INVALID_CA", "INVALID_PURPOSE", "PATH_LENGTH_", "EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL",
];

function notConnected(
  address: Address,
  error: unknown,
): ClientFailure<"not_connected" | "certificate_refused"> {
  const code = (error as { code?: unknown } | null)?.code;
  const isRefused = typeof code === "string" && refusals.some((one) => code.startsWith(one));
  const name = isRefused ? "certificate_refused" : "not_connected";
  return new ClientFailure(name, `${addressText(address)}: ${why(error)}`, error);
}
