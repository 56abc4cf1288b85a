// Package schedule decides when runs are due and starts them: it compares what the lake and the ledger record as done
// with what is due, and runs the difference in order.
//
// The pure function Plan.Due calculates what is due from the settings, the zone, the State and an instant. The loop
// (Scheduler) reads the state, starts the first job that is due, and repeats.
//
//	SCHED-1  Pending jobs follow only from the lake's manifests, the ledger and the settings. A scheduler that is
//	         stopped, killed or moved to another machine loses nothing. The oldest job is first; at the same instant
//	         nightly, monthly, close, publish, prune.
//	         A publish is pending if the newest manifest is later than the newest published state. A state is
//	         identified by number and hash, because after a restore another state can have the same number.
//	SCHED-2  A local time that daylight saving skips moves to the first instant after the gap. One that occurs twice
//	         counts once, at its first occurrence. Firings at the same instant count once.
//	SCHED-3  A run's as-of is the instant at which it was due, however late it runs, and it ingests only feed files
//	         that were last changed up to then. So outages do not change the lake. If the lake's as-of is later,
//	         because of a manual run, the run uses the lake's.
//	SCHED-4  One run at a time, runs on the lake before a publish. A job that fails blocks later jobs on the lake,
//	         never a publish.
//	SCHED-5  Only retryable failures are retried, at growing intervals. After other failures, the job runs again at
//	         the next scheduled time.
//	SCHED-6  Nothing runs while the clock is before the as-of of the newest manifest.
//	SCHED-7  One scheduler per workspace.
//	SCHED-8  A close that is refused because of open items of its cycle waits for a person. It is retried after each
//	         successful run on the lake. It blocks only later closes.
package schedule
