// What the documents tell about a method, as elements. Everything goes in as text, never as markup.

const Reference = {
  // An element with attributes and what is in it.
  make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  },

  // A type in words; a named one leads to its own entry.
  type(schema) {
    if (schema.$ref) {
      const name = schema.$ref.split("/").pop();
      return [Reference.make("a", { href: "#type-" + name }, name)];
    }
    const choices = schema.oneOf || schema.anyOf || schema.allOf;
    if (choices) {
      return choices.flatMap((one, index) =>
        index ? [" or ", ...Reference.type(one)] : Reference.type(one));
    }
    if (schema.type === "array") return ["list of ", ...Reference.type(schema.items || {})];
    if (schema.enum) return [schema.enum.map((one) => JSON.stringify(one)).join(", ")];
    return [[].concat(schema.type || "anything").join(" or "), Reference.bounds(schema)];
  },

  bounds(schema) {
    const { minLength: low, maxLength: high, minimum: least, maximum: most } = schema;
    const words = [];
    if (low !== undefined || high !== undefined) {
      words.push((low || 0) + " to " + high + " characters");
    }
    if (least !== undefined) words.push("at least " + least);
    if (most !== undefined) words.push("at most " + most);
    return words.length ? ", " + words.join(", ") : "";
  },

  table(heads, rows) {
    const { make } = Reference;
    return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": heads[0] },
      make("table", {},
        make("thead", {}, make("tr", {}, ...heads.map((one) => make("th", { scope: "col" }, one)))),
        make("tbody", {}, ...rows.map((row) => make("tr", {},
          ...row.map((cell) => make("td", {}, ...[].concat(cell))))))));
  },

  params(method) {
    if (!method.params.length) return Reference.make("p", { class: "quiet" }, "No params.");
    const { make } = Reference;
    return Reference.table(["param", "type", "what"], method.params.map((param) => [
      make("code", {}, param.name), Reference.type(param.schema),
      [param.required ? "" : "optional. ", param.description || param.schema.description || "",
        param["x-secret"] || param.schema["x-secret"] ? " Secret." : ""],
    ]));
  },

  // Code by code: what the line has as error, and the status that REST gives it.
  errors(openrpc, openapi, method) {
    const statuses = Reference.statuses(openapi, method);
    const names = [...(method.errors || []).map((one) => one.$ref.split("/").pop()),
      ...openrpc["x-common-errors"]];
    return Reference.table(["error", "code", "HTTP", "message"], names.map((name) => {
      const error = openrpc.components.errors[name];
      return [Reference.make("code", {}, name), String(error.code), statuses[error.code] || "–",
        error.message];
    }));
  },

  // code -> statuses, from the OpenAPI document.
  statuses(openapi, method) {
    const found = {};
    for (const place of Calls.places(method)) {
      const operation = ((openapi.paths || {})[place.path] || {})[place.verb.toLowerCase()];
      for (const [status, response] of Object.entries((operation || {}).responses || {})) {
        const content = Calls.resolve(openapi, response).content || {};
        const schema = (content["application/problem+json"] || {}).schema || {};
        for (const part of schema.allOf || []) {
          const codes = (((part.properties || {}).code || {}).enum) || [];
          for (const code of codes) {
            const known = found[code] ? found[code].split(", ") : [];
            if (!known.includes(status)) found[code] = [...known, status].join(", ");
          }
        }
      }
    }
    return found;
  },

  // All named types of the lines' document.
  types(openrpc) {
    const { make } = Reference;
    return Object.entries(openrpc.components.schemas).map(([name, schema]) => {
      const inside = make("div", { class: "inside" });
      if (schema.description) inside.append(make("p", {}, schema.description));
      if (schema.properties) {
        inside.append(Reference.table(["member", "type", "what"],
          Object.entries(schema.properties).map(([member, one]) => [
            make("code", {}, member), Reference.type(one), one.description || ""])));
      } else {
        inside.append(make("p", {}, ...Reference.type(schema)));
        if (schema.pattern) inside.append(make("pre", {}, schema.pattern));
      }
      return make("details", { class: "type", id: "type-" + name },
        make("summary", {}, make("span", { class: "name" }, name)), inside);
    });
  },
};
