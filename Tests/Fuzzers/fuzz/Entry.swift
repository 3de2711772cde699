// The program `fuzz`: libFuzzer's entry. The targets are FuzzTargets' own, shared with `swift
// test`; the variable MUSE_FUZZ_TARGET names the one that is run.
internal import FuzzTargets
internal import Glibc

private let target: FuzzTarget = {
    let name = unsafe getenv("MUSE_FUZZ_TARGET").map { unsafe String(cString: $0) }
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        fatalError("MUSE_FUZZ_TARGET is none of \(FuzzTarget.all.map(\.name))")
    }
    return target
}()

/// Called by libFuzzer for every input; a broken property traps, and the input is kept.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe target.run(start, count)
    return 0
}
