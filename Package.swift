// swift-tools-version: 6.2
// One package, no dependencies: the toolchain, and the operating system's C libraries behind module maps.
// The floors, and what each target may import, are in README.md; Tests/RepositoryTests holds them to it.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

func room(
    _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, exclude: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: exclude,
        swiftSettings: settings)
}

func tool(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func library(_ name: String, pkgConfig: String, apt: String, brew: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

let fuzzed: [Target.Dependency] = [
    "MuseHTTP", "MuseServer", "MuseService", "MentalMuseProtocol", "MuseCrypto", "MuseRPC",
    "MuseOptions", "MuseJSON", "MuseBase",
]

let package = Package(
    name: "MentalMuse",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "MentalMuseClient", targets: ["MentalMuseClient"]),
        .executable(name: "mentalmuse", targets: ["mentalmuse"]),
        .executable(name: "muse-protocol", targets: ["muse-protocol"]),
    ],
    dependencies: [],
    targets: [
        // Floor 0: the operating system's libraries.
        .target(name: "CPlatform"),
        library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev", brew: "sqlite"),
        library("CSodium", pkgConfig: "libsodium", apt: "libsodium-dev", brew: "libsodium"),
        library("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev", brew: "openssl@3"),
        .target(
            name: "CMicroHTTP",
            linkerSettings: [.linkedLibrary("microhttpd"), .linkedLibrary("gnutls")]),
        library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev", brew: "zlib"),
        library("CEdit", pkgConfig: "libedit", apt: "libedit-dev", brew: "libedit"),
        // Floor 1: pure vocabulary.
        room("MuseBase", []),
        room("MuseJSON", []),
        room("MuseSQL", []),
        room("MuseOptions", []),
        room("MuseTLS", ["COpenSSL"]),
        // Floor 2: one room each.
        room("MuseCrypto", ["CSodium", "MuseJSON", "MuseBase"]),
        room("MuseNet", ["CPlatform", "MuseBase", "MuseTLS"]),
        room("MuseRPC", ["MuseJSON"]),
        room("MuseSQLite", ["MuseSQL", "MuseBase", "CSQLite"]),
        // Floor 3: the vocabulary of the service, and its data.
        room("MentalMuseProtocol", ["MuseRPC", "MuseJSON", "MuseBase"]),
        room("MuseStore", ["MuseSQL", "MuseBase"]),
        // Floor 4: the rules, and the client.
        room(
            "MuseService",
            [
                "MentalMuseProtocol", "MuseRPC", "MuseJSON", "MuseStore", "MuseSQL", "MuseCrypto",
                "MuseBase",
            ]),
        room(
            "MentalMuseClient",
            ["MentalMuseProtocol", "MuseRPC", "MuseJSON", "MuseBase", "MuseTLS"],
            path: "clients/swift/Sources/MentalMuseClient"),
        // Floor 5: connections meet the service.
        room(
            "MuseServer",
            [
                "MuseNet", "MuseTLS", "MuseRPC", "MuseJSON", "MuseBase", "MentalMuseProtocol",
                "MuseService",
            ]),
        // Floor 6: the same over HTTP.
        room(
            "MuseHTTP",
            [
                "CMicroHTTP", "CZlib", "MuseServer", "MuseNet", "MuseTLS", "MuseRPC", "MuseJSON",
                "MuseBase", "MentalMuseProtocol", "MuseService",
            ], exclude: ["Page"]),
        // Floor 6: the load that it is measured by.
        room(
            "MuseBench",
            [
                "CPlatform", "MuseNet", "MuseTLS", "MentalMuseProtocol", "MuseRPC", "MuseJSON",
                "MuseBase",
            ]),
        // Floor 7: the program.
        tool(
            "mentalmuse",
            [
                "MuseBench", "MuseHTTP", "MuseServer", "MuseService", "MuseStore", "MuseSQLite",
                "MuseSQL", "MuseCrypto", "MuseNet", "MuseTLS", "MuseRPC", "MuseJSON", "MuseBase",
                "MuseOptions",
                "MentalMuseProtocol", "MentalMuseClient", "CEdit", "CPlatform",
            ],
            exclude: ["OPERATING.md"]),
        // The generator.
        room("MuseProtocolGen", ["CSodium", "MuseJSON"]),
        tool("muse-protocol", ["MuseProtocolGen", "MuseJSON"]),
        // Tests: one target a library.
        tests("MuseBaseTests", ["MuseBase"]),
        tests("MentalMuseProtocolTests", ["MentalMuseProtocol", "MuseRPC", "MuseJSON"]),
        tests("MuseJSONTests", ["MuseJSON"]),
        tests("MuseTLSTests", ["MuseTLS", "Spawning"]),
        tests("MuseCryptoTests", ["MuseCrypto", "MuseBase", "MuseJSON"]),
        tests("MuseNetTests", ["MuseNet", "MuseBase", "MuseTLS"]),
        tests("MentalMuseProgramTests", ["mentalmuse", "Spawning", "MuseBase"]),
        tests("MuseRPCTests", ["MuseRPC", "MuseJSON"]),
        tests(
            "MuseServerTests",
            [
                "MuseServer", "MuseService", "MuseNet", "MuseTLS", "MuseRPC", "MuseJSON",
                "MuseBase", "MentalMuseProtocol", "Spawning",
            ]),
        tests(
            "MuseHTTPTests",
            [
                "MuseHTTP", "MuseServer", "MuseService", "MentalMuseProtocol", "MuseStore",
                "MuseSQLite", "MuseSQL", "MuseCrypto", "MuseNet", "MuseTLS", "MuseRPC", "MuseJSON",
                "MuseBase", "Spawning",
            ]),
        tests(
            "MuseBenchTests",
            ["MuseBench", "MuseNet", "MentalMuseProtocol", "MuseJSON", "MuseBase"]),
        tests("MuseSQLiteTests", ["MuseSQLite", "MuseSQL", "MuseBase", "CSQLite"]),
        .target(name: "CSpawning", path: "Tests/CSpawning"),
        .target(
            name: "Spawning", dependencies: ["CSpawning", "MuseBase"], path: "Tests/Spawning",
            swiftSettings: settings),
        // The transcripts: the replayer, the server's tests by it, the Swift client's.
        .target(
            name: "Transcripts", dependencies: ["Spawning", "MuseTLS", "MuseJSON", "MuseBase"],
            path: "Tests/Transcripts", swiftSettings: settings),
        tests(
            "ConformanceTests",
            [
                "mentalmuse", "client-replay", "Transcripts", "Spawning", "MuseTLS", "MuseJSON",
                "MuseBase",
            ]),
        .executableTarget(
            name: "client-replay",
            dependencies: [
                "Transcripts", "MentalMuseClient", "MentalMuseProtocol", "MuseTLS", "MuseRPC",
                "MuseJSON", "MuseBase",
            ], path: "Tests/ClientReplay", swiftSettings: settings),
        .executableTarget(
            name: "client-bench",
            dependencies: ["MentalMuseClient", "MentalMuseProtocol", "MuseJSON", "MuseBase"],
            path: "Tests/ClientBench", swiftSettings: settings),
        .executableTarget(
            name: "bench-rooms",
            dependencies: [
                "MuseService", "MuseServer", "MentalMuseProtocol", "MuseStore", "MuseSQLite",
                "MuseCrypto", "MuseRPC", "MuseJSON", "MuseBase",
            ], path: "Tests/Benchmarks/Rooms", swiftSettings: settings),
        .executableTarget(
            name: "bench-draw", dependencies: ["MuseBench", "MuseJSON"],
            path: "Tests/Benchmarks/Draw", swiftSettings: settings),
        .testTarget(
            name: "RepositoryTests", dependencies: ["MuseProtocolGen", "MuseJSON"],
            exclude: ["add-method.py"], swiftSettings: settings),
        tests("MuseProtocolGenTests", ["MuseProtocolGen", "MuseJSON"]),
        tests("MuseStoreTests", ["MuseStore", "MuseSQLite", "MuseSQL", "MuseBase"]),
        tests(
            "MuseServiceTests",
            [
                "MuseService", "MentalMuseProtocol", "MuseStore", "MuseSQLite", "MuseSQL",
                "MuseCrypto", "MuseRPC", "MuseJSON", "MuseBase",
            ]),
        // The service against a plain model of it.
        tests(
            "ModelTests",
            [
                "MuseService", "MentalMuseProtocol", "MuseStore", "MuseSQLite", "MuseSQL",
                "MuseCrypto", "MuseRPC", "MuseJSON", "MuseBase", "MuseHTTP",
            ]),
        // Fuzzing: the targets, run with a seed by `swift test`.
        .target(
            name: "FuzzTargets", dependencies: fuzzed, path: "Tests/Fuzzers/FuzzTargets",
            swiftSettings: settings),
        .testTarget(
            name: "FuzzerTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzzers/FuzzerTests",
            swiftSettings: settings),
        tests(
            "MentalMuseClientTests",
            [
                "MentalMuseClient", "MentalMuseProtocol", "MuseTLS", "MuseRPC", "MuseJSON",
                "MuseBase", "Spawning", "COpenSSL",
            ]),
    ]
)

// MUSE_ONLY_CLIENT=1 swift test: the Swift client and its tests alone, where the server's libraries
// are not installed.
if Context.environment["MUSE_ONLY_CLIENT"] != nil {
    let kept: Set = [
        "COpenSSL", "MuseBase", "MuseJSON", "MuseTLS", "MuseRPC", "MentalMuseProtocol",
        "MentalMuseClient", "MentalMuseClientTests", "Spawning", "CSpawning",
    ]
    package.products = [.library(name: "MentalMuseClient", targets: ["MentalMuseClient"])]
    package.targets.removeAll { !kept.contains($0.name) }
}

// Under libFuzzer (Tests/Fuzzers/run): MUSE_FUZZERS=1 swift build --product fuzz --sanitize fuzzer
// -Xswiftc -sanitize=fuzzer,address -Xswiftc -parse-as-library. It has no main of its own, so an
// ordinary build leaves it out.
if Context.environment["MUSE_FUZZERS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzzers/fuzz",
            swiftSettings: settings))
}
