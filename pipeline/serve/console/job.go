package console

import "time"

// Job is one run of a job, from the ledger of runs.
type Job struct {
	ID, Kind, Command, Outcome string
	Error, Hint                string
	Good                       bool // it succeeded
	Started, Ended             time.Time
	Rows, Rejected, Lines      int64
	Manifest                   int64
	Stages                     []Stage
}

// Stage is one stage of a run.
type Stage struct {
	Name         string
	Seconds, CPU float64
	Peak, Rows   int64
}
