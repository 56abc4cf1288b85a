// Package workspace opens a workspace: the folder with settings, books, inbox and lake (§2). It also defines what a
// run receives (Options) and returns (Report, RefusedError), for packages that start runs and packages that only read.
//
//  1. Open reports all errors of settings and books at once.
//  2. Nothing here writes, except that a missing inbox folder is created.
package workspace
