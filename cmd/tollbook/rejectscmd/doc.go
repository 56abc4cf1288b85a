// Package rejectscmd holds the commands of rejects: rejects, rejects costs, rejects dismiss and rejects restore.
//
//  1. Exit code 1 says that a reject that fits the flags is open.
//  2. A dismissal records who decided it and why.
package rejectscmd
