package publish

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// Report is what a publish did.
type Report struct {
	Server   string        `json:"server"`
	Database string        `json:"database"`
	Cluster  string        `json:"cluster,omitempty"`
	Cycle    string        `json:"cycle,omitempty"` // only this cycle was published
	Changed  bool          `json:"changed"`         // the views show something new
	Manifest uint64        `json:"manifest"`        // number of the manifest that the views show now
	Was      uint64        `json:"was"`             // number of the manifest that they showed before; 0 = none
	Tables   []TableReport `json:"tables"`
	Counted  int           `json:"counted"`          // existing loads that were counted again
	DDL      []string      `json:"ddl,omitempty"`    // DDL that was run, by server
	Repaired []string      `json:"mended,omitempty"` // what differed and was inserted again
	Cleaned  int           `json:"cleaned"`          // loads that no view shows and that were deleted
	Waiting  int           `json:"waiting"`          // loads that no view shows and that are to be deleted later
	// StartedOver says why earlier attempts were broken off. A publish of one cycle may publish all cycles then.
	StartedOver []string `json:"started_over,omitempty"`
	// Uncleaned says why the server did not delete rows that no view shows; the next publish tries again.
	Uncleaned string            `json:"uncleaned,omitempty"`
	Totals    []lake.TableTotal `json:"totals,omitempty"` // totals equal in lines, statements and on the server
	DryRun    bool              `json:"dry_run,omitempty"`
}

// TableReport says what was done with one table.
type TableReport struct {
	Table    string `json:"table"`
	Files    int    `json:"files"` // files that the views are to show
	Rows     int64  `json:"rows"`  // rows of these files, if known before they are read
	New      int    `json:"new"`   // files that were missing
	Inserted int64  `json:"inserted_rows"`
}

func newReport(o *Options, src *Source) *Report {
	return &Report{Server: o.Server.Address, Database: o.Server.Database, Cluster: o.Cluster, Cycle: src.Cycle.String(),
		DryRun: o.DryRun}
}

// after adds what earlier attempts of the publish did.
func (r *Report) after(attempts []*Report) {
	for _, b := range slices.Backward(attempts) {
		r.StartedOver = append(b.StartedOver, r.StartedOver...)
		if r.DryRun {
			continue
		}
		r.Repaired, r.DDL = append(b.Repaired, r.Repaired...), append(b.DDL, r.DDL...)
		r.Changed, r.Was = r.Changed || b.Changed, b.Was
		for _, t := range b.Tables {
			if k := slices.IndexFunc(r.Tables, func(o TableReport) bool { return o.Table == t.Table }); k >= 0 {
				r.Tables[k].New += t.New
				r.Tables[k].Inserted += t.Inserted
			}
		}
	}
	slices.Sort(r.Repaired)
	r.Repaired = slices.Compact(r.Repaired)
}

// plan reports the items to show and those that are missing.
func (r *Report) plan(items, missing []*Item) {
	at := make(map[string]int)
	for _, i := range items {
		k, known := at[i.Table.Name]
		if !known {
			k = len(r.Tables)
			at[i.Table.Name] = k
			r.Tables = append(r.Tables, TableReport{Table: i.Table.Name})
		}
		r.Tables[k].Files++
		r.Tables[k].Rows += i.Rows
	}
	for _, i := range missing {
		r.Tables[at[i.Table.Name]].New++
	}
}

// inserted adds a load to the report.
func (r *Report) inserted(l *load) {
	for k := range r.Tables {
		if r.Tables[k].Table == l.table {
			r.Tables[k].Inserted += l.rows
		}
	}
}

// Inserted returns the number of inserted rows, over all tables.
func (r *Report) Inserted() int64 {
	var rows int64
	for i := range r.Tables {
		rows += r.Tables[i].Inserted
	}
	return rows
}

// NeedsAttention reports whether a person should look: exit code 1 (§7.4).
func (r *Report) NeedsAttention() bool { return len(r.Repaired) > 0 || r.Uncleaned != "" }
