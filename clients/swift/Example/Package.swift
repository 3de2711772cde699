// swift-tools-version: 6.2
// The Swift client at work: `example` shows it, `pings` measures it, `writes` shows that nothing is
// lost or doubled while the server is started again. All take the server from MUSE_URL.
import PackageDescription

let package = Package(
    name: "Example",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "MentalMuse", path: "../../..")],
    targets: [
        .executableTarget(
            name: "example",
            dependencies: [.product(name: "MentalMuseClient", package: "MentalMuse")]),
        .executableTarget(
            name: "pings",
            dependencies: [.product(name: "MentalMuseClient", package: "MentalMuse")]),
        .executableTarget(
            name: "writes",
            dependencies: [.product(name: "MentalMuseClient", package: "MentalMuse")]),
    ]
)
