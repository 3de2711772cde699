// The commands `user …`: accounts, as the operator of a data folder.
internal import MuseJSON
internal import MuseOptions

/// `mentalmuse user create | set-password | set-role | ban | unban`.
enum UserCommands {
    private static let role = Option(
        "role", .choice(["user", "moderator", "admin"]), "user", in: .general,
        "The role of the new user.", reach: .flagOnly)
    private static let email = Option(
        "email", .text("ADDRESS"), in: .general, "The new user's e-mail address.",
        reach: .flagOnly)
    private static let displayName = Option(
        "display-name", .text("NAME"), in: .general, "The new user's name for people.",
        reach: .flagOnly)
    private static let reason = Option(
        "reason", .text("TEXT"), in: .general, "Why; the banned user is told.", reach: .flagOnly)

    static let commands: [Command] = [create, setPassword, setRole, ban, unban]

    /// How all of them find the data.
    static let finding = """
        It works on a data folder: through its server where one runs, else by itself.
        """

    private static let passwords = """
        The password is asked for twice without echo; without a terminal it is the first line of standard \
        input. It is never an argument.
        """

    private static let create = Command(
        path: ["user", "create"], summary: "Make an account: the first admin too.",
        details: [passwords, finding + " Where there is none it is made."], operands: ["NAME"],
        options: [role, email, displayName] + ServeOptions.folder,
        table: ServeOptions.all + [role, email, displayName],
        examples: ["mentalmuse user create ada --role admin"],
        run: { (input) throws(CommandFailure) in
            let name = try input.operand(0)
            // Before the lock is taken: nobody else is to wait for a person.
            let password = try Secrets.readNew("password for \(name)")
            try OperatorDoor.open(input.settings, makes: true) { (door) throws(CommandFailure) in
                var members: [JSONValue.Member] = [
                    .init("username", .string(name)), .init("password", .string(password)),
                    .init("role", .string(input.settings.text(role) ?? "user")),
                ]
                if let email = input.settings.text(email) {
                    members.append(.init("email", .string(email)))
                }
                if let displayName = input.settings.text(displayName) {
                    members.append(.init("display_name", .string(displayName)))
                }
                show(try door.call("admin.create_user", .object(members)))
            }
        })

    private static let setPassword = Command(
        path: ["user", "set-password"],
        summary: "Set the password of an account; all its sessions end.",
        details: [passwords, finding], operands: ["NAME"], options: ServeOptions.folder,
        table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            let name = try input.operand(0)
            let password = try Secrets.readNew("new password for \(name)")
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                _ = try door.call(
                    "admin.set_password",
                    ["username": .string(name), "password": .string(password)])
            }
        })

    private static let setRole = Command(
        path: ["user", "set-role"], summary: "Give an account a role.", details: [finding],
        operands: ["NAME", "user|moderator|admin"], options: ServeOptions.folder,
        table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            let (name, role) = (try input.operand(0), try input.operand(1))
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                let id = try user(name, door)
                show(try door.call("users.set_role", ["id": id, "role": .string(role)]))
            }
        })

    private static let ban = Command(
        path: ["user", "ban"],
        summary: "Ban an account: its sessions end, its posts stay.", details: [finding],
        operands: ["NAME"], options: [reason] + ServeOptions.folder,
        table: ServeOptions.all + [reason],
        examples: ["mentalmuse user ban mallory --reason 'Spam'"],
        run: { (input) throws(CommandFailure) in
            let name = try input.operand(0)
            guard let reason = input.settings.text(reason) else {
                throw CommandFailure(UsageError("--reason is missing"))
            }
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                let id = try user(name, door)
                show(try door.call("users.ban", ["id": id, "reason": .string(reason)]))
            }
        })

    private static let unban = Command(
        path: ["user", "unban"], summary: "Lift a ban.", details: [finding], operands: ["NAME"],
        options: ServeOptions.folder, table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            let name = try input.operand(0)
            try OperatorDoor.open(input.settings) { (door) throws(CommandFailure) in
                show(try door.call("users.unban", ["id": try user(name, door)]))
            }
        })

    /// The id of the user of that name.
    private static func user(_ name: String, _ door: OperatorDoor) throws(CommandFailure)
        -> JSONValue
    {
        try door.call("users.get", ["username": .string(name)])["id"] ?? .null
    }

    private static func show(_ value: JSONValue) {
        Output.line(value.text(indented: Output.Stream.standard.isTerminal))
    }
}
