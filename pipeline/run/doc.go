// Package run performs the runs of tollbook on a workspace: it ingests feeds, folds the days that changed, updates
// month-ends and statements, checks the control totals, and commits the lake.
//
//	RUN-1  A run is one transaction on the lake: readers see the state before it or after it (§7.2).
//	RUN-2  A run with nothing new writes nothing and reports that (§7.1).
//	RUN-3  A run whose control totals fail does not commit (§6.6).
//	RUN-6  A cycle is closed only after every earlier one that has files, also by this run, and after every one since
//	       the last closed one, or since the first with files, that the books may charge without a record.
//	RUN-7  A closed cycle is rated again if it is not archived and the lake has something of it, of an earlier cycle
//	       that is not archived, or of lines that a later closed cycle billed for it.
//	RUN-8  A run of an engine that did not end is continued only if a run that begins now would take the same feed
//	       files. A refused one leaves nothing that could be continued.
//
// The run's clock is an argument. No package below reads a clock.
package run
