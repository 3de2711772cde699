"""Comparing answers with patterns, exactly."""
import json
import re

from .text import Broken, Differs, Number, encode

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
KINDS = {
    "any": lambda v: True,
    "string": lambda v: isinstance(v, str),
    "text": lambda v: isinstance(v, str) and v != "",
    "int": lambda v: isinstance(v, Number) and isinstance(v.value(), int),
    "bool": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "list": lambda v: isinstance(v, list),
    "id": lambda v: isinstance(v, str) and ID.fullmatch(v),
    "time": lambda v: isinstance(v, str) and TIME.fullmatch(v),
    "token": lambda v: isinstance(v, str) and TOKEN.fullmatch(v),
}
TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": KINDS["int"],
    "number": lambda v: isinstance(v, Number),
    "boolean": KINDS["bool"],
    "object": KINDS["object"],
    "array": KINDS["list"],
    "null": lambda v: v is None,
}


class Schema:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.root = json.load(file)
        self.types = self.root["components"]["schemas"]
        self.errors = self.root["components"]["errors"]

    def check(self, schema, value, where):
        if "$ref" in schema:
            return self.check(self.types[schema["$ref"].rsplit("/", 1)[1]], value, where)
        if "oneOf" in schema:
            for one in schema["oneOf"]:
                try:
                    return self.check(one, value, where)
                except Differs as error:
                    last = error
            raise last
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(TYPES[kind](value) for kind in kinds):
            raise Differs("%s: %s is no %s" % (where, brief(value), " or ".join(kinds)))
        if "enum" in schema and value not in schema["enum"]:
            raise Differs("%s: %s is none of %s" % (where, brief(value), schema["enum"]))
        if isinstance(value, str):
            if schema.get("x-check") == "uuidv7" and not ID.fullmatch(value):
                raise Differs("%s: %s is no id" % (where, brief(value)))
            if schema.get("format") == "date-time" and not TIME.fullmatch(value):
                raise Differs("%s: %s is no time" % (where, brief(value)))
        elif isinstance(value, Number):
            if not schema.get("minimum", value.value()) <= value.value() <= schema.get(
                    "maximum", value.value()):
                raise Differs("%s: %s is out of bounds" % (where, value))
        elif isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                self.check(schema["items"], item, "%s/%d" % (where, index))
        elif isinstance(value, dict) and "properties" in schema:
            self.members(schema, value, where, set())

    def members(self, schema, value, where, named):
        """Exactly the required members and, of the optional ones, those that are named.

        What is named is looked at by its own pattern."""
        expected = set(schema.get("required", [])) | (named & set(schema["properties"]))
        if set(value) != expected:
            raise Differs("%s: has %s, lacks %s" % (
                where, sorted(set(value) - expected), sorted(expected - set(value))))
        for name in value:
            if name not in named:
                self.check(schema["properties"][name], value[name], where + "/" + name)


def brief(value):
    text = encode(value)
    return text if len(text) < 160 else text[:160] + "…"


