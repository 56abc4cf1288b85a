package workspace

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/schemas/period"
)

// FileReport is the result for one feed file.
type FileReport struct {
	Feed      string `json:"feed"`
	Name      string `json:"file"` // below inbox/
	Rows      int64  `json:"rows"`
	Accepted  int64  `json:"accepted"`
	Duplicate int64  `json:"duplicate"`
	Rejected  int64  `json:"rejected"`
	SameAs    string `json:"same_as,omitempty"` // an identical file was taken instead
	Deferred  string `json:"left,omitempty"`    // how it changed while it was read; the next run takes it
	Fault     string `json:"fault,omitempty"`   // why nothing of it was taken
	Hint      string `json:"hint,omitempty"`
}

// Report is the result of a run.
type Report struct {
	Command  string         `json:"command"`
	AsOf     period.Instant `json:"-"`
	Changed  bool           `json:"changed"`  // false: nothing was new and nothing was written
	Manifest int64          `json:"manifest"` // number of the live state after the run
	Files    []FileReport   `json:"files"`
	// Held are the files that were left with a note; a close asks about them.
	Held []FileReport `json:"-"`
	// of the feed files that it ingested: rows = accepted + duplicate + rejected
	Rows      int64            `json:"rows"`
	Accepted  int64            `json:"accepted"`
	Duplicate int64            `json:"duplicate"`
	Rejected  int64            `json:"rejected"`
	Reasons   map[string]int64 `json:"reasons,omitempty"` // rejects of this run by reason
	// Reasons by feed
	FeedReasons map[string]map[string]int64 `json:"-"`
	// open rejects in the lake after the run
	Rejects int64 `json:"rejects_kept"`
	// rejects that ended because the run accepted a record of their identity
	Corrected int64             `json:"rejects_corrected,omitempty"`
	DaysDone  int               `json:"days_folded"` // (bucket, day) pairs that were rated
	Lines     int64             `json:"lines_written"`
	Totals    []lake.TableTotal `json:"totals"`
	Notes     []string          `json:"notes,omitempty"` // what a person should know
	Closed    string            `json:"closed,omitempty"`
	Overdrawn []string          `json:"overdrawn,omitempty"` // partners whose cash is below zero
	DryRun    bool              `json:"dry_run,omitempty"`   // nothing was written
	// Refused reports that the close which a dry run examined would be refused; the notes say why.
	Refused bool `json:"close_refused,omitempty"`
	// Costs reports that a delivery of cost files failed or is held, or that a file or folder in inbox/costs belongs to
	// no delivery; the notes say which.
	Costs bool `json:"costs_need_attention,omitempty"`
	Publication
	// Missing are the open items of the cycle that a run closes, or a dry run would close; nil for other runs.
	Missing *document.OpenItems `json:"missing,omitempty"`
}

// Note adds a remark for a person that is not a failure.
func (r *Report) Note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Publication is the outcome of the publish at the end of a run (§6.6).
type Publication struct {
	// Published is the result of publishing to ClickHouse; nil if there is no server or the publish is pending.
	Published *publish.Report `json:"published,omitempty"`
	// Iceberg is the result of publishing the Iceberg tables; nil if there are none or the publish is pending.
	Iceberg *iceberg.Report `json:"iceberg,omitempty"`
	Owed    *Owed           `json:"publish_owed,omitempty"`
}

// NeedsAttention reports whether a person should look: exit code 1 (§7.4).
func (p *Publication) NeedsAttention() bool {
	return p.Owed != nil || p.Published != nil && p.Published.NeedsAttention()
}

// Owed says why publishing a state is pending. The next run, or `tollbook publish`, publishes it.
type Owed struct {
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

// NeedsAttention reports whether a person should look: exit code 1 (§7.4).
func (r *Report) NeedsAttention() bool {
	if r.Rejected > 0 || r.Costs || r.Refused || len(r.Reasons) > 0 || len(r.Overdrawn) > 0 ||
		r.Publication.NeedsAttention() {
		return true
	}
	for i := range r.Files {
		if r.Files[i].Fault != "" {
			return true
		}
	}
	return false
}
