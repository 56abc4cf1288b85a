package jobs

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Kind is what a job does.
type Kind string

// The kinds have the names of the commands that do them manually.
const (
	Ingest   Kind = "ingest"
	Nightly  Kind = "nightly"
	Monthly  Kind = "monthly"
	Close    Kind = "close"
	Rerate   Kind = "rerate"
	Publish  Kind = "publish"
	Prune    Kind = "prune"
	Rejects  Kind = "rejects"
	Rebucket Kind = "rebucket"
)

// Why is what started a job.
type Why string

// The causes.
const (
	ByHand    Why = "by hand"
	Scheduled Why = "schedule"
	CatchUp   Why = "catch-up"
	Retry     Why = "retry"
)

// Task is a job with its options.
type Task struct {
	Kind Kind
	// of monthly, close and rerate; of publish: only this cycle, or NoCycle for all; otherwise ignored
	Cycle period.Cycle
	Why   Why            // "" = manual
	Due   period.Instant // time of the firing; 0 = none
	AsOf  period.Instant // as-of of the run; 0 = the real time at its start

	DryRun       bool                 // of close; rerate, publish, prune and rebucket have their own
	Yes          bool                 // of close: close with any open items
	Confirmed    *workspace.OpenItems // of close: the open items that a person was shown and accepted; nil = none
	RetryRejects bool                 // of ingest: ingest the stored rejects instead of the inbox
	// AcceptRejects is the reason why the run may exceed the limits of the gates; "" = it may not.
	AcceptRejects string
	ResetClock    bool // of nightly: sets the lake's clock back to that of the run, if the lake's is later
	Rerate        run.RerateOptions
	Publish       run.PublishOptions // its Cycle is that of the task
	Prune         admin.PruneOptions
	Dismiss       run.DismissOptions    // of rejects
	Rebucket      admin.RebucketOptions // of rebucket
}

// Dry reports whether the job writes nothing.
func (t *Task) Dry() bool {
	return t.DryRun || t.Rerate.DryRun || t.Publish.DryRun || t.Prune.DryRun || t.Rebucket.DryRun
}

// onEngine reports whether workers of an engine can do the tasks of the job.
func (t *Task) onEngine() bool {
	switch t.Kind {
	case Ingest, Nightly, Monthly, Close, Rerate, Publish:
		return !t.Dry()
	}
	return false
}

// closeTerms returns the open items with which the task may close a cycle: all (nil), those that a person accepted, or,
// for a scheduled close, those that the settings allow.
func (t *Task) closeTerms(s *settings.Settings) *workspace.CloseTerms {
	switch {
	case t.Yes:
		return nil
	case t.Why == "" || t.Why == ByHand:
		return &workspace.CloseTerms{Confirmed: t.Confirmed}
	}
	return &workspace.CloseTerms{Rejects: s.Unattended.OpenRejects, Feeds: s.Unattended.MissingFeeds}
}

// NoCycle means no particular cycle.
const NoCycle = lake.NoCycle

// Command returns the equivalent command line without global flags. Manifests record it.
func (t *Task) Command() string {
	text := string(t.Kind)
	switch t.Kind {
	case Nightly:
		if t.ResetClock {
			text += workspace.ResetClockFlag
		}
		return "run " + text
	case Monthly:
		text = "run " + text
	case Ingest:
		if t.RetryRejects {
			text += " --retry-rejects"
		}
		return text
	case Prune, Rebucket:
		return text
	case Rejects:
		return t.Dismiss.Command()
	}
	if t.Cycle != NoCycle {
		text += " --cycle " + t.Cycle.String()
	}
	return text
}
