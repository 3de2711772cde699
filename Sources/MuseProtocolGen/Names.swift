// The generator: names of the schema as names of Swift.

/// snake_case to the API guidelines' camel case; acronyms stay whole.
enum Names {
    private static let acronyms = ["id": "ID"]
    private static let reserved: Set<String> = ["default", "internal", "in", "self", "none"]

    static func lowerCamel(_ name: String) -> String {
        let parts = name.split(separator: "_").map(String.init)
        return parts.enumerated().map { index, part in
            index == 0 ? part : acronyms[part] ?? capitalized(part)
        }.joined()
    }

    static func upperCamel(_ name: String) -> String {
        name.split(separator: "_").map { capitalized(String($0)) }.joined()
    }

    static func capitalized(_ word: String) -> String {
        word.prefix(1).uppercased() + word.dropFirst()
    }

    /// A name to declare, in backticks where the language needs them.
    static func declared(_ name: String) -> String {
        reserved.contains(name) ? "`\(name)`" : name
    }
}

/// Text as a string literal of Swift, which is one of TypeScript too.
func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        default:
            if scalar.value < 0x20 || scalar.value >= 0x7F {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
    return result + "\""
}
