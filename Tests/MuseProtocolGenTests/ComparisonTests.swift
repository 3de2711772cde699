// Tests of the generator: each difference between two schemas is classed by its rule, in both
// directions, wherever it is.
internal import Foundation
internal import MuseJSON
internal import MuseProtocolGen
internal import Testing

/// One change of the small document, and whom it breaks: there, and back again.
struct Change: Sendable, CustomTestStringConvertible {
    /// Members and indices, `methods/0/name`.
    let path: String
    /// JSON; nil where there is nothing.
    let from: String?
    let to: String?
    let there: Set<Difference.Kind>
    let back: Set<Difference.Kind>

    init(
        _ path: String, _ from: String?, _ to: String?, _ there: Difference.Kind?,
        _ back: Difference.Kind?
    ) {
        self.path = path
        self.from = from
        self.to = to
        self.there = Set([there].compactMap { $0 })
        self.back = Set([back].compactMap { $0 })
    }

    var testDescription: String { "\(path): \(from ?? "nothing") to \(to ?? "nothing")" }

    /// The document with the one value, and with the other.
    func documents() throws -> (JSONValue, JSONValue) {
        let base = try JSONValue(Self.document)
        let steps = path.split(separator: "/").map(String.init)
        return (
            base.replacing(steps, with: try from.map { try JSONValue($0) }),
            base.replacing(steps, with: try to.map { try JSONValue($0) })
        )
    }

    /// `Sent` is sent by callers alone, `Told` by servers alone, `Both` by both, `Deep` within
    /// `Told`, behind a list.
    static let document = """
        {"openrpc":"1.4.1","info":{"title":"T","version":"1.4.0"},
        "methods":[{"name":"a.do","paramStructure":"either","params":[
        {"name":"one","required":true,"schema":{"$ref":"#/components/schemas/Sent"}},
        {"name":"two","required":false,"schema":{"$ref":"#/components/schemas/Both"}},
        {"name":"three","required":false,"schema":{"type":"integer","minimum":1,"default":20}}],
        "result":{"name":"r","schema":{"$ref":"#/components/schemas/Told"}},
        "errors":[{"$ref":"#/components/errors/busy"}],"x-effect":"read","x-auth":"caller",
        "x-rest":{"verb":"GET","path":"/a","status":200},"x-one-of":["two","three"]},
        {"name":"a.tell","params":[],"x-effect":"none","x-auth":"nobody","x-rest":null}],
        "x-hidden-methods":[{"name":"h.it","params":[],"result":{"name":"r",
        "schema":{"type":"object"}},"x-effect":"none","x-auth":"nobody","x-rest":null}],
        "x-notifications":[{"name":"n.go","params":[{"name":"why","required":true,
        "schema":{"type":"string","enum":["x","y"]}}]}],
        "x-meta":{"$ref":"#/components/schemas/Meta"},"x-common-errors":["busy"],
        "x-error-data":{"busy":{"when":"Full.","properties":{"ms":{"type":"integer"}},
        "optional":{"example":{"type":"string"}}}},
        "components":{"schemas":{
        "Sent":{"type":"string","minLength":2,"maxLength":9,"pattern":"^a","enum":["ab","ac"]},
        "Both":{"type":"string","minLength":2,"maxLength":9},
        "Told":{"type":"object","properties":{"id":{"type":"string","minLength":2},
        "mark":{"oneOf":[{"type":"string"},{"type":"null"}]},"role":{"enum":["u","v"]},
        "both":{"$ref":"#/components/schemas/Both"},
        "list":{"type":"array","items":{"$ref":"#/components/schemas/Deep"},"maxItems":9}},
        "required":["id","list"]},
        "Deep":{"type":"object","properties":{"n":{"type":"integer","maximum":5},
        "in":{"type":"object","properties":{"x":{"type":"boolean"}},"required":["x"]}},
        "required":["n"]},
        "Meta":{"type":"object","properties":{"key":{"type":"string","maxLength":9}},
        "required":[],"additionalProperties":false},
        "Alone":{"type":"string","maxLength":9}},
        "errors":{"busy":{"code":-32053,"message":"Busy.",
        "data":{"name":"busy","status":"unavailable","retry":"after"}}}}}
        """

