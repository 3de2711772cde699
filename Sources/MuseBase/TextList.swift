// The base room: texts as C's calls that start programs take them.
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Lends texts as an array of C strings that ends with a null pointer (`argv` and `envp` of
/// posix_spawn(3)).
package func withTextList<R>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    var pointers = unsafe texts.map { unsafe strdup($0) }
    defer { unsafe pointers.forEach { unsafe free($0) } }
    unsafe pointers.append(nil)
    return unsafe body(pointers)
}
