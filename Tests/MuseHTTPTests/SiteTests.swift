// Tests of what the HTTP port has besides the schema's paths: JSON-RPC, documents, figures; and of
// browsers and proxies.
import MentalMuseProtocol
import MuseBase
import MuseHTTP
import MuseJSON
import MuseServer
import MuseService
import Testing

struct SiteTests {
    private func rpc(_ client: HTTPClient, _ body: String, _ fields: [String] = []) -> HTTPAnswer? {
        client.ask("POST", "/rpc", body: body, fields)
    }

    @Test func `JSON-RPC in a POST is answered as a line is`() throws {
        let client = try HTTPHouse().connect()
        let ping = try #require(rpc(client, #"{"jsonrpc":"2.0","id":"a","method":"server.ping"}"#))
        #expect(ping.status == 200)
        #expect(ping.text == #"{"jsonrpc":"2.0","id":"a","result":"pong"}"#)
        let notice = try #require(rpc(client, #"{"jsonrpc":"2.0","method":"server.ping"}"#))
        #expect(notice.status == 204 && notice.body.isEmpty)
        let refusals: [(String, Int)] = [
            ("{", -32700), ("", -32700), ("[]", -32600), ("1", -32600),
            (#"{"jsonrpc":"2.0","id":1,"method":"no.such"}"#, -32601),
            (#"{"jsonrpc":"2.0","id":1,"method":"posts.get","params":{"id":1}}"#, -32602),
            (#"{"jsonrpc":"2.0","id":1,"method":"admin.keys"}"#, 1101),
        ]
        for (body, code) in refusals {
            let answer = try #require(rpc(client, body))
            #expect(answer.status == 200, "\(body)")
            #expect(answer.json["error"]?["code"]?.int == code, "\(body)")
        }
    }

    @Test func `the members of a batch run one after another`() throws {
        let house = try HTTPHouse()
        let ada = try house.member("ada")
        let batch = """
            [{"jsonrpc":"2.0","id":1,"method":"posts.create","params":{"body":"One."}},
             {"jsonrpc":"2.0","method":"posts.create","params":{"body":"Two."}},
             {"jsonrpc":"2.0","id":2,"method":"posts.list","params":{"limit":1}}, 3,
             {"jsonrpc":"2.0","id":3,"result":1}]
            """
        let answer = try #require(
            rpc(ada.client, batch, ["Authorization: Bearer \(ada.token)"]))
        let members = answer.json.array ?? []
        #expect(members.count == 3)
        #expect(members.first?["result"]?["body"]?.string == "One.")
        #expect(members[1]["result"]?["items"]?[0]?["body"]?.string == "Two.")
        #expect(members[2]["error"]?["code"]?.int == -32600)
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":1,"method":"auth.attach","params":{"access_token":"x"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"auth.detach"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"rpc.cancel","params":{"id":1}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"auth.login","params":"#
            + #"{"username":"ada","password":"x","attach":true}}"#,
    ])
    func `nothing binds to an HTTP connection`(body: String) throws {
        let answer = try #require(rpc(try HTTPHouse().connect(), body))
        #expect(answer.json["error"]?["code"]?.int == -32600)
    }

    @Test func `the documents are served`() throws {
        let client = try HTTPHouse().connect()
        let schema = try #require(client.ask("GET", "/openrpc.json"))
        #expect(schema.json["openrpc"]?.string == "1.4.1")
        let older = try #require(client.ask("GET", "/openrpc.json?version=1.3.2"))
        #expect(older.json["openrpc"]?.string == "1.3.2")
        #expect(older.json["methods"] == schema.json["methods"])
        #expect(client.ask("GET", "/openrpc.json?version=2")?.status == 400)
        let open = try #require(client.ask("GET", "/openapi.json"))
        #expect(open.json["openapi"]?.string == "3.1.0")
        let keys = try #require(client.ask("GET", "/.well-known/jwks.json"))
        #expect(keys.json["keys"]?[0]?["crv"]?.string == "Ed25519" && keys["ETag"] != nil)
        #expect(client.ask("GET", "/healthz")?.text == "ok\n")
        #expect(client.ask("GET", "/readyz")?.json["status"]?.string == "ok")
    }

    @Test func `the page may load nothing from elsewhere, and is framed by nobody`() throws {
        let client = try HTTPHouse().connect()
        let page = try #require(client.ask("GET", "/"))
        #expect(page.status == 200 && page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page.text.hasPrefix("<!doctype html>"))
        let policy = try #require(page["Content-Security-Policy"])
        for part in ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"] {
            #expect(policy.contains(part))
        }
        #expect(!policy.contains("unsafe") && !policy.contains("\n"))
        for outside in ["src=", "http://", "https://", "@import", "url("] {
            #expect(!page.text.contains(outside), "\(outside)")
        }
        #expect(client.ask("POST", "/", body: "{}")?["Allow"] == "GET, HEAD, OPTIONS")
    }

