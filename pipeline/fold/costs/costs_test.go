package costs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	intake "github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func cycle(t *testing.T, text string) period.Cycle {
	t.Helper()
	c, err := period.ParseCycle(text)
	must(t, err)
	return c
}

const head = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd," +
	"ChargeCategory,CommitmentDiscountStatus,SubAccountId,ServiceName,ResourceId,PricingQuantity,PricingUnit\n"

// file returns a cost file of September. Each row gives the day, the cost, and the columns from ChargeCategory on.
func file(rows ...string) *fstest.MapFile {
	text := head
	for _, row := range rows {
		c := strings.SplitN(row, ",", 3)
		text += fmt.Sprintf("%s,%s,USD,2026-09-01T00:00:00Z,2026-09-%sT00:00:00Z,2026-09-%sT12:00:00Z,%s\n", c[1], c[1],
			c[0], c[0], c[2])
	}
	return &fstest.MapFile{Data: []byte(text)}
}

// bill returns a stage over an inbox in memory. It has the customers x and y, cloud costs at cost plus 10 % with a
// monthly fee of 5, and calls at 1 each for the first ten and 0.5 for each further one.
func bill(t *testing.T, allocation string, inbox fstest.MapFS) *Stage {
	t.Helper()
	return billBy(t, allocation, inbox, nil)
}

