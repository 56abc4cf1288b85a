package publish

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// TestDDLHasTheColumns checks that the DDL in the repository has the inserted columns in the same order and with the
// same types.
func TestDDLHasTheColumns(t *testing.T) {
	t.Parallel()
	s := Schema{Database: "copy"}
	list, err := s.DDL()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(list, ";\n")
	for _, p := range Tables(true) {
		_, rest, found := strings.Cut(text, "CREATE TABLE IF NOT EXISTS `copy_internal`."+p.Data()+"\n(\n")
		body, _, _ := strings.Cut(rest, "\n)\nENGINE = MergeTree\nPARTITION BY cycle\n")
		var got, want []string
		for line := range strings.Lines(body) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " CODEC(")
			got = append(got, strings.TrimSuffix(line, ","))
		}
		for _, c := range p.Columns() {
			want = append(want, quoted(c.Name)+" "+c.Kind)
		}
		if !found || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", p.Data(), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		_, rest, _ = strings.Cut(text, "CREATE OR REPLACE VIEW `copy`."+p.Name+"\n(\n")
		_, rest, _ = strings.Cut(rest, "\n)\nAS\nSELECT\n")
		body, _, _ = strings.Cut(rest, "\nFROM `copy_internal`."+p.Name+"_rows\nWHERE load GLOBAL IN ")
		var columns []string
		if p.Cycle {
			columns = append(columns, CycleColumn)
		}
		for _, c := range p.Def.Columns {
			columns = append(columns, quoted(c.Name))
		}
		if got := regexp.MustCompile(`,?\s+`).ReplaceAllString(strings.TrimSpace(body),
			","); got != strings.Join(columns, ",") {
			t.Errorf("view %s has %s, want %s", p.Name, got, strings.Join(columns, ","))
		}
	}
	if cluster, err := (Schema{Database: "copy", Cluster: "main"}).DDL(); err != nil ||
		!strings.Contains(strings.Join(cluster, "\n"), "Distributed('main', 'copy_internal', 'lines_data')") {
		t.Errorf("a cluster's: %v", err)
	}
}

// two returns a copy state of one cycle with two buckets. Lines and statements have the given payments in the second
// bucket and equal ones in the first.
func two(lines, statements string, totals ...lake.TableTotal) *copyState {
	list := Tables(false)
	r := &copyState{whole: make(map[Key]*load), target: &target{tables: list, report: &Report{},
		src: &Source{Snap: &lake.Snapshot{Manifest: lake.Manifest{Buckets: 2,
			Cycles: []lake.CycleRef{{Cycle: lakekey.Cycle("2026-09")}}, Totals: totals}}}}}
	add := func(name, path, payment string, bucket int) {
		p := Find(list, name)
		i := &Item{Table: p, Path: path, Cycle: "2026-09", Bucket: bucket}
		l := &load{table: name, path: path, rows: 1}
		for _, column := range p.SumNames() {
			sum := "0"
			if column == "payment_amount" {
				sum = payment
			}
			l.sums = append(l.sums, sum)
		}
		r.items = append(r.items, i)
		r.whole[i.Key()] = l
	}
	add("taxes", "e", "0", 0)
	add("lines", "a", "0.1", 0)
	add("lines", "b", lines, 1)
	add("statements", "c", "0.1", 0)
	add("statements", "d", statements, 1)
	return r
}

// TestTotalsThatDiffer checks that a difference of 0.00000001 between lines and statements, or from the manifest,
// prevents a move of the pointer and is reported in the error (§6.6). Invariant: PUB-8.
func TestTotalsThatDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    *copyState
		want string
	}{
		{two("123456789012345678.00000001", "123456789012345678.00000001"), ""},
		{two("123456789012345678.00000001", "123456789012345678"),
			"publish: payment_amount of cycle 2026-09, bucket 1 differs: 123456789012345678.00000001 in lines, but " +
				"123456789012345678 in statements"},
		{two("1", "1", lake.TableTotal{Name: "2026-09/lines.payment_amount", Value: "1.10000000"}), ""},
		{two("1", "1", lake.TableTotal{Name: "2026-09/lines.payment_amount", Value: "1.10000001"}),
			"publish: payment_amount of cycle 2026-09 differs: 1.10000001 in the lake's control totals, but 1.1 in " +
				"lines on the server"},
	} {
		err := c.r.totals()
		var differ *DifferError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &differ) || err.Error() != c.want) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// TestTaxTotals checks that a difference between customers' taxes and those of statements prevents a move of the
