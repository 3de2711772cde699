// Tests of the RPC room: the order rule, beside a plain model that remembers every request.
internal import MuseRPC
internal import Testing

struct OrderGateTests {
    /// The rule written out: all requests in their order, each with what has become of it.
    private struct Model {
        enum State { case begun, queued, over }
        var requests: [(effect: Effect, state: State)] = []

        func admits(_ effect: Effect) -> Bool {
            requests.allSatisfy { earlier in
                guard earlier.state != .over else { return true }
                return switch (earlier.effect, effect) {
                case (_, .none), (.none, _): true
                // Whatever changes who the connection is waits for all, and holds all.
                case (.session, _), (_, .session): false
                case (.read, .read): true
                case (.read, .write): false
                case (.write, .read): false
                case (.write, .write): earlier.state == .queued
                }
            }
        }
    }

    @Test(arguments: UInt64(1)...40)
    func `the gate admits what the rule admits, at every step of a random walk`(seed: UInt64) {
        var dice = Dice(seed)
        var gate = OrderGate()
        var model = Model()
        for step in 0..<500 {
            for effect in [Effect.none, .read, .write, .session] {
                #expect(gate.admits(effect) == model.admits(effect), "\(effect), step \(step)")
            }
            let isIdle = model.requests.allSatisfy { $0.state == .over }
            #expect(gate.isIdle == isIdle, "step \(step)")
            let live = model.requests.indices.filter { model.requests[$0].state != .over }
            if Int.random(in: 0..<5, using: &dice) < 3 || live.isEmpty {
                let effects: [Effect] = [.none, .read, .read, .write, .write, .session]
                let effect = effects.randomElement(using: &dice) ?? .read
                guard model.admits(effect) else { continue }
                gate.begin(effect)
                if effect == .none {
                    gate.end(effect, wasQueued: false)
                } else {
                    model.requests.append((effect, .begun))
                }
            } else if let index = live.randomElement(using: &dice) {
                let request = model.requests[index]
                if request.effect == .write, request.state == .begun, Bool.random(using: &dice) {
                    gate.queued()
                    model.requests[index].state = .queued
                } else {
                    gate.end(request.effect, wasQueued: request.state == .queued)
                    model.requests[index].state = .over
                }
            }
        }
    }

    /// What may begin after the given requests have begun.
    private func admitted(after effects: [Effect], queued: Bool = false) -> [Effect] {
        var gate = OrderGate()
        for effect in effects {
            gate.begin(effect)
            if queued, effect == .write { gate.queued() }
        }
        return [.none, .read, .write, .session].filter { gate.admits($0) }
    }

    @Test func `reads overlap and hold writes`() {
        #expect(admitted(after: [.read]) == [.none, .read])
        #expect(admitted(after: [.read, .read]) == [.none, .read])
    }

    @Test func `a write holds reads until it is over, and writes until it is queued`() {
        #expect(admitted(after: [.write]) == [.none])
        #expect(admitted(after: [.write], queued: true) == [.none, .write])
        #expect(admitted(after: [.write, .write], queued: true) == [.none, .write])
    }

    @Test func `a change of session holds all, and waits for all`() {
        #expect(admitted(after: [.session]) == [.none])
        #expect(admitted(after: []) == [.none, .read, .write, .session])
        #expect(admitted(after: [.none]) == [.none, .read, .write, .session])
    }

    @Test func `a write that ends before it was queued lets the next begin`() {
        var gate = OrderGate()
        gate.begin(.write)
        gate.end(.write, wasQueued: false)
        #expect(gate.isIdle && gate.admits(.write) && gate.admits(.read) && gate.admits(.session))
        gate.begin(.write)
        gate.queued()
        gate.end(.write, wasQueued: true)
        #expect(gate.isIdle && gate.admits(.read))
    }

    @Test func `a request that the rule holds back cannot begin`() async {
        await #expect(processExitsWith: .failure) {
            var gate = OrderGate()
            gate.begin(.session)
            gate.begin(.read)
        }
    }

    @Test func `a request that had not begun cannot end`() async {
        await #expect(processExitsWith: .failure) {
            var gate = OrderGate()
            gate.end(.read, wasQueued: false)
        }
    }
}
