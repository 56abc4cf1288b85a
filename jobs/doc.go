// Package jobs performs one job on a workspace, started manually or by the schedule, and writes the run ledger (package
// ledger). It is the lowest layer that reads a clock; packages below receive instants.
//
//	JOBS-1  Every command that changes the lake calls Runner.Run, so every change is in the ledger. A dry run changes
//	        nothing and leaves no entry.
//	JOBS-2  The workspace is opened again for each run, because settings and books can have changed.
//	JOBS-3  The ledger affects runs only by JOBS-6. If it cannot be written, the run prints a warning and continues.
//	JOBS-4  The result of a run depends only on its task, its as-of and the workspace. Durations, memory and the real
//	        clock are written to the ledger, never to the lake.
//	JOBS-5  If a run panics, the ledger records it before the panic continues.
//	JOBS-6  The ledger records which lake each run left: the hash of its first manifest. A run, a reader and the query
//	        API refuse a lake that is not empty and that no run of the ledger left. Without a ledger any lake is
//	        accepted. If the lake is empty although the ledger names an earlier lake, a run first records in its
//	        entry that it begins a new lake, and is refused if it cannot. If that run is then killed, a lake whose
//	        first manifest has its command and as-of is accepted as its own. Its report names the run that left the
//	        earlier lake. Readers and backups refuse an empty lake if the ledger names a lake.
//	JOBS-7  The ledger records the state of the lake that each run left. If the newest of these states is not in the
//	        history of the lake, an older or another copy of the lake was put in its place: the next run that makes a
//	        report says so, and doctor fails until then. Runs without a report, such as prune, record no state then.
//	JOBS-8  A run, verify and doctor refuse a lake that names an archive if no archive is in that place. An archive
//	        that cannot be reached stops no run.
//
// # Tasks of workers
//
// This part does the tasks that an engine (package temporal) gives to a worker process, on any machine.
//
//	ENGINE-1  If the worker of a task crashes or sends no heartbeat in time, another process does the task again. A
//	          task that fails is retried after a pause. The stage fails after MaxTaskFailures attempts. A refused or
//	          broken task is not retried, and no further task is started.
//	ENGINE-2  The engine decides nothing about the lake: a task that is done twice writes the same files (TASK-3), and
//	          only the process of the run commits.
//	ENGINE-3  No rows pass through an engine. It receives the hash of the plan and the numbers of tasks, and returns
//	          the worker, the attempts and the duration of each task.
//
// # The schedule
//
// This part decides when runs are due and starts them: it compares what the lake and the ledger record as done
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
package jobs