// pointer. Taxes of partners, which have no bucket, are not compared (§10.6).
func TestTaxTotals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ customers, partners, total, want string }{
		{"10.01", "18.01", "10.01", ""},
		{"10", "18.01", "10.01",
			"publish: tax_amount of cycle 2026-09 differs: 10.01 in statements, but 10 in taxes"},
		{"10.01", "18.01", "10.02", "publish: tax_amount of cycle 2026-09 differs: 10.02 in the lake's control " +
			"totals, but 10.01 in statements on the server"},
	} {
		r := two("1", "1", lake.TableTotal{Name: "2026-09/statements.tax_amount", Value: c.total})
		taxes := Find(r.tables, "taxes")
		r.items = append(r.items, &Item{Table: taxes, Path: "partners", Cycle: "2026-09",
			Bucket: lake.NoBucket})
		for path, amount := range map[string]string{"d": "10.01", "e": c.customers, "partners": c.partners} {
			p := taxes
			if path == "d" {
				p = Find(r.tables, "statements")
			}
			l := r.whole[Key{Table: p.Name, Path: path}]
			if l == nil {
				l = &load{rows: 1, sums: []string{"0", "0", "0"}}
				r.whole[Key{Table: p.Name, Path: path}] = l
			}
			l.sums[slices.Index(p.SumNames(), TaxAmount)] = amount
		}
		err := r.totals()
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && got != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// TestGroups checks that small files share an INSERT, that large ones have their own, and that no INSERT has files of
// two cycles or shards.
func TestGroups(t *testing.T) {
	t.Parallel()
	p := Tables(false)[0]
	of := func(cycle string, bucket int, rows int64) *Item {
		return &Item{Table: p, Cycle: cycle, Bucket: bucket, Rows: rows}
	}
	list := groups([]*Item{of("2026-09", 0, 10), of("2026-09", 2, 10), of("2026-09", 3, 10),
		of("2026-10", 0, 10), of("2026-10", 2, maxRows), of("2026-10", 4, 1),
		of("2026-10", lake.NoBucket, 1)}, 2, 1)
	var got []string
	for _, g := range list {
		got = append(got, strings.Repeat("*", len(g.items))+g.cycle+string(rune('0'+g.shard)))
	}
	if want := "**2026-090 *2026-091 **2026-100 *2026-100 *2026-100"; strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

// TestGroupsOfBuckets checks that files of one bucket share an INSERT if they fit, so that a customer's rows are in few
// parts. Invariant: PUB-14.
func TestGroupsOfBuckets(t *testing.T) {
	t.Parallel()
	p := Tables(false)[0]
	var items []*Item
	for day := range 3 {
		for bucket := range 2 {
			items = append(items, &Item{Table: p, Path: fmt.Sprintf("day %d, bucket %d", day, bucket),
				Cycle: "2026-09", Bucket: bucket, Rows: maxRows / 3})
		}
	}
	for _, g := range groups(items, 1, 2) {
		for _, i := range g.items {
			if i.Bucket != g.items[0].Bucket || len(g.items) != 3 {
				t.Errorf("%d items from %q on: %q", len(g.items), g.items[0].Path, i.Path)
			}
		}
	}
}

// TestGroupsAreEven checks that groups are of similar size, so that no INSERT runs alone at the end: three million rows
// give four groups if two INSERTs run at the same time.
func TestGroupsAreEven(t *testing.T) {
	t.Parallel()
	p := Tables(false)[0]
	var items []*Item
	for range 30 {
		items = append(items, &Item{Table: p, Cycle: "2026-09", Rows: 100_000})
	}
	for inserts, want := range map[int]string{1: "[10 10 10]", 2: "[8 8 8 6]", 4: "[8 8 8 6]", 5: "[6 6 6 6 6]"} {
		var got []int
		for _, g := range groups(items, 1, inserts) {
			got = append(got, len(g.items))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%d at once: %v, want %s", inserts, got, want)
		}
	}
}

// quoted returns a column's name as in the DDL, in which left is quoted because it is also a function.
func quoted(name string) string {
	if name == "left" {
		return "`left`"
	}
	return name
}
