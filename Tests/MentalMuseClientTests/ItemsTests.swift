// Tests of lists as sequences, and of errors as cases.
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import Testing

@Suite(.timeLimit(.minutes(30)))
struct ItemsTests {
    @Test func `pages are fetched as they are needed, empty ones too`() async throws {
        let pages = ["": "2|1", "1": "0|2", "2": "3|"]
        let server = try FakeServer { request in
            let cursor = request.params["cursor"]?.string ?? ""
            let parts = (pages[cursor] ?? "0|").split(
                separator: "|", omittingEmptySubsequences: false)
            let items = (0..<(Int(parts[0]) ?? 0)).map { Sample.post("\(cursor)-\($0)") }
            let next = parts[1].isEmpty ? "null" : "\"\(parts[1])\""
            return .send(
                request.result(
                    "{\"items\":[\(items.joined(separator: ","))],\"next_cursor\":\(next)}"))
        }
        let client = try MentalMuseClient(server.address)
        let posts = client.posts.listAll(limit: 2)
        var iterator = posts.makeAsyncIterator()
        #expect(try await iterator.next()?.body == "-0")
        #expect(server.requests.count == 1)
        var bodies: [String] = []
        for try await post in posts { bodies.append(post.body) }
        #expect(bodies == ["-0", "-1", "2-0", "2-1", "2-2"])
        #expect(server.requests.allSatisfy { $0.params["limit"]?.int == 2 })
    }

    @Test func `a page that is refused ends the loop with its error`() async throws {
        let server = try FakeServer { request in .send(request.error(1402)) }
        let client = try MentalMuseClient(server.address)
        var iterator = client.posts.listAll().makeAsyncIterator()
        do throws(ClientError) {
            _ = try await iterator.next()
            #expect(Bool(false))
        } catch {
            #expect(error == .cursorInvalid)
        }
        #expect(try await iterator.next() == nil)
    }

    @Test(arguments: [
        (-32601, "{\"did_you_mean\":null}", ClientError.methodNotFound(didYouMean: nil)),
        (-32601, "{\"did_you_mean\":\"posts.get\"}", .methodNotFound(didYouMean: "posts.get")),
        (-32603, "{\"incident\":\"i\"}", .internal(incident: "i")), (1201, "{}", .notFound),
        (1301, "{\"field\":\"username\"}", .alreadyExists(field: "username")),
        (1302, "{\"current\":3}", .staleRevision(current: 3)),
        (1401, "{\"rules\":[\"common\"]}", .weakPassword(rules: ["common"])),
        (
            1501, "{\"retry_after_ms\":1,\"limit\":2,\"window_ms\":3,\"scope\":\"address\"}",
            .rateLimited(retryAfterMs: 1, limit: 2, windowMs: 3, scope: "address")
        ),
        (
            1301, "{\"name\":\"already_exists\",\"retry\":\"never\"}",
            .other(
                ServerError(
                    code: 1301, name: "already_exists", message: "No.", retry: .never,
                    data: "{\"name\":\"already_exists\",\"retry\":\"never\"}"))
        ),
        (
            9999, "7",
            .other(ServerError(code: 9999, name: "", message: "No.", retry: .never, data: "7"))
        ),
    ])
    func `an error of the schema is a case with its data`(
        code: Int, data: String, expected: ClientError
    ) async throws {
        let server = try FakeServer { request in .send(request.error(code, data)) }
        let client = try MentalMuseClient(server.address)
        let error = await failure { () async throws(ClientError) in
            try await client.posts.get(id: Identifier.some)
        }
        #expect(error == expected)
    }

    @Test func `offences are told with their places`() async throws {
        let server = try FakeServer { request in
            .send(
                request.error(
                    -32602,
                    "{\"errors\":[{\"path\":\"/body\",\"rule\":\"minLength\",\"expected\":1}]}"))
        }
        let client = try MentalMuseClient(server.address)
        let error = await failure { () async throws(ClientError) in
            try await client.posts.create(body: "")
        }
        guard case .invalidParams(let errors)? = error else { return #expect(Bool(false)) }
        #expect(errors.map(\.path) == ["/body"])
        #expect(errors.map(\.rule) == ["minLength"])
    }

    @Test func `a method is called by its name, known or not`() async throws {
        let server = try FakeServer { request in .send(request.result("{\"a\": [1]}")) }
        let client = try MentalMuseClient(server.address)
        #expect(try await client.call("posts.pin", params: "{ \"id\": 1 }") == "{\"a\": [1]}")
        #expect(server.requests[0].method == "posts.pin")
        #expect(server.requests[0].params["id"]?.int == 1)
        _ = try await client.call("posts.\"\n", params: "{}")
        #expect(server.requests[1].method == "posts.\"\n")
        for text in ["", "[]", "{", "7", "{\"_meta\":{}}"] {
            let error = await failure { () async throws(ClientError) in
                try await client.call("posts.pin", params: text)
            }
            guard case .invalidParams? = error else { return #expect(Bool(false)) }
        }
        #expect(server.requests.count == 2)
        _ = try await client.call("posts.create", params: "{\"body\":\"x\"}")
        #expect(server.requests[2].key != nil)
    }
}
