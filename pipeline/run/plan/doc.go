// Package plan defines the plan of a shared run, that is, of a run whose tasks are done by several processes.
//
//  1. A plan names the lake's state, the build, the settings, the books and the feed files of the run, and the books
//     for re-rating a cycle. A process with different ones refuses the plan.
//  2. The name of a run is the hash of its plan.
package plan