    private static let callers = Difference.Kind.breaksCallers
    private static let servers = Difference.Kind.breaksServers
    private static let fine = Difference.Kind.compatible
    private static let types = "components/schemas/"

    static let methods: [Change] = [
        Change("methods/0/name", "\"a.do\"", "\"a.act\"", nil, nil).breaking([callers, fine]),
        Change("methods/0/params/0/name", "\"one\"", "\"uno\"", callers, callers),
        Change("methods/0/params/1/name", "\"two\"", "\"duo\"", nil, nil)
            .breaking([callers, fine]),
        Change("methods/0/params/0/required", "true", "false", servers, callers),
        Change(
            "methods/0/params/0/schema", "{\"$ref\":\"#/components/schemas/Sent\"}",
            "{\"type\":\"boolean\"}", callers, callers),
        Change("methods/0/params/2/schema/default", "20", "30", callers, callers),
        Change("methods/0/params/2/schema/default", "20", nil, callers, callers),
        Change("methods/0/params/2/schema/minimum", "1", "2", callers, servers),
        Change("methods/0/params/2/schema/minimum", "1", "1.0", nil, nil),
        Change("methods/0/params/2/x-secret", nil, "true", servers, callers),
        Change("methods/0/params/2/x-clearable", nil, "true", callers, callers),
        Change("methods/0/params/2/x-needs", nil, "\"one\"", callers, servers),
        Change("methods/0/params/2/x-binds", nil, "true", callers, callers),
        Change("methods/0/params/2/x-novel", nil, "1", callers, callers),
        Change("methods/0/params/2/summary", nil, "\"Three.\"", nil, nil),
        Change("methods/0/paramStructure", "\"either\"", "\"by-name\"", callers, servers),
        Change("methods/0/paramStructure", "\"either\"", nil, nil, nil),
        Change(
            "methods/0/result/schema", "{\"$ref\":\"#/components/schemas/Told\"}",
            "{\"$ref\":\"#/components/schemas/Both\"}", nil, nil
        )
        .breaking([callers]),
        Change("methods/0/result/name", "\"r\"", "\"it\"", nil, nil),
        Change(
            "methods/1/result", nil, "{\"name\":\"r\",\"schema\":{\"type\":\"null\"}}",
            servers, callers),
        Change("methods/0/x-auth", "\"caller\"", "\"nobody\"", servers, callers),
        Change("methods/0/x-auth", "\"caller\"", "\"admin\"", callers, servers),
        Change("methods/0/x-auth", "\"caller\"", "\"owner\"", callers, servers),
        Change("methods/0/x-auth", "\"admin\"", "\"operator\"", callers, callers),
        Change("methods/0/x-auth-or", nil, "\"moderator\"", servers, callers),
        Change("methods/0/x-auth-or", "\"admin\"", "\"moderator\"", callers, callers),
        Change("methods/0/x-effect", "\"read\"", "\"write\"", callers, callers),
        Change("methods/0/x-token", nil, "\"ignored\"", callers, callers),
        Change("methods/0/x-one-of", "[\"two\",\"three\"]", nil, servers, callers),
        Change("methods/0/x-rest/path", "\"/a\"", "\"/b\"", nil, nil).breaking([callers, fine]),
        Change("methods/0/x-rest/status", "200", "201", nil, nil).breaking([callers, fine]),
        Change(
            "methods/1/x-rest", "null",
            "{\"verb\":\"GET\",\"path\":\"/t\",\"status\":200}", fine, callers),
        Change(
            "methods/0/x-rest-also", nil,
            "[{\"verb\":\"GET\",\"path\":\"/t\",\"status\":200}]", fine, callers),
        Change(
            "methods/0/errors", "[{\"$ref\":\"#/components/errors/busy\"}]", "[]", servers,
            fine),
        Change("methods/0/x-rest/location", nil, "\"/a/{id}\"", fine, callers),
        Change("methods/0/x-rest/location", "\"/a/{id}\"", "\"/b/{id}\"", callers, callers),
        Change("methods/0/examples", nil, "[]", nil, nil),
        Change("methods/0/x-novel", nil, "1", callers, callers),
        Change(
            "x-hidden-methods/0/result/schema/type", "\"object\"", "\"string\"", callers,
            callers),
    ]

