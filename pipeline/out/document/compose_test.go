package document_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// booksOfPage is a workspace in UTC. hub is a distributor, north its reseller, scout a referrer. ann buys from north,
// bob buys from hub, cat was referred by scout, and dan buys from the vendor. gb costs 2 per GB, mail 1 per piece up to
// 10 and 0.5 above, line 1 per Mbps of the largest sample, care 30 per month.
var booksOfPage = map[string]string{
	"tollbook.yaml": `zone: UTC
currency: {code: EUR, digits: 2}
vendor: {id: vendor, name: Example Cloud}
rounding: {grain: cycle, mode: half_up}
lake: {buckets: 2}
`,
	"books/products.csv": `sku,name,service_type_code,service_type_name,resource_type_code,resource_type_name,usage_type,measure,pricing_model,meter,policy
gb,Storage,st,Stores,st.gb,Storage,stored,GB,flat,,
mail,Mail,ml,Mailing,ml.out,Mail,sent,piece,graduated,,
line,Line,bw,Bandwidth,bw.line,Line,peak,Mbps,percentile,,top
care,Care,su,Support,su.care,Care,term,month,period,,
`,
	"books/prices.csv": `sku,region_code,period_type,valid_from,valid_to,tier,up_to,unit_price
gb,*,,2026-01-01,,1,,2
mail,*,,2026-01-01,,1,10,1
mail,*,,2026-01-01,,2,,0.5
line,*,,2026-01-01,,1,,1
care,*,month,2026-01-01,,1,,30
`,
	"books/customers.csv": "customer_id,name,valid_from,valid_to\nann,Ann Old,2026-01-01,2026-09-10\n" +
		"ann,Ann Ltd,2026-09-10,\nbob,,2026-01-01,\ncat,Cat,2026-01-01,\ndan,Dan,2026-01-01,\n",
	"books/partners.csv": `partner_id,name,kind,parent_partner_id,valid_from,valid_to,left_on
hub,Hub Distribution,distributor,,2026-01-01,,
north,North Reselling,reseller,hub,2026-01-01,,
scout,Scout,referrer,,2026-01-01,,
`,
	"books/associations.csv": `customer_id,partner_id,association_type,valid_from,valid_to
ann,north,2,2026-01-01,
bob,hub,2,2026-01-01,
cat,scout,1,2026-01-01,
`,
	"books/terms.csv": `seller_id,buyer_id,service_type_code,sku,basis,rate,valid_from,valid_to
vendor,hub,*,*,payable,0.8,2026-01-01,
hub,north,*,*,payable,0.9,2026-01-01,
`,
	"books/packages.csv": "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n" +
		"p1,ann,gb,*,5,cycle,2026-01-01,\n",
	"books/policies.yaml": "top: {method: monthly_p95, drop: \"0\"}\n",
	"books/links.csv": "resource_id,customer_id,sku,region_code,group,size_mbps,commit_mbps,valid_from,valid_to\n" +
		"l1,ann,line,east,,1000,0,2026-09-01,\nl2,bob,line,east,,1000,0,2026-09-01,\n",
	"books/incentives.yaml": `- id: growth
  valid_from: 2026-01-01
  partners: "*"
  association_types: [1, 2]
  product_classes: [ordinary]
  period: month
  tiers:
    - {from: "0", rate: "0.1"}
  tier_rule: whole
  carry_negative: true
  confirm_within_working_days: 5
  payout: month
`,
	"inbox/usage/a.csv": `record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity
a1,ann,r1,gb,east,2026-09-02T10:00:00Z,2026-09-02T11:00:00Z,15
a2,ann,r2,mail,east,2026-09-03T10:00:00Z,2026-09-03T11:00:00Z,12
b1,bob,r3,gb,east,2026-09-03T23:30:00Z,2026-09-04T00:30:00Z,10.005
c1,cat,r4,gb,east,2026-09-04T10:00:00Z,2026-09-04T11:00:00Z,4
d1,dan,r5,gb,east,2026-09-04T10:00:00Z,2026-09-04T11:00:00Z,3
x1,dan,r5,none,east,2026-09-04T10:00:00Z,2026-09-04T11:00:00Z,3
x2,dan,r5,none,east,2026-08-04T10:00:00Z,2026-08-04T11:00:00Z,3
x3,dan,r5,none,east,yesterday,2026-08-04T11:00:00Z,3
`,
	"inbox/bandwidth/l.csv": "resource_id,sample_time,in_bps\nl1,2026-09-05T00:00:00Z,7000000\n" +
		"l1,2026-09-06T00:00:00Z,3000000\n",
	"inbox/orders/o.csv": `order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num,pay_time,effective_time,expire_time,base_order_id
o1,new,ann,care,east,s1,1,month,1,2026-09-20T10:00:00Z,2026-10-05T00:00:00Z,2026-11-05T00:00:00Z,
o2,new,ann,care,east,s2,1,month,1,2026-09-20T10:00:00Z,2026-09-20T10:00:00Z,2026-10-20T10:00:00Z,
o3,unsubscribe,ann,,,,,,,2026-09-21T10:00:00Z,,,o2
`,
	"inbox/adjustments/m.csv": "adjustment_id,customer_id,sku,time,amount,bill_detail_type,note\n" +
		"m1,ann,gb,2026-09-22T10:00:00Z,-1.5,9,goodwill\n",
}

