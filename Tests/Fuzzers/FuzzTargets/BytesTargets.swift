// Fuzzing: lines out of a stream, and base64url.
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

extension FuzzTarget {
    /// The first byte is the limit, the second chooses how the rest comes in.
    package static let framing = FuzzTarget(
        name: "framing",
        tokens: ["\n", "\r\n", "\r", "{}", "[1]\n", "\n\n", "aaaaaaaaaaaaaaaaaaaa"],
        failure: framingFailure)

    private static func framingFailure(_ bytes: [UInt8]) -> String? {
        guard bytes.count > 2 else { return nil }
        let limit = Int(bytes[0]) % 48
        let stream = Array(bytes.dropFirst(2))
        let whole = framed(stream, limit, chunk: { _ in stream.count })
        let byByte = framed(stream, limit, chunk: { _ in 1 })
        let seed = Int(bytes[1])
        let uneven = framed(stream, limit, chunk: { ($0 &* 7 &+ seed) % 11 + 1 })
        let wanted = split(stream, limit)
        guard whole == wanted else { return "whole: \(whole), wanted \(wanted)" }
        guard byByte == wanted else { return "byte by byte: \(byByte), wanted \(wanted)" }
        return uneven == wanted ? nil : "in chunks: \(uneven), wanted \(wanted)"
    }

    private struct Framed: Equatable {
        var lines: [[UInt8]] = []
        var isRefused = false
    }

    /// The stream as the framer gives it, as a connection feeds it.
    private static func framed(_ stream: [UInt8], _ limit: Int, chunk: (Int) -> Int) -> Framed {
        var framer = LineFramer(bytesMax: limit)
        var result = Framed()
        var buffer: [UInt8] = []
        var taken = 0
        while taken < stream.count, !result.isRefused {
            let end = min(stream.count, taken + chunk(taken))
            buffer += stream[taken..<end]
            taken = end
            var start = 0
            reading: while true {
                switch framer.next(buffer.span, from: start) {
                case .line(let range, let next):
                    result.lines.append(Array(buffer[range]))
                    start = next
                case .needMore: break reading
                case .tooLong:
                    result.isRefused = true
                    break reading
                }
            }
            buffer.removeFirst(start)
        }
        return result
    }

    /// The stream split in the plainest way.
    private static func split(_ stream: [UInt8], _ limit: Int) -> Framed {
        var result = Framed()
        var line: [UInt8] = []
        for byte in stream {
            if byte == 0x0A {
                result.lines.append(line.last == 0x0D ? line.dropLast() : line)
                line = []
            } else {
                line.append(byte)
                if line.count > limit {
                    result.isRefused = true
                    return result
                }
            }
        }
        return result
    }

    /// Any bytes, as text to be decoded and as bytes to be encoded.
    package static let base64url = FuzzTarget(
        name: "base64url",
        tokens: ["=", "==", "-", "_", "+", "/", "A", "Zg", "Zm8", "Zm9v", "\n", " "],
        failure: base64urlFailure)

    private static func base64urlFailure(_ bytes: [UInt8]) -> String? {
        let text = Base64URL.encode(bytes.span)
        guard Base64URL.decode(Array(text.utf8).span) == bytes else {
            return "\(text) is not read back"
        }
        let decoded = Base64URL.decode(bytes.span)
        if let decoded {
            return Base64URL.encode(decoded.span).utf8.elementsEqual(bytes)
                ? nil : "not the one text"
        }
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        guard bytes.count % 4 != 1, bytes.allSatisfy(alphabet.contains), let last = bytes.last
        else {
            return bytes.isEmpty ? "nothing is the text of nothing" : nil
        }
        // The last character has four unused bits after one byte, two after two, none after three.
        let zeros = bytes.count % 4 == 2 ? "AQgw" : bytes.count % 4 == 3 ? "AEIMQUYcgkosw048" : nil
        guard let zeros else { return "a text was refused" }
        return zeros.utf8.contains(last) ? "a canonical text was refused" : nil
    }
}