// billBy is bill with some books replaced.
func billBy(t *testing.T, allocation string, inbox fstest.MapFS, other map[string]string) *Stage {
	t.Helper()
	s, err := settings.Parse("tollbook.yaml", []byte("zone: UTC\ncurrency: {code: USD, digits: 2}\n"+
		"rounding: {grain: cycle, mode: half_up}\ncosts: {sources: [{source: aws, provider: aws, format: focus}, "+
		"{source: gcp, provider: gcp, format: focus}]}\n"))
	must(t, err)
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{
		"products.csv": "sku,service_type_code,measure,pricing_model,basis\ncloud,cloud,USD,pass_through,effective\n" +
			"calls,calls,call,graduated,\n",
		"prices.csv": "sku,valid_from,tier,up_to,unit_price,rate,flat_fee\ncloud,2026-01-01,1,,,0.1,5\n" +
			"calls,2026-01-01,1,10,1,,\ncalls,2026-01-01,2,,0.5,,\n",
		"customers.csv":   "customer_id\nx\ny\n",
		"markups.csv":     "service_name,sku\n*,cloud\nCalls,calls\n",
		"allocation.yaml": allocation,
	} {
		fsys["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range other {
		fsys["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	b, err := load.Books(fsys, s)
	must(t, err)
	prices := tariff.Compile(b, tariff.Rules{Grain: tariff.PerCycle, Mode: s.Rounding.Mode, Digits: 2})
	return &Stage{Books: b, Prices: prices, Costs: s.Costs, Currency: "USD", Buckets: 2,
		Inbox: inbox, Closed: lake.NoCycle, Archived: lake.NoCycle, Rerate: lake.NoCycle,
		Hash:     func(name string) (string, error) { return string(inbox[name].Data), nil },
		MonthEnd: func(period.Cycle) bool { return false }}
}

const byAccount = "- {match: {SubAccountId: A}, customer: x}\n- {match: {SubAccountId: B}, customer: y}\n"

// of returns the folder of a delivery in the inbox.
func of(delivery string) string { return "costs/aws/2026-09/" + delivery + "/" }

// allPriced is a cycle with its groups and lines.
type allPriced struct {
	*rated
	groups []*group
	lines  []*rows.Line
}

// price surveys the inbox and prices the counted deliveries.
func price(t *testing.T, s *Stage) *allPriced {
	t.Helper()
	found, c := surveyed(t, s, nil), cycle(t, "2026-09")
	all, err := priceAll(t.Context(), s.pricer(s.Books, s.Prices), c, found.counted(c))
	must(t, err)
	return all
}

func priceAll(ctx context.Context, p *pricer, c period.Cycle, counted []*Delivery) (*allPriced, error) {
	r, err := p.gather(ctx, c, c, counted)
	if err != nil {
		return nil, err
	}
	all := &allPriced{rated: r}
	none := func(int) error { return nil }
	return all, p.price(ctx, r, sink{begin: none, end: none,
		group: func(g *group) error {
			all.groups = append(all.groups, g)
			return nil
		},
		line: func(l *rows.Line) error {
			all.lines = append(all.lines, l)
			return nil
		}})
}

// described returns lines as "customer kind tier quantity payment" and margins as "customer/reason/status effective
// payment".
func described(r *allPriced) (lines, costs []string) {
	for _, l := range r.lines {
		lines = append(lines, fmt.Sprintf("%s %s %d %s %s", r.books.Customers[l.Customer].ID, l.Kind, l.Tier,
			l.Quantity.Trim(), l.Payment.Trim()))
	}
	keys := slices.Collect(maps.Keys(r.margins.Rows))
	SortMarginKeys(keys)
	for _, k := range keys {
		one := r.margins.Rows[k]
		costs = append(costs, fmt.Sprintf("%s/%s/%s %s %s", k.Customer, k.Reason, k.Status,
			one.Values[books.EffectiveCost].Trim(), trim(one.Payment)))
	}
	return lines, costs
}

// trim returns a total without trailing zeros after the decimal point.
func trim(total money.AmountTotal) string {
	return strings.TrimSuffix(strings.TrimRight(total.String(), "0"), ".")
}

// TestRate prices three rows of one resource and day, a graduated product, a kept row, a tax row, a row that no rule
// matches, and a row of an unused commitment. At the end of the month each meter of cloud also has its fee of 5.
// Invariants: FCOST-1, FCOST-3.
func TestRate(t *testing.T) {
	t.Parallel()
	inbox := fstest.MapFS{of("1") + "_SUCCESS": {}, of("1") + "a.csv": file(
		"03,0.1,Usage,,A,S3,bucket,,", "04,60,Usage,Unused,B,EC2,vm,,", "05,7,Tax,,B,EC2,,,",
		"06,12.34,Usage,,C,S3,,,", "07,2,Usage,,KEEP,Tools,,,"), of("1") + "b/c.csv": file(
		"03,0.2,Usage,,A,S3,bucket,,", "03,1E-10,Usage,,A,S3,bucket,,", "08,3,Usage,,A,Calls,,12,Calls",
		"09,-3,Usage,,A,Calls,,-1,Calls")}
	s := bill(t, byAccount+"- {match: {SubAccountId: KEEP}, keep: overhead}\n", inbox)
	// x: 0.3000000001 x 1.1; 12 calls: 10 at 1 and 2 at 0.5. y: 60 x 1.1.
	wantLines := []string{"x usage 1 0.3000000001 0.33", "x usage 1 10 10", "x usage 2 2 1", "y usage 1 60 66"}
	wantMargins := []string{"/no_rule/ 12.34 0", "/tax/ 7 0", "/overhead/ 2 0", "x// 3 11", "x// 0.3000000001 0.33",
		"/negative_quantity/ -3 0", "y//Unused 60 66"}
	slices.Sort(wantMargins)
	for range 3 {
		lines, margins := described(price(t, s))
		slices.Sort(margins)
		if !slices.Equal(lines, wantLines) || !slices.Equal(margins, wantMargins) {
			t.Errorf("lines %q, want %q; margins %q, want %q", lines, wantLines, margins, wantMargins)
		}
	}
	s.MonthEnd = func(period.Cycle) bool { return true }
	lines, margins := described(price(t, s))
	fees := []string{"x flat_fee 1 1 5", "y flat_fee 1 1 5"}
	for _, fee := range fees {
		if !slices.Contains(lines, fee) {
			t.Errorf("at the month's end %q lack %q", lines, fee)
		}
	}
	if len(lines) != len(wantLines)+len(fees) || !slices.Contains(margins, "x// 0 5") {
		t.Errorf("at the month's end: %q, %q", lines, margins)
	}
}

// TestGrain tests the summing of rows per resource and day, per resource and month, and not at all.
func TestGrain(t *testing.T) {
	t.Parallel()
	inbox := fstest.MapFS{of("1") + "_SUCCESS": {}, of("1") + "a.csv": file("03,1,Usage,,A,S3,bucket,,",
		"03,2,Usage,,A,S3,bucket,,", "03,2,Usage,,A,S3,bucket,,", "04,4,Usage,,A,S3,bucket,,",
		"04,8,Usage,,A,S3,disk,,")}
	for grain, want := range map[settings.CostGrain]string{settings.ResourceDay: "4.4 5.5 8.8",
		settings.ResourceMonth: "8.8 9.9", settings.CostRow: "1.1 2.2 2.2 4.4 8.8"} {
		s := bill(t, byAccount, inbox)
		s.Costs.Grain = grain
		var got []string
		ids := make(map[string]bool)
		for _, l := range price(t, s).lines {
			got = append(got, l.Payment.Trim())
			ids[l.ID] = true
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want || len(ids) != len(got) {
			t.Errorf("%s: %q, want %s; %d ids", grain, got, want, len(ids))
		}
	}
}

// TestWorkers checks that several workers produce the same lines, groups and margins as one, also for a row that is
// split and for resources that occur in several files, and also if each group is sorted in a file of its own.
// Invariants: FCOST-1, FCOST-5.
func TestWorkers(t *testing.T) {
	t.Parallel()
	rules := byAccount + "- {match: {ServiceName: VPC}, split: {x: 0.3, y: 0.7}}\n" +
		"- match: {ServiceName: EBS}\n  split: by_cost \"*\"\n- {match: {SubAccountId: KEEP}, keep: overhead}\n"
	inbox := fstest.MapFS{of("1") + "_SUCCESS": {}}
	for i := range 9 {
		inbox[fmt.Sprintf("%sfile-%d.csv", of("1"), i)] = file(
			fmt.Sprintf("0%d,0.%d,Usage,,A,S3,bucket,,", 1+i%3, i+1), "04,7,Usage,Unused,B,EC2,vm,,",
			fmt.Sprintf("05,%d.1,Usage,,C,VPC,net,,", i), fmt.Sprintf("06,-%d,Usage,,KEEP,Tools,,,", i),
			"07,3,Usage,,A,Calls,,12,Calls", "08,0.0000000000000007,Usage,,D,EBS,,,", "09,1,Usage,,C,S3,,,")
	}
	even := strings.Replace(rules, "split: by_cost \"*\"", "split: even [x, y]", 1)
	for _, allocation := range []string{rules, even} {
		var want string
		for _, workers := range []int{1, 3, 8, -1, -3} {
			s := bill(t, allocation, inbox)
			if s.Workers = workers; workers < 0 {
				s.Workers, s.SortBytes, s.Txn = -workers, 1, scratch(t)
			}
			r := price(t, s)
			lines, margins := described(r)
			var groups []string
			for _, g := range r.groups {
				groups = append(groups, fmt.Sprintf("%s %d %d %s %s", g.id, g.rule, g.rows,
					g.verbatim.Text("SubAccountId"), g.values[books.EffectiveCost].Trim()))
			}
			got := strings.Join(slices.Concat(lines, margins, groups), "\n")
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%d workers:\n%s\nwant\n%s", workers, got, want)
			}
		}
	}
}

// TestGroupsInMemory checks that a worker holds a limited number of groups if each row has a resource of its own, and
// that none is lost. Invariant: FCOST-5.
func TestGroupsInMemory(t *testing.T) {
	t.Parallel()
	s := bill(t, byAccount, fstest.MapFS{})
	s.SortBytes, s.Txn = 10*groupMemory, scratch(t)
	d := &Delivery{Source: "aws", Period: cycle(t, "2026-09")}
	workers, sinks := s.pricer(s.Books, s.Prices).workersOf(&rated{bounds: s.Books.Zone.Bounds(d.Period)}, d,
		settlement.NewAllocator(s.Books))
	to := sinks(0)
	row := books.CostRow{CostHeader: books.NewCostHeader([]string{"SubAccountId", "ServiceName", "ResourceId"}),
		Zone: s.Books.Zone,
		Start: s.Books.Zone.Bounds(
			d.Period).From, Kind: books.NoCostKind, Has: [books.AllCostColumns]bool{books.EffectiveCost: true}}
	for i := range 200 {
		row.Cells = []string{"A", "S3", fmt.Sprint("vm-", i)}
		must(t, to.Take(&row))
		if n := len(workers[0].groups.groups); n > 10 {
			t.Fatalf("%d groups in memory after %d rows", n, i+1)
		}
	}
	must(t, workers[0].move())
	n := 0
	must(t, workers[0].groups.sorted.each(d, settings.ResourceDay, func(*group) error {
		n++
		return nil
	}))
	if n != 200 {
		t.Errorf("%d groups of 200 resources", n)
	}
}

// TestRejectsOfDeliveries checks that rejected rows of several deliveries are cut into row groups like those of other
// tables, by rows and bytes (COL-6).
func TestRejectsOfDeliveries(t *testing.T) {
	t.Parallel()
	w := &writer{txn: scratch(t)}
	const rejected = rows.GroupRows/8 + 1
	var list []*Delivery
	for i := range 8 {
		list = append(list, &Delivery{Source: "aws", Period: cycle(t, "2026-09"), Name: fmt.Sprint(i), State: Held,
			Reading: books.DefaultCostReading(), rejects: make([]intake.CostReject, rejected)})
	}
	must(t, w.keep(list))
	files := w.txn.Next().Find(RejectsKey())
	r, err := rows.OpenFile(w.txn, files[0], tables.CostRejects(), nil)
	must(t, err)
	defer r.Close()
	if r.Groups() != 2 || files[0].Rows != 8*rejected {
		t.Errorf("%d row groups of %d rows, want 2 of %d", r.Groups(), files[0].Rows, 8*rejected)
	}
}

// scratch returns a transaction for files of sorters.
func scratch(t *testing.T) *lake.SubTxn {
	t.Helper()
	l, err := lake.Open(storage.NewMem(), lake.Options{})
	must(t, err)
	txn, err := l.Begin()
	must(t, err)
	t.Cleanup(func() { must(t, txn.Close()) })
	return txn.SubTxn
}

// TestSurvey tests which delivery of a month counts. Invariants: COSTS-2, FCOST-1.
func TestSurvey(t *testing.T) {
	t.Parallel()
	good, bad := file("03,1,Usage,,A,S3,,,"), file("03,one,Usage,,A,S3,,,", "04,1,Usage,,A,S3,,,")
	euro := &fstest.MapFile{Data: []byte(strings.Replace(string(good.Data), "USD", "EUR", 1))}
	mark := &fstest.MapFile{}
	for name, c := range map[string]struct {
		inbox     fstest.MapFS
		accept    string
		want      string
		attention bool
	}{
		"the last one": {fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": good, of("2") + "_SUCCESS": mark,
			of("2") + "a.csv": good}, "", "1 superseded, 2 counted", false},
		"the last one is held": {fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": good,
			of("2") + "_SUCCESS": mark, of("2") + "a.csv": bad}, "", "1 counted, 2 held", true},
		"its rejects are accepted": {fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": good,
			of("2") + "_SUCCESS": mark, of("2") + "a.csv": bad}, "aws/2026-09/2", "1 superseded, 2 counted", false},
		"it lacks a column": {fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": good,
			of("2") + "_SUCCESS": mark, of("2") + "a.csv": {Data: []byte("BilledCost\n1\n")}}, "",
			"1 counted, 2 failed", true},
		"no rate": {fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": euro}, "", "1 failed", true},
		"a strange file": {fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": good,
			of("1") + "notes.txt": mark}, "", "1 failed", true},
		"nothing": {fstest.MapFS{of("1") + "_SUCCESS": mark}, "", "", false},
	} {
		s := bill(t, byAccount, c.inbox)
		s.Accept = c.accept
		found := surveyed(t, s, nil)
		if got := states(found); got != c.want || s.result.Attention != c.attention {
			t.Errorf("%s: %s (attention %v), want %s; %q", name, got, s.result.Attention, c.want, s.result.Notes)
		}
	}
}

