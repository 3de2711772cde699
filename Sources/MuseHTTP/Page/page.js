// The page: loads both documents, shows every method, and calls it either way.

const Page = {
  openrpc: null,
  openapi: null,
  nextID: 1,
  // What is hidden where it would be shown; in memory alone, as the token is.
  secrets: new Set(),

  async start() {
    const main = document.getElementById("methods");
    try {
      [Page.openrpc, Page.openapi] = await Promise.all(
        ["openrpc.json", "openapi.json"].map(async (path) => {
          const answer = await fetch(path);
          if (!answer.ok) throw new Error(path + ": " + answer.status);
          return answer.json();
        }));
    } catch (error) {
      const loading = document.getElementById("loading");
      loading.textContent = "The documents did not load: " + error.message;
      return;
    }
    document.getElementById("version").textContent = "Version " + Page.openrpc.info.version + ".";
    const methods = [...Page.openrpc.methods, ...(Page.openrpc["x-hidden-methods"] || [])];
    main.replaceChildren();
    let namespace = "";
    for (const method of methods) {
      const own = method.name.split(".")[0];
      if (own !== namespace) main.append(Reference.make("h2", { class: "namespace" }, own));
      namespace = own;
      main.append(Page.entry(method));
    }
    main.append(Reference.make("h2", { class: "namespace" }, "types"),
      ...Reference.types(Page.openrpc));
    Page.listen();
    Page.openHash();
    document.body.dataset.ready = "yes";
  },

  // A method's entry; its inside is made when it is first opened.
  entry(method) {
    const { make } = Reference;
    const places = Calls.places(method).map((one) => one.verb + " " + one.path).join(", ");
    const entry = make("details", { class: "method", id: method.name },
      make("summary", {}, make("span", { class: "name" }, method.name), " ",
        make("span", { class: "place" }, places), " ",
        make("span", { class: "quiet" }, method.summary || "")));
    entry.dataset.text = [method.name, places, method.summary, method.description,
      ...method.params.map((param) => param.name),
      ...(method.errors || []).map((one) => (one.$ref || "").split("/").pop())]
      .join(" ").toLowerCase();
    entry.addEventListener("toggle", () => {
      if (entry.open && entry.children.length === 1) entry.append(Page.inside(method));
    });
    return entry;
  },

  inside(method) {
    const { make } = Reference;
    const who = method["x-auth"] === "nobody" ? "anybody" : method["x-auth"];
    const inside = make("div", { class: "inside" },
      make("p", {}, [method.summary, method.description].filter(Boolean).join(" ")),
      make("p", { class: "quiet" },
        "Effect: " + method["x-effect"] + ". Who: " + who + ". Result: ",
        ...Reference.type((method.result || {}).schema || { type: "nothing" }), "."),
      Reference.params(method), make("h3", {}, "Call it"));
    const form = new Form(method);
    inside.append(form.element, make("h3", {}, "Examples"), ...form.examples(),
      make("h3", {}, "Errors"), Reference.errors(Page.openrpc, Page.openapi, method));
    return inside;
  },

  listen() {
    const byID = (id) => document.getElementById(id);
    byID("search").addEventListener("input", Page.search);
    byID("forget").addEventListener("click", () => Page.signIn("", "Nobody."));
    for (const id of ["token", "with-token", "hide"]) {
      byID(id).addEventListener("input", () => document.dispatchEvent(new Event("caller")));
    }
    window.addEventListener("hashchange", Page.openHash);
    Page.search();
  },

  search() {
    const text = document.getElementById("search").value.toLowerCase();
    const words = text.split(/\s+/).filter(Boolean);
    let count = 0;
    for (const entry of document.querySelectorAll("details.method")) {
      entry.hidden = !words.every((word) => entry.dataset.text.includes(word));
      if (!entry.hidden) count += 1;
    }
    for (const other of document.querySelectorAll("details.type, h2.namespace")) {
      other.hidden = words.length > 0;
    }
    document.getElementById("found").textContent = count + (count === 1 ? " method" : " methods");
  },

  openHash() {
    const entry = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (entry && entry.tagName === "DETAILS") {
      entry.open = true;
      entry.hidden = false;
      entry.querySelector("summary").focus();
    }
  },

  // The token that a call sends; none where the caller wants none.
  token(method) {
    const isWanted = document.getElementById("with-token").checked;
    if (method["x-token"] === "ignored" || !isWanted) return "";
    return document.getElementById("token").value.trim();
  },

  signIn(token, words) {
    document.getElementById("token").value = token;
    document.getElementById("caller").textContent = words;
    document.dispatchEvent(new Event("caller"));
  },

  // A grant among the answers signs in.
  notice(result) {
    for (const name of ["access_token", "refresh_token"]) {
      if (result && typeof result[name] === "string") Page.secrets.add(result[name]);
    }
    if (result && result.access_token && result.user) {
      Page.signIn(result.access_token, "Signed in as " + result.user.username + ".");
    }
  },

  // Text as it may be shown: every secret's letters are dots, so that counts stay true.
  shown(text) {
    if (!document.getElementById("hide").checked) return text;
    const token = document.getElementById("token").value.trim();
    let hidden = text;
    for (const secret of [...Page.secrets, token].sort((a, b) => b.length - a.length)) {
      for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1)])) {
        if (form) hidden = hidden.replaceAll(form, "•".repeat(form.length));
      }
    }
    return hidden;
  },
};

Page.start();
