// The generator: the Python client's typed calls, by namespace, once for threads and once for
// asyncio. What binds a connection (`auth.attach`, an `attach` param) is not among them: the client
// attaches each of its connections by itself.

enum EmitPythonCalls {
    /// `calls.py`, or `calls_async.py`.
    static func file(_ schema: Schema, isAsync: Bool) -> String {
        var text = Python.banner(
            isAsync ? "The calls of the asyncio client." : "The calls of the client for threads.",
            [
                "from collections.abc import \(isAsync ? "AsyncIterator" : "Iterator")",
                "from typing import Literal, cast", "", "from .._options import CallOptions",
                isAsync
                    ? "from .._pages import AsyncPerform, iterate_async"
                    : "from .._pages import Perform, iterate",
                "from .._values import ABSENT, Absent, anything, nothing, text",
                "from . import methods", "from .models import *",
            ])
        text += Python.all(schema.namespaces.map { type($0, isAsync) } + [holder(isAsync)])
        for namespace in schema.namespaces {
            text += "\n\nclass \(type(namespace, isAsync)):\n"
            text += "    \(Python.doc("The calls of `\(namespace).*`."))\n\n"
            text += "    __slots__ = (\"_perform\",)\n\n"
            text += "    def __init__(self, perform: \(perform(isAsync))) -> None:\n"
            text += "        self._perform = perform\n"
            for method in schema.handled
            where method.namespace == namespace && method.effect != "session" {
                text += call(method, isAsync)
                if case .object(let name)? = method.result, let item = schema.object(name)?.item {
                    text += iterator(method, item, isAsync)
                }
            }
        }
        return text + namespaces(schema, isAsync)
    }

    private static func type(_ namespace: String, _ isAsync: Bool) -> String {
        (isAsync ? "Async" : "") + Names.capitalized(namespace) + "Calls"
    }

    private static func holder(_ isAsync: Bool) -> String { (isAsync ? "Async" : "") + "Calls" }

    private static func perform(_ isAsync: Bool) -> String {
        (isAsync ? "Async" : "") + "Perform"
    }

    private static func namespaces(_ schema: Schema, _ isAsync: Bool) -> String {
        var text = "\n\nclass \(holder(isAsync)):\n"
        text += "    \(Python.doc("All namespaces; a client is one of these."))\n\n"
        text += "    def __init__(self, perform: \(perform(isAsync))) -> None:\n"
        for namespace in schema.namespaces {
            text += "        self.\(namespace) = \(type(namespace, isAsync))(perform)\n"
        }
        return text
    }

    // MARK: One call

    private static func call(_ method: Method, _ isAsync: Bool) -> String {
        let offered = method.params.filter { !$0.binds }
        let result = method.result?.python ?? "None"
        var text = "\n    \(isAsync ? "async " : "")def \(Python.name(verb(method)))(\n"
        text += signature(offered) + "    ) -> \(result):\n"
        text += "        \(Python.doc(described(method.summary, offered)))\n"
        text += "        params: dict[str, object] = {"
        text += offered.filter(\.isRequired).map {
            "\(Python.text($0.name)): \(Python.name($0.name))"
        }.joined(separator: ", ")
        text += "}\n"
        for member in offered where !member.isRequired {
            let name = Python.name(member.name)
            text += "        if \(name) is not \(member.isClearable ? "ABSENT" : "None"):\n"
            text += "            params[\(Python.text(member.name))] = \(name)\n"
        }
        let reader = method.result?.pythonReader ?? "nothing"
        text += "        return \(isAsync ? "await " : "")self._perform(\n"
        return text
            + "            methods.\(Python.constant(method)), params, \(reader), options\n        )\n"
    }

    /// Required params may stand by position; the others only by name.
    private static func signature(_ members: [Member]) -> String {
        var text = "        self,\n"
        for member in members where member.isRequired {
            text += "        \(Python.name(member.name)): \(member.shape.pythonParam),\n"
        }
        text += "        *,\n"
        for member in members where !member.isRequired {
            text += "        \(Python.name(member.name)): \(member.shape.pythonParam)"
            text += member.isClearable ? " | Absent = ABSENT,\n" : " | None = None,\n"
        }
        return text + "        options: CallOptions | None = None,\n"
    }

    private static func described(_ summary: String, _ members: [Member]) -> String {
        let notes = members.filter { $0.summary != nil }
        guard !notes.isEmpty else { return summary }
        var text = summary + "\n\n"
        for member in notes { text += "        \(member.name): \(member.summary ?? "")\n" }
        return text + "        "
    }

    private static func verb(_ method: Method) -> String {
        String(method.name.split(separator: ".")[1])
    }

    // MARK: All pages

    private static func iterator(_ method: Method, _ item: String, _ isAsync: Bool) -> String {
        let verb = verb(method)
        let name = verb == "list" ? "iterate" : "iterate_" + verb
        let rest = method.params.filter { $0.name != "cursor" }
        var text = "\n    def \(name)(\n" + signature(rest)
        text += "    ) -> \(isAsync ? "AsyncIterator" : "Iterator")[\(item)]:\n"
        let about = method.summary + " All of them: the next page is fetched when it is needed."
        text += "        \(Python.doc(about))\n"
        text += "        return iterate\(isAsync ? "_async" : "")(\n"
        text += "            lambda cursor: self.\(Python.name(verb))(\n"
        for member in method.params {
            let value = Python.name(member.name)
            text +=
                member.isRequired
                ? "                \(value),\n" : "                \(value)=\(value),\n"
        }
        return text + "                options=options,\n            )\n        )\n"
    }
}
