// Package doctor checks whether a workspace and its environment are ready for runs.
//
//  1. Every check is reported: ok, warn, fail or skipped, what was found, and what to do.
//  2. Nothing is written to the lake, the inbox or a server. A file is created and removed only to test whether
//     that is possible.
//  3. A check that cannot be performed fails by itself. The other checks are still performed.
package doctor
