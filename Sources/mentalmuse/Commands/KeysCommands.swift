// The commands `keys …` and `backup`: the signing keys and a copy of everything, as the operator.
internal import Glibc
internal import MuseJSON
internal import MuseOptions

/// `mentalmuse keys list | rotate | retire KID [--now]`.
enum KeysCommands {
    private static let now = Option(
        "now", .flag, "false", in: .general,
        "At once, with every token that it signed: for a key that has leaked.", reach: .flagOnly)

    static let commands: [Command] = [list, rotate, retire]

    private static let list = Command(
        path: ["keys", "list"], summary: "Show the keys that sign and verify tokens.",
        details: [UserCommands.finding], options: ServeOptions.folder, table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                show(try door.call("admin.keys", [:]))
            }
        })

    private static let rotate = Command(
        path: ["keys", "rotate"], summary: "Publish a new key, which signs ten minutes later.",
        details: [
            "The old key verifies until the last token that it signed has expired.",
            UserCommands.finding,
        ],
        options: ServeOptions.folder, table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                show(try door.call("admin.rotate_keys", [:]))
            }
        })

    private static let retire = Command(
        path: ["keys", "retire"], summary: "Stop signing with a key.",
        details: [
            "Without --now the key verifies until its last token has expired.",
            "A KID of another program's that begins with a dash comes after --.",
            UserCommands.finding,
        ],
        operands: ["KID"], options: [now] + ServeOptions.folder, table: ServeOptions.all + [now],
        run: { (input) throws(CommandFailure) in
            let params: JSONValue = [
                "kid": .string(try input.operand(0)), "now": .bool(input.settings.isOn(now)),
            ]
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                show(try door.call("admin.retire_key", params))
            }
        })

    /// A line a key on a terminal, JSON elsewhere.
    private static func show(_ value: JSONValue) {
        guard Output.Stream.standard.isTerminal else { return Output.line(value.text()) }
        for key in value["keys"]?.array ?? [] {
            let until = key["verifies_until"]?.string ?? "-"
            Output.line(
                [
                    key["kid"]?.string ?? "", Text.padded(key["state"]?.string ?? "", 10),
                    "signs from", key["signs_from"]?.string ?? "", "verifies until", until,
                ].joined(separator: "  "))
        }
    }
}

/// `mentalmuse backup PATH`.
enum BackupCommand {
    static let command = Command(
        path: ["backup"], summary: "Copy the database, consistent while in use, and the keys.",
        details: [
            "PATH is a folder that does not exist yet; it is made (mode 0700), its files are 0600. Who has "
                + "it can sign tokens: keep it as safe as the data folder.",
            UserCommands.finding,
        ],
        operands: ["PATH"], options: ServeOptions.folder, table: ServeOptions.all,
        examples: ["mentalmuse backup /var/backups/mentalmuse-monday"],
        run: { (input) throws(CommandFailure) in
            let given = try input.operand(0)
            // The server may have been started in another folder.
            let path =
                given.hasPrefix("/") ? given : (Files.workingFolder() ?? "") + "/" + given
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                let backup = try door.call("admin.backup", ["path": .string(path)])
                Output.line(backup.text(indented: Output.Stream.standard.isTerminal))
            }
        })
}
