// The server room: the methods of the JSON-RPC 2.0 specification's examples (section 7), for tests
// alone.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC

enum ConformanceMethods {
    /// The result's JSON text, or the refusal; nil for any other method.
    static func run(_ envelope: Envelope, _ bytes: Span<UInt8>) -> Result<String, RPCError>? {
        switch envelope.method.string(bytes) {
        case "subtract":
            guard let numbers = numbers(envelope, bytes, names: ["minuend", "subtrahend"]),
                numbers.count == 2
            else { return .failure(refusal) }
            let (result, overflow) = numbers[0].subtractingReportingOverflow(numbers[1])
            return overflow ? .failure(refusal) : .success(String(result))
        case "sum":
            guard let numbers = numbers(envelope, bytes, names: []) else {
                return .failure(refusal)
            }
            return .success(String(numbers.reduce(0, &+)))
        case "get_data": return .success("[\"hello\",5]")
        case "update", "notify_hello", "notify_sum": return .success("null")
        default: return nil
        }
    }

    private static var refusal: RPCError {
        .invalidParams(errors: [Offence(path: "", rule: "type", expected: "\"integer\"")])
    }

    /// The integers of the params, by position or in the order of `names`.
    private static func numbers(
        _ envelope: Envelope, _ bytes: Span<UInt8>, names: [String]
    ) -> [Int64]? {
        guard let params = envelope.params else { return nil }
        var reader = JSONReader(
            position: params.lowerBound, end: params.upperBound, depthMax: JSONReader.depthLimit)
        var isFirst = true
        do throws(JSONError) {
            var found: [Int64] = []
            guard envelope.paramsByName else {
                try reader.beginArray(bytes)
                while try reader.nextElement(bytes, isFirst: &isFirst) {
                    guard let number = try number(bytes, &reader) else { return nil }
                    found.append(number)
                }
                return found
            }
            var named: [Int64?] = names.map { _ in nil }
            try reader.beginObject(bytes)
            while let key = try reader.nextMember(bytes, isFirst: &isFirst) {
                guard let index = names.firstIndex(of: key.string(bytes)),
                    let number = try number(bytes, &reader)
                else { return nil }
                named[index] = number
            }
            found = named.compactMap { $0 }
            return found.count == names.count ? found : nil
        } catch {
            return nil
        }
    }

    private static func number(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> Int64? {
        guard try reader.kind(bytes) == .number else { return nil }
        return try reader.number(bytes).int64(bytes)
    }
}
