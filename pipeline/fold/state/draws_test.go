package state_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
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
				when, err := period.ParseInstant(text + ":00:00Z")
				must(t, err)
				at = int64(when)
			}
			col.Ints = append(col.Ints, at)
		}
	}
	to.N++
}

// TestDrawnOn adds up what records of 12 September drew from package q of c0 up to noon.
func TestDrawnOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rows []string // TABLE DAY HOUR CUSTOMER ID DRAWS [replaced]
		want string
	}{
		{"nothing", nil, "0"},
		{"a line and a record without a line", []string{"lines 12 01 c0 a q:5", "usage 12 02 c0 b q:7"}, "12"},
		{"other packages, customers and days", []string{"lines 12 01 c0 a p:1;q:5;r:3", "lines 12 01 c1 a q:7",
			"lines 13 01 c0 b q:1"}, "5"},
		{"from noon on", []string{"lines 12 11 c0 a q:5", "lines 12 12 c0 b q:7"}, "5"},
		{"several lines of a record count once", []string{"lines 12 01 c0 a q:5", "lines 12 01 c0 a ",
			"usage 12 01 c0 a q:5"}, "5"},
		{"a record that another one replaced", []string{"usage 12 01 c0 a q:5 replaced", "usage 12 01 c0 b q:1"}, "1"},
	} {
		s := store(t)
		for _, row := range c.rows {
			s.record(row)
		}
		for key, batch := range s.rows {
			must(t, rows.PutFile(s.txn.SubTxn, key, batch, nil))
		}
		from := day(t, "2026-09-12")
		span := period.Span{From: from, To: from + period.Instant(12*3600*period.Second)}
		q, err := s.src.DrawnOn(&s.src.Books.Packages[1], span)
		must(t, err)
		if q.Trim() != c.want {
			t.Errorf("%s: %s, want %s", c.name, q.Trim(), c.want)
		}
	}
}

// record adds a row of TestDrawnOn to the files of the lake.
func (s *stored) record(text string) {
	s.t.Helper()
	f := strings.Split(text, " ")
	def := tables.Lines().Table
	if f[0] == "usage" {
		def = tables.Usage().Table
	}
	row := map[string]string{"customer_id": f[3], "id": f[4], "record_id": f[4], "package_draws": f[5], "draws": f[5],
		"usage_start": "2026-09-" + f[1] + "T" + f[2]}
	if len(f) == 7 {
		row["status"] = fmt.Sprint(tables.Replaced)
	}
	cells(s.t, s.batch(def, "2026-09", "2026-09-"+f[1]), row)
}
