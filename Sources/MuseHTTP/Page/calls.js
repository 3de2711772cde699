"use strict";
// A method, its params and a token become what is sent: a JSON-RPC line, or a REST exchange.
// Nothing here touches the page or the network.

const Calls = {
  // What stands at a reference within a document; a schema without one is itself.
  resolve(documentRoot, schema) {
    let found = schema;
    for (let hops = 0; found && found.$ref && hops < 8; hops += 1) {
      found = found.$ref.slice(2).split("/").reduce(
        (at, part) => at && at[part.replace(/~1/g, "/").replace(/~0/g, "~")], documentRoot);
    }
    return found || {};
  },

  // The places of a method in REST.
  places(method) {
    return [method["x-rest"], ...(method["x-rest-also"] || [])].filter(Boolean);
  },

  // Why a method cannot be called over HTTP; null where it can.
  obstacle(method) {
    if (method["x-rest"]) return null;
    if (method["x-auth"] === "operator") {
      return "For the operator alone, over admin.sock in the data folder.";
    }
    return "It changes the connection that it is sent on, and nothing binds to one of HTTP: send "
      + "it over TCP, with nc for one.";
  },

  // What stands in a field becomes a value; undefined: it is left out.
  value(schema, text) {
    if (text === "") return undefined;
    const types = [].concat(schema.type || []);
    if (types.includes("boolean")) return text === "true";
    if (types.includes("integer") || types.includes("number")) {
      const number = Number(text);
      return Number.isFinite(number) ? number : text;
    }
    return text === "null" && types.includes("null") ? null : text;
  },

  // The JSON-RPC message, one line without its line feed.
  line(method, params, token, key, id) {
    const meta = {};
    if (token) meta.access_token = token;
    if (key) meta.idempotency_key = key;
    const named = { ...params };
    if (Object.keys(meta).length) named._meta = meta;
    const message = { jsonrpc: "2.0", id, method: method.name };
    if (Object.keys(named).length) message.params = named;
    return JSON.stringify(message);
  },

  // The param that a name in a path stands for: `{id}` may be `post_id`.
  inPath(method, name) {
    if (method.params.some((param) => param.name === name)) return name;
    const other = method.params.find((param) => param.required && param.name.endsWith("_" + name));
    return other ? other.name : name;
  },

  // The REST exchange: verb, target, header fields and body (null for none).
  exchange(method, params, token, key, tag) {
    const places = Calls.places(method);
    const names = (place) => [...place.path.matchAll(/\{(\w+)\}/g)].map(
      (found) => [found[1], Calls.inPath(method, found[1])]);
    const place = places.find((one) => names(one).every(([, name]) => params[name] !== undefined))
      || places[0];
    const rest = { ...params };
    let path = place.path;
    for (const [written, name] of names(place)) {
      if (params[name] !== undefined) {
        path = path.replace("{" + written + "}", encodeURIComponent(String(params[name])));
      }
      delete rest[name];
    }
    delete rest.attach;
    const fields = {};
    if (token) fields.Authorization = "Bearer " + token;
    let body = null;
    if (place.verb === "GET") {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(rest)) query.append(name, String(value));
      if (query.size) path += "?" + query;
      if (tag) fields["If-None-Match"] = tag;
    } else {
      if (key) fields["Idempotency-Key"] = key;
      if (tag) fields["If-Match"] = tag;
      const takesBody = method.params.some((param) =>
        param.name !== "attach" && !names(place).some(([, name]) => name === param.name));
      if (Object.keys(rest).length || takesBody) {
        fields["Content-Type"] = "application/json";
        body = JSON.stringify(rest);
      }
    }
    return { verb: place.verb, target: path, fields, body };
  },

  // The exchange as HTTP/1.1 writes it.
  text(exchange, host) {
    const lines = [exchange.verb + " " + exchange.target + " HTTP/1.1", "Host: " + host];
    for (const [name, value] of Object.entries(exchange.fields)) lines.push(name + ": " + value);
    const count = exchange.body === null ? 0 : Calls.bytes(exchange.body);
    if (exchange.body !== null) lines.push("Content-Length: " + count);
    return lines.join("\r\n") + "\r\n\r\n" + (exchange.body || "");
  },

  bytes(text) {
    return new TextEncoder().encode(text).length;
  },
};