// house is a workspace with the snapshot of its lake.
type house struct {
	t   *testing.T
	dir string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t, t.TempDir()}
	for name, text := range booksOfPage {
		h.lay(name, text)
	}
	return h
}

func (h *house) lay(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) open() *workspace.Workspace {
	h.t.Helper()
	w, err := workspace.Open(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

func at(t *testing.T, text string) period.Instant {
	t.Helper()
	v, err := period.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func cycleOf(t *testing.T, text string) period.Cycle {
	t.Helper()
	c, err := period.ParseCycle(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run performs one run with an as-of.
func (h *house) run(asOf string, do func(*workspace.Workspace, workspace.Options) (*workspace.Report, error)) {
	h.t.Helper()
	if _, err := do(h.open(), workspace.Options{AsOf: at(h.t, asOf), Workers: 2}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) month() {
	h.t.Helper()
	h.run("2026-10-03T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Monthly(context.Background(), w, cycleOf(h.t, "2026-09"), o)
	})
}

func (h *house) close(cycle, asOf string) {
	h.t.Helper()
	h.run(asOf, func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Close(context.Background(), w, cycleOf(h.t, cycle), false, o)
	})
}

// read composes a document from the live state.
func read[T any](h *house, do func(*document.Sources) (T, error)) (out T, err error) {
	h.t.Helper()
	w := h.open()
	book, bookErr := w.PartnerBook()
	l, lakeErr := w.Lake(workspace.Options{})
	if err := errors.Join(bookErr, lakeErr); err != nil {
		h.t.Fatal(err)
	}
	err = l.Read(func(snap *lake.Snapshot) (err error) {
		out, err = do(&document.Sources{Snap: snap, Books: w.Books, Settings: &w.Settings, Prices: w.Prices(),
			Partners: book, Limits: rows.Limits{Workers: 2}})
		return err
	})
	return out, err
}

func (h *house) statement(partner string) *document.Statement {
	h.t.Helper()
	st, err := read(h, func(s *document.Sources) (*document.Statement, error) {
		return document.ComposeStatement(h.t.Context(), s, cycleOf(h.t, "2026-09"), partner)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	everywhere(h.t, func(f document.Format) error { return st.Write(io.Discard, f, document.Options{}) })
	return st
}

func (h *house) bill(cycle, customer string) *document.Bill {
	h.t.Helper()
	b, err := read(h, func(s *document.Sources) (*document.Bill, error) {
		return document.ComposeBill(h.t.Context(), s, cycleOf(h.t, cycle), customer)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	everywhere(h.t, func(f document.Format) error { return b.Write(io.Discard, f, document.Options{}) })
	return b
}

// everywhere writes a document in every format, which also checks its sums.
func everywhere(t *testing.T, write func(document.Format) error) {
	t.Helper()
	for _, f := range document.Formats() {
		if err := write(f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// same compares two lists of texts.
func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func trim(v fmt.Stringer) string {
	text := v.String()
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func shownRows(st *document.Statement) (out []string) {
	for i := range st.Rows {
		r := &st.Rows[i]
		out = append(out,
			fmt.Sprintf("%s %s %s/%s %s/%s mode %d %s lines %d pay %s perf %s owed %s rev %s cost %s margin %s",
				r.SellerID, r.ResellerID, r.CustomerID,
				r.CustomerName, r.Service, r.ServiceName, r.ChargingMode, r.Sign, r.Lines, trim(r.Payment),
				trim(r.Performance), trim(r.Owed), trim(r.Revenue), trim(r.Cost), trim(r.Margin)))
	}
	return out
}

func summary(st *document.Statement) string {
	m := &st.Summary
	return fmt.Sprintf("owed %s cost %s revenue %s margin %s incentives %s net %s", trim(m.Owed), trim(m.Cost),
		trim(m.Revenue), trim(m.Margin), trim(m.Incentives), trim(m.Net))
}

func usage(list []document.ChartUsage) (out []string) {
	for _, u := range list {
		out = append(out, fmt.Sprintf("%s %s/%s %s", u.Day, u.Service, u.ServiceName, trim(u.Amount)))
	}
	return out
}

func has(notes []string, text string) bool { return strings.Contains(strings.Join(notes, "\n"), text) }

// TestReseller checks ann's sums: storage (15 − 5) × 2 = 20 less a goodwill of 1.5; mail 10 × 1 + 2 × 0.5 = 11; line 7,
// its largest sample; care 30 twice and refunded once. north owes 0.9 of each row, hub 0.8. Invariant: COMPOSE-2.
func TestReseller(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.month()
	st := h.statement("north")
	same(t, "rows", shownRows(st),
		"hub  ann/Ann Ltd bw/Bandwidth mode 3 + lines 1 pay 7 perf 7 owed 6.3 rev 0 cost 0 margin 0",
		"hub  ann/Ann Ltd ml/Mailing mode 3 + lines 2 pay 11 perf 11 owed 9.9 rev 0 cost 0 margin 0",
		"hub  ann/Ann Ltd st/Stores mode 3 + lines 1 pay 20 perf 20 owed 18 rev 0 cost 0 margin 0",
		"hub  ann/Ann Ltd st/Stores mode 3 - lines 1 pay -1.5 perf -1.5 owed -1.35 rev 0 cost 0 margin 0",
		"hub  ann/Ann Ltd su/Support mode 1 + lines 2 pay 60 perf 60 owed 54 rev 0 cost 0 margin 0",
		"hub  ann/Ann Ltd su/Support mode 1 - lines 1 pay -30 perf -30 owed -27 rev 0 cost 0 margin 0",
	)
	// 6.3 + 9.9 + 18 − 1.35 + 54 − 27 = 59.85; a tenth of 66.5 is 6.65.
	same(t, "summary", []string{summary(st)}, "owed 59.85 cost 0 revenue 0 margin 0 incentives 6.65 net 53.2")
	// The month-end line is on the 1st. The order that begins in October is on the day on which it was paid.
	same(t, "consumption", usage(st.Usage), "2026-09-01 bw/Bandwidth 7", "2026-09-02 st/Stores 20",
		"2026-09-03 ml/Mailing 11",
		"2026-09-20 su/Support 60", "2026-09-21 su/Support -30", "2026-09-22 st/Stores -1.5")
	if got := fmt.Sprintf("%v %s %v %s", st.Partner, st.Kind, st.Sellers,
		st.Header.AsOf); got != "{north North Reselling} reseller [{hub Hub Distribution}] 2026-10-03T00:00:00Z" {
		t.Error(got)
	}
	i := st.Incentives[0]
	// On 3 October the period is still open: it closes at the end of the 4th.
	if got := fmt.Sprintf("%d %s %s %s %s %s %t", len(st.Incentives), i.Period, trim(i.Amount), i.State, i.Deadline,
		i.Next, i.Counts); got != "1 2026-09 6.65 estimated 2026-10-05T00:00:00Z to confirm true" {
		t.Error(got)
	}
	if len(st.Annexes) != 1 || st.Annexes[0].Title != "l1 of Ann Ltd (ann)" || len(st.Annexes[0].SVG) == 0 {
		t.Errorf("annexes %v", st.Annexes)
	}
	for _, want := range []string{"Provisional, as of 2026-10-03 00:00 +00:00",
		"rounded half up to 2 decimals once; a line without a term", "Lines keep 8 decimals",
		"Payments are not recorded", "sign -"} {
		if !has(st.Notes, want) {
			t.Errorf("no note %q in %q", want, st.Notes)
		}
	}
}

func TestDistributor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.close("2026-09", "2026-10-20T00:00:00Z")
	st := h.statement("hub")
	same(t, "rows", shownRows(st),
		"vendor  bob/ st/Stores mode 3 + lines 1 pay 20.01 perf 20.01 owed 16.01 rev 0 cost 0 margin 0",
		"vendor north ann/Ann Ltd bw/Bandwidth mode 3 + lines 1 pay 7 perf 7 owed 0 rev 6.3 cost 5.6 margin 0.7",
		"vendor north ann/Ann Ltd ml/Mailing mode 3 + lines 2 pay 11 perf 11 owed 0 rev 9.9 cost 8.8 margin 1.1",
		"vendor north ann/Ann Ltd st/Stores mode 3 + lines 1 pay 20 perf 20 owed 0 rev 18 cost 16 margin 2",
		"vendor north ann/Ann Ltd st/Stores mode 3 - lines 1 pay -1.5 perf -1.5 owed 0 rev -1.35 cost -1.2 margin "+
			"-0.15",
		"vendor north ann/Ann Ltd su/Support mode 1 + lines 2 pay 60 perf 60 owed 0 rev 54 cost 48 margin 6",
		"vendor north ann/Ann Ltd su/Support mode 1 - lines 1 pay -30 perf -30 owed 0 rev -27 cost -24 margin -3",
	)
	// 16.008 is rounded to 16.01. Cost 5.6 + 8.8 + 16 − 1.2 + 48 − 24 = 53.2; 16.01 + 53.2 − 59.85 = 9.36. A tenth of
	// 20.01 is 2.00; it is void on the 20th, more than five working days after the 4th, without a confirmation.
	same(t, "summary", []string{summary(st)}, "owed 16.01 cost 53.2 revenue 59.85 margin 6.65 incentives 0 net 9.36")
	same(t, "consumption", usage(st.Usage), "2026-09-01 bw/Bandwidth 7", "2026-09-02 st/Stores 20",
		"2026-09-03 ml/Mailing 11", "2026-09-03 st/Stores 20.01",
		"2026-09-20 su/Support 60", "2026-09-21 su/Support -30", "2026-09-22 st/Stores -1.5")
	if i := st.Incentives[0]; i.State != "void" || i.Counts || trim(i.Amount) != "2" ||
		!has(st.Notes, "Void incentives") || !has(st.Notes, "The cycle is closed") {
		t.Errorf("%+v, notes %q", i, st.Notes)
	}
}

func TestReferrer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.month()
	st := h.statement("scout")
	same(t, "rows", shownRows(st), "  cat/Cat st/Stores mode 3 + lines 1 pay 8 perf 8 owed 0 rev 0 cost 0 margin 0")
	same(t, "summary", []string{summary(st)}, "owed 0 cost 0 revenue 0 margin 0 incentives 0.8 net -0.8")
	if len(st.Sellers) != 0 || !has(st.Notes, "Nothing is owed for referred customers") {
		t.Errorf("sellers %v, notes %q", st.Sellers, st.Notes)
	}
}

// TestPartnerOfClosedBill corrects associations after the close. As on the statements of the close, the bill names
// north, the partner of its lines, instead of hub or no partner. In an open month the books decide.
func TestPartnerOfClosedBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.month()
	later := "customer_id,partner_id,association_type,valid_from,valid_to\nann,hub,2,%s,\n" +
		"bob,hub,2,2026-01-01,\ncat,scout,1,2026-01-01,\n"
	h.lay("books/associations.csv", fmt.Sprintf(later, "2026-01-01"))
	if got := h.bill("2026-09", "ann").Partner.ID; got != "hub" {
		t.Errorf("while the month is open: %q", got)
	}
	h.lay("books/associations.csv", booksOfPage["books/associations.csv"])
	h.close("2026-09", "2026-10-20T00:00:00Z")
	for _, from := range []string{"2026-01-01", "2026-10-01"} {
		h.lay("books/associations.csv", fmt.Sprintf(later, from))
		if b := h.bill("2026-09", "ann"); b.Partner.ID != "north" || b.Partner.Name != "North Reselling" {
			t.Errorf("hub's from %s: %+v", from, b.Partner)
		}
		if b := h.bill("2026-09", "cat"); b.Partner.ID != "" {
			t.Errorf("a referred customer: %+v", b.Partner)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.month()
	for _, tt := range []struct {
		cycle, partner, want, hint string
	}{
		{"2026-09", "nord", `books/partners.csv has no partner "nord"`, "partners: hub, north, scout"},
		{"2026-07", "north", "the lake has no data of cycle 2026-07", "cycles in the lake: 2026-09"},
	} {
		_, err := read(h, func(s *document.Sources) (*document.Statement, error) {
			return document.ComposeStatement(t.Context(), s, cycleOf(t, tt.cycle), tt.partner)
		})
		if err == nil || err.Error() != tt.want || problem.HintOf(err) != tt.hint {
			t.Errorf("error %v, want %s, %s", err, tt.want, tt.hint)
		}
	}
	_, err := read(h, func(s *document.Sources) (*document.Bill, error) {
		return document.ComposeBill(t.Context(), s, cycleOf(t, "2026-09"), "eve")
	})
	if gone := new(rows.NotFoundError); !errors.As(err, &gone) ||
		gone.What != `customer "eve" has no line in cycle 2026-09` {
		t.Error(err)
	}
}

func TestOverview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.month()
	all, err := read(h, func(s *document.Sources) (*document.Overview, error) {
		return document.Partners(t.Context(), s, cycleOf(t, "2026-09"))
	})
	if err != nil {
		t.Fatal(err)
	}
	line := func(s *document.Settled) string {
		return fmt.Sprintf("%s %s lines %d pay %s owed %s cost %s revenue %s margin %s incentives %s net %s",
			s.Partner.ID, s.Kind, s.Lines, trim(s.Payment.Of("EUR")),
			trim(s.Owed), trim(s.Cost), trim(s.Revenue), trim(s.Margin), trim(s.Incentives), trim(s.Net))
	}
	var got []string
	for i := range all.Partners {
		got = append(got, line(&all.Partners[i]))
	}
	same(t, "partners", append(got, line(&all.Totals[0])),
		"hub distributor lines 1 pay 20.01 owed 16.01 cost 53.2 revenue 59.85 margin 6.65 incentives 2 net 7.36",
		"north reseller lines 8 pay 66.5 owed 59.85 cost 0 revenue 0 margin 0 incentives 6.65 net 53.2",
		"scout referrer lines 1 pay 8 owed 0 cost 0 revenue 0 margin 0 incentives 0.8 net -0.8",
		"  lines 10 pay 94.51 owed 75.86 cost 53.2 revenue 59.85 margin 6.65 incentives 9.45 net 59.76")
}

func TestBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.month()
	b := h.bill("2026-09", "ann")
	var items []string
	for _, s := range b.Sections {
		for i := range s.Items {
			it := &s.Items[i]
			items = append(items, fmt.Sprintf("%s %s %s %s t%d %s price %s lines %d used %s free %s pay %s",
				s.ServiceName, s.Product, s.Model, it.Object, it.Tier, it.Kind,
				it.UnitPrice.Trim(), it.Lines, trim(it.Usage), trim(it.Free), trim(it.Payment)))
		}
	}
	same(t, "items", items,
		"Bandwidth Line percentile l1 t1 period price 1 lines 1 used 7 free 0 pay 7",
		"Mailing Mail graduated  t1 usage price 1 lines 1 used 10 free 0 pay 10",
		"Mailing Mail graduated  t2 usage price 0.5 lines 1 used 2 free 0 pay 1",
		"Stores Storage flat  t0 adjustment price 0 lines 1 used 0 free 0 pay -1.5",
		"Stores Storage flat  t1 usage price 2 lines 1 used 15 free 5 pay 20",
		"Support Care period  t0 refund price 0 lines 1 used 0 free 0 pay -30",
		"Support Care period  t1 order price 30 lines 2 used 0 free 0 pay 60",
	)
	var fixed []string
	for _, c := range b.Corrections {
		fixed = append(fixed, fmt.Sprintf("%s %s %s %s %s %s", c.ID, c.Kind, c.Product, c.Time, trim(c.Payment),
			c.Note))
	}
	same(t, "corrections", fixed, "o3/1 refund Care 2026-09-21T10:00:00Z -30 refund by order o3",
		"m1 adjustment Storage 2026-09-22T10:00:00Z -1.5 goodwill")
	if got := fmt.Sprintf("%v %v %s %s", b.Customer, b.Partner, trim(b.Amounts.Due),
		trim(b.Payments.Cash)); got != "{ann Ann Ltd} {north North Reselling} 66.5 66.5" {
		t.Error(got)
	}
	var packages []string
	for _, p := range b.Packages {
		packages = append(packages, fmt.Sprintf("%s %s %s to %s: %s - %s = %s", p.PackageID, p.Measure, p.From, p.To,
			trim(p.Opening), trim(p.Drawn), trim(p.Left)))
	}
	same(t, "packages", packages, "p1 GB 2026-09-01 00:00 to 2026-10-01 00:00: 5 - 5 = 0")
	same(t, "consumption", usage(b.Usage), "2026-09-01 bw/Bandwidth 7", "2026-09-02 st/Stores 20",
		"2026-09-03 ml/Mailing 11", "2026-09-20 su/Support 60",
		"2026-09-21 su/Support -30", "2026-09-22 st/Stores -1.5")
	if d := h.bill("2026-09", "dan"); d.Partner.ID != "" || len(d.Packages)+len(d.Corrections)+len(d.Annexes) != 0 {
		t.Errorf("dan: %+v", d)
	}
}

// TestLateBill checks a record of 1 GB of September that arrives after the close. Its price is 2, because the package
// is exhausted.
func TestLateBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.close("2026-09", "2026-10-05T00:00:00Z")
	h.lay("inbox/usage/late.csv", "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"+
		"a9,ann,r1,gb,east,2026-09-07T10:00:00Z,2026-09-07T11:00:00Z,1\n")
	h.run("2026-10-06T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Nightly(context.Background(), w, o)
	})
	b := h.bill("2026-10", "ann")
	same(t, "consumption", usage(b.Usage), "2026-09-07 st/Stores 2")
	it := b.Sections[0].Items[0]
	if it.OriginCycle != "2026-09" || trim(it.Payment) != "2" || !has(b.Notes, "another cycle of origin") {
		t.Errorf("%+v, notes %q", it, b.Notes)
	}
}

// TestTurned checks bob, whom scout refers until the 16th and who is hub's customer from then on.
func TestTurned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lay("books/associations.csv", "customer_id,partner_id,association_type,valid_from,valid_to\n"+
		"bob,scout,1,2026-01-01,2026-09-16\nbob,hub,2,2026-09-16,\n")
	h.month()
	b := h.bill("2026-09", "bob")
	if b.Partner.ID != "hub" ||
		!has(b.Notes,
			"In the cycle the customer was referred by Scout to 2026-09-15, then customer of Hub Distribution from "+
				"2026-09-16.") {
		t.Errorf("partner %v, notes %q", b.Partner, b.Notes)
	}
}

// TestMostAnnexes checks fourteen links of 1 to 14 Mbps: the two smallest have no annex. Invariant: COMPOSE-6.
func TestMostAnnexes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	links, samples := "resource_id,customer_id,sku,region_code,group,size_mbps,commit_mbps,valid_from,valid_to\n",
		"resource_id,sample_time,in_bps\n"
	for i := 1; i <= 14; i++ {
		links += fmt.Sprintf("k%02d,ann,line,east,,1000,0,2026-09-01,\n", i)
		samples += fmt.Sprintf("k%02d,2026-09-05T00:00:00Z,%d000000\n", i, i)
	}
	h.lay("books/links.csv", links)
	h.lay("inbox/bandwidth/l.csv", samples)
	h.month()
	b := h.bill("2026-09", "ann")
	var got []string
	for _, a := range b.Annexes {
		got = append(got, a.Object)
	}
	same(t, "annexes", got, "k14", "k13", "k12", "k11", "k10", "k09", "k08", "k07", "k06", "k05", "k04", "k03")
	if !has(b.Notes, "the 12 links and groups with the largest amounts; 2 more are omitted") {
		t.Errorf("notes %q", b.Notes)
	}
}

// TestMissing tests COMPOSE-8.
func TestMissing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.month()
	m, err := read(h, func(s *document.Sources) (*document.OpenItems, error) {
		return document.OpenItemsOf(t.Context(), s, cycleOf(t, "2026-09"), cycleOf(t, "2026-09"),
			at(t, "2026-09-08T12:00:00Z"))
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &document.OpenItems{Cycle: "2026-09",
		Days: []document.OpenDays{
			{Feed: "usage", First: "2026-09-01", Last: "2026-09-01", Days: 1}, {Feed: "usage", First: "2026-09-05",
				Last: "2026-09-08", Days: 4},
			{Feed: "bandwidth", First: "2026-09-01", Last: "2026-09-04", Days: 4},
			{Feed: "bandwidth", First: "2026-09-07", Last: "2026-09-08", Days: 2},
		},
		Links: []document.OpenLink{{ResourceID: "l2", CustomerID: "bob", SKU: "line"}},
		Rejects: []document.OpenReject{
			{Feed: "usage", Reason: "bad_time", Unknown: 1}, {Feed: "usage", Reason: "unknown_sku", Cycle: 1, Other: 1},
		},
		Disputed: []document.OpenDispute{}, Deliveries: []document.OpenDelivery{},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if m.Empty() || !m.NeedsAttention() || !m.Rejected() {
		t.Error("a person should look")
	}
}

// TestDisputed checks that north disputes on the 6th, when its incentive of 6.65 can be confirmed, and that scout
// confirms.
func TestDisputed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lay("inbox/incentive_events/e.csv", "event_id,partner_id,programme_id,period,event,time\n"+
		"e1,north,growth,2026-09,dispute,2026-10-06T00:00:00Z\n"+
		"e2,scout,growth,2026-09,confirm,2026-10-06T00:00:00Z\n")
	h.close("2026-09", "2026-10-07T00:00:00Z")
	m, err := read(h, func(s *document.Sources) (*document.OpenItems, error) {
		return document.OpenItemsOf(t.Context(), s, cycleOf(t, "2026-09"), cycleOf(t, "2026-09"),
			at(t, "2026-10-07T00:00:00Z"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]document.OpenDispute{{PartnerID: "north", ProgrammeID: "growth", Period: "2026-09",
		Amount: "6.65000000"}}, m.Disputed); diff != "" {
		t.Error(diff)
	}
	list, err := read(h, func(s *document.Sources) ([]document.Earned, error) {
		return document.Incentives(s, document.Choice{Period: "2026-09"})
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		deadline := "-"
		if e.Deadline != 0 {
			deadline = e.Deadline.String()
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Partner.ID, trim(e.Amount), e.State, deadline, e.Next))
	}
	// The 4th is a Sunday: the fifth working day after it is Friday, the 9th.
	same(t, "incentives", got, "hub 2 to_confirm 2026-10-10T00:00:00Z void without a confirmation or a dispute",
		"north 6.65 disputed - waits for the dispute to be settled: confirm or reject",
		"scout 0.8 payable - waits for an application for payment")
}
