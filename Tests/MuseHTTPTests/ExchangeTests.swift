// Tests of the HTTP room over a real socket: statuses, fields, and what becomes of the connection.
import MuseHTTP
import MuseJSON
import Testing

struct ExchangeTests {
    let house: HTTPHouse

    init() throws {
        house = try HTTPHouse()
    }

    @Test func `what is made has a place, links and a tag`() throws {
        let ada = try house.member("ada")
        let made = try #require(ada.ask("POST", "/posts", body: #"{"body":"Hello."}"#))
        #expect(made.status == 201)
        let path = try #require(made["Location"])
        #expect(made.json["links"]?["self"]?.string == path)
        #expect(made.json["links"]?["author"]?.string == "/users/\(ada.id)")
        #expect(made.json["links"]?["comments"]?.string == path + "/comments")
        let read = try #require(ada.ask("GET", path))
        #expect(read.status == 200 && read.body == made.body)
        #expect(read["ETag"] != nil && read["ETag"] == made["ETag"])
        #expect(read["Cache-Control"] == "private, no-cache")
        #expect(read["Vary"]?.contains("Authorization") ?? false)
        #expect(house.http.port > 0)
    }

    @Test func `grants are not kept by anybody`() throws {
        let client = try house.connect()
        let made = try #require(
            client.ask(
                "POST", "/users", body: #"{"username":"ada","password":"seven wizards mix"}"#))
        #expect(made.status == 201 && made["Cache-Control"] == "no-store")
        #expect(made["ETag"] == nil)
    }

    @Test func `a state that is known is not sent again, and another is`() throws {
        let ada = try house.member("ada")
        let path = ada.post()
        for place in [path, "/posts", "/posts?author_id=\(ada.id)", "/me", "/users/\(ada.id)"] {
            let first = try #require(ada.ask("GET", place))
            let tag = try #require(first["ETag"])
            let again = try #require(ada.ask("GET", place, ["If-None-Match: \(tag)"]))
            #expect(again.status == 304 && again["ETag"] == tag)
            #expect(again["Content-Length"] == first["Content-Length"], "\(place)")
            #expect(ada.ask("GET", place, ["If-None-Match: \"x\""])?.status == 200)
        }
        let before = try #require(ada.ask("GET", path)?["ETag"])
        let name = #"{"display_name":"Ada"}"#
        #expect(ada.ask("PATCH", "/me", body: name)?.status == 200)
        let named = try #require(ada.ask("GET", path, ["If-None-Match: \(before)"]))
        #expect(named.status == 200, "the author's name shows in the post")
        #expect(ada.ask("PUT", path + "/like")?.status == 200)
        let liked = try #require(
            ada.ask("GET", path, ["If-None-Match: \(named["ETag"] ?? "")"]))
        #expect(liked.status == 200 && liked.json["like_count"]?.int == 1)
        let stranger = try house.member("grace")
        #expect(stranger.ask("GET", path)?["ETag"] != liked["ETag"], "the like is not hers")
    }

