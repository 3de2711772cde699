// Tests of the base room: base64url and hexadecimal.
internal import Foundation
internal import MuseBase
internal import Testing

struct Base64URLTests {
    private func encode(_ bytes: [UInt8]) -> String { Base64URL.encode(bytes.span) }
    private func hex(_ bytes: [UInt8]) -> String { Hex.encode(bytes.span) }

    private func decode(_ text: String) -> [UInt8]? {
        Base64URL.decode(Array(text.utf8).span)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"), ("\u{3E}\u{3F}?>", "Pj8_Pg"),
    ])
    func `texts of RFC 4648 are written and read without padding`(plain: String, text: String) {
        #expect(encode(Array(plain.utf8)) == text)
        #expect(decode(text) == Array(plain.utf8))
    }

    @Test func `random bytes of every length come back, as Foundation writes them`() {
        let random = RandomSource.seeded(4)
        for length in 0...130 {
            let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.uint64()) }
            let text = encode(bytes)
            let foundation = Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(text == foundation)
            #expect(decode(text) == bytes)
        }
    }

    @Test(arguments: [
        "A", "AAAAA", "Zg=", "Zg==", "Zm8=", "Z g", "Zg\n", " Zg", "Zm9v+", "Zm/v", "Zm+v",
        "Z\u{0}==",
        "Zé", "Zm9vY-=", "====", "Zm9v.", "Zm8,",
    ])
    func `padding, white space, other characters and impossible lengths are refused`(text: String) {
        #expect(decode(text) == nil)
    }

    @Test func `each text of up to three characters is the one text of its bytes, or is refused`() {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var read = 0
        for first in alphabet {
            for second in alphabet {
                let two = [first, second]
                if let bytes = Base64URL.decode(two.span) {
                    read += 1
                    #expect(Array(encode(bytes).utf8) == two)
                }
            }
        }
        #expect(read == 256, "of two characters, one text for each byte")
        read = 0
        for first in [UInt8(ascii: "A"), UInt8(ascii: "_")] {
            for second in alphabet {
                for third in alphabet {
                    let three = [first, second, third]
                    if let bytes = Base64URL.decode(three.span) {
                        read += 1
                        #expect(Array(encode(bytes).utf8) == three)
                    }
                }
            }
        }
        #expect(read == 2 * 1_024)
    }

    @Test func `a text altered at any character is other bytes or refused`() {
        let bytes = (0..<48).map { UInt8($0 * 5) }
        let text = Array(encode(Array(bytes.prefix(47))).utf8)
        for at in text.indices {
            for other in UInt8.min...UInt8.max where other != text[at] {
                var altered = text
                altered[at] = other
                guard let decoded = Base64URL.decode(altered.span) else { continue }
                #expect(Array(encode(decoded).utf8) == altered)
            }
        }
    }

    @Test func `text is put after what is there`() {
        var text = Array("x.".utf8)
        let bytes: [UInt8] = [0xFB, 0xFF]
        Base64URL.append(bytes.span, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "x.-_8")
    }

    @Test func `hexadecimal has two lower-case digits a byte`() {
        #expect(hex([]) == "")
        #expect(hex([0x00, 0x0F, 0xF0, 0xAB, 0xFF]) == "000ff0abff")
    }
}
