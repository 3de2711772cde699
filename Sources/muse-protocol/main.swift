// The generator's program: `generate` writes what Plan says, `verify` compares it with what is
// there.
internal import MuseJSON
internal import MuseProtocolGen

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

let usage = """
    usage: muse-protocol generate | verify      at the top of the repository
           muse-protocol compare OLD NEW [CHANGELOG]
               two schema documents: every difference, whom it breaks, and why. What breaks needs a
               new major version and an entry in the changelog (Protocol/CHANGELOG.md)

    """

/// Reads a whole file; nil where it cannot be read.
func read(_ path: String) -> [UInt8]? {
    guard let file = unsafe fopen(path, "rb") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes.append(contentsOf: chunk[..<count])
    }
}

/// Writes a whole file, its folder too.
func write(_ text: String, to path: String) -> Bool {
    var folder = ""
    for part in path.split(separator: "/").dropLast() {
        folder += folder.isEmpty ? String(part) : "/" + part
        _ = unsafe mkdir(folder, 0o755)
    }
    guard let file = unsafe fopen(path, "wb") else { return false }
    defer { unsafe fclose(file) }
    let bytes = Array(text.utf8)
    return unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count
}

func say(_ text: String, to descriptor: Int32 = 1) {
    let bytes = Array((text + "\n").utf8)
    #if canImport(Glibc)
        _ = unsafe Glibc.write(descriptor, bytes, bytes.count)
    #else
        _ = unsafe Darwin.write(descriptor, bytes, bytes.count)
    #endif
}

func fail(_ why: String, status: Int32 = 1) -> Never {
    say(why, to: 2)
    exit(status)
}

func document(_ path: String) -> JSONValue {
    guard let bytes = read(path) else { fail("\(path): cannot be read") }
    do throws(JSONError) {
        return try JSONValue(bytes.span)
    } catch {
        fail("\(path): \(error.reason.rawValue) at byte \(error.offset)")
    }
}

/// The page's sources, as they stand.
func page() -> PageSource {
    func text(_ name: String) -> String {
        let path = PageSource.folder + name
        guard let bytes = read(path), let text = String(validating: bytes, as: UTF8.self) else {
            fail("\(path): cannot be read")
        }
        return text
    }
    return PageSource(
        markup: text(PageSource.markupName), style: text(PageSource.styleName),
        scripts: PageSource.scriptNames.map(text))
}

func plan() -> [(path: String, text: String)] {
    let path = "Protocol/openrpc.json"
    do throws(SchemaError) {
        return try Plan.files(document(path), page: page())
    } catch {
        fail("\(path)#\(error)")
    }
}

switch Array(CommandLine.arguments.dropFirst()) {
case ["generate"]:
    var written = 0
    for file in plan() where read(file.path) != Array(file.text.utf8) {
        guard write(file.text, to: file.path) else { fail("\(file.path): cannot be written") }
        say(file.path)
        written += 1
    }
    say("\(written) files written")
case ["verify"]:
    let files = plan()
    let stale = files.filter { read($0.path) != Array($0.text.utf8) }
    for file in stale { say("\(file.path): is not what the schema gives", to: 2) }
    guard stale.isEmpty else { exit(1) }
    say("\(files.count) generated files are up to date")
case let arguments where (3...4).contains(arguments.count) && arguments[0] == "compare":
    let old = document(arguments[1])
    let new = document(arguments[2])
    let differences = Comparison.differences(old, new)
    for difference in differences { say(difference.description) }
    let breaking = differences.count { $0.kind != .compatible }
    say("\(differences.count) differences, \(breaking) of them breaking")
    let path = arguments.count == 4 ? arguments[3] : "Protocol/CHANGELOG.md"
    let changelog = String(decoding: read(path) ?? [], as: UTF8.self)
    if let why = Comparison.refusal(differences, old, new, changelog: changelog) { fail(why) }
default:
    fail(usage, status: 2)
}
