package publish

import (
	"github.com/tollbook/tollbook/pipeline/out/outcome"
	"github.com/tollbook/tollbook/pipeline/out/publish/content"
)

func newReport(o *Options, src *content.Source) *outcome.ClickHouse {
	return &outcome.ClickHouse{Server: o.Server.Address, Database: o.Server.Database, Cluster: o.Cluster,
		Cycle: src.Cycle.String(), DryRun: o.DryRun}
}

// plan notes in a report what is to be there and what is missing.
func plan(r *outcome.ClickHouse, items, missing []*content.Item) {
	at := make(map[string]int)
	for _, i := range items {
		k, known := at[i.Table.Name]
		if !known {
			k = len(r.Tables)
			at[i.Table.Name] = k
			r.Tables = append(r.Tables, outcome.ClickHouseTable{Table: i.Table.Name})
		}
		r.Tables[k].Files++
		r.Tables[k].Rows += i.Rows
	}
	for _, i := range missing {
		r.Tables[at[i.Table.Name]].New++
	}
}

// inserted notes a load in a report.
func inserted(r *outcome.ClickHouse, l *load) {
	for k := range r.Tables {
		if r.Tables[k].Table == l.table {
			r.Tables[k].Inserted += l.rows
		}
	}
}
