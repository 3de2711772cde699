// Tests of the HTTP room with bytes that no good client sends, and with clients that come and go.
import MentalMuseProtocol
import MuseBase
import MuseHTTP
import MuseJSON
import MuseServer
import Testing

struct RawTests {
    /// Requests that two readers could end in different places.
    static let ambiguous = [
        "POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "2\r\n{}\r\n0\r\n\r\n",
        "POST /posts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        "POST /posts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /posts HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}",
        "GET /posts HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /posts HTTP/1.1\r\n\r\n",
        "GET /posts HTTP/1.1\r\nHost: a\r\nX(Y): z\r\n\r\n",
        "GET /ping HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
        "GET /ping HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
        "GET /ping HTTP/1.1\r\nHost: a\r\nX: y\n\tz\n\n",
        "GET /ping HTTP/1.1\r\nHost: a\r\nX: y\u{0}z\r\n\r\n",
        "GET /ping HTTP/1.1\r\nHost: a\r\nX: y\u{0}\r\n\r\n",
        "GET /ping\u{0}x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\u{0} /ping HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /ping HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /ping HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n",
        "GET /ping HTTP/1.1\r\nHost: a b\r\n\r\n",
        "POST /posts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 2\r\n\r\n{}          ",
    ]

    @Test(arguments: ambiguous)
    func `a request with two meanings is refused, and no second one is run`(bytes: String) throws {
        let house = try HTTPHouse()
        let client = try house.connect()
        client.send(bytes + "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try #require(client.read())
        #expect(answer.status == 400)
        #expect(client.isClosed())
    }

    @Test(arguments: [
        "\r\n\r\n\r\n", "nonsense\r\n\r\n", "GET\r\n\r\n", "GET /ping\r\n\r\n",
        "GET /ping HTTP/9.9\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}\n",
        "POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    ])
    func `what is no request ends the connection, and nothing else`(bytes: String) throws {
        let house = try HTTPHouse()
        let client = try house.connect()
        client.send(bytes)
        client.endSending()
        while let answer = client.read() { #expect(answer.status >= 400) }
        #expect(try house.connect().ask("GET", "/ping")?.text == "\"pong\"")
    }

    @Test(arguments: [
        "GET /ping HTTP/1.1\nHost: a\n\n", "\r\n\r\nGET /ping HTTP/1.1\r\nHost:\ta\t\r\n\r\n",
        "GET /ping HTTP/1.1\r\nhost: [::1]:80\r\nX:\r\nY:  \r\nCookie: a=b; c=d\r\n\r\n",
        "GET http://a/ping HTTP/1.1\r\nHost:\r\n\r\n", "GET /ping HTTP/1.0\r\n\r\n",
    ])
    func `what is unusual and has one meaning is served, whole and byte by byte`(
        bytes: String
    ) throws {
        let house = try HTTPHouse()
        let client = try house.connect()
        client.send(bytes)
        #expect(client.read()?.status == 200)
        let slow = try house.connect()
        for byte in bytes.utf8 { slow.send([byte]) }
        #expect(slow.read()?.status == 200)
    }

    @Test func `requests that come at once are answered in order`() throws {
        let house = try HTTPHouse()
        let ada = try house.member("ada")
        let key = "Authorization: Bearer \(ada.token)"
        var text = ""
        for number in 1...5 {
            text += HTTPClient.request("POST", "/posts", body: "{\"body\":\"\(number)\"}", [key])
            text += HTTPClient.request("GET", "/posts?limit=1", [key])
        }
        ada.client.send(text)
        ada.client.endSending()
        for number in 1...5 {
            #expect(ada.client.read()?.status == 201)
            let page = ada.client.read()
            #expect(page?.json["items"]?[0]?["body"]?.string == "\(number)")
        }
        #expect(ada.client.isClosed())
    }

    @Test func `a request that comes byte by byte is one all the same`() throws {
        let house = try HTTPHouse()
        let ada = try house.member("ada")
        let text = HTTPClient.request(
            "POST", "/posts", body: #"{"body":"slow"}"#, ["Authorization: Bearer \(ada.token)"])
        for byte in text.utf8 { ada.client.send([byte]) }
        #expect(ada.client.read()?.json["body"]?.string == "slow")
    }

    @Test func `a body in chunks is one body`() throws {
        let house = try HTTPHouse()
        let ada = try house.member("ada")
        let head =
            "POST /posts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            + "Content-Type: application/json\r\nAuthorization: Bearer \(ada.token)\r\n\r\n"
        ada.client.send(head + "6\r\n{\"body\r\n9\r\n\":\"parts\"\r\n1\r\n}\r\n0\r\n\r\n")
        #expect(ada.client.read()?.json["body"]?.string == "parts")
        #expect(ada.client.ask("GET", "/ping")?.status == 200)
    }

    @Test func `a body over the limit is refused, and the refusal arrives`() throws {
        let house = try HTTPHouse { configuration, _ in configuration.limits.lineBytesMax = 2_048 }
        let announced = try house.connect()
        announced.send(
            HTTPClient.request("POST", "/posts", body: String(repeating: " ", count: 500_000)))
        let first = try #require(announced.read())
        #expect(first.status == 413 && first.code == -32050)
        #expect(first.json["data"]?["limit"]?.int == 2_048)
        let chunked = try house.connect()
        chunked.send(
            "POST /posts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                + "Content-Type: application/json\r\n\r\n")
        for _ in 0..<100 { chunked.send("400\r\n" + String(repeating: " ", count: 1_024) + "\r\n") }
        chunked.send("0\r\n\r\n")
        #expect(chunked.read()?.status == 413)
    }

    @Test func `whoever waits to go on is told that it is no use`() throws {
        let house = try HTTPHouse()
        let client = try house.connect()
        client.send(
            "POST /nope HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
        #expect(client.read()?.status == 404)
        let other = try house.connect()
        other.send(
            "POST /rpc HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 46\r\n"
                + "Content-Type: application/json\r\n\r\n"
                + #"{"jsonrpc":"2.0","id":1,"method":"server.ping"}"#.prefix(46))
        #expect(other.read()?.json["error"]?["code"]?.int == -32700)
    }

    @Test func `targets and heads have bounds`() throws {
        let house = try HTTPHouse()
        let long = String(repeating: "a", count: 7_000)
        #expect(try house.connect().ask("GET", "/posts?x=\(long)")?.status == 414)
        let fields = (0..<2).map { "X-\($0): \(long)" }
        #expect(try house.connect().ask("GET", "/posts", fields)?.status == 431)
        let longer = (0..<9).map { "X-\($0): \(long)" }
        let status = try house.connect().ask("GET", "/posts", longer)?.status
        #expect(status == nil || status == 431)
        #expect(try house.connect().ask("GET", "/ping")?.status == 200)
    }

    @Test func `a query of more items than the library has room for is refused in words`() throws {
        let house = try HTTPHouse()
        let items = String(repeating: "a=1&", count: 1_000)
        let client = try house.connect()
        let answer = client.ask("GET", "/posts?\(items)")
        #expect(answer?.status == 414 && answer?.reason == "target_too_long")
        #expect(client.isClosed())
        let fewer = String(repeating: "a=1&", count: 128)
        #expect(try house.connect().ask("GET", "/posts?\(fewer)")?.status == 400)
    }

    @Test(arguments: [
        "", "GET /ping HT", "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
    ])
    func `whoever sends no more after his last bytes is let go at once`(rest: String) throws {
        let house = try HTTPHouse()
        let client = try house.connect()
        client.send(HTTPClient.request("GET", "/ping") + rest)
        client.endSending()
        #expect(client.read()?.text == "\"pong\"")
        let before = ContinuousClock.now
        #expect(client.isClosed())
        #expect(ContinuousClock.now - before < .seconds(20), "before any limit of time")
    }

    @Test func `whoever sends no more after a write is told what came of it`() async throws {
        let house = try HTTPHouse()
        let ada = try house.member("ada")
        let text = HTTPClient.request(
            "POST", "/posts", body: #"{"body":"last"}"#, ["Authorization: Bearer \(ada.token)"])
        // Many at a time, so that the writes wait while the ends come in.
        try await withThrowingTaskGroup(of: Int?.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    let client = try house.connect()
                    client.send(text)
                    client.endSending()
                    return client.read()?.status
                }
            }
            for try await status in group { #expect(status == 201) }
        }
    }

    @Test func `more requests than one pass takes are answered, but of those who left`() throws {
        let house = try HTTPHouse()
        var leaving: [HTTPClient] = []
        let staying = try (0..<100).map { _ in
            leaving.append(try house.connect())
            return try house.connect()
        }
        for (one, other) in zip(leaving, staying) {
            one.send(HTTPClient.request("GET", "/ping"))
            other.send(HTTPClient.request("GET", "/ping"))
        }
        leaving.removeAll()
        for client in staying { #expect(client.read()?.text == "\"pong\"") }
    }

    @Test func `a client that goes away in the middle harms nobody`() throws {
        let house = try HTTPHouse()
        let ada = try house.member("ada")
        for _ in 0..<20 {
            let client = try house.connect()
            client.send(
                HTTPClient.request(
                    "POST", "/posts", body: #"{"body":"gone"}"#,
                    ["Authorization: Bearer \(ada.token)"]))
            _ = consume client
            try house.connect().send("POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
        }
        #expect(ada.ask("GET", "/ping")?.status == 200)
    }
}
