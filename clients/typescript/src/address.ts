// Where a server is: `tcp://host:port`, `tls://host:port`, `unix:/path`.
import { ClientFailure } from "./errors.js";

const usual = "tcp://127.0.0.1:6873";

/** A parsed address. */
export interface Address {
  readonly scheme: "tcp" | "tls" | "unix";
  /** For unix: the path. */
  readonly host: string;
  /** For unix: 0. */
  readonly port: number;
}

/** Reads an address; undefined is the one in the environment's MUSE_URL, or tcp://127.0.0.1:6873.
 * Throws invalid_address. */
export function parseAddress(written?: string): Address {
  const whole = written ?? (process.env["MUSE_URL"] || usual);
  if (whole.startsWith("unix:")) {
    const path = whole.slice(5);
    if (path === "" || path.includes("\0")) throw invalid(whole, "names no socket: unix:/path");
    return { scheme: "unix", host: path, port: 0 };
  }
  const found = /^(tcp|tls):\/\/(?:\[([^\]]+)\]|([^:[\]/\s]+)):([0-9]{1,5})$/.exec(whole);
  const host = found?.[2] ?? found?.[3];
  const port = Number(found?.[4]);
  if (host === undefined || !(port > 0 && port < 65_536)) {
    throw invalid(whole, "is no address: tcp://host:port, tls://host:port or unix:/path");
  }
  return { scheme: found?.[1] as "tcp" | "tls", host, port };
}

function invalid(written: string, why: string): ClientFailure<"invalid_address"> {
  return new ClientFailure("invalid_address", `${JSON.stringify(written.slice(0, 200))} ${why}`);
}

/** An address as it is written. */
export function addressText(address: Address): string {
  if (address.scheme === "unix") return `unix:${address.host}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${address.scheme}://${host}:${address.port}`;
}
