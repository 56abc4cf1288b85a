// Package rejectscmd contains the commands for rejects: rejects, rejects costs, rejects dismiss and rejects restore.
//
//  1. Exit code 1 means that a reject that matches the flags is open.
//  2. A dismissal records who decided it and why.
package rejectscmd
