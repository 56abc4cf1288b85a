// Package next is the state of the lake that a transaction will commit, as it is built in memory.
//
//  1. A state begins as a copy of its base. Plan gives the manifest and the lists that follow from what was set, not
//     from the order in which different keys were, and not from the clock (LAKE-7).
//  2. Closing never goes back, and files leave a closed cycle once, the oldest cycle first, with a note of what left
//     (LAKE-8). Whether a state may be committed is for the commit to check.
//  3. The entries of the task of a bucket refuse files of another bucket (TASK-1).
//  4. A plan writes the lists of cycles, and of days of a cycle whose list is cut, only where files are others than
//     those of the base. All other lists are named as they are (LAKE-10, LAKE-17).
//  5. It reads and writes no file, and does not check that files exist.
package next
