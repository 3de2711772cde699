// What the client has to know of a method. The table of all of them is generated.

/** What may not be repeated when it may have been run: a second log-in is a second session, a
 * second backup finds the folder of the first. */
const once = new Set(["auth.login", "admin.backup", "admin.disconnect"]);

/** A method of the schema. */
export class Method {
  readonly name: string;
  /** none, read, write or session: what it does to the store. */
  readonly effect: string;
  /** Whether it has an `attach` param, which is the client's own. */
  readonly binds: boolean;
  /** Whether each call gets an idempotency key. */
  readonly isKeyed: boolean;
  /** Whether it may be sent again when it may have been run. */
  readonly canRepeat: boolean;
  /** Whether the connection has to be attached to the client's session first. */
  readonly isBound: boolean;
  /** The part of its requests that is always the same. */
  readonly head: string;

  /** `token`: checked, ignored or own: what becomes of the caller's token. */
  constructor(name: string, effect: string, token: string, binds: boolean) {
    this.name = name;
    this.effect = effect;
    this.binds = binds;
    this.isKeyed = effect === "write";
    this.canRepeat = !once.has(name);
    this.isBound = token !== "ignored";
    this.head = `,"method":${JSON.stringify(name)},"params":{`;
  }
}
