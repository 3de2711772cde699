// How many calls a second one connection carries: `pings [TASKS] [CALLS]`. MUSE_URL says where. On
// a machine that does other things, the processor time of a call says more than the rate.
import MentalMuseClient

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Nanoseconds of this process's processor time.
func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let tasks = numbers.first ?? 128
let calls = numbers.dropFirst().first ?? 1_000_000

let client = try await MentalMuseClient.connect()
let clock = ContinuousClock()
let before = processorTime()
let time = try await clock.measure {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<tasks {
            group.addTask {
                for _ in 0..<(calls / tasks) { _ = try await client.server.ping() }
            }
        }
        try await group.waitForAll()
    }
}
let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
print("\(tasks) tasks, \(calls) pings in \(seconds) s: \(Int(Double(calls) / seconds)) a second")
let spent = Double(processorTime() - before) / 1_000 / Double(calls)
print("\((spent * 100).rounded() / 100) µs of this side's processor time a call")
client.close()
