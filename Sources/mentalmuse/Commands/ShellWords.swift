// The shell: taking a line apart into words, and finding the words that may stand at its end.
internal import MuseJSON
internal import MuseOptions

/// The words of a shell's line.
enum ShellWords {
    /// Splits at white space; '…' takes all as it is, "…" knows \" and \\; what begins with { or [
    /// after the first word goes to the end of the line as one word.
    /// - Throws: a quote that is not closed.
    static func split(_ line: String) throws(UsageError) -> [String] {
        var words: [String] = []
        var word = ""
        var isOpen = false
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            if let open = quote {
                if character == open {
                    quote = nil
                } else if open == "\"", character == "\\", rest.first == "\"" || rest.first == "\\"
                {
                    word.append(rest.removeFirst())
                } else {
                    word.append(character)
                }
            } else if character == " " || character == "\t" {
                if isOpen { words.append(word) }
                (word, isOpen) = ("", false)
            } else if !isOpen, !words.isEmpty, character == "{" || character == "[" {
                words.append(Text.trimmed(String(character) + rest))
                return words
            } else {
                isOpen = true
                if character == "'" || character == "\"" {
                    quote = character
                } else {
                    word.append(character)
                }
            }
        }
        if quote != nil { throw UsageError("a quote is not closed") }
        if isOpen { words.append(word) }
        return words
    }

    /// What may stand where `beginning` stands.
    /// - Parameter before: the line before it.
    static func completions(_ beginning: String, after before: String) -> [String] {
        let words = (try? split(before)) ?? []
        let candidates: [String]
        if words.isEmpty {
            candidates = SchemaIndex.builtIn.methods.map(\.name) + ["help", "exit"]
        } else if words[0] == "help" {
            candidates = SchemaIndex.builtIn.methods.map(\.name)
        } else if let method = SchemaIndex.builtIn.method(words[0]) {
            let given = words.dropFirst().compactMap {
                $0.split(separator: "=").first.map(String.init)
            }
            candidates = method.params.filter { !given.contains($0.name) }.flatMap(forms)
        } else {
            candidates = []
        }
        return candidates.filter { $0.hasPrefix(beginning) }
    }

    private static func forms(_ param: ParamInfo) -> [String] {
        switch param.kind {
        case .boolean: [param.name + "=true"]
        case .any: [param.name + ":="]
        default:
            param.choices.isEmpty
                ? [param.name + "="] : param.choices.map { "\(param.name)=\($0)" }
        }
    }
}
