"""JSON that keeps numbers as they were written, and the two ways in which a replay ends badly."""
import json
import re

PATIENCE = 60.0


class Differs(Exception):
    """The server and the transcript do not agree."""


class Broken(Exception):
    """The transcript itself cannot be understood."""


class Number:
    """A number that keeps its text."""

    def __init__(self, text):
        self.text = text

    def value(self):
        return int(self.text) if re.fullmatch(r"-?\d+", self.text) else float(self.text)

    def __eq__(self, other):
        return isinstance(other, Number) and self.value() == other.value()

    def __repr__(self):
        return self.text


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a repeated member in an answer")
    return dict(pairs)


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, object_pairs_hook=unique,
                           parse_constant=lambda word: 1 / 0)


def encode(value):
    """Compact JSON; numbers as they were written, text beyond ASCII raw."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        inner = ",".join(json.dumps(k, ensure_ascii=False) + ":" + encode(v)
                         for k, v in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ",".join(encode(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def id_bytes(line):
    """The bytes of the top level member `id`, as they stand in the line."""
    position = line.index("{") + 1
    while True:
        name, position = json.decoder.scanstring(line, line.index('"', position) + 1, True)
        start = line.index(":", position) + 1
        _, position = DECODER.raw_decode(line, start)
        if name == "id":
            return line[start:position]
