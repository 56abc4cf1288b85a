// Package schedule decides when runs are due and starts them: it compares what the lake and the ledger record as done
// with what is due, and runs the difference in order.
//
// The pure function Plan.Due calculates what is due from the settings, the zone, the State and an instant. The loop
// (Scheduler) reads the state, starts the first job that is due, and repeats.
//
//	SCHED-1  Pending jobs follow only from the lake's manifests, the ledger and the settings. A scheduler that is
//	         stopped, killed or moved to another machine loses nothing. The oldest job is first; at the same instant
//	         nightly, monthly, close, publish, prune.
//	         A publish is pending if the newest manifest is later than the newest state that was published. A state is
//	         known by number and hash: after a lake was restored, another one has the number.
//	SCHED-2  A local time that daylight saving skips moves to the first instant after the gap. One that occurs twice
//	         counts once, at its first occurrence. Firings that fall on one instant are one.
//	SCHED-3  A run's as-of is the instant at which it was due, however late it runs, and it ingests only feed files
//	         that were last changed up to then: a month with outages ends in the lake of a month without. If the lake
//	         is later already, because of a manual run, the as-of is the lake's.
//	SCHED-4  One run at a time, runs on the lake before a publish. A job that fails blocks later jobs on the lake,
//	         never a publish.
//	SCHED-5  Only failures that are retryable are retried, at growing intervals. All others wait for the next
//	         scheduled time.
//	SCHED-6  While the clock is before the as-of of the newest manifest, nothing runs.
//	SCHED-7  One scheduler per workspace.
//	SCHED-8  A close that is refused because of open items of its cycle waits for a person. It is tried again after
//	         each successful run on the lake. It blocks later closes and nothing else.
package schedule
