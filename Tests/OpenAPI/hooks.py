# What JSON Schema cannot say of a request, for schemathesis (SCHEMATHESIS_HOOKS=hooks): which text
# is a cursor, how many bytes a password has, that it is not a common one, that a key is not
# used twice, and which tag is that of the state. Whatever is meant to
# be right is made right; what is meant to be wrong stays so. With MUSE_USER and MUSE_PASSWORD every
# request has a token of a session of its own, as some requests end the session that they come from.
import json
import os
import urllib.request
import uuid

import schemathesis
from schemathesis.generation import GenerationMode

SECRET = "seven wizards mix quartz"


def is_meant_right(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context, case, kwargs):
    if not is_meant_right(case):
        return
    if isinstance(case.query, dict):
        case.query.pop("cursor", None)
    for name in list(case.headers or ()):
        if name.lower() == "idempotency-key":
            case.headers[name] = uuid.uuid4().hex
        if name.lower() == "if-match":
            del case.headers[name]
    if isinstance(case.body, dict):
        for name in ("password", "new_password"):
            if isinstance(case.body.get(name), str):
                case.body[name] = SECRET


if "MUSE_USER" in os.environ:

    @schemathesis.auth(refresh_interval=None)
    class Session:
        def get(self, case, context):
            asked = urllib.request.Request(
                os.environ["MUSE_HTTP"] + "/sessions", method="POST",
                data=json.dumps({
                    "username": os.environ["MUSE_USER"],
                    "password": os.environ["MUSE_PASSWORD"]}).encode(),
                headers={"Content-Type": "application/json"})
            with urllib.request.urlopen(asked) as answer:
                return json.load(answer)["access_token"]

        def set(self, case, data, context):
            case.headers = case.headers or {}
            case.headers["Authorization"] = "Bearer " + data
