// What the fuzzers have found, one test each: the example that is kept of it holds, and would not
// if the thing came back.
internal import Foundation
internal import FuzzTargets
internal import Testing

struct FoundTests {
    /// What is broken for an example of a target's; nil where all holds.
    private static func failure(_ example: String) throws -> String? {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "corpus").appending(path: example)
        let target = example.split(separator: "/").first.map { String($0) } ?? ""
        let found = try #require(FuzzTarget.all.first { $0.name == target })
        return found.failure(Array(try Data(contentsOf: file)))
    }

    @Test func `a config file may have lines that end with a carriage return`() throws {
        #expect(try Self.failure("config/crlf") == nil)
    }

    @Test func `a control character in a config file is refused, and not shown`() throws {
        #expect(try Self.failure("config/control") == nil)
    }

    @Test(arguments: ["config/combining", "rest/bearer"])
    func `a combining character does not hide the mark before it`(example: String) throws {
        #expect(try Self.failure(example) == nil)
    }

    @Test func `what only looks like a unit is none`() throws {
        #expect(try Self.failure("config/look-alike") == nil)
    }

    @Test(arguments: ["proxy/prepended", "fields/prepended"])
    func `a client's character that joins the next hides no comma of the proxy's`(
        example: String
    ) throws {
        #expect(try Self.failure(example) == nil)
    }

    @Test func `an address ends where its text ends, not at a NUL`() throws {
        #expect(try Self.failure("proxy/address-nul") == nil)
    }

    @Test(arguments: ["proxy/sign", "proxy/range-sign"])
    func `a port and a prefix have no sign`(example: String) throws {
        #expect(try Self.failure(example) == nil)
    }

    @Test func `both addresses of a proxy's line are of its family`() throws {
        #expect(try Self.failure("proxy/mixed") == nil)
    }

    @Test(arguments: ["fields/weight", "fields/over"])
    func `a weight is a number from 0 to 1`(example: String) throws {
        #expect(try Self.failure(example) == nil)
    }

    @Test func `a parameter is no range of media`() throws {
        #expect(try Self.failure("fields/no-range") == nil)
    }

    @Test func `a tag is weak where its mark stands right before it`() throws {
        #expect(try Self.failure("fields/weak") == nil)
    }
}
