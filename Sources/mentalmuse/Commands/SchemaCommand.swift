// The commands `schema` and `options`: what the program knows of itself, for people and tools.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseOptions

/// `mentalmuse schema [METHOD] [--openrpc 1.3.2]`.
enum SchemaCommand {
    private static let openrpc = Option(
        "openrpc", .choice(["1.4.1", "1.3.2"]), "1.4.1", in: .general,
        "The version of OpenRPC that the document claims; 1.3.2 is for tools that know no other.",
        reach: .flagOnly)

    static let command = Command(
        path: ["schema"], summary: "Print the schema: every method, type, rule and error.",
        details: [
            "The document is OpenRPC (JSON): the same that 'rpc.discover' gives. It is indented on a "
                + "terminal and one line elsewhere."
        ],
        options: [openrpc],
        examples: ["mentalmuse schema | jq -r .methods[].name"],
        run: { (input) throws(CommandFailure) in
            var document = SchemaIndex.builtIn.document
            guard var members = document.members else { return }
            if let version = input.settings.text(openrpc),
                let index = members.firstIndex(where: { $0.name == "openrpc" })
            {
                members[index].value = .string(version)
            }
            document = .object(members)
            Output.line(document.text(indented: Output.Stream.standard.isTerminal))
        })
}

/// `mentalmuse options`: the operator's page.
enum OptionsCommand {
    static let command = Command(
        path: ["options"], summary: "Print all options of 'serve' as a Markdown page.",
        run: { (input) throws(CommandFailure) in
            Output.line(Help.operatorsPage(ServeOptions.all))
        })
}
