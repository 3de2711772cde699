// The network room: bytes that a worker lends to whichever connection has its turn, so that an idle
// connection holds none.

/// A fixed piece of memory. Confined to its worker.
@safe
package final class Scratch {
    private let memory: UnsafeMutableRawBufferPointer

    /// `capacity`: how many bytes it has.
    package init(capacity: Int) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 64)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// How many bytes it has.
    package var capacity: Int { unsafe memory.count }

    /// Lends its first `count` bytes.
    package func withSpan<R>(_ count: Int, _ body: (Span<UInt8>) -> R) -> R {
        precondition(count <= capacity, "more bytes than the scratch has")
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
        return unsafe body(Span(_unsafeBytes: bytes))
    }

    /// Lends all of it to a call that fills it.
    package func withMemory<R>(_ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
        unsafe body(memory)
    }

    /// Lends its first `count` bytes.
    package func withBytes<R>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        precondition(count <= capacity, "more bytes than the scratch has")
        return unsafe body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}
