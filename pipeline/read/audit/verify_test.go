package audit_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/read/audit"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

const cycle = "2026-09"

// files is a workspace of one bucket. It has three records with lines, one that is billed at month-end, one that was
// replaced, and one reject.
var files = map[string]string{
	"tollbook.yaml": "zone: UTC\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: cycle, mode: half_up}\n" +
		"lake: {buckets: 1}\n",
	"books/products.csv": "sku,name,service_type_code,service_type_name,resource_type_code,resource_type_name," +
		"usage_type,measure,pricing_model\n" +
		"vm,VM,c,C,v,V,time,hour,flat\ncdn,CDN,n,N,d,D,traffic,GB,volume\n",
	"books/prices.csv": "sku,region_code,valid_from,tier,up_to,unit_price\nvm,*,2026-01-01,1,,0.5\n" +
		"cdn,*,2026-01-01,1,,0.2\n",
	"books/customers.csv": "customer_id,name\nacme,Acme\nbeta,Beta\n",
	"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"r1,acme,m,vm,e,2026-09-03T00:00:00Z,2026-09-03T01:00:00Z,1\n" +
		"r2,acme,m,vm,e,2026-09-03T01:00:00Z,2026-09-03T02:00:00Z,2\n" +
		"r3,beta,m,vm,e,2026-09-04T00:00:00Z,2026-09-04T01:00:00Z,4\n" +
		"r4,beta,d,cdn,e,2026-09-04T00:00:00Z,2026-09-04T01:00:00Z,8\n" +
		"r4,beta,d,cdn,e,2026-09-04T00:00:00Z,2026-09-04T01:00:00Z,8\n" +
		"r5,beta,d,nope,e,2026-09-04T00:00:00Z,2026-09-04T01:00:00Z,8\n",
	"inbox/usage/b.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity,replaces\n" +
		"r6,acme,m,vm,e,2026-09-03T01:00:00Z,2026-09-03T02:00:00Z,3,r2\n",
}

