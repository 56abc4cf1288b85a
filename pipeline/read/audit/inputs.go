package audit

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// fileKey identifies a feed file: two feeds can have files with the same content.
type fileKey struct{ feed, hash string }

// inputs is VERIFY-5 and the control totals.
func (v *verifier) inputs(ctx context.Context) error {
	inputs, err := v.snap.Inputs()
	if err != nil {
		return err
	}
	kept, err := v.rejects(ctx)
	if err != nil {
		return err
	}
	if v.snap.Manifest.ArchiveOf != "" {
		if v.counts.broken > 0 {
			return nil
		}
		return v.totals(nil)
	}
	accepted := make(map[string]int64)
	v.fed = make(Feeds)
	rows := make(map[string]int64) // control totals by name
	for _, in := range inputs {
		if in.Rows != in.Accepted+in.Duplicate+in.Rejected {
			v.differ(Inputs, "inbox/%s: %d rows read, %d accepted + %d duplicate + %d rejected", in.Name, in.Rows,
				in.Accepted, in.Duplicate, in.Rejected)
		}
		key := fileKey{in.Feed, in.Hash}
		if v.counts.broken == 0 && kept[key] != in.Rejected {
			v.differ(Inputs, "inbox/%s: %d rejected, %d rejects stored", in.Name, in.Rejected, kept[key])
		}
		delete(kept, key)
		accepted[in.Feed] += in.Accepted
		v.fed.Add(&in)
		for outcome, n := range map[string]int64{"read": in.Rows, "accepted": in.Accepted, "duplicate": in.Duplicate,
			"rejected": in.Rejected} {
			rows["rows."+in.Feed+"."+outcome] += n
		}
	}
	for key, n := range kept {
		v.differ(Inputs, "%d rejects of a %s file %s that was not ingested", n, key.feed, key.hash)
	}
	if v.counts.broken > 0 {
		return nil
	}
	for _, name := range moneyFeeds {
		if found := v.counts.moneyEvents[name]; accepted[name] != found {
			v.differ(Records, "%d events of %s were accepted, %d are in the lake", accepted[name], name, found)
		}
	}
	for _, f := range []struct {
		feed, what string
		found      int64
	}{{"usage", "usage records", v.counts.records},
		{"orders", "orders and steps in their life", v.counts.orders + v.counts.statuses},
		{"adjustments", "adjustments", v.counts.adjustments},
		{"accounts", "account events", v.counts.accounts}, {"transfers", "transfers", v.counts.transfers},
		{"incentive_events", "incentive events", v.counts.incentives}} {
		if accepted[f.feed] != f.found {
			v.differ(Records, "%d %s were accepted, %d are in the lake", accepted[f.feed], f.what, f.found)
		}
	}
	if accepted["bandwidth"] < v.counts.samples {
		v.differ(Records, "%d bandwidth samples were accepted, %d are in the lake", accepted["bandwidth"],
			v.counts.samples)
	}
	return v.totals(rows)
}

// rejects counts the stored rejects, open and ended, by feed file.
func (v *verifier) rejects(ctx context.Context) (kept map[fileKey]int64, err error) {
	kept = make(map[fileKey]int64)
	for _, e := range v.snap.Manifest.Loose {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := int64(0)
		switch e.Table {
		case tables.Rejects().Name:
			n, err = v.rejectFile(e, tables.Rejects(), kept)
		case tables.EndedRejects().Name:
			n, err = v.rejectFile(e, tables.EndedRejects(), kept)
		case tables.IncentiveEvents().Name:
			n, err = fitting(v, e, tables.IncentiveEvents(), tables.IncentiveEventRefused,
				&v.counts.incentives)
		case tables.OrderStatus().Name:
			n, err = fitting(v, e, tables.OrderStatus(), tables.OrderStepRefused, &v.counts.statuses)
		default:
			var is bool
			if n, is, err = (&moneyChecks{v: v}).file(e); !is {
				n, err = rows.RowCount(v.snap, e)
			}
		}
		if moved := new(lake.MovedError); errors.As(err, &moved) {
			return nil, err
		}
		if err != nil {
			v.counts.broken++ // the workers have ended
			v.differ(Contents, "%s", lake.FaultOf(err))
			continue
		}
		v.counts.rows += n
		if n != e.Rows {
			v.differ(Contents, "%s: %d rows, the manifest has %d", e.Path, n, e.Rows)
		}
	}
	return kept, nil
}

