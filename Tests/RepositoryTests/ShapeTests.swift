// Tests of the repository: how large files and functions are, and how they begin.
internal import Foundation
internal import Testing

/// A function, an initializer or a computed property, by its lines.
struct FunctionShape {
    let name: String
    let firstLine: Int
    let lineCount: Int

    /// The functions of a file, found by indentation: one ends at the first brace that stands in
    /// the column in which it began. The formatter sees to it that this is so.
    static func all(_ file: Repository.File) -> [FunctionShape] {
        let lines = file.lines
        let opening =
            /^(\s*)(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate|static|final|mutating|borrowing|consuming|nonisolated|override|convenience|isolated|class)(?:\([^)]*\))?\s+)*((?:func|init|deinit|subscript|var)\b[^={]*)/
        var found: [FunctionShape] = []
        for (index, line) in lines.enumerated() {
            // A body, or a list of parameters, opens at the end of the line.
            guard line.utf8.last == UInt8(ascii: "{") || line.utf8.last == UInt8(ascii: "("),
                let match = line.prefixMatch(of: opening)
            else { continue }
            let indent = String(match.1)
            // A stored property, or a requirement of a protocol, has no body of its own.
            guard let end = bodyEnd(lines, index, indent) else { continue }
            let name = match.2.prefix { $0 != "(" && $0 != "\n" }.trimmingCharacters(
                in: .whitespaces)
            found.append(
                FunctionShape(name: name, firstLine: index + 1, lineCount: end - index + 1))
        }
        return found
    }

    private static func bodyEnd(_ lines: [Substring], _ start: Int, _ indent: String) -> Int? {
        for index in start..<lines.count {
            let line = lines[index]
            if index > start, line.hasPrefix(indent + "}") { return index }
            if index > start, !line.isEmpty, !line.hasPrefix(indent + " "),
                !line.hasPrefix(indent + ")"), !line.hasPrefix(indent + "{"),
                !line.hasPrefix(indent + "#")
            {
                return nil
            }
            if index == start, line.hasSuffix("}") { return nil }
            if index == start, line.contains(" = "), !line.hasSuffix("{") { return nil }
        }
        return nil
    }
}

struct ShapeTests {
    static let linesMax = 400
    static let functionLinesMax = 60
    static let columnsMax = 100

    @Test func `no file is longer than 400 lines`() {
        for file in Repository.code {
            let count = file.lines.count - 1
            #expect(count <= Self.linesMax, "\(file.path) has \(count) lines: split it by topic")
        }
    }

    @Test func `no function is longer than 60 lines`() {
        for file in Repository.swift {
            for function in FunctionShape.all(file) where function.lineCount > Self.functionLinesMax
            {
                Issue.record(
                    "\(file.path):\(function.firstLine): \(function.name) has \(function.lineCount) lines"
                )
            }
        }
    }

    @Test func `no line is wider than 100 columns, but for text in quotes`() {
        for file in Repository.code {
            let wide = Self.wideLines(file)
            #expect(wide.isEmpty, "\(file.path) is too wide in lines \(wide)")
        }
    }

    private static func wideLines(_ file: Repository.File) -> [Int] {
        var isText = false
        var wide: [Int] = []
        for (index, line) in file.lines.enumerated() {
            let wasText = isText
            if line.togglesText { isText.toggle() }
            guard line.utf8.count > columnsMax, line.count > columnsMax, !wasText, !isText else {
                continue
            }
            // A text in quotes, or a regular expression, cannot be broken.
            let bare = line.replacing(/"(?:[^"\\]|\\.)*"/, with: "")
            let isPattern = line.firstMatch(of: /^\s*\/\^?.*\/$/) != nil
            if !isPattern, bare.count > columnsMax || !line.contains("\"") {
                wide.append(index + 1)
            }
        }
        return wide
    }

    @Test func `every file ends with one line feed and has no tabs or trailing spaces`() {
        for file in Repository.code where !file.text.isEmpty {
            #expect(
                file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(file.path): its end")
            for (index, line) in file.lines.enumerated() where line.utf8.last == 0x20 {
                Issue.record("\(file.path):\(index + 1) ends in a space")
            }
            let hasTab = file.path.hasSuffix(".swift") && file.text.utf8.contains(0x09)
            #expect(!hasTab, "\(file.path) has a tab")
        }
    }

    @Test func `every Swift file begins by saying what room it is`() {
        for file in Repository.swift {
            #expect(file.text.hasPrefix("// "), "\(file.path) has no head")
        }
    }

    @Test func `the counter of lines sees long functions where they are`() throws {
        let body = Array(repeating: "        work()", count: 70).joined(separator: "\n")
        let text = """
            struct A {
                var stored = 1
                var short: Int { 1 }
                package static func long(
                    a: Int
                ) throws(E) -> Int {
            \(body)
                }
                init() {
                    one()
                }
            }

            """
        let shapes = FunctionShape.all(Repository.File(path: "Sources/A/A.swift", text: text))
        #expect(shapes.map(\.name) == ["func long", "init"])
        #expect(shapes.map(\.lineCount) == [74, 3])
    }
}
