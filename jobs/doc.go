// Package jobs does one job on a workspace, by hand or by the schedule, and keeps the run ledger (package ledger). It
// is the lowest room that reads a clock: what lies below is given instants.
//
//	JOBS-1  Every command that changes the lake goes through Runner.Run: what changed the lake is in the ledger. A dry
//	        run changes nothing and leaves no entry.
//	JOBS-2  The workspace is opened anew for each run: settings and books may have changed meanwhile.
//	JOBS-3  The ledger never decides about a run: one that cannot be written costs a warning, and the run goes on.
//	JOBS-4  What a run comes to is decided by its task, its as-of and the workspace alone. Durations, memory and the
//	        real clock go to the ledger, never into the lake.
//	JOBS-5  A run that panics is in the ledger as such before the panic goes on.
package jobs
