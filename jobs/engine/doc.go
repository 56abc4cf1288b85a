// Package engine has worker processes do the tasks of a run. Processes starts them on the same machine; package
// temporal gives tasks to workers on any machine.
//
//	ENGINE-1  A task whose worker crashes or is silent for longer than the heartbeat is done again by another process,
//	          at most task.MaxCrashes times; one that fails is tried again after a pause, at most task.MaxFailures
//	          times. A task that is refused is not tried again, and no further task is begun.
//	ENGINE-2  The engine decides nothing about the lake: a task that is done twice writes the same files (TASK-3), and
//	          the process of the run alone commits.
//	ENGINE-3  No row passes through an engine. It is given the hash of the plan and the numbers of tasks, and gives
//	          back who did them, in how many attempts and in which time.
package engine
