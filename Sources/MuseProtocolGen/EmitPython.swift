// The generator: the Python client's types, errors, notifications and method table. The calls are
// in EmitPythonCalls.

enum EmitPython {
    /// The first line of a package that is generated as a whole.
    static let root = Python.banner("What the schema says, as Python.", [])

    private static let readers =
        """
        from .._values import ABSENT, Absent, anything, boolean, integer, items, members, nullable
        from .._values import text, time
        """

    // MARK: Types

    static func models(_ schema: Schema) -> String {
        let objects = schema.objects.filter { $0.name != "Meta" && $0.name != "Empty" }
        var text = Python.banner(
            "The schema's types. Members that the schema does not know are passed over.",
            [
                "from dataclasses import dataclass, field", "from datetime import datetime",
                "from typing import Literal, cast", "", readers,
            ])
        text += Python.all(schema.choices.map(\.name) + objects.map(\.name))
        for choice in schema.choices {
            text += "\n\(choice.name) = \(Python.words(choice.words))\n"
        }
        for object in objects { text += structure(object.name, object.summary, object.members) }
        return text
    }

    /// A dataclass with its reader. What may be absent comes last: its default is ABSENT. Secrets
    /// do not show when it is printed.
    private static func structure(
        _ name: String, _ summary: String, _ all: [Member]
    ) -> String {
        let members = all.filter(\.isRequired) + all.filter { !$0.isRequired }
        var text = "\n\n@dataclass(frozen=True, slots=True)\nclass \(name):\n"
        text += "    \(Python.doc(summary))\n\n"
        for member in members {
            text += "    \(Python.name(member.name)): \(member.shape.python)"
            let secret = member.shape.isSecret ? " = field(repr=False)\n" : "\n"
            text += member.isRequired ? secret : " | Absent = ABSENT\n"
            if let summary = member.summary { text += "    \(Python.doc(summary))\n" }
        }
        text += "\n    @classmethod\n    def from_json(cls, value: object) -> \(name):\n"
        text += "        \(Python.doc("Reads it from parsed JSON."))\n"
        text += "        of = members(value)\n        return cls(\n"
        for member in members { text += "            \(read(member, "of")),\n" }
        return text + "        )\n"
    }

    /// An expression that reads a member of the object `of`.
    private static func read(_ member: Member, _ of: String) -> String {
        let key = Python.text(member.name)
        let read = member.shape.pythonRead("\(of)[\(key)]")
        return member.isRequired ? read : "\(read) if \(key) in \(of) else ABSENT"
    }

    // MARK: Errors

    static func errors(_ schema: Schema) -> String {
        var text = Python.banner(
            "The schema's errors: a class for each code, with its data as attributes.",
            [
                "from collections.abc import Mapping", "from typing import cast", "",
                "from .._errors import ServerError", readers,
                "from .models import \(used(schema).joined(separator: ", "))",
            ])
        text += Python.all(schema.errors.map { Names.upperCamel($0.name) })
        for error in schema.errors { text += self.error(error) }
        text += "\n\n#: The class of each code.\nERRORS: dict[int, type[ServerError]] = {\n"
        for error in schema.errors {
            text += "    \(error.code): \(Names.upperCamel(error.name)),\n"
        }
        return text + "}\n"
    }

    /// The types that data of errors are made of.
    private static func used(_ schema: Schema) -> [String] {
        var names: Set<String> = []
        for member in schema.errors.flatMap({ $0.data + $0.optional }) {
            var shape = member.shape
            while true {
                if case .list(let inner) = shape { shape = inner } else { break }
            }
            switch shape {
            case .object(let name): names.insert(name)
            case .choice(_, let name?): names.insert(name)
            default: break
            }
        }
        return names.sorted()
    }

    private static func error(_ error: ErrorType) -> String {
        let members = error.data + error.optional
        var text = "\n\nclass \(Names.upperCamel(error.name))(ServerError):\n"
        text += "    \(Python.doc("\(error.code): \(error.when)"))\n\n"
        text += "    code = \(error.code)\n    name = \(Python.text(error.name))\n"
        text += "    status = \(Python.text(error.status))\n"
        text += "    retry = \(Python.text(error.retry))\n"
        text += "    says = \(Python.text(error.message))\n"
        guard !members.isEmpty else { return text }
        text += "\n"
        for member in members {
            let absent = member.isRequired ? "" : " | Absent"
            text += "    \(attribute(member)): \(member.shape.python)\(absent)\n"
        }
        text += "\n    def _read(self, data: Mapping[str, object]) -> None:\n"
        for member in members {
            text += "        self.\(attribute(member)) = \(read(member, "data"))\n"
        }
        return text
    }

    /// The attribute of a member of the data; `errors` of `-32602` and the like keep their names.
    private static func attribute(_ member: Member) -> String {
        let taken: Set<String> = ["args", "code", "data", "message", "method", "name"]
        return taken.contains(member.name) ? member.name + "_" : Python.name(member.name)
    }

    // MARK: Notifications

    static func notifications(_ schema: Schema) -> String {
        let types = schema.notifications.map { Names.upperCamel($0.name.replacing(".", with: "_")) }
        var text = Python.banner(
            "What the server says by itself.",
            [
                "from collections.abc import Callable", "from dataclasses import dataclass",
                "from typing import Union", "", "from .._values import UnknownNotification",
                readers,
            ])
        text += Python.all(types + ["Notification"])
        for (notification, type) in zip(schema.notifications, types) {
            text += structure(
                type, "`\(notification.name)`: \(notification.summary)", notification.params)
        }
        text += "\n\n#: Anything the server may say by itself, newer things too.\n"
        text += "Notification = Union[\(types.joined(separator: ", ")), UnknownNotification]\n"
        text += "\n#: How the params of each are read.\n"
        text += "NOTIFICATIONS: dict[str, Callable[[object], Notification]] = {\n"
        for (notification, type) in zip(schema.notifications, types) {
            text += "    \(Python.text(notification.name)): \(type).from_json,\n"
        }
        return text + "}\n"
    }

    // MARK: The method table

    static func methods(_ schema: Schema) -> String {
        var text = Python.banner(
            "Every method of the schema.", ["from .._method import Method"])
        text +=
            "\n#: The version of the schema.\nSCHEMA_VERSION = \(Python.text(schema.version))\n\n"
        for method in schema.methods {
            let words = [method.name, method.effect, method.auth, method.token].map(Python.text)
            text += "\(Python.constant(method)) = Method(\(words.joined(separator: ", ")))\n"
        }
        let hidden = Python.text(schema.discoverMethod)
        text += "RPC_DISCOVER = Method(\(hidden), \"none\", \"nobody\", \"ignored\")\n"
        text +=
            "\n#: By name.\nMETHODS: dict[str, Method] = {\n    method.name: method\n    for method in (\n"
        for method in schema.methods { text += "        \(Python.constant(method)),\n" }
        return text + "        RPC_DISCOVER,\n    )\n}\n"
    }
}
