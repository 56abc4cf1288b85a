// Package runcmd contains the commands that run jobs and show runs: ingest, run nightly, run monthly, task, worker,
// schedule and runs.
//
//  1. Jobs that a person starts and jobs that the schedule starts use the same code (package jobs).
//  2. runs reads the run ledger and the lake. It reports what it cannot read and then ends with exit code 1.
package runcmd
