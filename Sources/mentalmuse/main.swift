// The program: reads the command line, finds the command, leaves with its exit status.
internal import Glibc

exit(Program.run(Array(CommandLine.arguments.dropFirst())))
