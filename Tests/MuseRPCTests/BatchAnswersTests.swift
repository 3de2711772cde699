// Tests of the RPC room: the answers of a batch.
internal import MuseJSON
internal import MuseRPC
internal import Testing

struct BatchAnswersTests {
    private func written(_ answers: BatchAnswers) -> String? {
        var writer = JSONWriter()
        let wrote = answers.write(into: &writer)
        let text = writer.string()
        #expect(wrote == !text.isEmpty)
        return wrote ? text : nil
    }

    @Test func `answers stand in request order, whatever order they came in`() {
        for seed in UInt64(0)..<100 {
            var dice = Dice(seed)
            let count = Int.random(in: 1...12, using: &dice)
            let texts = (0..<count).map { index in
                Bool.random(using: &dice) ? "{\"id\":\(index)}" : nil
            }
            let answers = BatchAnswers(count: count, bytesMax: 1 << 20)
            var left = count
            for index in (0..<count).shuffled(using: &dice) {
                left -= 1
                let isLast = answers.finish(index, texts[index].map { Array($0.utf8) })
                #expect(isLast == (left == 0))
            }
            let said = texts.compactMap { $0 }
            let wanted = said.isEmpty ? nil : "[" + said.joined(separator: ",") + "]"
            #expect(written(answers) == wanted, "seed \(seed)")
        }
    }

    @Test
    func `a batch of notifications alone is answered with nothing, never with an empty array`() {
        let answers = BatchAnswers(count: 2, bytesMax: 100)
        #expect(!answers.finish(1, nil))
        #expect(answers.finish(0, nil))
        #expect(written(answers) == nil)
    }

    @Test func `answers that fit their room never pass the limit together`() {
        for seed in UInt64(0)..<200 {
            var dice = Dice(seed)
            let bytesMax = Int.random(in: 2...400, using: &dice)
            let count = Int.random(in: 1...20, using: &dice)
            let answers = BatchAnswers(count: count, bytesMax: bytesMax)
            for index in 0..<count {
                let room = answers.room
                #expect(room >= 0)
                let size = Int.random(in: 0...(room + 3), using: &dice)
                let answer = size > 0 && size <= room ? [UInt8](repeating: 0x31, count: size) : nil
                _ = answers.finish(index, answer)
            }
            let length = written(answers)?.utf8.count ?? 0
            #expect(length <= bytesMax, "seed \(seed)")
            #expect(length <= answers.bytes)
        }
    }

    @Test func `a write sets its room aside, and gives it back`() {
        let reserve = BatchAnswers.writeReserve
        let answers = BatchAnswers(count: 5, bytesMax: 2 * reserve + 3)
        let room = answers.room
        #expect(room == 2 * reserve)
        #expect(answers.reserve())
        #expect(answers.reserve())
        #expect(answers.room == 0)
        #expect(!answers.reserve())
        answers.release()
        #expect(answers.room == reserve)
        _ = answers.finish(0, [0x31])
        #expect(answers.room == reserve - 2)
        #expect(!answers.reserve(), "with less than the reserve left a write is refused unrun")
        answers.release()
        #expect(answers.room == room - 2)
    }

    @Test func `room is never negative, however large an answer was`() {
        let answers = BatchAnswers(count: 2, bytesMax: 10)
        _ = answers.finish(0, [UInt8](repeating: 0x31, count: 50))
        #expect(answers.room == 0)
        #expect(!answers.reserve())
    }

    @Test func `one answer more than there are members is our own bug`() async {
        await #expect(processExitsWith: .failure) {
            let answers = BatchAnswers(count: 1, bytesMax: 10)
            _ = answers.finish(0, nil)
            _ = answers.finish(0, nil)
        }
    }
}
