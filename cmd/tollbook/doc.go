// Command tollbook bills cloud usage: it takes feed files in, rates them, settles cycles, and shows and checks the
// results. This folder holds nothing but flags, wiring and printing.
//
//	CLI-1  Results go to standard output, everything else to standard error; with --json a result is one JSON object.
//	CLI-2  exitCode alone decides the exit code and explain alone the text of a failure (spec §7.4). A hint is a field
//	       of its own; with --json a failure is one JSON object {error, hint, at, exit} on standard error.
//	CLI-3  The clock is read here and nowhere below; --as-of takes its place (spec §7.3).
//	CLI-4  Progress shows on a terminal alone, after two seconds, a few times a second.
//	CLI-5  A command that this version does not have does not exist: no name stands for nothing.
//	CLI-6  A command that commits refuses an --as-of later than the machine's clock by more than a minute, unless
//	       --allow-future is given. Dry runs and commands that only read take any.
//	CLI-7  A result that cannot be written to standard output in full is a failure, exit code 3, in every command and
//	       in help. A key whose secret was not shown is not kept.
package main
