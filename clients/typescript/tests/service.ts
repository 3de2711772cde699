// As much of the service as tokens need. A token is `user.number`; those below `oldest` have
// expired.
import type { Asked, Peer } from "./fake.js";
import { POST, TIME, USER } from "./fake.js";

/** Milliseconds that a token lives. */
export const LIFE = 900_000;

export class Service {
  made = 0;
  oldest = 0;
  /** What every token is refused with. */
  refusal: number | undefined;
  /** How many answers to refreshes are lost. */
  lost = 0;
  readonly spent = new Map<string, string | undefined>();

  grant(name: string): object {
    this.made += 1;
    return {
      user: { ...USER, id: `id-${name}`, username: name },
      session_id: `s-${name}`,
      token_type: "Bearer",
      access_token: `${name}.${this.made}`,
      access_expires_at: new Date(Date.now() + LIFE).toISOString(),
      refresh_token: `${name}.r${this.made}`,
      refresh_expires_at: TIME,
    };
  }

  expire(): void {
    this.oldest = this.made + 1;
  }

  #refused(token: string): number | undefined {
    if (this.refusal !== undefined) return this.refusal;
    return Number(token.split(".")[1]) < this.oldest ? 1002 : undefined;
  }

  readonly behave = (peer: Peer, asked: Asked): void => {
    const { params } = asked;
    switch (asked.method) {
      case "auth.register":
      case "auth.login":
        return peer.result(asked, this.grant(String(params["username"])));
      case "auth.refresh":
        return this.#refresh(peer, asked);
      case "auth.attach":
        return this.#attach(peer, asked, String(params["access_token"]));
      case "auth.detach":
        peer.bound = undefined;
        return peer.result(asked, {});
      case "server.ping":
        return peer.result(asked);
      default:
        return this.#called(peer, asked, params._meta?.access_token ?? peer.bound);
    }
  };

  #attach(peer: Peer, asked: Asked, token: string): void {
    const code = this.#refused(token);
    peer.bound = code === undefined ? token : undefined;
    if (code !== undefined) peer.refuse(asked, code);
    else peer.result(asked, { user: {}, session_id: "", expires_at: TIME });
  }

  #called(peer: Peer, asked: Asked, token: string | undefined): void {
    if (token === undefined) return peer.refuse(asked, 1001);
    const code = this.#refused(token);
    if (code !== undefined) return peer.refuse(asked, code);
    if (asked.method === "auth.logout" || asked.method === "users.delete") {
      return peer.result(asked, {});
    }
    if (asked.method === "auth.whoami") {
      const user = { ...USER, username: token.split(".")[0] };
      return peer.result(asked, { user, session_id: "s", expires_at: TIME });
    }
    const author = { ...POST.author, username: token.split(".")[0] };
    return peer.result(asked, { ...POST, author });
  }

  #refresh(peer: Peer, asked: Asked): void {
    const token = String(asked.params["refresh_token"]);
    const key = asked.params._meta?.idempotency_key;
    if (this.refusal !== undefined) return peer.refuse(asked, this.refusal);
    if (this.spent.has(token) && this.spent.get(token) !== key) return peer.refuse(asked, 1005);
    this.spent.set(token, key);
    const grant = this.grant(token.split(".")[0] ?? "");
    if (this.lost === 0) return peer.result(asked, grant);
    this.lost -= 1;
    return peer.close();
  }
}
