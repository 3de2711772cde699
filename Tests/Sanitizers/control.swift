// A program with one fault of the kind that a sanitizer is for: Tests/Sanitizers/run has to find it
// before it believes that there are none elsewhere.
import Foundation

let number = UnsafeMutablePointer<Int>.allocate(capacity: 1)
number.initialize(to: 0)
if CommandLine.arguments.last == "thread" {
    // Two threads change one number without a lock.
    let thread = Thread { number.pointee += 1 }
    thread.start()
    number.pointee += 1
    while !thread.isFinished {}
} else {
    // A number is read after it was given back.
    number.deallocate()
    print(number.pointee)
}
