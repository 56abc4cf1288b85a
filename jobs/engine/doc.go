// Package engine distributes the tasks of a run to worker processes. Processes starts workers on the same machine;
// package temporal uses workers on any machine.
//
//	ENGINE-1  If the worker of a task crashes or sends no heartbeat in time, another process does the task again; the
//	          stage fails after task.MaxCrashes crashes. A task that fails is retried after a pause; the stage fails
//	          after task.MaxFailures failures. A refused or broken task is not retried, and no further task is
//	          started.
//	ENGINE-2  The engine decides nothing about the lake: a task that is done twice writes the same files (TASK-3), and
//	          only the process of the run commits.
//	ENGINE-3  No rows pass through an engine. It receives the hash of the plan and the numbers of tasks, and returns
//	          the worker, the attempts and the duration of each task.
package engine
