#!/usr/bin/env python3
"""Clicks through the page at `/` in a browser without a window: register, post, comment, list, as
RPC and as REST; by keyboard; in light, dark and on a phone.

    browser.py URL FOLDER      the HTTP side of a server, and where the pictures go

Status 0 means that all of it worked and that the page asked nothing of any other server.
"""
import os
import sys
import time

from devtools import Browser

PASSWORD = "seven wizards mix quartz"


class Trial:
    def __init__(self, url, folder):
        self.url = url.rstrip("/")
        self.folder = folder
        self.browser = Browser()
        self.passed = 0

    def expect(self, is_so, what):
        if not is_so:
            self.browser.picture(os.path.join(self.folder, "page-failed.png"))
            raise SystemExit("not so: %s" % what)
        print("   %s: ok" % what)
        self.passed += 1

    def load(self):
        self.browser.call("Page.navigate", url=self.url + "/")
        self.browser.wait("document.body && document.body.dataset.ready === 'yes'", "the page")

    # MARK: A method's form

    def open(self, method):
        if not self.browser.run("document.getElementById('%s').open" % method):
            self.browser.click("%s > summary" % css(method))
            self.browser.wait("document.getElementById('%s').children.length > 1" % method, method)

    def fill(self, method, **params):
        self.open(method)
        for name, value in params.items():
            place = "document.getElementById('in-%s-%s')" % (method, name)
            self.browser.run(place + ".focus(); " + place + ".select && " + place + ".select()")
            self.browser.type(value)

    def send(self, method, style):
        side = "%s section[aria-label=%s]" % (css(method), style)
        self.browser.run("delete document.querySelector(%r).dataset.status" % side)
        self.browser.click(side + " button")
        self.browser.wait("document.querySelector(%r).dataset.status" % side, method)
        text = "document.querySelector(%r)" % side
        return (int(self.browser.run(text + ".dataset.status")),
                self.browser.run(text + ".querySelector('pre:last-of-type').textContent"),
                self.browser.run(text + ".querySelector('.told').textContent"))

    def call(self, method, style, status, **params):
        self.fill(method, **params)
        got, answer, told = self.send(method, style)
        self.expect(got == status and "Done" in told and "bytes, received" in told,
                    "%s as %s: %s" % (method, style, told))
        return answer

    # MARK: What is tried

    def everyday(self, style, name):
        """The everyday calls in one style, by clicks."""
        isREST = style == "REST"
        made = 201 if isREST else 200
        answer = self.call("auth.register", style, made, username=name, password=PASSWORD)
        self.expect(name in answer and "eyJ" not in answer, "no token is shown unless asked for")
        self.expect("Signed in as " + name in self.browser.run(
            "document.getElementById('caller').textContent"), "signed in as " + name)
        answer = self.call("posts.create", style, made, body="By %s, in a browser." % style)
        post = answer.split('"id":"')[1][:36]
        self.call("comments.create", style, made, post_id=post,
                  body="Seen & <b>said</b> by " + name)
        answer = self.call("comments.list", style, 200, post_id=post)
        self.expect("<b>said</b> by " + name in answer, "the comment is in the list, as text")
        if isREST:
            status, _, _ = self.send("comments.list", style)
            self.expect(status == 304, "asked again with its ETag, the list is 304")
        self.fill("posts.get", id=post[:-1])
        status, answer, told = self.send("posts.get", style)
        self.expect("Refused" in told and "-32602" in answer, "a bad id as %s: %s" % (style, told))
        self.expect(status == (400 if isREST else 200), "its status is %d" % status)

    def keyboard(self):
        """Without a mouse: each stop of Tab has a visible focus; Enter opens and sends."""
        self.load()
        seen = []
        for _ in range(16):
            self.browser.key("Tab", 9)
            seen.append(self.browser.run(
                "(() => { const e = document.activeElement, s = getComputedStyle(e); "
                "return [e.id || e.className || e.tagName, s.outlineStyle, s.outlineWidth]; })()"))
        self.expect(len({name for name, _, _ in seen}) > 6, "Tab goes through the page")
        self.expect(all(style != "none" and width != "0px" for _, style, width in seen),
                    "each stop shows that it has the focus")
        self.browser.run("document.querySelector('%s > summary').focus()" % css("server.ping"))
        self.browser.key("Enter", 13, "\r")
        self.browser.wait("document.getElementById('server.ping').children.length > 1", "Enter")
        self.browser.run("document.querySelector('%s section button').focus()"
                         % css("server.ping"))
        self.browser.key("Enter", 13, "\r")
        self.browser.wait("document.querySelector('%s section').dataset.status === '200'"
                          % css("server.ping"), "a call by Enter")
        self.expect(True, "a call by keyboard alone")

    def everything(self):
        """Every entry opens; what cannot be called over HTTP says why."""
        self.browser.run("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
        self.browser.wait("[...document.querySelectorAll('details.method')]"
                          ".every((e) => e.children.length > 1)", "all entries")
        silent = self.browser.run(
            "[...document.querySelectorAll('section.side[aria-label=RPC]')].filter((e) => "
            "e.querySelector('button').disabled && !e.querySelector('.told').textContent).length")
        count = self.browser.run("document.querySelectorAll('section.side').length")
        self.expect(count > 80 and silent == 0, "%d forms, each ready or explained" % count)
        self.browser.run("document.querySelectorAll('details').forEach((e) => { e.open = false; })")

    def names(self):
        """Every control has a name for who cannot see it."""
        roles = {"textbox", "searchbox", "combobox", "checkbox", "button", "link"}
        nodes = self.browser.call("Accessibility.getFullAXTree")["nodes"]
        controls = [one for one in nodes if one.get("role", {}).get("value") in roles]
        bare = [one for one in controls if not one.get("name", {}).get("value")]
        self.expect(len(controls) > 20 and not bare, "%d controls have names" % len(controls))

    def search(self):
        self.browser.run("document.getElementById('search').focus()")
        self.browser.type("comment cursor")
        found = self.browser.run("document.getElementById('found').textContent")
        self.expect(found == "1 method", "searching for two words finds " + found)
        self.browser.run("document.getElementById('search').select()")
        self.browser.key("Backspace", 8)
        found = self.browser.run("document.getElementById('found').textContent")
        self.expect(int(found.split()[0]) > 30, "without a search there are " + found)

    def looks(self):
        shades = {}
        for shade in ("light", "dark"):
            self.browser.call("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-color-scheme", "value": shade}])
            self.browser.run("window.scrollTo(0, 0)")
            shades[shade] = self.browser.run("getComputedStyle(document.body).backgroundColor")
            poor = self.browser.run(CONTRAST)
            self.expect(not poor, "in %s, text stands out from its ground %s" % (shade, poor))
            self.browser.picture(os.path.join(self.folder, "page-%s.png" % shade))
        self.expect(shades["light"] != shades["dark"], "light and dark differ")
        self.browser.call("Emulation.setEmulatedMedia", features=[])
        self.browser.call("Emulation.setDeviceMetricsOverride", width=390, height=844,
                          deviceScaleFactor=2, mobile=True)
        wide = self.browser.run("document.documentElement.scrollWidth")
        self.expect(wide <= 390, "on a phone of 390 it is %d wide" % wide)
        self.browser.run("document.getElementById('posts.create').scrollIntoView()")
        self.browser.picture(os.path.join(self.folder, "page-phone.png"))
        self.browser.call("Emulation.clearDeviceMetricsOverride")

    def memory(self):
        kept = self.browser.run(
            "[localStorage.length, sessionStorage.length, document.cookie.length].join()")
        self.expect(kept == "0,0,0", "nothing is kept in the browser")
        self.load()
        self.expect(self.browser.run("document.getElementById('token').value") == "",
                    "loaded again, the page has forgotten the token")

    def elsewhere(self):
        """Nothing from elsewhere; then the controls: the policy stops it, and this sees it."""
        def foreign():
            own = (self.url + "/", "data:", "about:")
            return [one for one in self.browser.requests if not one.startswith(own)]

        self.expect(len(self.browser.requests) > 15 and not foreign(),
                    "%d requests, none to elsewhere" % len(self.browser.requests))
        refused = [one for one in self.browser.complaints if "400 (Bad Request)" in one]
        self.expect(self.browser.complaints == refused, "no complaint of the browser %s"
                    % [one for one in self.browser.complaints if one not in refused])
        self.browser.run(
            "{ const s = document.createElement('script'); "
            "try { s.textContent = 'window.ran = 1'; document.head.append(s); } catch { } }")
        self.expect(not self.browser.run("window.ran"), "a script from without is not run")
        other = "http://localhost:9/"
        ask = "fetch('%s', {mode: 'no-cors'}).then(() => 'ok', () => 'no')" % other
        self.browser.run(ask)
        stopped = [one for one in self.browser.complaints if "Content Security Policy" in one]
        self.expect(any("connect" in one for one in stopped),
                    "asking another server is against the policy")
        self.browser.call("Page.setBypassCSP", enabled=True)
        self.load()
        self.browser.run(ask)
        self.expect(other in foreign(), "without the policy this test sees what goes elsewhere")


