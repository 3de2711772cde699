// A method's form: fields for its params, both requests as they stand, and the answers to them.

class Form {
  constructor(method) {
    this.method = method;
    this.fields = new Map();
    const { make } = Reference;
    const fields = method.params.map((param) => this.field(param));
    if (method["x-effect"] === "write") this.key = this.plain("idempotency key", "key");
    const verbs = Calls.places(method).map((one) => one.verb);
    if (verbs.some((verb) => ["GET", "PATCH", "DELETE"].includes(verb))) {
      this.tag = this.plain("ETag (REST: If-None-Match, If-Match)", "tag");
    }
    const extra = [this.key, this.tag].filter(Boolean).map((one) => one.parentElement);
    this.rpc = this.side("RPC");
    this.rest = this.side("REST");
    this.element = make("form", { novalidate: "" },
      make("div", { class: "params" }, ...fields, ...extra),
      make("div", { class: "sides" }, this.rpc.element, this.rest.element));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(event.submitter && event.submitter.dataset.style === "REST" ? "REST" : "RPC");
    });
    this.element.addEventListener("input", () => this.show());
    document.addEventListener("caller", () => this.show());
    this.show();
  }

  id(name) { return "in-" + this.method.name + "-" + name; }

  plain(label, name) {
    const { make } = Reference;
    const input = make("input", { id: this.id(name), autocomplete: "off", spellcheck: "false" });
    make("div", {}, make("label", { for: input.id }, label), input);
    return input;
  }

  // A param's field, by its type.
  field(param) {
    const { make } = Reference;
    const schema = Calls.resolve(Page.openrpc, param.schema);
    const attributes = { id: this.id(param.name), autocomplete: "off", spellcheck: "false" };
    const types = [].concat(schema.type || []);
    let input;
    if (schema.enum || types.includes("boolean")) {
      const values = schema.enum || ["true", "false"];
      input = make("select", attributes, make("option", { value: "" }, "(left out)"),
        ...values.map((one) => make("option", { value: one }, String(one))));
    } else if (["body", "bio"].includes(param.name)) {
      input = make("textarea", { ...attributes, rows: "2" });
    } else {
      input = make("input", attributes);
      if (Form.isSecret(param, schema)) input.type = "password";
      if (types.includes("integer")) input.inputMode = "numeric";
    }
    if (param.required) input.setAttribute("aria-required", "true");
    this.fields.set(param.name, { input, schema, isSecret: Form.isSecret(param, schema) });
    const name = param.name + (param.required ? "" : "?");
    return make("div", {}, make("label", { for: attributes.id }, name), input);
  }

  static isSecret(param, schema) {
    return Boolean(param["x-secret"] || param.schema["x-secret"] || schema["x-secret"]);
  }

  side(style) {
    const { make } = Reference;
    const button = make("button", { type: "submit" }, "Send as " + style);
    button.dataset.style = style;
    const title = style === "RPC" ? "RPC: a line, here in a POST to /rpc" : "REST";
    const request = make("pre", { tabindex: "0", "aria-label": style + " request" });
    const count = make("p", { class: "quiet" });
    const told = make("output", { class: "told", "aria-live": "polite" });
    const answer = make("pre", { tabindex: "0", "aria-label": style + " answer" });
    answer.hidden = true;
    return { button, request, count, told, answer, element: make("section",
      { class: "side", "aria-label": style }, make("h3", {}, title), request, count, button,
      make("p", {}, told), answer) };
  }

  params() {
    const params = {};
    for (const [name, { input, schema, isSecret }] of this.fields) {
      const value = Calls.value(schema, input.value);
      if (value !== undefined) params[name] = value;
      if (isSecret && input.value.length >= 8) Page.secrets.add(input.value);
    }
    return params;
  }

  // Both requests as they would be sent now.
  requests() {
    const token = Page.token(this.method);
    const key = this.key ? this.key.value : "";
    const params = this.params();
    const line = Calls.line(this.method, params, token, key, Page.nextID);
    const exchange = this.method["x-rest"]
      ? Calls.exchange(this.method, params, token, key, this.tag ? this.tag.value : "")
      : null;
    return { line, exchange };
  }

  show() {
    const { line, exchange } = this.requests();
    const obstacle = Calls.obstacle(this.method);
    this.rpc.request.textContent = Page.shown(line);
    this.rpc.count.textContent = (Calls.bytes(line) + 1) + " bytes as a line over TCP.";
    // rpc.discover has no place of its own in REST, and needs no connection.
    const isDiscovery = this.method.name === "rpc.discover";
    this.rpc.button.disabled = Boolean(obstacle) && !isDiscovery;
    this.rest.button.disabled = !exchange;
    if (obstacle && !isDiscovery) this.rpc.told.textContent = obstacle;
    if (!exchange) {
      this.rest.request.textContent = isDiscovery ? "GET /openrpc.json"
        : "It has no place in REST.";
      return;
    }
    const text = Calls.text(exchange, location.host);
    this.rest.request.textContent = Page.shown(text);
    this.rest.count.textContent = Calls.bytes(text)
      + " bytes; a browser adds fields of its own, which no script can see.";
  }

  async send(style) {
    const side = style === "RPC" ? this.rpc : this.rest;
    const { line, exchange } = this.requests();
    Page.nextID += 1;
    const sent = style === "RPC"
      ? { verb: "POST", target: "/rpc", fields: { "Content-Type": "application/json" }, body: line }
      : exchange;
    if (!sent || side.button.disabled) return;
    side.button.disabled = true;
    side.told.textContent = "Sent.";
    delete side.element.dataset.status;
    const sentText = Calls.text(sent, location.host);
    try {
      const from = performance.now();
      const answer = await fetch(sent.target, { method: sent.verb, headers: sent.fields,
        body: sent.body, cache: "no-store", credentials: "omit", redirect: "error" });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      this.told(side, answer, bytes, sentText, performance.now() - from);
    } catch (error) {
      side.told.textContent = "Nothing came back: " + error.message;
      side.told.className = "told bad";
    }
    side.button.disabled = false;
    this.show();
  }

  told(side, answer, bytes, sentText, milliseconds) {
    const body = new TextDecoder().decode(bytes);
    const head = "HTTP/1.1 " + answer.status + " " + answer.statusText + "\r\n"
      + [...answer.headers].map(([name, value]) => name + ": " + value).join("\r\n") + "\r\n\r\n";
    let value = null;
    try { value = body ? JSON.parse(body) : null; } catch { /* It is shown as it is. */ }
    const refused = answer.status >= 400 || (value && value.error);
    Page.notice(side === this.rpc ? value && value.result : value);
    if (this.tag && side === this.rest) {
      this.tag.value = answer.headers.get("ETag") || this.tag.value;
    }
    side.told.className = refused ? "told bad" : "told good";
    side.told.textContent = (refused ? "Refused" : "Done") + ", status " + answer.status + ": sent "
      + Calls.bytes(sentText) + " bytes, received " + (Calls.bytes(head) + bytes.length) + " ("
      + bytes.length + " of body) in " + milliseconds.toFixed(1) + " ms.";
    side.answer.hidden = false;
    side.answer.textContent = Page.shown(head + body);
    side.element.dataset.status = String(answer.status);
  }

  // The schema's examples; a button puts one's params into the fields.
  examples() {
    const { make } = Reference;
    return (this.method.examples || []).map((example) => {
      const params = Object.fromEntries(example.params.map((one) => [one.name, one.value]));
      const line = Calls.line(this.method, params, "", "", 1);
      const use = make("button", { type: "button" }, "Fill in: " + example.name);
      use.addEventListener("click", () => {
        for (const [name, { input }] of this.fields) {
          input.value = params[name] === undefined ? "" : String(params[name]);
        }
        this.show();
        this.element.querySelector("input, textarea, select, button").focus();
      });
      const answer = example["x-error"] ? "refused: " + example["x-error"]
        : JSON.stringify({ jsonrpc: "2.0", id: 1, result: (example.result || {}).value });
      return make("div", {}, use, make("pre", { tabindex: "0", "aria-label": example.name },
        "> " + line + "\n< " + answer));
    });
  }
}
