// The generator: every generated file with its bytes. `generate` writes the plan, `verify` compares
// it, so that they cannot differ. Called by muse-protocol and by the repository's tests.
package import MuseJSON

/// What is generated from a schema document.
package enum Plan {
    private static let protocolFolder = "Sources/MentalMuseProtocol/Generated/"
    private static let clientFolder = "clients/swift/Sources/MentalMuseClient/Generated/"
    private static let pythonFolder = "clients/python/src/mentalmuse/_generated/"
    private static let typeScriptFolder = "clients/typescript/src/generated/"
    private static let httpFolder = "Sources/MuseHTTP/Generated/"

    /// Paths from the top of the repository, and their text; sorted by path. Without the page's
    /// sources, all that comes from the schema alone.
    /// - Throws: SchemaError with the JSON pointer of what cannot be expressed.
    package static func files(
        _ document: JSONValue, page: PageSource? = nil
    ) throws(SchemaError) -> [(path: String, text: String)] {
        let schema = try Schema(document)
        var files: [(path: String, text: String)] = [
            (protocolFolder + "Models.swift", EmitModels.file(schema)),
            (protocolFolder + "Meta.swift", EmitParams.meta(schema)),
            (protocolFolder + "Rules.swift", EmitParams.rules(schema)),
            (protocolFolder + "MethodID.swift", EmitMethods.table(schema)),
            (protocolFolder + "Interfaces.swift", EmitMethods.interfaces(schema)),
            (protocolFolder + "Dispatch.swift", EmitMethods.dispatch(schema)),
            (protocolFolder + "Errors.swift", EmitErrors.file(schema)),
            (protocolFolder + "Document.swift", EmitErrors.document(schema)),
            (protocolFolder + "Notifications.swift", EmitErrors.notifications(schema)),
            (clientFolder + "Calls.swift", EmitClient.file(schema)),
            (clientFolder + "ClientError.swift", EmitClientErrors.file(schema)),
            (clientFolder + "ServerNotification.swift", EmitClientErrors.notifications(schema)),
            (pythonFolder + "__init__.py", EmitPython.root),
            (pythonFolder + "models.py", EmitPython.models(schema)),
            (pythonFolder + "errors.py", EmitPython.errors(schema)),
            (pythonFolder + "notifications.py", EmitPython.notifications(schema)),
            (pythonFolder + "methods.py", EmitPython.methods(schema)),
            (pythonFolder + "calls.py", EmitPythonCalls.file(schema, isAsync: false)),
            (pythonFolder + "calls_async.py", EmitPythonCalls.file(schema, isAsync: true)),
            (typeScriptFolder + "models.ts", EmitTypeScript.models(schema)),
            (typeScriptFolder + "errors.ts", EmitTypeScript.errors(schema)),
            (typeScriptFolder + "notifications.ts", EmitTypeScript.notifications(schema)),
            (typeScriptFolder + "methods.ts", EmitTypeScript.methods(schema)),
            (typeScriptFolder + "calls.ts", EmitTypeScriptCalls.file(schema)),
            (httpFolder + "Routes.swift", EmitREST.routes(schema)),
            (httpFolder + "Representations.swift", EmitREST.representations(schema)),
            (httpFolder + "OpenAPIDocument.swift", EmitOpenAPI.embedded(schema)),
            ("Protocol/openapi.json", EmitOpenAPI.file(schema)),
            ("Protocol/REFERENCE.md", EmitReference.file(schema)),
            ("Tests/MuseServerTests/Generated/Unserved.swift", EmitMethods.unserved(schema)),
        ]
        for namespace in schema.namespaces {
            let name = Names.capitalized(namespace) + "Params.swift"
            files.append((protocolFolder + name, EmitParams.file(schema, namespace: namespace)))
        }
        if let page {
            files.append((httpFolder + "Page.swift", try EmitPage.embedded(page)))
        }
        return files.sorted { $0.path < $1.path }
    }
}