    static let schemas: [Change] = [
        Change(types + "Sent/minLength", "2", "3", callers, servers),
        Change(types + "Sent/maxLength", "9", "8", callers, servers),
        Change(types + "Sent/maxLength", "9", nil, servers, callers),
        Change(types + "Sent/maxLength", "9", "\"many\"", callers, callers),
        Change(types + "Sent/pattern", "\"^a\"", nil, servers, callers),
        Change(types + "Sent/pattern", "\"^a\"", "\"^b\"", callers, callers),
        Change(types + "Sent/x-check", nil, "\"line\"", callers, servers),
        Change(types + "Sent/enum", "[\"ab\",\"ac\"]", "[\"ab\"]", callers, fine),
        Change(types + "Sent/enum", "[\"ab\",\"ac\"]", "[\"ac\",\"ab\"]", nil, nil),
        Change(types + "Sent/enum", "[\"ab\",\"ac\"]", "[\"ab\",\"ad\"]", callers, callers),
        Change(types + "Sent/enum", "[\"ab\",\"ac\"]", nil, servers, callers),
        Change(types + "Sent/type", "\"string\"", "[\"string\",\"null\"]", servers, callers),
        Change(
            types + "Sent/type", "\"string\"", "[\"string\",\"integer\"]", servers,
            callers),
        Change(types + "Sent/type", "\"integer\"", "\"number\"", servers, callers),
        Change(types + "Sent/type", "\"string\"", "\"boolean\"", callers, callers),
        Change(types + "Sent/description", nil, "\"A word.\"", nil, nil),
        Change(types + "Sent/x-secret", nil, "true", servers, callers),
        Change(types + "Both/maxLength", "9", "10", nil, nil)
            .breaking([callers, servers], [callers, servers]),
        Change(types + "Told/properties/id/minLength", "2", "3", servers, callers),
        Change(
            types + "Told/properties/id", "{\"type\":\"string\"}", "{\"type\":\"integer\"}",
            callers, callers),
        Change(types + "Told/properties/id/default", nil, "\"x\"", nil, nil),
        Change(types + "Told/properties/more", nil, "{\"type\":\"string\"}", fine, callers),
        Change(types + "Told/required", "[\"id\",\"list\"]", "[\"id\"]", callers, servers),
        Change(
            types + "Told/properties/mark/oneOf", "[{\"type\":\"string\"},{\"type\":\"null\"}]",
            "[{\"type\":\"string\"}]", servers, callers),
        Change(
            types + "Told/properties/mark", "{\"type\":[\"string\",\"null\"]}",
            "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", nil, nil),
        Change(
            types + "Told/properties/role/enum", "[\"u\",\"v\"]", "[\"u\",\"v\",\"w\"]",
            fine, servers),
        Change(types + "Told/properties/list/maxItems", "9", "8", servers, callers),
        Change(
            types + "Told/properties/list/items",
            "{\"$ref\":\"#/components/schemas/Deep\"}", "{\"type\":\"string\"}", nil, nil
        )
        .breaking([callers]),
        Change(
            types + "Told/properties/both", "{\"$ref\":\"#/components/schemas/Both\"}",
            "{\"type\":\"string\",\"minLength\":2,\"maxLength\":9}", nil, nil),
        Change(types + "Told/additionalProperties", nil, "false", servers, callers),
        Change(
            types + "Told/additionalProperties", "{\"type\":\"string\"}", "{\"type\":\"integer\"}",
            callers, callers),
        Change(types + "Deep/properties/n/maximum", "5", "6", callers, servers),
        Change(types + "Deep/properties/in/required", "[\"x\"]", "[]", callers, servers),
        Change(
            types + "Deep/properties/in/properties/x", "{\"type\":\"boolean\"}", nil, callers,
            fine),
        Change(types + "Meta/required", "[]", "[\"key\"]", callers, servers),
        Change(types + "Meta/properties/key/maxLength", "9", "8", callers, servers),
        Change(types + "Meta/properties/more", nil, "{\"type\":\"string\"}", fine, callers),
        Change(types + "Meta/additionalProperties", "false", nil, servers, callers),
        Change(types + "Alone/maxLength", "9", "8", nil, nil)
            .breaking([callers, servers], [callers, servers]),
        Change(types + "Alone", "{\"type\":\"string\"}", nil, callers, fine),
        Change(types + "Told/x-links", nil, "{\"self\":\"/a\"}", fine, callers),
        Change(types + "Told/x-links", "{\"self\":\"/a\"}", "{\"self\":\"/b\"}", callers, callers),
        Change(types + "Sent/x-novel", nil, "1", callers, callers),
    ]

