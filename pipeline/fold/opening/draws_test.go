package opening_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/fold/opening"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// cells adds a row to a batch from the cells of some of its columns. Other cells are empty or 0.
func cells(t *testing.T, to *parquet.Columns[tables.Any], row map[string]string) {
	t.Helper()
	for i, def := range to.Def.Columns {
		col, text := to.Col(tables.ColumnOf[tables.Any](i)), row[def.Name]
		switch def.Type {
		case tables.Word:
			col.AddWord(text)
		case tables.Text:
			col.AddText(text)
		case tables.Small:
			n := 0
			if text != "" {
				_, err := fmt.Sscan(text, &n)
				must(t, err)
			}
			col.Codes = append(col.Codes, int32(n))
		case tables.Amount, tables.Quantity, tables.Cost:
			col.AddDec(quantity(t, "0").Raw())
		default:
			at := int64(0)
			if text != "" {
				at = int64(day(t, text))
			}
			col.Ints = append(col.Ints, at)
		}
	}
	to.N++
}

// TestDrawnBy adds up what billed records drew from package q of c0 (OPEN-6). q is valid from 5 September until the
// 26th, and the records from the 10th on are asked for. Unless a case says otherwise, records of cycles before November
// count, late ones billed up to October, and re-rates up to October.
func TestDrawnBy(t *testing.T) {
	t.Parallel()
	october := dayOf(t, "2026-10-01").Cycle()
	all := opening.Billed{Before: october + 1, Late: october, Reposted: october}
	for _, c := range []struct {
		name     string
		rows     []string // TABLE CYCLE DAY CUSTOMER ID DRAWS [replaced], or TABLE CYCLE DAY CUSTOMER ID DRAWS of ID
		billed   opening.Billed
		want     string
		complete bool
	}{
		{"nothing", nil, all, "0", true},
		{"a line and a record without a line", []string{
			"lines 2026-09 2026-09-12 c0 a q:5", "usage 2026-09 2026-09-13 c0 b q:7"},
			all, "12", true},
		{"other packages and customers", []string{"lines 2026-09 2026-09-12 c0 a p:1;q:5;r:3",
			"lines 2026-09 2026-09-12 c1 a q:7"}, all, "5", true},
		{"before the span and after the package", []string{
			"lines 2026-09 2026-09-09 c0 a q:1", "lines 2026-09 2026-09-10 c0 b q:2",
			"lines 2026-09 2026-09-25 c0 c q:4", "lines 2026-09 2026-09-26 c0 d q:8"}, all, "6", true},
		{"several lines of a record count once", []string{
			"lines 2026-09 2026-09-12 c0 a q:5", "lines 2026-09 2026-09-12 c0 a ",
			"lines 2026-09 2026-09-13 c0 b "}, all, "5", true},
		{"a record that another one replaced", []string{"usage 2026-09 2026-09-12 c0 a q:5 replaced",
			"usage 2026-09 2026-09-13 c0 b q:1"}, all, "1", true},
		{"the same id in two cycles", []string{"lines 2026-09 2026-09-12 c0 a q:5", "late 2026-10 2026-09-13 c0 b q:2",
			"lines 2026-10 2026-09-20 c0 a q:1"}, all, "8", true},
		{"a late record, and one that it replaces", []string{"lines 2026-09 2026-09-12 c0 a q:5",
			"lines 2026-09 2026-09-12 c0 b q:4", "late 2026-10 2026-09-13 c0 c q:2 of a"}, all, "6", true},
		{"a part that a reversal did not give back", []string{"lines 2026-09 2026-09-12 c0 a q:5",
			"late 2026-10 2026-09-13 c0 c q:2 of a", "retained_draws 2026-10 2026-09-01 c0 a q:3"}, all, "5", true},
		{"a late record that is billed later", []string{"lines 2026-09 2026-09-12 c0 a q:5",
			"late 2026-11 2026-09-13 c0 c q:2 of a"}, all, "5", true},
		{"records of the first cycle that does not count", []string{"lines 2026-09 2026-09-12 c0 a q:5"},
			opening.Billed{Before: october - 1, Late: october, Reposted: october}, "0", true},
		{"a re-rate", []string{"lines 2026-09 2026-09-12 c0 a q:5",
			"redraws 2026-10 2026-09-01 c0 a q:3"}, all, "3", true},
		{"two re-rates: the last one counts", []string{"lines 2026-09 2026-09-12 c0 a q:5",
			"redraws 2026-09 2026-09-01 c0 a q:3", "redraws 2026-10 2026-09-01 c0 a q:4"}, all, "4", true},
		{"a re-rate that is posted later", []string{"lines 2026-09 2026-09-12 c0 a q:5",
			"redraws 2026-10 2026-09-01 c0 a q:3"},
			opening.Billed{Before: october, Late: october, Reposted: october - 1}, "5", true},
		{"a re-rate of a record that was replaced", []string{"lines 2026-09 2026-09-12 c0 a q:5",
			"redraws 2026-10 2026-09-01 c0 a q:3", "late 2026-10 2026-09-13 c0 c q:2 of a"}, all, "2", true},
		{"an archived cycle has positions and no records", []string{"positions 2026-09 2026-09-12 c0 a ",
			"late 2026-10 2026-09-13 c0 c q:2"}, all, "2", false},
	} {
		s := store(t)
		s.src.Books.Packages[1].Valid = period.Span{From: day(t, "2026-09-05"), To: day(t, "2026-09-26")}
		for _, row := range c.rows {
			s.record(row)
		}
		for key, rows := range s.rows {
			must(t, tablefile.Put(s.txn.SubTxn, key, rows, nil))
		}
		q, complete, err := s.src.DrawnBy(&s.src.Books.Packages[1],
			period.Span{From: day(t, "2026-09-10"), To: day(t, "2026-10-01")}, c.billed)
		must(t, err)
		if q.Trim() != c.want || complete != c.complete {
			t.Errorf("%s: %s, complete %t, want %s, %t", c.name, q.Trim(), complete, c.want, c.complete)
		}
	}
}

