package run_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// shop is a workspace of one customer, acme, in UTC. Its products: gb, flat at 2; mail, graduated (10 units at 1, then
// 0.5); disk, by volume (up to 500 units at 0.6, above that 0.58); line, bandwidth billed by the largest sample.
type shop struct {
	t   *testing.T
	dir string
}

const runSettings = `zone: UTC
currency: {code: EUR, digits: 2}
vendor: {id: vendor, name: Example Cloud}
rounding: {grain: cycle, mode: half_up}
payments: assume_cash
usage: {max_age_months: 18, future_tolerance: 24h}
refund: {unconditional_hours: 120, fee_rate: "0"}
close: {day: 4, time: "24:00"}
lake: {path: lake, buckets: 2}
clickhouse: {dsn: "", cluster: ""}
api: {listen: 127.0.0.1:8080}
schedule: {nightly: "30 1 * * *", monthly: "0 12 5 * *"}
`

const prices = `sku,region_code,valid_from,valid_to,tier,up_to,unit_price
gb,*,2026-01-01,2026-10-01,1,,2
gb,*,2026-10-01,,1,,3
mail,*,2026-01-01,,1,10,1
mail,*,2026-01-01,,2,,0.5
disk,*,2026-01-01,,1,500,0.6
disk,*,2026-01-01,,2,,0.58
line,*,2026-01-01,,1,,1
`

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t, t.TempDir()}
	s.lay("tollbook.yaml", runSettings)
	s.lay("books/products.csv",
		`sku,name,service_type_code,service_type_name,resource_type_code,resource_type_name,usage_type,measure,pricing_model,meter,policy
gb,Storage,st,Storage,st.gb,Storage,stored,GB,flat,,
mail,Mail,ml,Mail,ml.out,Mail,sent,piece,graduated,,
disk,Disk,st,Storage,st.disk,Disk,kept,GB,volume,,
line,Line,bw,Bandwidth,bw.line,Line,peak,Mbps,percentile,,top
`)
	s.lay("books/prices.csv", prices)
	s.lay("books/customers.csv", "customer_id,name,valid_from,valid_to\nacme,Acme,2026-01-01,\n")
	s.lay("books/policies.yaml", "top: {method: monthly_p95, drop: \"0\"}\n")
	s.lay("books/links.csv",
		"resource_id,customer_id,sku,region_code,group,size_mbps,commit_mbps,valid_from,valid_to\n"+
			"l,acme,line,east,,1000,0,2026-09-01,2026-10-01\n")
	return s
}

