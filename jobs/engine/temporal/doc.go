// Package temporal distributes the tasks of a run to workers on any machine through a Temporal server. Only this
// package imports Temporal's SDK, and only programs that are built with the tag temporal import this package.
//
//	TEMPORAL-1  Each stage of a run is one workflow, or several of at most chunkTasks tasks. The workflow ID consists
//	            of queue, run, stage and first task, so a process that continues a run joins the running workflow.
//	            If that is canceled, because the process before was interrupted, it starts another one.
//	TEMPORAL-2  The name of the task queue contains the build, so a worker of another build receives no tasks.
//	TEMPORAL-3  A workflow and its activities only assign tasks to workers: they pass the hash of the plan, the
//	            numbers of tasks, and the workers that did them (ENGINE-3).
//	TEMPORAL-4  The heartbeats of an attempt contain its worker and the earlier attempts. The run reports each attempt
//	            with its worker, even if the stage fails; the worker of an attempt without a heartbeat is "unknown".
package temporal
