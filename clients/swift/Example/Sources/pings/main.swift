// How many calls a second one connection carries: `pings [TASKS] [CALLS]`. MUSE_URL says where.
import MentalMuseClient

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let tasks = numbers.first ?? 128
let calls = numbers.dropFirst().first ?? 1_000_000

let client = try await MentalMuseClient.connect()
let clock = ContinuousClock()
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
client.close()
