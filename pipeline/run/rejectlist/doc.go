// Package rejectlist writes the rejects of a run.
//
//  1. A feed file with 4,096 rejects or more has files of rejects of its own in the lake. Those of all others are in
//     one, in order of feed file and row. This depends on the counts alone, and not on who does the tasks.
//  2. The raw record of a reject that was found by comparing records is read from its feed file again. Tasks
//     do it for usage and bandwidth.
//  3. The rejects of a retry are stored together with those that it did not try, in one file. It has no tasks for them.
package rejectlist
