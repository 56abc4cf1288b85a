// Package schedule says when runs are due, and does them: by what the lake and the ledger say was done, it finds what
// fell due and was not, and does it in order.
//
// What is due is a pure function (Plan.Due) of the settings, the zone, the State and an instant; the loop (Scheduler)
// reads the state, does the first thing that is due, and asks again.
//
//	SCHED-1  What is owed follows from the lake's manifests, the ledger and the settings alone: a scheduler that is
//	         stopped, killed or moved to another machine loses nothing. The oldest goes first; at one instant nightly,
//	         monthly, close, publish, prune.
//	SCHED-2  A time on the wall that its day does not have is due at the first instant after the gap; one that comes
//	         twice, the first time only. Firings that fall together on one instant are one.
//	SCHED-3  A run's as-of is the instant at which it was due, however late it is done, and it takes only feed files
//	         that were last changed up to then: a month with outages ends in the lake of a month without. Where the
//	         lake is further already, by a run by hand, its as-of is the lake's.
//	SCHED-4  One run at a time, those on the lake before a publish; what cannot be done holds up what comes after it
//	         on the lake, never a publish.
//	SCHED-5  Tried again at growing intervals is only what can heal by itself; all else waits for the next firing.
//	SCHED-6  While the clock lies before the newest manifest's as-of nothing runs.
//	SCHED-7  One scheduler a workspace.
//	SCHED-8  A close that is refused because of what its cycle lacks waits for a person. It is tried again after each
//	         run on the lake that ends well. It holds up later closes and nothing else.
package schedule