    static let others: [Change] = [
        Change("components/errors/busy/code", "-32053", "-32054", callers, callers),
        Change("components/errors/busy/message", "\"Busy.\"", "\"Later.\"", nil, nil),
        Change("components/errors/busy/data/retry", "\"after\"", "\"never\"", callers, callers),
        Change("components/errors/busy/data/more", nil, "1", callers, callers),
        Change("components/errors/full", nil, "{\"code\":1999}", fine, callers),
        Change(
            "x-error-data/busy/properties/ms/type", "\"integer\"", "\"string\"", callers,
            callers),
        Change("x-error-data/busy/properties/ms", "{\"type\":\"integer\"}", nil, callers, fine),
        Change("x-error-data/busy/when", "\"Full.\"", "\"Very full.\"", nil, nil),
        Change("x-common-errors", "[\"busy\"]", "[]", servers, fine),
        Change("x-notifications/0/name", "\"n.go\"", "\"n.went\"", nil, nil)
            .breaking([callers, fine]),
        Change("x-notifications/0/params/0/required", "true", "false", callers, servers),
        Change(
            "x-notifications/0/params/0/schema/enum", "[\"x\",\"y\"]", "[\"x\"]", servers, fine),
        Change("x-notifications/0/x-novel", nil, "1", callers, callers),
        Change("info/title", "\"T\"", "\"U\"", nil, nil),
        Change("x-novel", nil, "1", callers, callers),
        Change("components/links", nil, "{}", callers, callers),
    ]

    /// The same change, where it makes several differences.
    private func breaking(
        _ there: Set<Difference.Kind>, _ back: Set<Difference.Kind>? = nil
    ) -> Change {
        Change(path: path, from: from, to: to, there: there, back: back ?? there)
    }

    private init(
        path: String, from: String?, to: String?, there: Set<Difference.Kind>,
        back: Set<Difference.Kind>
    ) {
        self.path = path
        self.from = from
        self.to = to
        self.there = there
        self.back = back
    }
}

@Suite struct ComparisonTests {
    @Test(arguments: Change.methods + Change.schemas + Change.others)
    func `a change is classed by its rule, there and back`(change: Change) throws {
        let (old, new) = try change.documents()
        let there = Comparison.differences(old, new)
        #expect(Set(there.map(\.kind)) == change.there, "\(there.map(\.description))")
        let back = Comparison.differences(new, old)
        #expect(Set(back.map(\.kind)) == change.back, "\(back.map(\.description))")
        #expect((there + back).allSatisfy { !$0.why.isEmpty && $0.pointer.hasPrefix("/") })
    }

