// Package runcmd holds the commands that run jobs and show runs: ingest, run nightly, run monthly, schedule and runs.
//
//  1. A job that a person starts and one that the schedule starts are the same code (package jobs).
//  2. runs reads the run ledger and the lake, and names what it cannot read: exit code 1.
package runcmd
