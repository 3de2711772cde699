// The generator: the TypeScript client's typed calls, by namespace. What binds a connection
// (`auth.attach`, an `attach` param) is not among them: the client attaches each of its connections
// by itself.

enum EmitTypeScriptCalls {
    static func file(_ schema: Schema) -> String {
        let methods = schema.handled.filter { $0.effect != "session" }
        var readers: Set<String> = []
        var types: Set<String> = []
        for method in methods {
            types.formUnion(offered(method).compactMap(\.shape.component))
            guard case .object(let name)? = method.result, name != "Empty" else { continue }
            readers.insert("read" + name)
            types.insert(name)
            if let item = schema.object(name)?.item { types.insert(item) }
        }
        var text = TypeScript.banner(
            "The calls of the client.",
            [
                "import type { CallOptions } from \"../options.js\";",
                "import { iterate } from \"../pages.js\";",
                "import type { Perform } from \"../pages.js\";",
                "import { readAnything, readNothing, readText } from \"../values.js\";",
                "import * as methods from \"./methods.js\";",
            ]
                + TypeScript.imports(Array(readers), from: "./models.js", isType: false)
                + TypeScript.imports(Array(types), from: "./models.js"))
        for method in methods { text += params(method) }
        for namespace in schema.namespaces {
            text += "\n" + TypeScript.doc("The calls of `\(namespace).*`.")
            text += "export class \(type(namespace)) {\n  readonly #perform: Perform;\n\n"
            text += "  constructor(perform: Perform) {\n    this.#perform = perform;\n  }\n"
            for method in methods where method.namespace == namespace {
                text += call(method)
                if case .object(let name)? = method.result, let item = schema.object(name)?.item {
                    text += iterator(method, item)
                }
            }
            text += "}\n"
        }
        return text + namespaces(schema)
    }

    private static func type(_ namespace: String) -> String {
        Names.capitalized(namespace) + "Calls"
    }

    private static func offered(_ method: Method) -> [Member] { method.params.filter { !$0.binds } }

    private static func params(_ method: Method) -> String {
        let members = offered(method)
        guard !members.isEmpty else { return "" }
        var text = "\n" + TypeScript.doc("What `\(method.name)` takes.")
        text += "export interface \(method.paramsType) {\n"
        text += EmitTypeScript.members(members, "  ") { $0.typeScriptParam }
        return text + "}\n"
    }

    private static func namespaces(_ schema: Schema) -> String {
        var text = "\n" + TypeScript.doc("All namespaces; a client is one of these.")
        text += "export class Calls {\n"
        for namespace in schema.namespaces {
            text += "  readonly \(namespace): \(type(namespace));\n"
        }
        text += "\n  constructor(perform: Perform) {\n"
        for namespace in schema.namespaces {
            text += "    this.\(namespace) = new \(type(namespace))(perform);\n"
        }
        return text + "  }\n}\n"
    }

    // MARK: One call

    private static func call(_ method: Method) -> String {
        let result = method.result?.typeScript ?? "void"
        let reader = method.result?.typeScriptReader ?? "readNothing"
        var text = "\n" + TypeScript.doc(method.summary, "  ")
        text += "  \(method.verb)(\(signature(method, method.paramsType))): Promise<\(result)> {\n"
        let given = offered(method).isEmpty ? "{}" : "params"
        text += "    return this.#perform(methods.\(method.swift), \(given), \(reader), options);\n"
        return text + "  }\n"
    }

    private static func signature(_ method: Method, _ type: String) -> String {
        let members = offered(method)
        guard !members.isEmpty else { return "options?: CallOptions" }
        let usual = members.contains(where: \.isRequired) ? "" : " = {}"
        return "params: \(type)\(usual), options?: CallOptions"
    }

    // MARK: All pages

    private static func iterator(_ method: Method, _ item: String) -> String {
        let name = method.verb == "list" ? "iterate" : "iterate" + Names.capitalized(method.verb)
        let about = method.summary + " All of them: the next page is fetched when it is needed."
        var text = "\n" + TypeScript.doc(about, "  ")
        let type = "Omit<\(method.paramsType), \"cursor\">"
        let result = "AsyncGenerator<\(item), void, undefined>"
        text += "  \(name)(\(signature(method, type))): \(result) {\n"
        text += "    return iterate((cursor) => "
        return text + "this.\(method.verb)({ ...params, cursor }, options));\n  }\n"
    }
}
