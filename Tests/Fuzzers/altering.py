"""What the fuzzers of the program share: bytes altered by chance, the same for the same seed.

Standard library only.
"""
EDGES = bytes([0, 9, 10, 13, 31, 32, 34, 44, 45, 48, 58, 91, 92, 93, 123, 125, 127, 128, 192, 237,
               239, 244, 255])


def altered(chance, data, tokens):
    """The bytes with one to four changes; `tokens` are pieces of their language."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        kind = chance.randint(0, 5)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randint(0, 7)
        elif kind == 1 and at < len(data):
            data[at] = chance.choice(EDGES)
        elif kind == 2:
            data[at:at] = chance.choice(tokens)
        elif kind == 3:
            del data[at:at + chance.randint(1, 12)]
        elif kind == 4:
            data[at:at] = data[at:at + chance.randint(1, 12)]
        else:
            del data[at:]
    return bytes(data)


def pieces(chance, data):
    """The bytes as they are written: by one, by a few, by pages, at once."""
    while data:
        size = chance.choice([1, 7, 100, 4096, len(data)])
        yield data[:size]
        data = data[size:]
