// Package ledger is the run ledger: one small JSON file an attempt of a run, in the workspace's folder runs/, beside
// the lake.
//
// What was committed is said by the lake's manifests, and kept for ever there. The ledger has what only the process
// knew: why and when it ran, how long, what it failed of, and the runs that committed nothing.
//
//	LEDGER-1  An entry is written when a run starts, as `running`, and replaced in one step when it ends. A reader
//	          sees one of the two.
//	LEDGER-2  The process of a running entry holds a lock on its file. The system lets go of it however the process
//	          ends: an entry that says `running` and is not locked is of a run that was killed.
//	LEDGER-3  IDs sort by the time of the start. No two runs have one ID.
//	LEDGER-4  A file that cannot be read is named and passed over: it hides no other.
//	LEDGER-5  Nothing in the lake depends on the ledger: it may be deleted at any time.
//	LEDGER-6  The newest Keep entries are kept; older ones are deleted when a run ends.
//	LEDGER-7  An entry whose run ended does not change any more. Who looks again reads what is new.
package ledger
