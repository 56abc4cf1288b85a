// Package run performs the runs of tollbook on a workspace: it takes feeds in, folds the days that changed, brings
// month-ends and statements up to date, checks the control totals, and commits the lake.
//
//	RUN-1  A run is one transaction on the lake: readers see the state before it or after it (spec §7.2).
//	RUN-2  A run with nothing new writes nothing and says so (spec §7.1).
//	RUN-3  No control total that fails is committed (spec §6.6).
//	RUN-4  The run's clock is a value from outside; nothing below reads one.
//	RUN-5  A run that is known to find nothing to do, and is not done for that (Stand), comes out as it would have:
//	       the lake, the report, the error. Where that is not certain, it is done.
package run
