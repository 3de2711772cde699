// The generator: the TypeScript client's types, errors, notifications and method table. The calls
// are in EmitTypeScriptCalls.

enum EmitTypeScript {
    private static let checks =
        "import { boolean, integer, items, members, present, text } from \"../values.js\";"

    // MARK: Types

    static func models(_ schema: Schema) -> String {
        var text = TypeScript.banner(
            "The schema's types: JSON as it came. Members that the schema does not know are left alone.",
            [checks])
        for choice in schema.choices {
            text += "\nexport type \(choice.name) = \(TypeScript.words(choice.words));\n"
        }
        for object in schema.objects where object.name != "Meta" && object.name != "Empty" {
            text += structure(object.name, object.summary, object.members)
        }
        return text
    }

    /// An interface, and the function that checks a value and gives it that type.
    private static func structure(
        _ name: String, _ summary: String, _ all: [Member]
    ) -> String {
        var text = "\n" + TypeScript.doc(summary) + "export interface \(name) {\n"
        text += members(all, "  ") { $0.typeScript }
        text += "}\n\n" + TypeScript.doc("Checks that parsed JSON is of this type.")
        text += "export function read\(name)(value: unknown): \(name) {\n"
        text += checked(all, name)
        return text + "  return of as unknown as \(name);\n}\n"
    }

    /// Members of an interface.
    static func members(
        _ all: [Member], _ indent: String, _ type: (Shape) -> String
    ) -> String {
        all.map { member in
            let doc = member.summary.map { TypeScript.doc($0, indent) } ?? ""
            let mark = member.isRequired ? "" : "?"
            return doc + "\(indent)readonly \(member.name)\(mark): \(type(member.shape));\n"
        }.joined()
    }

    /// The checks of an object's members; the object is `of` then.
    private static func checked(_ all: [Member], _ name: String) -> String {
        var text = "  const of = members(value, \(literal(name)));\n"
        for member in all {
            let (value, place) = ("of.\(member.name)", "\(name).\(member.name)")
            if member.isRequired {
                text += member.shape.typeScriptCheck(value, place, "  ")
            } else {
                text += "  if (\(value) !== undefined) {\n"
                text += member.shape.typeScriptCheck(value, place, "    ") + "  }\n"
            }
        }
        return text
    }

    /// Imports of what these members are made of, and of its checks.
    private static func components(_ members: [Member], _ schema: Schema) -> [String] {
        let all = Set(members.compactMap(\.shape.component))
        let checks = all.filter { schema.object($0) != nil }.map { "read" + $0 }
        return TypeScript.imports(checks, from: "./models.js", isType: false)
            + TypeScript.imports(Array(all), from: "./models.js")
    }

    // MARK: Errors

    static func errors(_ schema: Schema) -> String {
        var text = TypeScript.banner(
            "The schema's errors: a union that tells them apart by name or by code.",
            ["import type { ServerFailure } from \"../errors.js\";", checks]
                + components(schema.errors.flatMap { $0.data + $0.optional }, schema))
        for error in schema.errors { text += self.error(error) }
        text += "\n"
        text += TypeScript.doc("An error of the schema; a `switch` over `name` knows them all.")
        text += "export type KnownServerError =\n"
        text += schema.errors.map { "  | \(Names.upperCamel($0.name))" }.joined(separator: "\n")
        text += ";\n\n" + TypeScript.doc("What the schema says of an error.")
        text += "export interface ErrorKind {\n  readonly name: KnownServerError[\"name\"];\n"
        text += "  readonly status: string;\n  readonly retry: string;\n  readonly says: string;\n"
        text += "  readonly check: (data: unknown) => unknown;\n}\n\n"
        text += TypeScript.doc("By code.")
        text += "export const ERRORS: ReadonlyMap<number, ErrorKind> = "
        text += "new Map<number, ErrorKind>([\n"
        for error in schema.errors { text += kind(error) }
        return text + "]);\n"
    }