func (s *shop) lay(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// use writes a file of usage records: id sku day quantity [replaces].
func (s *shop) use(file string, rows ...string) {
	s.t.Helper()
	text := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity,replaces\n"
	for _, row := range rows {
		f := append(strings.Fields(row), "")
		text += f[0] + ",acme,x," + f[1] + ",east," + f[2] + "T10:00:00Z," + f[2] + "T11:00:00Z," + f[3] + "," + f[4] +
			"\n"
	}
	s.lay("inbox/usage/"+file, text)
}

func (s *shop) open() *workspace.Workspace {
	s.t.Helper()
	w, err := workspace.Open(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

// at returns the options of a run. cycle parses the name of a cycle.
func (s *shop) at(asOf string) workspace.Options {
	s.t.Helper()
	t, err := period.ParseInstant(asOf)
	if err != nil {
		s.t.Fatal(err)
	}
	return workspace.Options{AsOf: t, Workers: 2}
}

func (s *shop) cycle(text string) period.Cycle {
	s.t.Helper()
	c, err := period.ParseCycle(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *shop) close(cycle, asOf string) {
	s.t.Helper()
	if _, err := run.Close(context.Background(), s.open(), s.cycle(cycle), false, s.at(asOf)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) night(asOf string) *workspace.Report {
	s.t.Helper()
	r, err := run.Nightly(context.Background(), s.open(), s.at(asOf))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *shop) rerate(o run.RerateOptions) (*workspace.Report, []run.Difference) {
	s.t.Helper()
	r, list, err := run.Rerate(context.Background(), s.open(), s.cycle("2026-09"), o, s.at("2026-10-20T00:00:00Z"))
	if err != nil {
		s.t.Fatal(err)
	}
	return r, list
}

// want compares the lines of a cycle: origin_cycle kind/bill_detail_type id tier used free quantity price payment
// draws.
func (s *shop) want(cycle string, want ...string) {
	s.t.Helper()
	l, err := s.open().Lake(workspace.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	var out bytes.Buffer
	err = l.Read(func(snap *lake.Snapshot) error {
		out.Reset()
		_, err := export.Write(context.Background(), snap, &export.Request{Table: "lines", Format: "csv",
			Cycle: lakekey.Cycle(cycle)},
			&out)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		cell := func(name string) string {
			for i, column := range rows[0] {
				if column == name {
					return row[i]
				}
			}
			s.t.Fatalf("no column %s", name)
			return ""
		}
		number := func(name string) string { return strings.TrimRight(strings.TrimRight(cell(name), "0"), ".") }
		var parts []string
		for _, part := range []string{cell("origin_cycle"), cell("kind") + "/" + cell("bill_detail_type"), cell("id"),
			"t" + cell("tier"), number("usage_amount"),
			number("free_resource_usage"), number("quantity"), number("unit_price"), "=" + number("payment_amount"),
			cell("package_draws")} {
			if part == "" {
				part = "-"
			}
			parts = append(parts, part)
		}
		got = append(got, strings.Join(parts, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("lines of %s (-want +got):\n%s", cycle, diff)
	}
}

// TestTwice checks that a record that occurs twice in one file and again in another is billed once: 5 × 2.00, the price
// before October. Invariant: LATE-1.
func TestTwice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "a gb 2026-09-01 1")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.use("b.csv", "l gb 2026-09-20 5", "l gb 2026-09-20 5")
	s.use("c.csv", "m gb 2026-09-21 1", "l gb 2026-09-20 5")
	s.night("2026-10-06T00:00:00Z")
	s.want("2026-10", "2026-09 adjustment/16 l t1 5 0 5 2 =10 -", "2026-09 adjustment/16 m t1 1 0 1 2 =2 -")
}

// TestPriceOfItsOwnTime checks that a late record does not change the cycle of its own time: its line is in the
// earliest open cycle, at the price of its own time (2, not 3).
func TestPriceOfItsOwnTime(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 gb 2026-09-10 8")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.use("b.csv", "r2 gb 2026-09-11 4", "r3 gb 2026-10-01 1")
	s.night("2026-10-06T00:00:00Z")
	s.want("2026-09", "- usage/5 r1 t1 8 0 8 2 =16 -")
	s.want("2026-10", "2026-09 adjustment/16 r2 t1 4 0 4 2 =8 -", "- usage/5 r3 t1 1 0 1 3 =3 -")
	if r := s.night("2026-10-07T00:00:00Z"); r.Changed {
		t.Error("a night with nothing new wrote")
	}
}

// TestMeterContinues checks a meter that counted 8 units when September was closed: of 5 more, 2 are in the first tier.
// The order of arrival does not matter. Invariant: LATE-4.
func TestMeterContinues(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 mail 2026-09-10 8")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.use("b.csv", "r3 mail 2026-09-12 4")
	s.night("2026-10-06T00:00:00Z")
	s.use("c.csv", "r2 mail 2026-09-11 1")
	s.night("2026-10-07T00:00:00Z")
	s.want("2026-10", "2026-09 adjustment/16 r2 t1 1 0 1 1 =1 -", "2026-09 adjustment/16 r3 t1 1 0 1 1 =1 -",
		"2026-09 adjustment/16 r3 t2 3 0 3 0.5 =1.5 -")
}

// TestReversal checks the replacement of r1, of 8 units, by 3. The meter counts 13 units, so (5, 13] is reversed: 3
// units of the second tier and 5 of the first. Then (5, 8] is billed.
func TestReversal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 mail 2026-09-10 8", "r2 mail 2026-09-11 5")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.use("b.csv", "r3 mail 2026-09-10 3 r1")
	s.night("2026-10-06T00:00:00Z")
	s.want("2026-10", "2026-09 adjustment/16 r1 t1 -5 0 -5 1 =-5 -", "2026-09 adjustment/16 r1 t2 -3 0 -3 0.5 =-1.5 -",
		"2026-09 adjustment/16 r3 t1 3 0 3 1 =3 -")
}

// TestReplacedAgain checks that a record (r2) that replaces r1, and is replaced by r3 before October is closed, has no
// effect. After the close of October a replacement reverses r3.
func TestReplacedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 gb 2026-09-10 8")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.use("b.csv", "r2 gb 2026-09-10 3 r1")
	s.night("2026-10-06T00:00:00Z")
	s.use("c.csv", "r3 gb 2026-09-10 4 r2")
	s.night("2026-10-07T00:00:00Z")
	october := []string{"2026-09 adjustment/16 r1 t1 -8 0 -8 2 =-16 -", "2026-09 adjustment/16 r3 t1 4 0 4 2 =8 -"}
	s.want("2026-10", october...)
	s.close("2026-10", "2026-11-05T00:00:00Z")
	s.use("d.csv", "r4 gb 2026-09-10 0 r3", "r5 gb 2026-09-10 1 r1", "r2 gb 2026-09-10 3 r1")
	r := s.night("2026-11-06T00:00:00Z")
	s.want("2026-10", october...)
	s.want("2026-11", "2026-09 adjustment/16 r3 t1 -4 0 -4 2 =-8 -", "2026-09 adjustment/16 r4 t1 0 0 0 2 =0 -")
	if r.Accepted != 1 || r.Duplicate != 1 || r.Reasons["conflict"] != 1 {
		t.Errorf("accepted %d, duplicate %d, rejected %v; want r4, r2, and r5 for conflict: r1 is replaced", r.Accepted,
			r.Duplicate, r.Reasons)
	}
}

// TestPackage checks a quota of 10 units that is never refilled. September draws 6. A late record draws 3 before
// October's own records, for which 1 remains.
func TestPackage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.lay("books/packages.csv", "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n"+
		"p,acme,gb,*,10,none,2026-01-01,\n")
	s.use("a.csv", "r1 gb 2026-09-10 6", "o1 gb 2026-10-01 4")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.want("2026-10", "- usage/5 o1 t1 4 4 0 3 =0 p:4.0000000000")
	s.use("b.csv", "r2 gb 2026-09-11 3")
	s.night("2026-10-06T00:00:00Z")
	s.want("2026-10", "2026-09 adjustment/16 r2 t1 3 3 0 2 =0 p:3.0000000000",
		"- usage/5 o1 t1 4 1 3 3 =9 p:1.0000000000")
	// r1 is withdrawn, which returns 6. r2 then draws 3 of the 10 units, and 7 remain for October.
	s.use("c.csv", "r0 gb 2026-09-09 0 r1")
	s.night("2026-10-07T00:00:00Z")
	s.want("2026-10", "2026-09 adjustment/16 r0 t1 0 0 0 2 =0 -",
		"2026-09 adjustment/16 r1 t1 -6 -6 0 2 =0 p:-6.0000000000",
		"2026-09 adjustment/16 r2 t1 3 3 0 2 =0 p:3.0000000000", "- usage/5 o1 t1 4 4 0 3 =0 p:4.0000000000")
}

// TestPackageBilledInNewCycle checks a late record of 6.5 units that is billed in July, a cycle that did not exist
// before that run. It leaves 3.5 of the 10 units of package p for September.
func TestPackageBilledInNewCycle(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.lay("books/packages.csv", "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n"+
		"p,acme,gb,*,10,none,2026-01-01,\nq,acme,gb,*,100,none,2026-01-01,\n")
	s.use("a.csv", "n gb 2026-06-10 15.5", "n2 gb 2026-06-10 0 n", "f gb 2026-09-07 15.5")
	s.night("2026-09-20T00:00:00Z")
	s.want("2026-09", "- usage/5 f t1 15.5 15.5 0 2 =0 p:10.0000000000;q:5.5000000000")
	s.close("2026-06", "2026-10-01T00:00:00Z")
	s.use("b.csv", "n3 gb 2026-06-10 6.5 n2")
	s.night("2026-10-01T00:00:00Z")
	s.want("2026-07", "2026-06 adjustment/16 n2 t1 0 0 0 2 =0 -",
		"2026-06 adjustment/16 n3 t1 6.5 6.5 0 2 =0 p:6.5000000000")
	s.want("2026-09", "- usage/5 f t1 15.5 15.5 0 2 =0 p:3.5000000000;q:12.0000000000")
}

// TestDifferences checks disk, priced by volume: 400 × 0.6 = 240 were billed; with 500 more, all 900 cost 0.58 each,
// 522 in total. It also checks bandwidth: 80 Mbps were billed, but the largest sample is now 120.
func TestDifferences(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 disk 2026-09-10 400")
	s.lay("inbox/bandwidth/a.csv", "resource_id,sample_time,in_bps,out_bps\nl,2026-09-10T00:00:00Z,80000000,0\n")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.use("b.csv", "r2 disk 2026-09-11 500")
	s.lay("inbox/bandwidth/b.csv", "resource_id,sample_time,in_bps,out_bps\nl,2026-09-11T00:00:00Z,120000000,0\n")
	s.night("2026-10-06T00:00:00Z")
	october := []string{
		"2026-09 adjustment/16 2026-09/disk/east/x t 500 0 0 0 =282 -",
		"2026-09 adjustment/16 2026-09/line/east/l t 40 0 0 0 =40 -"}
	s.want("2026-10", october...)
	s.close("2026-10", "2026-11-05T00:00:00Z")
	s.use("c.csv", "r3 disk 2026-09-12 0 r2")
	s.night("2026-11-06T00:00:00Z")
	s.want("2026-10", october...)
	s.want("2026-11", "2026-09 adjustment/16 2026-09/disk/east/x t -500 0 0 0 =-282 -")
}

// TestRerate checks a new price of 2.5, which adds 8 × 0.5 = 4. The difference is posted once. A re-rate with the old
// price posts −4, and a further one posts nothing.
func TestRerate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 gb 2026-09-10 8")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	if _, list := s.rerate(run.RerateOptions{}); len(list) != 0 { // that the month was rated again is stored (§10.4)
		t.Errorf("unchanged books: %v", list)
	}
	changed := strings.Replace(prices, "gb,*,2026-01-01,2026-10-01,1,,2", "gb,*,2026-01-01,2026-10-01,1,,2.5", 1)
	for name, text := range map[string]string{"prices.csv": changed} {
		s.lay("draft/"+name, text)
	}
	for _, name := range []string{"products.csv", "customers.csv", "policies.yaml", "links.csv"} {
		text, err := os.ReadFile(filepath.Join(s.dir, "books", name))
		if err != nil {
			t.Fatal(err)
		}
		s.lay("draft/"+name, string(text))
	}
	r, list := s.rerate(run.RerateOptions{Books: filepath.Join(s.dir, "draft"), DryRun: true})
	if r.Changed || len(list) != 1 || list[0].Payment.Trim() != "4" || list[0].CustomerID != "acme" ||
		strings.Join(list[0].Why, " ") != "price" {
		t.Errorf("dry run: changed %v, %+v", r.Changed, list)
	}
	s.lay("books/prices.csv", changed)
	plus := "2026-09 adjustment/16 2026-09/gb/east/x t 0 0 0 0 =4 -"
	s.rerate(run.RerateOptions{})
	s.want("2026-10", plus)
	if r, _ := s.rerate(run.RerateOptions{}); r.Changed {
		t.Error("posted twice")
	}
	s.lay("books/prices.csv", prices)
	s.rerate(run.RerateOptions{})
	s.want("2026-10", "2026-09 adjustment/16 2026-09/gb/east/x t 0 0 0 0 =-4 -", plus)
	if r, _ := s.rerate(run.RerateOptions{}); r.Changed {
		t.Error("posted after going back")
	}
	if r := s.night("2026-10-21T00:00:00Z"); r.Changed {
		t.Error("a night after re-rating wrote")
	}
}

// TestRerateForgottenPackage checks a package that was missing from the books: 6 of the 8 units would have been free,
// so 12 are refunded. The package is then exhausted for a late record, until the replacement of r1 returns the 6.
func TestRerateForgottenPackage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 gb 2026-09-10 8")
	s.close("2026-09", "2026-10-05T00:00:00Z")
	s.lay("books/packages.csv", "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n"+
		"p,acme,gb,*,6,none,2026-09-01,\n")
	_, list := s.rerate(run.RerateOptions{})
	if len(list) != 1 || strings.Join(list[0].Why, " ") != "package" {
		t.Errorf("differences %+v", list)
	}
	posted := "2026-09 adjustment/16 2026-09/gb/east/x t 0 6 0 0 =-12 p:6.0000000000"
	s.want("2026-10", posted)
	s.use("b.csv", "r2 gb 2026-09-11 1", "o1 gb 2026-10-01 1")
	s.night("2026-10-21T00:00:00Z")
	s.want("2026-10", posted, "2026-09 adjustment/16 r2 t1 1 0 1 2 =2 -", "- usage/5 o1 t1 1 0 1 3 =3 -")
	s.use("c.csv", "r0 gb 2026-09-09 2 r1")
	s.night("2026-10-22T00:00:00Z")
	s.want("2026-10", posted, "2026-09 adjustment/16 r0 t1 2 2 0 2 =0 p:2.0000000000",
		"2026-09 adjustment/16 r1 t1 -8 -6 -2 2 =-4 p:-6.0000000000",
		"2026-09 adjustment/16 r2 t1 1 1 0 2 =0 p:1.0000000000", "- usage/5 o1 t1 1 1 0 3 =0 p:1.0000000000")
	if r, list := s.rerate(run.RerateOptions{}); r.Changed || len(list) != 0 {
		t.Errorf("re-rated again: changed %v, %v", r.Changed, list)
	}
}

func TestRerateOpenCycle(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use("a.csv", "r1 gb 2026-09-10 8")
	s.night("2026-09-20T00:00:00Z")
	_, _, err := run.Rerate(context.Background(), s.open(), s.cycle("2026-09"), run.RerateOptions{},
		s.at("2026-10-20T00:00:00Z"))
	if err == nil || err.Error() != "cycle 2026-09 is not closed" {
		t.Errorf("error %v", err)
	}
}
