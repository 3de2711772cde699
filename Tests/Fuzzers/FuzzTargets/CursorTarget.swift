// Fuzzing: cursors. What is read is written the same, and one list's is no other's.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseService

extension FuzzTarget {
    /// A letter for the list, one for its order, one for its filter (`n`one, `i`d, `t`ext), the
    /// filter's text, a line feed, an id's sixteen bytes, and the text of a cursor, in which `@`
    /// stands for the true one.
    package static let cursor = FuzzTarget(
        name: "cursor",
        tokens: [
            "@", "@=", "@\n", " @", "AQIA", "AQIB", "AgIA", "A", "-", "_", "=", "+", "/", "\n",
            "unn\n", "pot\n", "lni", "cot", "sni", "é", "\u{0}",
        ],
        failure: cursorFailure)

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func cursorFailure(_ bytes: [UInt8]) -> String? {
        let feed = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        guard feed >= 3, let id = UUIDv7.all(in: Array(bytes[feed...].dropFirst())).first else {
            return nil
        }
        let places = Place.all(bytes[0], bytes[1], bytes[2], Array(bytes[3..<feed]))
        let list = places[0].list
        let cursor = list.cursor(id)
        let text = bytes[(feed + 17)...].shown.replacing("@", with: cursor)
        return readingFailure(list, text) ?? madeFailure(places, id, cursor)
            ?? alteredFailure(list, cursor, bit: bytes.count)
    }

    /// Whatever is read as a cursor is the one text of its place.
    private static func readingFailure(_ list: ListCursor.List, _ text: String) -> String? {
        do throws(RPCError) {
            guard let last = try list.position(text) else { return "\(text) was taken for none" }
            guard list.cursor(last).utf8.elementsEqual(text.utf8) else {
                return "\(text) is read, and written as \(list.cursor(last))"
            }
            return nil
        } catch {
            return error.code == 1402 ? nil : "\(text) is refused with \(error.code)"
        }
    }

    /// What was made is read by its list, and by no other.
    private static func madeFailure(_ places: [Place], _ id: UUIDv7, _ cursor: String) -> String? {
        guard cursor.utf8.count == 36, (try? places[0].list.position(cursor)) == id else {
            return "\(cursor) is not read back"
        }
        for other in places.dropFirst() where (try? other.list.position(cursor)) != nil {
            return "\(cursor) of \(places[0].name) is taken by \(other.name)"
        }
        return nil
    }

    /// No text that differs in one bit, or in length, holds: the check goes from byte to byte by
    /// bijections, so that a change of one byte is never hidden.
    private static func alteredFailure(
        _ list: ListCursor.List, _ cursor: String, bit: Int
    ) -> String? {
        let whole = Array(cursor.utf8)
        var altered = [whole + [0x41], whole + [0x3D], whole.dropLast(), Array(whole.dropFirst())]
        for at in whole.indices {
            let value = alphabet.firstIndex(of: whole[at]) ?? 0
            altered.append(whole)
            altered[altered.count - 1][at] = alphabet[value ^ (1 << ((bit + at) % 6))]
        }
        for other in altered.map(\.shown) where (try? list.position(other)) != nil {
            return "\(cursor) altered to \(other) holds"
        }
        return nil
    }
}

/// A list, and how a failure names it.
private struct Place {
    let list: ListCursor.List
    let name: String

    init(_ kind: ListCursor.Kind, _ order: Order, _ filter: ListCursor.Filter) {
        list = ListCursor.List(kind: kind, order: order, filter: filter)
        name = "\(kind) \(order) \(filter)"
    }

    /// The one that is chosen, then others that differ from it in one thing.
    static func all(_ kind: UInt8, _ order: UInt8, _ filter: UInt8, _ text: [UInt8]) -> [Place] {
        let kinds = ListCursor.Kind.allCases
        let letters = Array("uplcs".utf8)
        let first = letters.firstIndex(of: kind) ?? Int(kind) % kinds.count
        let orders: [Order] = order & 1 == 1 ? [.oldest, .newest] : [.newest, .oldest]
        var filters = filters(text)
        switch filter {
        case UInt8(ascii: "i"): filters.swapAt(0, 1)
        case UInt8(ascii: "t"): filters.swapAt(0, 2)
        default: break
        }
        return [Place(kinds[first], orders[0], filters[0])]
            + kinds.filter { $0 != kinds[first] }.map { Place($0, orders[0], filters[0]) }
            + [Place(kinds[first], orders[1], filters[0])]
            + filters.dropFirst().map { Place(kinds[first], orders[0], $0) }
    }

    private static func filters(_ text: [UInt8]) -> [ListCursor.Filter] {
        let id = UUIDv7.all(in: text + Array(repeating: 7, count: 16))[0]
        return [
            .none, .id(id), .text(text.shown), .text(text.shown + "\u{0}"),
            .id(UUIDv7(high: id.low, low: ~id.high)),
        ]
    }
}
