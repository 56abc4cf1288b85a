// Package commands assembles the tree of all commands and runs it.
//
//	CMD-1  Main reads only the arguments, input, variables and clock that it is given, never those of the process.
//	       Paths are relative to the current folder of the process.
//
// # Bills
//
// This part holds the commands that show what customers are billed and why: bill, documents, explain, bandwidth,
// packages and quote.
//
//  1. The commands write only the file of --out or --svg; documents writes the folder of --dir.
//  2. explain, bandwidth and packages recalculate amounts and compare them with the lake. A difference is exit
//     code 3.
//
// # Cycles
//
// This part holds the commands that close a cycle and rate a closed one again: close and rerate.
//
//  1. close with open items asks a person on a terminal and requires --yes elsewhere. Every answer but yes
//     leaves the lake as it was: exit code 2.
//  2. A dry run writes nothing.
//
// # Exports
//
// This part holds the commands that write and check data for other programs: export and focus check.
//
//  1. A file is written completely or not at all, and an existing one is replaced only with --force.
//  2. A binary format is not written to a terminal.
//
// # Keys
//
// This part holds the commands of the query API's keys: keys add, keys list and keys revoke.
//
//  1. A secret is shown once, when the key is created. If it cannot be shown, the key is not stored.
//
// # The lake
//
// This part holds the commands that maintain the lake: verify, prune, rebucket, backup, restore and restore-head.
//
//  1. verify and the dry runs write nothing. restore-head writes HEAD only, and only with --yes.
//
// # Partners
//
// This part holds the commands that show what partners owe and earn: statement, invoice and incentives.
//
//  1. The commands write only the file of --out.
//
// # The program
//
// This part holds the commands about the program itself: version, completion and man.
//
//	MANUAL-1  The manual is generated from the commands: every command that can be called has a page, and two builds
//	          of one source generate identical bytes.
//
// # Publishing
//
// This part holds the command publish, which copies the lake to ClickHouse and updates Iceberg tables.
//
//  1. A dry run writes nothing, and says so if there is nothing to insert.
//  2. --print-ddl connects to no server.
//
// # Queries
//
// This part holds the command query, which runs predefined queries.
//
//  1. Totals include all rows, also those that --limit omits.
//
// # Rejects
//
// This part contains the commands for rejects: rejects, rejects costs, rejects dismiss and rejects restore.
//
//  1. Exit code 1 means that a reject that matches the flags is open.
//  2. A dismissal records who decided it and why.
//
// # Runs
//
// This part contains the commands that run jobs and show runs: ingest, run nightly, run monthly, task, worker,
// schedule and runs.
//
//  1. Jobs that a person starts and jobs that the schedule starts use the same code (package jobs).
//  2. runs reads the run ledger and the lake. It reports what it cannot read and then ends with exit code 1.
//
// # Servers
//
// This part contains the commands serve and console, which start the query API and the console (package serve).
//
//  1. serve prints nothing on standard output, and console prints its address. Both log to standard error.
//
// # Workspaces
//
// This part contains the commands that create and check a workspace: init, generate, check and doctor.
//
//  1. init and generate do not change a workspace or a folder that is not empty.
//  2. check writes nothing. doctor creates a file in the lake or, in an object store, two objects, and removes them.
package commands
