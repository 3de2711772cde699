// MentalMuse RPC: the client.
//
//   const client = await Client.connect("tcp://localhost:6873");
//   await client.auth.register({ username: "robin", password: "a wren sings at dawn" });
//   const post = await client.posts.create({ body: "Hello." });
//   for await (const { body } of client.comments.iterate({ post_id: post.id })) console.log(body);
export { addressText, parseAddress } from "./address.js";
export type { Address } from "./address.js";
export { Client } from "./client.js";
export { ClientError, ClientFailure, MuseError, ServerError, ServerFailure } from "./errors.js";
export type { ClientErrorNames, UnknownServerError } from "./errors.js";
export { FileSessionStore } from "./file-store.js";
export * from "./generated/calls.js";
export * from "./generated/errors.js";
export { METHODS, SCHEMA_VERSION } from "./generated/methods.js";
export * from "./generated/models.js";
export type { ServerDraining, ServerNotification } from "./generated/notifications.js";
export type { Method } from "./method.js";
export type { UnknownNotification } from "./notification.js";
export type { CallOptions, Configuration, Signal } from "./options.js";
export { RawConnection } from "./raw.js";
export { MemorySessionStore } from "./sessions.js";
export type { SessionEvent, SessionStore, StoredSession } from "./sessions.js";
export { Verifier } from "./verify.js";
export type { KeySource, TokenCaller, VerifierOptions } from "./verify.js";