// record adds a row of TestDrawnBy to the files of the lake.
func (s *stored) record(text string) {
	s.t.Helper()
	f := strings.Split(text, " ")
	def, ok := map[string]*tables.Table{"lines": tables.Lines().Table, "usage": tables.Usage().Table,
		"late": tables.Late().Table, "redraws": tables.Redraws().Table, "retained_draws": tables.RetainedDraws().Table,
		"positions": tables.Positions().Table}[f[0]]
	if !ok {
		s.t.Fatalf("%q: no such table", text)
	}
	key := manifest.FileKey{Table: def.Name, Cycle: lakekey.Cycle(f[1])}
	switch f[0] {
	case "lines", "usage", "positions":
		key.Day = lakekey.Day(f[2])
	}
	if s.rows[key] == nil {
		s.rows[key] = parquet.NewColumns(tables.Untyped(def))
	}
	row := map[string]string{"customer_id": f[3], "id": f[4], "record_id": f[4], "package_draws": f[5], "draws": f[5],
		"usage_start": f[2], "origin_cycle": "2026-09"}
	switch {
	case len(f) == 7:
		row["status"] = fmt.Sprint(tables.Replaced)
	case len(f) == 8:
		row["replaces"] = f[7]
	}
	if f[0] == "lines" {
		row["cycle"], row["origin_cycle"] = f[1], ""
	}
	cells(s.t, s.rows[key], row)
}

// TestChangedPackage: after a close valid_from of a package was moved. Draws keep their quantity, and count in the
// quota period of today's books that contains the record; draws before valid_from count nowhere (OPEN-6).
func TestChangedPackage(t *testing.T) {
	t.Parallel()
	const shop = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
-- usage --
a,acme,x,gb,2026-09-10T10:00,60
b,acme,x,gb,2026-09-20T10:00,10
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from,valid_to
`
	for name, text := range map[string]string{
		"later, and never refilled: 90 are left": `p,acme,gb,100,none,2026-01-01,
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from,valid_to
p,acme,gb,100,none,2026-09-15,
-- usage --
c,acme,x,gb,2026-10-10T10:00,95
-- run 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
c,90,5
`,
		"earlier: all 70 count": `p,acme,gb,100,none,2026-09-01,
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from,valid_to
p,acme,gb,100,none,2026-01-01,
-- usage --
c,acme,x,gb,2026-10-10T10:00,95
-- run 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
c,30,65
`,
		"a month that was refilled: a late record of it finds 90": `p,acme,gb,100,cycle,2026-01-01,
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from,valid_to
p,acme,gb,100,cycle,2026-09-15,
-- usage --
c,acme,x,gb,2026-09-21T10:00,95
-- run 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
c,90,5
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foldtest.Play(t, shop+text)
		})
	}
}
