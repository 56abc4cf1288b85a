package jobs

import (
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/dismiss"
	"github.com/tollbook/tollbook/pipeline/run/prune"
	"github.com/tollbook/tollbook/pipeline/run/rebucket"
	"github.com/tollbook/tollbook/pipeline/run/targets"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Kind is what a job does.
type Kind string

// The kinds, each named as the command that does it by hand.
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

// What starts jobs.
const (
	ByHand    Why = "by hand"
	Scheduled Why = "schedule"
	CatchUp   Why = "catch-up"
	Retry     Why = "retry"
)

// Task is one job to do.
type Task struct {
	Kind Kind
	// of monthly, close and rerate; of publish this one alone, or NoCycle for all; else not looked at
	Cycle period.Cycle
	Why   Why            // "" = by hand
	Due   period.Instant // the firing that it stands for; 0 = none
	AsOf  period.Instant // the run's clock; 0 = the real one, read once when the run starts

	DryRun       bool                 // of close; rerate and publish have it among their own
	Yes          bool                 // of close: whatever is missing of the cycle
	Confirmed    *workspace.OpenItems // of close: what is missing, as a person was shown it and agreed; nil = nothing
	RetryRejects bool                 // of ingest: the kept rejects instead of the inbox
	// AcceptRejects is why this run may reject more than the gates of the settings allow; "" = it may not.
	AcceptRejects string
	ResetClock    bool   // of nightly: the lake's clock becomes that of the run, if it is later
	SharedRun     string // of nightly and monthly: the run whose tasks other processes did; "" = none
	Rerate        run.RerateOptions
	Publish       targets.Options // its Cycle is the task's
	Prune         prune.Options
	Dismiss       dismiss.Options  // of rejects
	Rebucket      rebucket.Options // of rebucket
}

// Dry reports whether the job is to write nothing.
func (t *Task) Dry() bool {
	return t.DryRun || t.Rerate.DryRun || t.Publish.DryRun || t.Prune.DryRun || t.Rebucket.DryRun
}

// onEngine reports whether workers of an engine can do the tasks of the job.
func (t *Task) onEngine() bool {
	switch t.Kind {
	case Ingest, Nightly, Monthly, Close, Rerate, Publish:
		return !t.Dry() && t.SharedRun == ""
	}
	return false
}

// takesIn reports whether the job does nothing but take in what is new.
func (t *Task) takesIn() bool {
	return t.Kind == Nightly && !t.ResetClock || t.Kind == Ingest && !t.RetryRejects
}

// closeTerms says what may be missing of a cycle that the task closes: anything that a person agreed to, or, of the
// schedule, what the settings allow.
func (t *Task) closeTerms(s *settings.Settings) *workspace.CloseTerms {
	switch {
	case t.Yes:
		return nil
	case t.Why == "" || t.Why == ByHand:
		return &workspace.CloseTerms{Confirmed: t.Confirmed}
	}
	return &workspace.CloseTerms{Rejects: s.Unattended.OpenRejects, Feeds: s.Unattended.MissingFeeds}
}

// NoCycle is no cycle in particular.
const NoCycle = place.NoCycle

// Command is the command line that does the same by hand, without its global flags. It is what manifests say of a run.
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
