// The fuzzer `fuzz-envelope`: libFuzzer's entry. The target is FuzzTargets' own, shared with `swift
// test`.
internal import FuzzTargets

/// Called by libFuzzer for every input; a broken property traps, and the input is kept.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe FuzzTarget.envelope.run(start, count)
    return 0
}