func (v *verifier) rejectFile(e lake.FileEntry, def tables.Def[tables.Reject], kept map[fileKey]int64) (n int64,
	err error) {
	columns := tables.Columns(tables.RejectFeed, tables.RejectFileHash)
	err = rows.EachUnsorted(v.snap, e, def, columns, func(row rows.Row[tables.Reject]) error {
		n++
		kept[fileKey{row.Word(tables.RejectFeed), row.Word(tables.RejectFileHash)}]++
		return nil
	})
	return n, err
}

// fitting counts the events of a file and, in count, those that were not refused. Only one goroutine may use count.
func fitting[T any](v *verifier, e lake.FileEntry, def tables.Def[T], refused tables.SmallColumn[T], count *int64) (
	n int64, err error) {
	err = rows.EachUnsorted(v.snap, e, def, tables.Columns(refused), func(row rows.Row[T]) error {
		if n++; row.Small(refused) == 0 {
			*count++
		}
		return nil
	})
	return n, err
}

// totals compares the manifest's control totals with what was counted.
func (v *verifier) totals(rows map[string]int64) error {
	if v.hasPartnerMoney() {
		if err := v.accountsOfPartners(); err != nil {
			return err
		}
	}
	missing, err := missingTotals(v.snap, slices.Collect(maps.Keys(v.fed)))
	if err != nil {
		return err
	}
	for _, name := range missing {
		v.differ(Totals, "%s: the manifest lacks it", name)
	}
	for _, t := range v.snap.Manifest.Totals {
		if v.elsewhere(t.Name) {
			continue
		}
		got, known := v.total(t.Name, rows)
		switch {
		case !known:
			v.differ(Totals, "%s: nothing to count it from", t.Name)
		case got != t.Value:
			v.differ(Totals, "%s: counted %s, the manifest has %s", t.Name, got, t.Value)
		}
	}
	return nil
}

// elsewhere reports whether the data of a control total is not in this lake: for an archived cycle, or for an archive's
// feed files.
func (v *verifier) elsewhere(name string) bool {
	ref, _ := v.cycleNamed(name)
	return ref.Archived != nil || v.snap.Manifest.ArchiveOf != "" && strings.HasPrefix(name, "rows.")
}

// cycleNamed returns the cycle with whose text the name of a control total begins.
func (v *verifier) cycleNamed(name string) (lake.CycleRef, bool) {
	text, _, _ := strings.Cut(name, "/")
	cycle, err := lake.ParseCycle(text)
	if err != nil {
		return lake.CycleRef{}, false
	}
	return v.snap.Cycle(cycle)
}

// total counts a control total by its name: rows.<feed>.<outcome>, or <cycle>/<table>.<column>, in which column can be
// rows.
func (v *verifier) total(name string, rows map[string]int64) (string, bool) {
	if n, ok := rows[name]; ok {
		return strconv.FormatInt(n, 10), true
	}
	if value, known := v.moneyTotalOf(name); known {
		return value, true
	}
	table, column, _ := strings.Cut(name, ".")
	s := v.sums[table]
	if s == nil {
		_, def, _ := strings.Cut(table, "/")
		if _, known := v.cycleNamed(table); !known ||
			!slices.Contains([]string{"lines", "statements", "partner_statements"}, def) {
			return "", false
		}
		return "0", column == "rows" // a cycle without files
	}
	if column == "rows" {
		return strconv.FormatInt(s.Rows, 10), true
	}
	if column, currency, of := strings.Cut(column, "."); of {
		cycle, def, _ := strings.Cut(table, "/")
		return v.moneyTotal(cycle, def, column, currency)
	}
	col := s.Def.Index(column)
	if col < 0 {
		return "", false
	}
	return s.Totals[col].String(), true
}