    @Test func `a difference is told once, where it is`() throws {
        let (old, new) = try Change(
            "components/schemas/Deep/properties/n/maximum", "5", "6", nil, nil
        ).documents()
        let found = Comparison.differences(old, new)
        #expect(found.map(\.pointer) == ["/components/schemas/Deep/properties/n/maximum"])
        #expect(found.first?.why == "it was 5 and is 6")
    }

    @Test func `params that change places are told, one more at the end is not`() throws {
        let base = try JSONValue(Change.document)
        let path = ["methods", "0", "params"]
        guard case .array(let params)? = base["methods"]?[0]?["params"] else { return }
        let turned = base.replacing(path, with: .array(params.reversed()))
        #expect(
            Comparison.differences(base, turned).map(\.kind) == [.breaksCallers, .breaksCallers])
        let four: JSONValue = ["name": "four", "required": false, "schema": ["type": "string"]]
        let longer = base.replacing(path, with: .array(params + [four]))
        #expect(Comparison.differences(base, longer).map(\.kind) == [.compatible])
        #expect(Comparison.differences(longer, base).map(\.kind) == [.breaksCallers])
        let needed = base.replacing(
            path, with: .array(params + [four.replacing(["required"], with: true)]))
        #expect(Comparison.differences(base, needed).map(\.kind) == [.breaksCallers])
        let first = base.replacing(path, with: .array([four] + params))
        #expect(Comparison.differences(base, first).count { $0.kind == .breaksCallers } == 3)
    }

    @Test func `types that refer to themselves and each other are compared to their end`() throws {
        let old = try JSONValue(Change.document).replacing(
            ["components", "schemas", "Deep", "properties", "again"],
            with: ["$ref": "#/components/schemas/Deep"])
        let new = old.replacing(
            ["components", "schemas", "Deep", "properties", "again"],
            with: ["$ref": "#/components/schemas/Told"])
        #expect(!Comparison.differences(old, new).isEmpty)
        #expect(Comparison.differences(new, new).isEmpty)
    }

    @Test func `the service's own document does not differ from itself`() throws {
        let schema = try Top.schema()
        #expect(Comparison.differences(schema, schema).isEmpty)
        for method in schema["methods"]?.array ?? [] {
            let unknown = Comparison.differences(
                ["methods": [method]], ["methods": [.object([])]])
            #expect(!unknown.contains { $0.why.contains("no rule") })
        }
    }

    // MARK: What has to be said

    private static let entry = "# Changes\n\n## 2.0.0\n\n- Words are shorter.\n\n## 1.4.0\n"

    @Test(arguments: [
        ("1.4.0", entry, false), ("1.5.0", entry, false), ("2.0.0", "", false),
        ("2.0.0", "## 2.0.0\n\n## 1.4.0\n\n- It.\n", false), ("2.0.0", "## 2.0.01\n- It.", false),
        ("0.9.0", entry, false), ("2.0.0", entry, true),
        ("10.0.0", "## 10.0.0 (soon)\n- It.", true),
    ])
    func `what breaks needs a new major version and an entry of it`(
        version: String, changelog: String, passes: Bool
    ) throws {
        let old = try JSONValue(Change.document)
        let new = old.replacing(["info", "version"], with: .string(version))
        for path in [
            ["components", "schemas", "Sent", "minLength"], ["methods", "0", "x-one-of"],
        ] {
            let broken = new.replacing(path, with: nil)
            let refusal = Comparison.refusal(
                Comparison.differences(old, broken), old, broken, changelog: changelog)
            #expect((refusal == nil) == passes, "\(refusal ?? "")")
        }
        // What is compatible needs neither.
        let more = old.replacing(["components", "errors", "full"], with: ["code": 1_999])
        let found = Comparison.differences(old, more)
        #expect(found.map(\.kind) == [.compatible])
        #expect(Comparison.refusal(found, old, more, changelog: changelog) == nil)
    }
}
