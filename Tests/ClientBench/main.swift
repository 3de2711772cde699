// What the Swift client's own work on a post costs, without a network: client-bench [ROUNDS].
// Processor time, the median of the rounds, beside what only looking at the same bytes costs.
internal import Glibc
internal import MentalMuseClient
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON

let rounds = max(CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 9, 1)
let repeats = 20_000

/// Nanoseconds of this process's processor time.
func processorTime() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The median of the rounds, in nanoseconds for one.
func cost(_ work: () -> Int) -> Double {
    var figures: [Double] = []
    for _ in 0..<rounds {
        let begun = processorTime()
        var sum = 0
        for _ in 0..<repeats { sum &+= work() }
        precondition(sum != 0, "nothing was done")
        figures.append(Double(processorTime() - begun) / Double(repeats))
    }
    return figures.sorted()[rounds / 2]
}

func show(_ name: String, _ nanoseconds: Double, beside other: Double) {
    let ratio = (nanoseconds / other * 10).rounded() / 10
    print("  \(name): \(Int(nanoseconds.rounded())) ns, \(ratio) of looking at it")
}

for characters in [100, 1_000, 5_000] {
    let body = String(repeating: "A post of words. ", count: characters / 17 + 1)
    let text = String(body.prefix(characters))
    let params = PostsCreateParams(body: text)
    let meta = Meta(deadlineMs: 30_000, idempotencyKey: "9f3a61c2b4d0e871-27ab34cd98ef0112-1k")
    let author = Author(
        id: UUIDv7(high: 0x0189_0A5D_AC96_774B, low: 0xBCCE_B302_099A_8057),
        username: "robin", displayName: "Robin Redbreast")
    let moment = Timestamp(milliseconds: 1_795_536_000_000)
    var writer = JSONWriter()
    Post(
        id: author.id, author: author, body: text, createdAt: moment, updatedAt: moment,
        edited: false, likeCount: 12, commentCount: 3, liked: false, revision: 1
    ).encode(into: &writer)
    let answer = Array(writer.string().utf8)

    print("A post of \(characters) characters, \(answer.count) bytes:")
    let look = cost {
        var reader = JSONReader(position: 0, end: answer.count)
        try? reader.skipValue(answer.span)
        return reader.position
    }
    print("  looking at it: \(Int(look.rounded())) ns")
    var out = JSONWriter()
    show(
        "encoding its params and _meta",
        cost {
            out.removeAll()
            params.encode(into: &out)
            meta.encode(into: &out)
            return out.count
        }, beside: look)
    show(
        "decoding it",
        cost {
            var reader = JSONReader(position: 0, end: answer.count)
            return (try? Post(answer.span, &reader))?.revision ?? 0
        }, beside: look)
}
