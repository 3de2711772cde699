// Tests of the repository: who may import whom.
internal import Foundation
internal import Testing

/// One row of the table of rooms.
struct Room: Sendable, CustomTestStringConvertible {
    let name: String
    /// The rooms and C libraries that it may import.
    let mayImport: Set<String>
    /// Whether it deals with threads, files or sockets itself.
    let touchesSystem: Bool

    init(_ name: String, _ mayImport: Set<String>, system touchesSystem: Bool = false) {
        self.name = name
        self.mayImport = mayImport
        self.touchesSystem = touchesSystem
    }

    var testDescription: String { name }

    private static let server: Set<String> = [
        "MuseNet", "MuseTLS", "MuseRPC", "MuseJSON", "MuseBase", "MentalMuseProtocol",
        "MuseService",
    ]

    /// The table of rooms, floor by floor.
    static let all: [Room] = [
        Room("CPlatform", [], system: true), Room("CSQLite", []), Room("CPostgres", []),
        Room("CSodium", []), Room("COpenSSL", []), Room("CMicroHTTP", []), Room("CZlib", []),
        Room("CEdit", []),
        Room("MuseBase", [], system: true),
        Room("MuseJSON", []),
        Room("MuseSQL", []),
        Room("MuseOptions", []),
        Room("MuseTLS", ["COpenSSL"], system: true),
        Room("MuseCrypto", ["CSodium", "MuseJSON", "MuseBase"], system: true),
        Room("MuseNet", ["CPlatform", "MuseBase", "MuseTLS"], system: true),
        Room("MuseRPC", ["MuseJSON"]),
        Room("MuseSQLite", ["MuseSQL", "MuseBase", "CSQLite"], system: true),
        Room("MusePostgres", ["MuseSQL", "MuseBase", "CPostgres", "MuseNet"], system: true),
        Room("MentalMuseProtocol", ["MuseRPC", "MuseJSON", "MuseBase"]),
        Room("MuseStore", ["MuseSQL", "MuseBase"], system: true),
        Room(
            "MuseService",
            [
                "MentalMuseProtocol", "MuseRPC", "MuseJSON", "MuseStore", "MuseSQL", "MuseCrypto",
                "MuseBase",
            ], system: true),
        Room(
            "MentalMuseClient",
            ["MentalMuseProtocol", "MuseRPC", "MuseJSON", "MuseBase", "MuseTLS"],
            system: true),
        Room("MuseServer", server, system: true),
        Room("MuseHTTP", server.union(["CMicroHTTP", "CZlib", "MuseServer"]), system: true),
        Room(
            "MuseBench",
            [
                "CPlatform", "MuseNet", "MuseTLS", "MentalMuseProtocol", "MuseRPC", "MuseJSON",
                "MuseBase",
            ], system: true),
        Room(
            "mentalmuse",
            server.union([
                "MuseServer", "MuseHTTP", "MuseBench", "MuseStore", "MuseSQLite", "MusePostgres",
                "MuseSQL", "MuseCrypto", "MuseOptions", "MentalMuseClient", "CEdit", "CPlatform",
            ]), system: true),
        Room("MuseProtocolGen", ["CSodium", "MuseJSON"]),
        Room("muse-protocol", ["MuseProtocolGen", "MuseJSON"], system: true),
    ]
}

/// An import line.
struct Import {
    let module: String
    let hasAccess: Bool

    /// The imports of a file.
    static func all(_ file: Repository.File) -> [Import] {
        file.codeLines.compactMap { line in
            guard line.contains("import ") else { return nil }
            var words = line.split(separator: " ").filter { !$0.hasPrefix("@") }[...]
            let access: Set<Substring> = [
                "public", "package", "internal", "private", "fileprivate",
            ]
            let hasAccess = words.first.map(access.contains) ?? false
            if hasAccess { words.removeFirst() }
            guard words.first == "import" else { return nil }
            words.removeFirst()
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var"]
            if let kind = words.first, kinds.contains(kind) { words.removeFirst() }
            guard let module = words.first?.split(separator: ".").first else { return nil }
            return Import(module: String(module), hasAccess: hasAccess)
        }
    }
}

struct LayeringTests {
    private static let sources =
        Repository.swift.filter { !$0.path.hasPrefix("Tests/") }
        + Repository.files(under: ["Sources", "clients"], extensions: ["swift"]).filter(
            \.isGenerated)

    @Test func `every room is in the table`() {
        let known = Set(Room.all.map(\.name))
        for name in Repository.names(in: "Sources") {
            #expect(
                known.contains(name), "Sources/\(name) is in no row: write down what it may import")
        }
    }

    @Test(arguments: Room.all)
    func `a room imports only what its row lists`(room: Room) {
        let system: Set<String> = room.touchesSystem ? ["Glibc", "Darwin"] : []
        let allowed = room.mayImport.union(system).union(["Synchronization"])
        for file in Self.sources where file.target == room.name {
            for line in Import.all(file) where !allowed.contains(line.module) {
                Issue.record("\(file.path) imports \(line.module), which \(room.name) may not")
            }
        }
    }

    @Test func `no room imports one above it, in the table itself`() {
        var below: Set<String> = []
        for room in Room.all {
            let unknown = room.mayImport.subtracting(below)
            #expect(unknown.isEmpty, "\(room.name) would import \(unknown.sorted()) from above")
            below.insert(room.name)
        }
    }

    @Test func `Foundation is under Tests only`() {
        for file in Self.sources {
            let found = Import.all(file).filter { $0.module.hasPrefix("Foundation") }
            #expect(found.isEmpty, "\(file.path) imports Foundation")
        }
    }

    @Test func `every import says how far it reaches`() {
        for file in Self.sources where !file.isGenerated && !file.path.contains("/Example/") {
            for line in Import.all(file) where !line.hasAccess {
                Issue.record(
                    "\(file.path): import \(line.module) needs internal, package or public")
            }
        }
    }

    @Test func `nothing is reached by @testable`() {
        let word = "@test" + "able "
        for file in Repository.swift where file.text.contains(word) {
            Issue.record("\(file.path) uses \(word): make it package instead")
        }
    }

    @Test func `the package has no dependencies and no unsafe flags`() throws {
        let package = try #require(Repository.file("Package.swift"))
        #expect(package.text.contains("dependencies: [],\n    targets:"))
        #expect(!package.text.contains(".package("))
        #expect(!package.text.contains("unsafeFlags"))
    }
}
