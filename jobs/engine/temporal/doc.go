// Package temporal has workers on any machine do the tasks of a run, by a Temporal server. It alone imports Temporal's
// SDK, and only programs that are built with the tag temporal import it.
//
//	TEMPORAL-1  The tasks of a stage of a run are one workflow, or several of at most chunkTasks tasks. Its ID follows
//	            from queue, run, stage and first task: a process that continues a run joins the workflow that is on.
//	TEMPORAL-2  The name of the task queue has the build: a worker of another build is given no task.
//	TEMPORAL-3  A workflow and its activities are pure placement: they pass the hash of the plan, numbers of tasks,
//	            and who did them (ENGINE-3).
//	TEMPORAL-4  The heartbeats of an attempt have its worker and the attempts before it. The run reports each attempt
//	            with its worker, also of a stage that fails; an attempt without a heartbeat has worker unknown.
package temporal
