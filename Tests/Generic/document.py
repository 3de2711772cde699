#!/usr/bin/env python3
"""An OpenRPC tool that knows nothing of this service reads its schema.

    document.py [FILE]      Protocol/openrpc.json by default

The packages openrpc and openrpcclientgenerator are to be installed. The document has to fit the
first one's types, and the second has to make a Python client of it that has every method and type and
compiles. Exit status 0 if so. Two things that OpenRPC has they do not know: errors by reference,
which are put in their places first, and methods without a result, which are left out.
"""
import json
import os
import py_compile
import re
import sys
import tempfile
from pathlib import Path

from openrpc import OpenRPC
from openrpcclientgenerator import Language, generate

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "Protocol", "openrpc.json")
    written = json.loads(Path(path).read_text(encoding="utf-8"))
    errors = written["components"]["errors"]
    written["methods"] = [method for method in written["methods"] if "result" in method]
    for method in written["methods"]:
        method["errors"] = [errors[error["$ref"].rpartition("/")[2]] for error in method["errors"]]
    document = OpenRPC.model_validate(written)
    names = [method.name for method in document.methods]
    assert names == [method["name"] for method in written["methods"]], "methods are lost"
    types = written["components"]["schemas"]
    assert set(document.components.schemas) == set(types), "types are lost"
    with tempfile.TemporaryDirectory() as folder:
        name = generate(document, Language.PYTHON, "http://localhost/rpc", Path(folder))
        sources = sorted(Path(folder, "python", name).rglob("*.py"))
        for source in sources:
            py_compile.compile(str(source), doraise=True)
        client = "".join(source.read_text(encoding="utf-8") for source in sources)
        missing = [method for method in names if f'"{method}"' not in client]
        assert not missing, f"the generated client lacks {missing}"
        missing = [one for one in types if not re.search(rf"\b{one}\b", client)]
        assert not missing, f"the generated client lacks {missing}"
    print(f"{len(names)} methods and {len(types)} types were read; the client of them compiles")


if __name__ == "__main__":
    main()