def css(name):
    """An id as a selector, in which a full stop would begin a class."""
    return '[id="%s"]' % name


# Text and ground, for what has text of its own: names of those below 4.5 to 1 (WCAG 2.2, 1.4.3).
CONTRAST = """(() => {
  const light = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number)
    .map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { while (e) { const c = getComputedStyle(e).backgroundColor;
    if (!c.endsWith(', 0)')) return c; e = e.parentElement; } return 'rgb(255, 255, 255)'; };
  const texts = 'p, h1, a, label, button:not(:disabled), pre, td, th, span, output';
  return [...document.querySelectorAll(texts)]
    .filter((e) => e.checkVisibility() && e.textContent.trim()).filter((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05) < 4.5; }).map((e) => e.className || e.tagName);
})()"""


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    trial = Trial(*sys.argv[1:])
    begun = time.monotonic()
    try:
        trial.load()
        mark = "%x" % (int(time.time()) & 0xFFFFFFF)
        trial.everyday("RPC", "wren_" + mark)
        trial.everyday("REST", "finch_" + mark)
        trial.names()
        trial.everything()
        trial.looks()
        trial.memory()
        trial.search()
        trial.keyboard()
        trial.elsewhere()
    finally:
        trial.browser.close()
    print("%d rulings held in %.0f s" % (trial.passed, time.monotonic() - begun))


if __name__ == "__main__":
    main()