// states returns the states of the deliveries.
func states(found *survey) string {
	var list []string
	for _, d := range found.all(nil) {
		list = append(list, d.Name+" "+d.State)
	}
	return strings.Join(list, ", ")
}

// surveyed surveys the inbox; old has the deliveries that the previous run stored.
func surveyed(t *testing.T, s *Stage, old []*Delivery) *survey {
	t.Helper()
	found := &survey{stage: s, result: &s.result}
	must(t, found.find(t.Context(), old))
	return found
}

// stored returns deliveries as the lake stores them.
func stored(found *survey) (list []*Delivery) {
	for _, d := range found.all(nil) {
		one := *d
		one.found, one.before = nil, nil
		list = append(list, &one)
	}
	return list
}

// TestFixedDelivery tests that a counted delivery fails when its files change, even if they are deleted afterwards;
// that it still counts when unchanged files are deleted; and that unchanged files are not read again. Invariant:
// FCOST-2.
func TestFixedDelivery(t *testing.T) {
	t.Parallel()
	inbox := fstest.MapFS{of("1") + "_SUCCESS": {}, of("1") + "a.csv": file("03,1,Usage,,A,S3,,,")}
	c := cycle(t, "2026-09")
	same, changed := inbox[of("1")+"a.csv"], file("03,2,Usage,,A,S3,,,")
	for name, one := range map[string]struct {
		files []*fstest.MapFile // one file per run; nil = the folder is missing
		want  []string
		news  []bool
	}{
		"same": {[]*fstest.MapFile{same, same, nil, nil, same},
			[]string{"1 counted", "1 counted", "1 counted", "1 counted", "1 counted"},
			[]bool{true, false, false, false, false}},
		"changed": {[]*fstest.MapFile{same, changed, nil, changed, same},
			[]string{"1 counted", "1 failed", "1 failed", "1 failed", "1 counted"},
			[]bool{true, true, false, false, true}},
	} {
		var old []*Delivery
		for i, f := range one.files {
			next := fstest.MapFS{}
			if f != nil {
				maps.Copy(next, fstest.MapFS{of("1") + "_SUCCESS": {}, of("1") + "a.csv": f})
			}
			s := bill(t, byAccount, next)
			found := surveyed(t, s, old)
			got, news := states(found), found.news(c, old)
			if got != one.want[i] || news != one.news[i] {
				t.Errorf("%s, run %d: %s, news %v", name, i, got, news)
			}
			if wrong := f == changed || strings.Contains(got, "failed"); s.result.Attention != wrong {
				t.Errorf("%s, run %d: attention %v, %q", name, i, s.result.Attention, s.result.Notes)
			}
			old = stored(found)
		}
	}
}