class Match:
    """Compares answers with patterns and keeps what they capture."""

    def __init__(self, schema, variables):
        self.schema, self.variables = schema, variables

    def fill(self, value):
        """Replaces `{name}` and `{repeat:text:count}`, in strings at any depth."""
        if isinstance(value, str):
            whole = re.fullmatch(r"\{([A-Za-z_][\w.]*)\}", value)
            if whole:
                return self.lookup(whole.group(1))
            text = re.sub(r"\{repeat:([^{}]*?):(\d+)\}",
                          lambda m: m.group(1) * int(m.group(2)), value)
            return re.sub(r"\{([A-Za-z_][\w.]*)\}", lambda m: self.plain(m.group(1)), text)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(name): self.fill(item) for name, item in value.items()}
        return value

    def lookup(self, name):
        if name not in self.variables:
            raise Broken("no variable " + name)
        return self.variables[name]

    def plain(self, name):
        value = self.lookup(name)
        return value if isinstance(value, str) else encode(value)

    def check(self, pattern, value, where=""):
        if isinstance(pattern, str) and pattern.startswith("$"):
            self.word(pattern, value, where)
        elif isinstance(pattern, dict):
            self.object(pattern, value, where)
        elif isinstance(pattern, list):
            if not isinstance(value, list) or len(value) != len(pattern):
                raise Differs("%s: %s instead of %d items" % (where, brief(value), len(pattern)))
            for index, item in enumerate(pattern):
                self.check(item, value[index], "%s/%d" % (where, index))
        else:
            pattern = self.fill(pattern)
            if type(pattern) is not type(value) or pattern != value:
                raise Differs("%s: %s instead of %s" % (where, brief(value), brief(pattern)))

    def word(self, pattern, value, where):
        kind, _, name = pattern[1:].partition(":")
        if pattern.startswith("$$"):
            good = value == self.fill(pattern[1:])
        elif kind == "other":
            good, name = isinstance(value, str) and value != self.lookup(name), ""
        elif kind == "above":
            other = self.lookup(name)
            good, name = isinstance(value, str) and value > other, ""
        elif kind in KINDS:
            good = KINDS[kind](value)
        elif kind in self.schema.types:
            self.schema.check(self.schema.types[kind], value, where)
            good = True
        else:
            raise Broken("no matcher " + pattern)
        if not good:
            raise Differs("%s: %s instead of %s" % (where, brief(value), pattern))
        if name:
            self.variables[name] = value

    def object(self, pattern, value, where):
        if "$error" in pattern:
            return self.error(pattern, value, where)
        if "$each" in pattern:
            if not isinstance(value, list):
                raise Differs("%s: %s is no list" % (where, brief(value)))
            if "count" in pattern:
                self.check(pattern["count"], Number(str(len(value))), where + "/count")
            for index, item in enumerate(value):
                self.check(pattern["$each"], item, "%s/%d" % (where, index))
            return
        if "$contains" in pattern:
            for item in value if isinstance(value, list) else []:
                try:
                    return self.check(pattern["$contains"], item, where)
                except Differs:
                    continue
            raise Differs("%s: nothing in %s fits %s" % (
                where, brief(value), brief(pattern["$contains"])))
        if not isinstance(value, dict):
            raise Differs("%s: %s is no object" % (where, brief(value)))
        rest = {name: item for name, item in pattern.items() if name not in ("$", "...")}
        if "$" in pattern:
            self.schema.members(self.schema.types[pattern["$"]], value, where, set(rest))
        elif "..." not in pattern and set(rest) != set(value):
            raise Differs("%s: has %s, lacks %s" % (
                where, sorted(set(value) - set(rest)), sorted(set(rest) - set(value))))
        for name, item in rest.items():
            if name not in value:
                raise Differs("%s: lacks %s" % (where, name))
            self.check(item, value[name], where + "/" + name)

    def error(self, pattern, value, where):
        """An error of the schema by its name: code, a message, and exactly its data."""
        name = pattern["$error"]
        if name not in self.schema.errors:
            raise Broken("no error " + name)
        stated = self.schema.errors[name]
        if not isinstance(value, dict) or set(value) != {"code", "message", "data"}:
            raise Differs("%s: %s is no error" % (where, brief(value)))
        if not isinstance(value["code"], Number) or value["code"].value() != stated["code"]:
            raise Differs("%s: %s instead of %s" % (where, brief(value), name))
        if not isinstance(value["message"], str) or not value["message"]:
            raise Differs(where + ": no message")
        data, told = value["data"], self.schema.root["x-error-data"].get(name, {})
        allowed = dict(told.get("properties", {}))
        given = {k: v for k, v in pattern.items() if k not in ("$error", "offences")}
        optional = {k: v for k, v in told.get("optional", {}).items() if k in given}
        expected = {"name", "status", "retry"} | set(allowed) | set(optional)
        if not isinstance(data, dict) or set(data) != expected:
            raise Differs("%s/data: %s instead of members %s" % (
                where, brief(data), sorted(expected)))
        for member in ("name", "status", "retry"):
            if data[member] != stated["data"][member]:
                raise Differs("%s/data/%s: %s" % (where, member, data[member]))
        for member, schema in {**allowed, **optional}.items():
            self.schema.check(schema, data[member], where + "/data/" + member)
        for member, item in given.items():
            if member not in data:
                raise Differs("%s/data: lacks %s" % (where, member))
            self.check(item, data[member], where + "/data/" + member)
        if "offences" in pattern:
            self.offences(pattern["offences"], data["errors"], where + "/data/errors")

    def offences(self, wanted, told, where):
        """Each offence once, in any order: [path, rule] or [path, rule, expected]."""
        left = list(told)
        for offence in wanted:
            for index, item in enumerate(left):
                if item["path"] != self.fill(offence[0]) or item["rule"] != offence[1]:
                    continue
                if len(offence) > 2:
                    self.check(offence[2], item["expected"], where)
                del left[index]
                break
            else:
                raise Differs("%s: lacks %s in %s" % (where, brief(offence), brief(told)))
        if left:
            raise Differs("%s: also has %s" % (where, brief(left)))
