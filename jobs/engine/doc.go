// Package engine does the tasks that an engine (package temporal) gives to a worker process, on any machine.
//
//	ENGINE-1  If the worker of a task crashes or sends no heartbeat in time, another process does the task again. A
//	          task that fails is retried after a pause. The stage fails after task.MaxFailures attempts. A refused or
//	          broken task is not retried, and no further task is started.
//	ENGINE-2  The engine decides nothing about the lake: a task that is done twice writes the same files (TASK-3), and
//	          only the process of the run commits.
//	ENGINE-3  No rows pass through an engine. It receives the hash of the plan and the numbers of tasks, and returns
//	          the worker, the attempts and the duration of each task.
package engine
