"""JSON Web Tokens taken apart, altered and put together again; signed by OpenSSL with a key of the
test's choice, the server's own among them.

Standard library only, and the program openssl(1).
"""
import base64
import json
import os
import subprocess
import tempfile

# The order of Ed25519's group (RFC 8032, section 5.1): S + L is the same number in its equation.
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    """Header, claims and signature."""
    header, claims, signature = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims)), decode(signature)


def packed(value):
    """A value as a segment; text and bytes as they are."""
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        value = json.dumps(value, separators=(",", ":")).encode()
    return encode(value)


def sign(data, key):
    """Ed25519's signature by a PEM file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name],
            check=True, stdout=subprocess.PIPE).stdout


def make(header, claims, key):
    """A token; `key` is a PEM file."""
    data = packed(header) + "." + packed(claims)
    return data + "." + encode(sign(data.encode(), key))


def new_key(folder, name):
    """A key that no server knows."""
    path = os.path.join(folder, name + ".pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    return path


def public_part(key):
    """The 32 bytes of the public key of a PEM file."""
    text = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
        check=True, stdout=subprocess.PIPE).stdout
    return text[-32:]


def public_pem(key):
    return subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout"], check=True, stdout=subprocess.PIPE).stdout


def malleable(token):
    """The same token with S + L for S: another signature that a lax check takes."""
    data, signature = token.rsplit(".", 1)
    raw = decode(signature)
    number = int.from_bytes(raw[32:], "little") + GROUP_ORDER
    if number >= 2**256:
        return None
    return data + "." + encode(raw[:32] + number.to_bytes(32, "little"))


def flipped(token, at):
    """The token with one character of it another."""
    other = "A" if token[at] != "A" else "B"
    return token[:at] + other + token[at + 1:]