// TestUnreadableDelivery tests that a superseded delivery whose folder is missing does not count again, and that a new
// delivery of another source waits until the files of a counted delivery can be read. Invariant: FCOST-8.
func TestUnreadableDelivery(t *testing.T) {
	t.Parallel()
	mark, one := &fstest.MapFile{}, file("03,1,Usage,,A,S3,,,")
	two := fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": one, of("2") + "_SUCCESS": mark,
		of("2") + "a.csv": one}
	first := fstest.MapFS{of("1") + "_SUCCESS": mark, of("1") + "a.csv": one}
	old := stored(surveyed(t, bill(t, byAccount, first), nil))
	old = stored(surveyed(t, bill(t, byAccount, two), old))
	left := fstest.MapFS{of("2") + "_SUCCESS": mark, of("2") + "a.csv": file("03,2,Usage,,A,S3,,,")}
	found := surveyed(t, bill(t, byAccount, left), old)
	if got := states(found); got != "1 failed, 2 failed" {
		t.Errorf("a superseded delivery is gone, the other one changed: %s", got)
	}

	c := cycle(t, "2026-09")
	other := strings.ReplaceAll(of("3"), "aws", "gcp")
	old = stored(surveyed(t, bill(t, byAccount, first), nil))
	s := bill(t, byAccount, fstest.MapFS{other + "_SUCCESS": mark, other + "a.csv": one})
	found = surveyed(t, s, old)
	if got := states(found); got != "1 counted, 3 counted" || !found.news(c, old) {
		t.Fatalf("another source's delivery: %s", got)
	}
	found.leave(c, unreadable(found.counted(c)))
	if got := states(found); got != "1 counted, 3 failed" || found.news(c, old) || !s.result.Attention {
		t.Errorf("it does not wait: %s, %q", got, s.result.Notes)
	}
}

