// Package ledger is the run ledger: one small JSON file per attempt of a run, in the folder runs/ of the workspace,
// next to the lake.
//
// The manifests of the lake record what was committed, permanently. The ledger records what only the process knew: why
// and when it ran, how long, why it failed, and runs that committed nothing.
//
//	LEDGER-1  An entry is written as `running` when a run starts and is replaced in one step when the run ends. A
//	          reader sees one of the two.
//	LEDGER-2  The process of a running entry holds a lock on its file. The system releases the lock however the
//	          process ends. An entry that says `running` and is not locked belongs to a run that was killed.
//	LEDGER-3  IDs sort by start time. No two runs have the same ID.
//	LEDGER-4  A file that cannot be read is reported and ignored. It does not hide other files.
//	LEDGER-6  The newest Keep entries are kept. Older ones are deleted when a run ends.
//	LEDGER-7  An entry whose run ended does not change. A reader that reads again reads only new entries.
//
// Nothing in the lake depends on the ledger. It can be deleted at any time.
package ledger
