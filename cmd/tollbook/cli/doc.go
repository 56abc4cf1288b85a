// Package cli is what all commands of tollbook share: streams, global flags, the clock, reading a workspace and its
// lake, running a job, tables and documents for people, JSON, and exit codes.
//
//	CLI-1  Results are written to standard output, everything else to standard error. With --json a result is one
//	       JSON object.
//	CLI-2  Only ExitCode chooses the exit code, and only describeFailure chooses the text of a failure (§7.4). A hint
//	       is a field of its own. With --json a failure is one JSON object {error, hint, at, exit} on standard error.
//	CLI-3  The clock is read here and in no package below. --as-of replaces it (§7.3).
//	CLI-4  Progress is shown only on a terminal, after two seconds, a few times a second.
//	CLI-5  A person is asked only if standard input and standard error are terminals and --json is not set.
//	CLI-6  A command that commits refuses an --as-of more than a minute later than the machine's clock, unless
//	       --allow-future is given. Dry runs and commands that only read accept any time.
//	CLI-7  If a result cannot be written completely to standard output, the command fails with exit code 3; help does
//	       so too. A key is stored only after its secret was shown.
//	CLI-8  The workspace is the folder of -w, else that of TOLLBOOK_WORKSPACE, else the nearest folder with
//	       tollbook.yaml from the current one upwards. Without one a command says so and does nothing.
//	CLI-9  Escape sequences, cut texts and rounded amounts are for terminals only. NO_COLOR turns the escape sequences
//	       off, --exact the rounding. A table that is too wide for a terminal is written as "name: value".
//	CLI-10 A command that reads shows the newest state, and says so if an --as-of is before it.
//	CLI-11 A text flag or an argument without a text is refused: an empty --customer does not mean all customers.
//	CLI-12 A flag that has no effect in the form of a command that was asked for is refused (Only).
//	CLI-13 A command that commits and has an --as-of before the newest state asks a person. Where it may not, it
//	       requires --yes. run nightly --reset-clock is such an answer.
//
// # Small tables
//
// This part writes small tables as CellsCSV, for programs or for spreadsheet programs.
//
//  1. Without excel a value is written unchanged; with it, package document converts texts and numbers.
//
// # Files that are never replaced
//
// This part knows the files of a workspace and of a lake that no result of a command may replace.
//
//	PLACE-1  Of protects files in any lake, and the settings, books, run ledger and keys of any workspace, not only
//	         of the command's own. It follows links.
package cli