    @Test func `figures are for this machine and for admins`() throws {
        let house = try HTTPHouse { configuration, _ in
            configuration.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
        }
        let client = try house.connect()
        _ = client.ask("GET", "/posts")
        let figures = try #require(client.ask("GET", "/metrics"))
        #expect(figures.status == 200)
        #expect(
            figures.text.contains(
                #"mentalmuse_requests_total{method="posts.list",style="rest"} 1"#))
        let far = ["X-Forwarded-For: 192.0.2.7"]
        #expect(client.ask("GET", "/metrics", far)?.status == 401)
        #expect(client.ask("GET", "/readyz", far)?.text == "ok\n")
        let ada = try house.member("ada")
        #expect(ada.ask("GET", "/metrics", far)?.status == 403)
    }

    @Test func `nothing that came over the wire names a figure`() throws {
        let client = try HTTPHouse().connect()
        _ = client.ask("GET", "/injected%22%7D%0A")
        _ = rpc(client, #"{"jsonrpc":"2.0","id":1,"method":"injected"}"#)
        #expect(client.ask("GET", "/metrics")?.text.contains("injected") == false)
    }

    @Test func `pages of named origins may read answers`() throws {
        let house = try HTTPHouse { _, http in http.origins = ["https://app.example"] }
        let client = try house.connect()
        let own = ["Origin: https://app.example"]
        let read = try #require(client.ask("GET", "/posts", own))
        #expect(read["Access-Control-Allow-Origin"] == "https://app.example")
        #expect(read["Vary"]?.contains("Origin") ?? false)
        let asked = own + ["Access-Control-Request-Method: PATCH"]
        let told = try #require(client.ask("OPTIONS", "/me", asked))
        #expect(
            told.status == 204 && told["Access-Control-Allow-Methods"]?.contains("PATCH") ?? false)
        #expect(told["Access-Control-Allow-Headers"]?.contains("Authorization") ?? false)
        let other = try #require(client.ask("GET", "/posts", ["Origin: https://evil.example"]))
        #expect(other["Access-Control-Allow-Origin"] == nil)
    }

    @Test func `a proxy's word counts where it is trusted`() throws {
        let body = #"{"username":"ada","password":"wrong and long"}"#
        func fail(_ client: HTTPClient, _ address: String) -> Int? {
            client.ask("POST", "/sessions", body: body, ["X-Forwarded-For: \(address)"])?.status
        }
        let trusting = try HTTPHouse { configuration, _ in
            configuration.limits.loginFailuresMax = 2
            configuration.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
        }.connect()
        #expect((0..<3).map { _ in fail(trusting, "192.0.2.1") } == [401, 401, 429])
        #expect(fail(trusting, "192.0.2.2") == 401)
        let strict = try HTTPHouse { configuration, _ in
            configuration.limits.loginFailuresMax = 2
        }.connect()
        #expect((0..<3).map { fail(strict, "192.0.2.\($0)") } == [401, 401, 429])
    }

    @Test func `what is limited says when to come again`() throws {
        // Each look at the clock is a microsecond later: all is within a second.
        let time = Lock<UInt64>(1_000_000_000)
        let client = try HTTPHouse { configuration, _ in
            configuration.limits.requestsPerSecondMax = 1
            configuration.clock = MonotonicClock {
                time.withLock { time in
                    time += 1_000
                    return time
                }
            }
        }.connect()
        var refused: HTTPAnswer?
        for _ in 0..<10 where refused == nil {
            let answer = client.ask("GET", "/ping")
            if answer?.status == 429 { refused = answer }
        }
        #expect(refused?["Retry-After"] == "1" && refused?.code == 1501)
    }

    @Test func `connections over HTTP count with all others`() throws {
        let house = try HTTPHouse { configuration, _ in configuration.limits.connectionsMax = 2 }
        let kept = [try house.connect(), try house.connect()]
        for client in kept { #expect(client.ask("GET", "/ping")?.status == 200) }
        let refused = try #require(try house.connect().read())
        #expect(refused.status == 429 && refused.code == -32056)
        #expect(house.server.control.connections().map(\.transport) == ["http", "http"])
    }
}
