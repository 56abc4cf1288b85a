// Package plan defines the plan of a shared run: a run whose tasks several processes do.
//
//  1. A plan names the state of the lake, the build, the settings, the books and the feed files of the run, and the
//     books that a cycle is rated again with. A process that has others refuses it.
//  2. The name of a run is the hash of its plan.
package plan
