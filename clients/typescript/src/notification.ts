// What the server says by itself, read from parsed JSON.
import { NOTIFICATIONS } from "./generated/notifications.js";
import type { ServerNotification } from "./generated/notifications.js";

/** A notification that this version of the client does not know. */
export interface UnknownNotification {
  readonly method: "unknown";
  /** What the server calls it. */
  readonly name: string;
  readonly params: unknown;
}

/** A notification as the type of its method. */
export function readNotification(method: string, params: unknown): ServerNotification {
  const check = NOTIFICATIONS.get(method);
  if (check !== undefined) {
    try {
      return { method, params: check(params) } as ServerNotification;
    } catch {
      // Its params are not what this client knows of.
    }
  }
  return { method: "unknown", name: method, params };
}