// opened writes the files of a workspace and opens it.
func opened(t *testing.T, files map[string]string) *workspace.Workspace {
	t.Helper()
	dir := t.TempDir()
	writeAll(t, dir, files)
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// writeAll writes files below a folder.
func writeAll(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// afterNight returns the lake of a workspace after a night as of 6 October 2026.
func afterNight(t *testing.T, files map[string]string) *lake.Lake {
	t.Helper()
	w := opened(t, files)
	asOf, err := period.ParseInstant("2026-10-06T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	o := workspace.Options{AsOf: asOf, Workers: 1}
	if _, err := run.Nightly(t.Context(), w, o); err != nil {
		t.Fatal(err)
	}
	l, err := w.Lake(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// billed returns the lake of the workspace after its month.
func billed(t *testing.T) *lake.Lake {
	t.Helper()
	w := opened(t, files)
	asOf, err := period.ParseInstant("2026-10-05T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	month, err := period.ParseCycle(cycle)
	if err != nil {
		t.Fatal(err)
	}
	o := workspace.Options{AsOf: asOf, Workers: 1}
	if _, err := run.Monthly(t.Context(), w, month, o); err != nil {
		t.Fatal(err)
	}
	l, err := w.Lake(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func check(t *testing.T, l *lake.Lake) *audit.Report {
	t.Helper()
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	r, err := audit.Run(t.Context(), snap, audit.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// change rewrites the only file of a key without changing its recorded sums.
func change[T any](t *testing.T, l *lake.Lake, key lake.FileKey, def tables.Def[T], alter func(*parquet.Columns[T]),
	note func(*lake.FileEntry)) {
	t.Helper()
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	old := txn.Next().Entries.Find(key)
	if len(old) != 1 {
		t.Fatalf("%d files of %v", len(old), key)
	}
	f, err := txn.SubTxn.Open(old[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), def, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if alter != nil {
		alter(c)
	}
	out, err := txn.SubTxn.Create(key)
	if err != nil {
		t.Fatal(err)
	}
	pq, err := parquet.NewWriter(struct{ io.Writer }{out}, def.Table)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(pq.Write(c.Any()), pq.Close()); err != nil {
		t.Fatal(err)
	}
	noted := old[0]
	if note != nil {
		note(&noted)
	}
	e, err := out.Finish(noted.Rows, noted.Sums)
	if err != nil {
		t.Fatal(err)
	}
	if err := txn.Next().Entries.Replace(key, e); err != nil {
		t.Fatal(err)
	}
	txn.Next().SetRun("2026-10-05T00:00:00Z", "test")
	if _, err := txn.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	r := check(t, billed(t))
	var looked []string
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s differs: %v", c.Name, c.Differs)
		}
		looked = append(looked, c.Name+": "+c.Looked)
	}
	text := strings.Join(looked, "\n")
	// Lines: r1, r6, r3 and the month-end line of r4. Accepted records: these and r2, which r6 replaced.
	for _, want := range []string{"identity: 4 lines", "statements: 2 statements", "inputs: 2 feed files",
		"records: 5 accepted usage records, 0 orders", "quantities: 1 records"} {
		if !strings.Contains(text, want) {
			t.Errorf("looked at\n%s\nwant %q", text, want)
		}
	}
	if !r.OK || r.Manifest != 1 || len(r.Unnamed)+len(r.Foreign) > 0 {
		t.Errorf("report %+v", r)
	}
}

// TestDifferences tests LAKE-12.
func TestDifferences(t *testing.T) {
	t.Parallel()
	lines := func(day string) lake.FileKey {
		return lake.FileKey{Table: "lines", Cycle: lakekey.Cycle(cycle), Day: lakekey.Day(day)}
	}
	raise := func(col tables.ColumnOf[tables.Any], row int) func(*parquet.Columns[tables.Any]) {
		return func(c *parquet.Columns[tables.Any]) { c.Col(col).Decs[row].Lo++ }
	}
	for _, c := range []struct {
		name  string
		key   lake.FileKey
		def   *tables.Table
		alter func(*parquet.Columns[tables.Any])
		note  func(*lake.FileEntry)
		want  map[string]string // message by check
	}{
		{"a line pays 0.00000001 more", lines("2026-09-03"), tables.Lines().Table,
			raise(tables.LinePaymentAmount.Of().Any(), 0), nil,
			map[string]string{
				audit.Identity: "cycle 2026-09, customer acme, line r1, tier 1, usage: official 0.50000000 is not " +
					"discount 0.00000000 + truncated 0.00000000 + payment 0.50000001",
				audit.Statements: "cycle 2026-09, customer acme: Σ payment_amount of the lines is 2.00000001, the " +
					"statement has 2.00000000",
				audit.DaySums: "cycle 2026-09, day 2026-09-03, customer acme: Σ payment_amount of the lines is " +
					"2.00000001, the sums differ",
				audit.Contents: "Σ payment_amount is 2.00000001, the manifest has 2.00000000",
				audit.Totals:   "2026-09/lines.payment_amount: counted 5.60000001, the manifest has 5.60000000",
			}},
		{"a line paid in no way", lines("2026-09-04"), tables.Lines().Table, func(c *parquet.Columns[tables.Any]) {
			c.Col(tables.LineCashAmount.Of().Any()).Decs[0].Lo = 0
		}, nil, map[string]string{
			audit.Identity:   "payment 2.00000000 is not the sum of its kinds, 0.00000000",
			audit.Statements: "customer beta: Σ cash_amount", audit.DaySums: "customer beta: Σ cash_amount",
			audit.Contents: "Σ cash_amount", audit.Totals: "lines.cash_amount",
		}},
		{"a line of another customer", lines("2026-09-04"), tables.Lines().Table, func(c *parquet.Columns[tables.Any]) {
			c.Col(tables.LineCustomerID.Of().Any()).Dict[0] = "zeta"
		}, nil, map[string]string{
			audit.Statements: "cycle 2026-09, customer zeta: lines, but no statement",
			audit.DaySums:    "day 2026-09-04, customer zeta: lines, but no sums",
		}},
		{"a line of another day", lines("2026-09-04"), tables.Lines().Table, func(c *parquet.Columns[tables.Any]) {
			c.Col(tables.LineDay.Of().Any()).Dict[0] = "2026-09-05"
		}, nil, map[string]string{
			audit.Contents: "cycle 2026-09, day 2026-09-04, bucket 0: line r3 of customer beta does not belong there",
		}},
		{"lines that are not in order", lines("2026-09-03"), tables.Lines().Table,
			func(c *parquet.Columns[tables.Any]) {
				slices.Reverse(c.Col(tables.LineUsageStart.Of().Any()).Ints)
			}, nil, map[string]string{
				audit.Contents: "rows are not in order",
			}},
		{"a replaced record that counts again", lake.FileKey{Table: "usage", Cycle: lakekey.Cycle(cycle),
			Day: lakekey.Day("2026-09-03")},
			tables.Usage().Table, func(c *parquet.Columns[tables.Any]) {
				for i := range c.N {
					c.Col(tables.RecordStatus.Of().Any()).Codes[i] = tables.Counted
				}
			}, nil,
			map[string]string{audit.Quantities: "cycle 2026-09, customer acme, sku vm: accepted 2.0000000000, in " +
				"the positions 0.0000000000"}},
		{"a replaced record with lines", lake.FileKey{Table: "usage", Cycle: lakekey.Cycle(cycle),
			Day: lakekey.Day("2026-09-03")},
			tables.Usage().Table,
			func(c *parquet.Columns[tables.Any]) {
				for i := range c.N {
					c.Col(tables.RecordStatus.Of().Any()).Codes[i] = tables.Replaced
				}
			}, nil,
			map[string]string{audit.Records: "cycle 2026-09, customer acme, record r6: replaced, and yet it has " +
				"lines"}},
		{"an identity too many", lake.FileKey{Table: "ident", Cycle: lakekey.Cycle(cycle),
			Day: lakekey.Day("2026-09-03")},
			tables.Ident().Table, func(c *parquet.Columns[tables.Any]) {
				c.Col(0).Ints = append(c.Col(0).Ints, c.Col(0).Ints[c.N-1])
				c.N++
			}, func(e *lake.FileEntry) { e.Rows++ }, map[string]string{
				audit.Records: "cycle 2026-09, day 2026-09-03, bucket 0: 4 records were accepted, 3 are in " +
					"lines and " +
					"usage"}},
		{"a row count", lines("2026-09-04"), tables.Lines().Table, nil, func(e *lake.FileEntry) {
			e.Rows = 2
		}, map[string]string{
			audit.Contents: "1 rows, the manifest has 2",
		}},
		{"a sum", lines("2026-09-04"), tables.Lines().Table, nil, func(e *lake.FileEntry) {
			e.Sums = slices.Clone(e.Sums)
			for i := range e.Sums {
				if e.Sums[i].Column == "usage_amount" {
					e.Sums[i].Value = "5.0000000000"
				}
			}
		}, map[string]string{audit.Contents: "Σ usage_amount is 4.0000000000, the manifest has 5.0000000000"}},
		{"a statement", lake.FileKey{Table: "statements", Cycle: lakekey.Cycle(cycle)}, tables.Statements().Table,
			raise(tables.StatementDueAmount.Of().Any(), 1),
			nil, map[string]string{
				audit.Statements: "cycle 2026-09, customer beta: rounding + due is 3.60000001, which is not the " +
					"payment",
				audit.Contents: "Σ due_amount",
				audit.Totals:   "2026-09/statements.due_amount: counted 5.60000001, the manifest has 5.60000000",
			}},
		{"what waits", lake.FileKey{Table: "positions", Cycle: lakekey.Cycle(cycle),
			Day: lakekey.Day("2026-09-04")}, tables.Positions().Table,
			func(c *parquet.Columns[tables.Any]) {
				for i := range c.N {
					c.Col(tables.PositionUsage.Of().Any()).Decs[i].Lo++
				}
			}, nil,
			map[string]string{audit.Quantities: "cycle 2026-09, customer beta, sku cdn: accepted 8.0000000000, in " +
				"the positions 8.0000000001"}},
		{"a month-end line", lines("end"), tables.Lines().Table, raise(tables.LineUsageAmount.Of().Any(), 0), nil,
			map[string]string{
				audit.Quantities: "customer beta, sku cdn: accepted 8.0000000000, in the month-end lines 8.0000000001",
				audit.Contents:   "Σ usage_amount", audit.Totals: "lines.usage_amount",
			}},
		{"a record that replaces", lake.FileKey{Table: "usage", Cycle: lakekey.Cycle(cycle),
			Day: lakekey.Day("2026-09-03")},
			tables.Usage().Table, func(c *parquet.Columns[tables.Any]) {
				for i := range c.N {
					c.Col(tables.RecordQuantity.Of().Any()).Decs[i].Lo++
				}
			}, nil,
			map[string]string{audit.Quantities: "record r6: accepted 3.0000000001, in its lines 3.0000000000"}},
		{"rejects", lake.FileKey{Table: "rejects", Bucket: lake.NoBucket}, tables.Rejects().Table,
			func(c *parquet.Columns[tables.Any]) {
				c.Col(tables.RejectFileHash.Of().Any()).Dict[0] = "0"
			}, nil, map[string]string{
				audit.Inputs: "inbox/usage/a.csv: 1 rejected, 0 rejects stored",
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := billed(t)
			change(t, l, c.key, tables.Untyped(c.def), c.alter, c.note)
			r := check(t, l)
			if r.OK {
				t.Errorf("OK = %v", r.OK)
			}
			for _, found := range r.Checks {
				want, differs := c.want[found.Name]
				if found.OK == differs || differs && !strings.Contains(strings.Join(found.Differs, "\n"), want) {
					t.Errorf("%s: ok %v, %q; want %q", found.Name, found.OK, found.Differs, want)
				}
			}
		})
	}
}

// TestInputsAndTotals tests REJ-5.
func TestInputsAndTotals(t *testing.T) {
	t.Parallel()
	l := billed(t)
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	in := slices.Clone(txn.Next().Inputs())
	in[0].Duplicate++
	txn.Next().SetInput(in[0])
	in[1].Accepted, in[1].Rows = in[1].Accepted+1, in[1].Rows+1
	txn.Next().SetInput(in[1])
	totals := slices.Clone(txn.SubTxn.Base().Manifest.Totals)
	totals = slices.DeleteFunc(totals, func(t lake.TableTotal) bool {
		return strings.HasPrefix(t.Name, "rows.") || t.Name == "2026-09/lines.debt_amount"
	})
	totals = append(totals, lake.TableTotal{Name: "rows.usage.read", Value: "7"},
		lake.TableTotal{Name: "moon/lines.rows", Value: "1"})
	if err := txn.Next().SetTotals(totals); err != nil {
		t.Fatal(err)
	}
	txn.Next().SetRun("2026-10-05T00:00:00Z", "test")
	if _, err := txn.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := txn.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		audit.Inputs:  "inbox/usage/a.csv: 6 rows read, 4 accepted + 2 duplicate + 1 rejected",
		audit.Records: "6 usage records were accepted, 5 are in the lake",
		audit.Totals: "2026-09/lines.debt_amount: the manifest lacks it\n" +
			"moon/lines.rows: nothing to count it from\n" +
			"rows.usage.accepted: the manifest lacks it\nrows.usage.duplicate: the manifest lacks it\n" +
			"rows.usage.read: counted 8, the manifest has 7\nrows.usage.rejected: the manifest lacks it",
	}
	for _, found := range check(t, l).Checks {
		if text := strings.Join(found.Differs, "\n"); text != want[found.Name] {
			t.Errorf("%s: %q, want %q", found.Name, text, want[found.Name])
		}
	}
}

// TestManyDifferencesAreCut tests VERIFY-7.
func TestManyDifferencesAreCut(t *testing.T) {
	t.Parallel()
	l := billed(t)
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	totals := slices.Clone(txn.SubTxn.Base().Manifest.Totals)
	for i := range 120 {
		totals = append(totals, lake.TableTotal{Name: "unknown." + string(rune('a'+i/26)) + string(rune('a'+i%26)),
			Value: "0"})
	}
	if err := txn.Next().SetTotals(totals); err != nil {
		t.Fatal(err)
	}
	txn.Next().SetRun("2026-10-05T00:00:00Z", "test")
	if _, err := txn.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := txn.Close(); err != nil {
		t.Fatal(err)
	}
	for _, found := range check(t, l).Checks {
		if found.Name == audit.Totals && (len(found.Differs) != 20 || found.More != 100 ||
			!strings.HasPrefix(found.Differs[0], "unknown.aa:")) {
			t.Errorf("%d listed, %d more, first %q; want 20, 100, unknown.aa", len(found.Differs), found.More,
				found.Differs[0])
		}
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	snap, err := billed(t).Head()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Run(ctx, snap, audit.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v, want context.Canceled", err)
	}
}