    private static func error(_ error: ErrorType) -> String {
        let (type, all) = (Names.upperCamel(error.name), error.data + error.optional)
        let name = literal(error.name)
        var text = ""
        if !all.isEmpty {
            text += "\n" + TypeScript.doc("The data of `\(error.name)`.")
            text += "export interface \(type)Data {\n"
            text += members(all, "  ") { $0.typeScript } + "}\n"
        }
        text += "\n" + TypeScript.doc("\(error.code): \(error.when)")
        let data = all.isEmpty ? "Readonly<Record<string, unknown>>" : "\(type)Data"
        text += "export type \(type) = ServerFailure<\(name), \(error.code), \(data)>;\n"
        guard !all.isEmpty else { return text }
        text += "\nfunction check\(type)(value: unknown): unknown {\n"
        return text + checked(all, error.name) + "  return of;\n}\n"
    }

    private static func kind(_ error: ErrorType) -> String {
        let isBare = error.data.isEmpty && error.optional.isEmpty
        let check = isBare ? "(data) => data" : "check" + Names.upperCamel(error.name)
        let words = [
            ("name", error.name), ("status", error.status), ("retry", error.retry),
            ("says", error.message),
        ]
        var text = "  [\n    \(error.code),\n    {\n"
        for (name, word) in words { text += "      \(name): \(literal(word)),\n" }
        return text + "      check: \(check),\n    },\n  ],\n"
    }

    // MARK: Notifications

    static func notifications(_ schema: Schema) -> String {
        let types = schema.notifications.map { Names.upperCamel($0.name.replacing(".", with: "_")) }
        var text = TypeScript.banner(
            "What the server says by itself.",
            ["import type { UnknownNotification } from \"../notification.js\";", checks]
                + components(schema.notifications.flatMap(\.params), schema))
        for (notification, type) in zip(schema.notifications, types) {
            text += structure(
                type + "Params", "The params of `\(notification.name)`.", notification.params)
            text += "\n" + TypeScript.doc(notification.summary) + "export interface \(type) {\n"
            text += "  readonly method: \(literal(notification.name));\n"
            text += "  readonly params: \(type)Params;\n}\n"
        }
        text += "\n" + TypeScript.doc("Anything the server may say by itself, newer things too.")
        text += "export type ServerNotification = "
        text += (types + ["UnknownNotification"]).joined(separator: " | ") + ";\n\n"
        text += TypeScript.doc("How the params of each are checked.")
        text += "export const NOTIFICATIONS: ReadonlyMap<string, (params: unknown) => unknown> ="
        text += " new Map<\n  string,\n  (params: unknown) => unknown\n>([\n"
        for (notification, type) in zip(schema.notifications, types) {
            text += "  [\(literal(notification.name)), read\(type)Params],\n"
        }
        return text + "]);\n"
    }

    // MARK: The method table

    static func methods(_ schema: Schema) -> String {
        var text = TypeScript.banner(
            "Every method of the schema.", ["import { Method } from \"../method.js\";"])
        text += "\n" + TypeScript.doc("The version of the schema.")
        text += "export const SCHEMA_VERSION = \(literal(schema.version));\n\n"
        for method in schema.methods {
            let words = [method.name, method.effect, method.token].map(literal)
            let binds = method.params.contains(where: \.binds)
            text += "export const \(method.swift) = new Method("
            text += (words + ["\(binds)"]).joined(separator: ", ") + ");\n"
        }
        let hidden = literal(schema.discoverMethod)
        text += "export const rpcDiscover = "
        text += "new Method(\(hidden), \"none\", \"ignored\", false);\n\n"
        text += TypeScript.doc("By name.")
        text += "export const METHODS: ReadonlyMap<string, Method> = new Map(\n  [\n"
        for method in schema.methods { text += "    \(method.swift),\n" }
        return text + "    rpcDiscover,\n  ].map((method) => [method.name, method]),\n);\n"
    }
}