    @Test func `a write holds to the state that was seen`() throws {
        let ada = try house.member("ada")
        let path = ada.post()
        let tag = try #require(ada.ask("GET", path)?["ETag"])
        let body = #"{"body":"New."}"#
        let stale = try #require(ada.ask("PATCH", path, body: body, ["If-Match: \"x\""]))
        #expect(stale.status == 412 && stale.code == 1302)
        #expect(stale.json["data"]?["current"]?.int == 1)
        #expect(ada.ask("GET", path)?.json["body"]?.string == "Hello.")
        let packed = tag.dropLast() + "-gzip\""
        let done = try #require(ada.ask("PATCH", path, body: body, ["If-Match: \(packed)"]))
        #expect(done.status == 200 && done.json["revision"]?.int == 2)
        #expect(done["ETag"] == ada.ask("GET", path)?["ETag"])
        #expect(ada.ask("PUT", path + "/like")?.status == 200)
        let counted = try #require(
            ada.ask("DELETE", path, ["If-Match: \(done["ETag"] ?? "")"]))
        #expect(counted.status == 412, "a count has changed")
        #expect(ada.ask("DELETE", path, ["If-Match: *"])?.status == 204)
        #expect(ada.ask("GET", path)?.status == 404)
    }

    @Test func `without a precondition a stale revision is a conflict`() throws {
        let ada = try house.member("ada")
        let answer = try #require(
            ada.ask("PATCH", ada.post(), body: #"{"body":"New.","revision":7}"#))
        #expect(answer.status == 409 && answer.code == 1302)
    }

    @Test func `a page leads to the next one, and items are those of lines`() throws {
        let ada = try house.member("ada")
        for number in 1...3 { _ = ada.post("Number \(number).") }
        let page = try #require(ada.ask("GET", "/posts?limit=2&order=oldest"))
        let items = page.json["items"]?.array ?? []
        #expect(items.count == 2 && items[0]["links"] == nil)
        let link = try #require(page["Link"])
        #expect(link.hasPrefix("</posts?limit=2&order=oldest&cursor="))
        #expect(link.hasSuffix(">; rel=\"next\""))
        let next = try #require(ada.ask("GET", String(link.dropFirst().prefix { $0 != ">" })))
        #expect(next.json["items"]?[0]?["body"]?.string == "Number 3.")
        #expect(next["Link"] == nil && next.json["next_cursor"] == .null)
    }

    @Test func `every offence is told, whatever part it stands in`() throws {
        let client = try house.connect()
        let read = try #require(client.ask("GET", "/posts?limit=0&x=1&_meta=1&limit=2"))
        let paths = (read.json["data"]?["errors"]?.array ?? []).compactMap { $0["path"]?.string }
        #expect(read.status == 400 && Set(paths) == ["/limit", "/x", "/_meta"])
        let ada = try house.member("ada")
        let bad = #"{"body":"","id":"x","_meta":{},"attach":true}"#
        let write = try #require(ada.ask("PATCH", ada.post() + "?y=1", body: bad))
        let told = (write.json["data"]?["errors"]?.array ?? []).compactMap { $0["path"]?.string }
        #expect(write.code == -32602)
        #expect(Set(told).isSuperset(of: ["/y", "/id", "/_meta", "/attach", "/body"]))
        let list = try #require(ada.ask("POST", "/posts", body: #"["Hello."]"#))
        #expect(list.status == 400 && list.code == -32602)
        #expect(client.ask("GET", "/users/nonsense")?.code == -32602)
    }

    @Test(
        arguments: [
            ("GET", "/nope", nil, [], 404, -32601), ("GET", "/posts/", nil, [], 404, -32601),
            ("GET", "//posts", nil, [], 404, -32601), ("GET", "/posts%2Fx", nil, [], 404, -32601),
            ("PATCH", "/posts", "{}", [], 405, -32600), ("TRACE", "/posts", nil, [], 405, -32600),
            ("BREW", "/posts", nil, [], 501, -32600), ("GET", "/rpc", nil, [], 405, -32600),
            ("GET", "/posts", nil, ["Accept: text/html"], 406, -32600),
            ("POST", "/posts", "{}", ["Content-Type: text/plain"], 415, -32600),
            ("POST", "/posts", "{}", ["Content-Encoding: br"], 415, -32600),
            ("GET", "/posts", "{}", [], 400, -32600), ("GET", "/a%zz", nil, [], 400, -32600),
            ("POST", "/posts", "{", [], 400, -32700), ("POST", "/posts", nil, [], 400, -32602),
            ("POST", "/posts", #"{"body":"x"}"#, [], 401, 1001), ("GET", "/me", nil, [], 401, 1001),
            ("GET", "/posts", nil, ["Authorization: Bearer x"], 401, 1003),
            ("GET", "/posts", nil, ["Authorization: Basic eDp5"], 401, 1003),
            ("GET", "/posts?cursor=x", nil, [], 400, 1402),
            ("DELETE", "/me/password", nil, [], 405, -32600),
            ("POST", "/posts", #"{"body":"x"}"#, ["If-Match: \"x\""], 412, -32600),
        ] as [(String, String, String?, [String], Int, Int)])
    func `a refusal has its status, and the connection goes on`(
        verb: String, path: String, body: String?, fields: [String], status: Int, code: Int
    ) throws {
        let client = try house.connect()
        let answer = try #require(client.ask(verb, path, body: body, fields))
        #expect(answer.status == status && answer.code == code)
        #expect(answer["Content-Type"] == "application/problem+json")
        #expect(answer.json["status"]?.int == status)
        #expect(answer["Allow"] != nil || status != 405)
        #expect(answer["WWW-Authenticate"]?.hasPrefix("Bearer") ?? false || status != 401)
        #expect(client.ask("GET", "/ping")?.text == "\"pong\"")
    }

    @Test func `a key makes a write happen once`() throws {
        let ada = try house.member("ada")
        let key = ["Idempotency-Key: k1"]
        let first = try #require(ada.ask("POST", "/posts", body: #"{"body":"a"}"#, key))
        let again = try #require(ada.ask("POST", "/posts", body: #"{"body":"a"}"#, key))
        #expect(again.status == 201 && again["Location"] == first["Location"])
        let other = try #require(ada.ask("POST", "/posts", body: #"{"body":"b"}"#, key))
        #expect(other.status == 422 && other.code == 1303)
        let bad = try #require(
            ada.ask("POST", "/posts", body: #"{"body":"b"}"#, ["Idempotency-Key: a b"]))
        #expect(bad.status == 400)
    }

    @Test func `a head alone, and what may be done`() throws {
        let client = try house.connect()
        let whole = try #require(client.ask("GET", "/posts"))
        let head = try #require(client.ask("HEAD", "/posts"))
        #expect(head.status == 200 && head["Content-Length"] == whole["Content-Length"])
        let options = try #require(client.ask("OPTIONS", "/posts"))
        #expect(options.status == 204 && options["Allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(options["Access-Control-Allow-Origin"] == nil)
        #expect(client.ask("OPTIONS", "*")?.status == 204)
    }

    @Test func `what is asked for in gzip comes so, with a tag of its own`() throws {
        let client = try house.connect()
        let plain = try #require(client.ask("GET", "/posts"))
        let packed = try #require(client.ask("GET", "/posts", ["Accept-Encoding: gzip"]))
        #expect(packed["Content-Encoding"] == "gzip" && packed.body.starts(with: [0x1F, 0x8B]))
        #expect(packed["ETag"] != plain["ETag"])
        let known = ["Accept-Encoding: gzip", "If-None-Match: \(packed["ETag"] ?? "")"]
        #expect(client.ask("GET", "/posts", known)?.status == 304)
        let other = ["If-None-Match: \(packed["ETag"] ?? "")"]
        #expect(client.ask("GET", "/posts", other)?.status == 200)
    }
}