// amount parses an amount.
func amount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	must(t, err)
	return a
}

// TestSubtract tests the difference between the amount due now and the sum of the amounts billed before, per id, tier
// and kind. Equal amounts give no posting, and a change from A to B and back cancels. Invariant: FCOST-4.
func TestSubtract(t *testing.T) {
	t.Parallel()
	post := &poster{asOf: 7}
	r := &rated{cycle: cycle(t, "2026-09"), counted: []*Delivery{{Source: "aws", Name: "2"}}}
	one := func(id string, kind tables.KindOfLine, payment string) *posting {
		return &posting{lineKey: lineKey{"x", id, 1, kind}, origin: r.cycle, payment: amount(t, payment)}
	}
	for name, c := range map[string]struct {
		due, billed []*posting
		want        string
	}{
		"less": {[]*posting{one("a", tables.UsageLine, "99")}, []*posting{one("a", tables.UsageLine, "110")},
			"a usage -11"},
		"equal": {[]*posting{one("a", tables.UsageLine, "110")}, []*posting{one("a", tables.UsageLine, "110")}, ""},
		"back": {[]*posting{one("a", tables.UsageLine, "110")}, []*posting{one("a", tables.UsageLine, "110"),
			one("a", tables.UsageLine, "-11")}, "a usage 11"},
		"and again": {[]*posting{one("a", tables.UsageLine, "110")}, []*posting{one("a", tables.UsageLine, "110"),
			one("a", tables.UsageLine, "-11"), one("a", tables.UsageLine, "11")}, ""},
		"gone": {nil, []*posting{one("a", tables.UsageLine, "5")}, "a usage -5"},
		"new":  {[]*posting{one("b", tables.UsageLine, "5")}, nil, "b usage 5"},
		"kinds": {[]*posting{one("a", tables.UsageLine, "4")}, []*posting{one("a", tables.FlatFeeLine, "4")},
			"a flat_fee -4; a usage 4"},
	} {
		due := make(map[lineKey]*posting)
		for _, p := range c.due {
			due[p.lineKey] = p
		}
		must(t, post.subtract(r, due, c.billed))
		var got []string
		for k, p := range due {
			got = append(got, fmt.Sprintf("%s %s %s", k.id, k.kind, p.payment.Trim()))
			if len(c.due) == 0 && (p.delivery != "aws/2" || p.asOf != 7) {
				t.Errorf("%s: delivery %q as of %d", name, p.delivery, p.asOf)
			}
		}
		slices.Sort(got)
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
}

// TestReconcile tests that a row that the margins lack stops the run. Invariant: FCOST-3.
func TestReconcile(t *testing.T) {
	t.Parallel()
	inbox := fstest.MapFS{of("1") + "_SUCCESS": {}, of("1") + "a.csv": file("03,1,Usage,,A,S3,,,",
		"04,2,Usage,,B,S3,,,")}
	r := price(t, bill(t, byAccount, inbox))
	for k, one := range r.margins.Rows {
		kept := *one
		delete(r.margins.Rows, k)
		if err := r.reconcile(); err == nil || !strings.Contains(err.Error(), "of delivery aws/2026-09/1") {
			t.Errorf("without %v: %v", k, err)
		}
		r.margins.Rows[k] = &kept
	}
	for _, one := range r.margins.Rows {
		must(t, one.Payment.Add(amount(t, "0.00000001")))
		break
	}
	err := r.reconcile()
	if err == nil || !strings.Contains(err.Error(), "payment_amount of the cost files of 2026-09") {
		t.Errorf("a payment too much: %v", err)
	}
}

// FuzzFile bills arbitrary files: each is rejected, held or billed, without a panic and in agreement with its rows.
func FuzzFile(f *testing.F) {
	f.Add([]byte(head + "1,1,USD,2026-09-01T00:00:00Z,2026-09-03,2026-09-04,Usage,,A,S3,r,7,GB\n"))
	f.Add([]byte(head + "-1,1E-10,USD,2026-09-01,2026-09-03,2026-09-04,tax,NULL,B,Calls,,-7,\n"))
	f.Add(file("03,999999999999999999,Usage,,A,S3,bucket,,", "03,999999999999999999,Usage,,A,S3,bucket,,").Data)
	f.Add([]byte("BilledCost\n1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := bill(t, byAccount+"- split: by_cost \"*\"\n- split: even [x, y]\n",
			fstest.MapFS{of("1") + "_SUCCESS": {}, of("1") + "a.csv": {Data: data}})
		s.Accept = "aws/2026-09/1"
		found := &survey{stage: s, result: &s.result}
		must(t, found.find(context.Background(), nil))
		c := cycle(t, "2026-09")
		_, err := priceAll(context.Background(), s.pricer(s.Books, s.Prices), c, found.counted(c))
		if differs := new(DifferenceError); errors.As(err, &differs) {
			t.Error(err)
		}
	})
}
