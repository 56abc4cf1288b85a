package serve_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// sampleBilled returns the sample with September 2026 billed.
func sampleBilled(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	bill(t, dir, asOf)
	return dir
}

// TestConsoleOfTheSample reads pages of the sample.
func TestConsoleOfTheSample(t *testing.T) {
	t.Parallel()
	dir := sampleBilled(t)
	for name, test := range map[string]func(*testing.T, string){"feeds": leadsToFeeds, "bandwidth": showsBandwidth,
		"rejects": showsRejects, "search": finds, "partners": settles} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dir)
		})
	}
}

// leadsToFeeds reads the bills of all customers of the sample. Three links lead from every amount to the row of a feed
// file or to samples, and every table with a total adds up. Invariants: BILLING-1, BILLING-3, PAGE-3.
func leadsToFeeds(t *testing.T, dir string) {
	t.Helper()
	d := openConsole(t, dir, vendor, nil)
	s := &walk{d: d, pages: map[string]*view{}}
	customers := columnOf(d.page("customers?cycle=2026-09").sheet("customers"), "Id")
	if testing.Short() {
		customers = []string{"aurora", "grove", "kestrel"}
	}
	for _, customer := range customers {
		p := s.open("bill?cycle=2026-09&customer_id=" + customer)
		for _, link := range amountLinks(p) {
			if !s.reaches(link, 2) {
				t.Errorf("%s: three clicks from %s lead to no row of a feed", customer, link)
			}
		}
	}
	if s.rows < 20 {
		t.Errorf("reached %d rows", s.rows)
	}
	added := 0
	for _, p := range s.pages {
		for _, sheet := range p.sheets() {
			if !strings.Contains(p.body, "rows 1 to 50 of") { // a total covers all pages
				added += addsUp(t, p, &sheet)
			}
		}
	}
	if added < 60 {
		t.Errorf("%d columns added", added)
	}
}

// columnOf returns the cells of a table's column.
func columnOf(s sheet, head string) []string {
	var out []string
	for at, title := range s.heads {
		for _, row := range s.rows {
			if title == head {
				out = append(out, row[at])
			}
		}
	}
	return out
}

// walk follows links and caches pages.
type walk struct {
	d     *desk
	pages map[string]*view
	rows  int
}

func (w *walk) open(address string) *view {
	w.d.t.Helper()
	address, _, _ = strings.Cut(address, "#")
	if w.pages[address] == nil {
		w.pages[address] = w.d.page(address)
	}
	return w.pages[address]
}

// reaches reports whether a link, followed by up to more further links, leads to a row of a feed file or to samples.
func (w *walk) reaches(address string, more int) bool {
	p := w.open(address)
	next, found := "", false
	each(p.root, func(n *html.Node) {
		switch attr(n, "id") {
		case "feed":
			found = true
			w.rows++
		case "counted", "lines", "charged":
			each(n, func(a *html.Node) {
				if href := attr(a, "href"); next == "" && !strings.Contains(href, ".sort=") &&
					!strings.Contains(href, "download=") {
					next = href
				}
			}, "a")
		}
	})
	return found || more > 0 && next != "" && w.reaches(next, more-1)
}

// showsBandwidth reads the measurement of the link in README's chart. The values are those of the chart in docs/images:
// of 8,631 points the largest 431 are dropped, and the next one is 6.48 Mbps, on 27 September at noon.
func showsBandwidth(t *testing.T, dir string) {
	t.Helper()
	d := openConsole(t, dir, vendor, nil)
	list := d.page("bandwidth?cycle=2026-09").sheet("objects")
	if len(list.rows) < 3 {
		t.Fatalf("links: %v", list)
	}
	p := d.page("bandwidth?cycle=2026-09&resource=aurora-east-a")
	main := p.text("main")
	for _, want := range []string{"Curve and percentile", "6.48 Mbps, 95th percentile",
		"431 = ⌊8631 × 0.05⌋", "Curve and points of 2026-09-27, the day of the slot that set the value"} {
		if !strings.Contains(main, want) {
			t.Errorf("the page lacks %q:\n%.3000s", want, main)
		}
	}
	drawn := ""
	each(p.root, func(n *html.Node) { drawn = attr(n, "src") }, "img")
	got := d.open(drawn)
	if got.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(got.body, "</svg>") ||
		!strings.HasPrefix(got.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'") {
		t.Errorf("%s: %d %v", drawn, got.status, got.header)
	}
	day := d.page("bandwidth?cycle=2026-09&resource=aurora-east-a&points.find=2026-09-12").sheet("points")
	if len(day.rows) != 50 || !strings.HasPrefix(day.rows[0][0], "2026-09-12 00:00") {
		t.Errorf("a day: %d rows, first %v", len(day.rows), day.rows[:1])
	}
	set := d.page("bandwidth?cycle=2026-09&resource=aurora-east-a&points.find=set+the+value").sheet("points")
	if len(set.rows) != 1 || strings.Join(set.rows[0], " ") != "2026-09-27 12:00 6.480000 set the value" {
		t.Errorf("the slot that set the value: %v", set.rows)
	}
}

// showsRejects checks that each reason has instructions, and that an address shows the received record.
func showsRejects(t *testing.T, dir string) {
	t.Helper()
	d := openConsole(t, dir, vendor, nil)
	p := d.page("rejects")
	reasons, list := p.sheet("reasons"), p.sheet("rejects")
	if len(reasons.rows) == 0 || len(list.rows) == 0 {
		t.Fatalf("no rejects:\n%s", p.text("main"))
	}
	for _, row := range reasons.rows {
		if len(row[3]) < 10 {
			t.Errorf("reason %s: no remedy: %v", row[0], row)
		}
		only := d.page("rejects?reason=" + row[0]).sheet("rejects")
		for _, cell := range columnOf(only, "Reason") {
			if cell != row[0] {
				t.Errorf("rejects of reason %s have one of %s", row[0], cell)
			}
		}
	}
	one := list.rows[0]
	record := ""
	shown := d.page("rejects?file=" + one[0] + "&row=" + one[1])
	each(shown.root, func(n *html.Node) { record = content(n) }, "pre")
	if !strings.Contains(record, one[4]) || len(shown.sheet("rejects").rows) != 1 {
		t.Errorf("record %q lacks the value %q", record, one[4])
	}
	if over := d.page("").figures()["Open rejects"]; over != strconv.Itoa(len(list.rows)) {
		t.Errorf("the overview counts %s, the page has %d", over, len(list.rows))
	}
}

// finds checks that a search for an id or a part of a name finds customers, partners, links and records, and that a
// customer finds only its own data.
func finds(t *testing.T, dir string) {
	t.Helper()
	for _, c := range []struct {
		who  keys.Caller
		q    string
		want string // expected kinds and ids
	}{
		{vendor, "AUROR", "customer aurora link aurora-east-a link aurora-east-b"},
		{vendor, "vm-delta-depot-0901", "usage record vm-delta-depot-0901"},
		{vendor, "no such thing", ""},
		{vendor, "", ""},
		{keys.Caller{Role: keys.Customer, Customer: "delta"}, "vm-delta-depot-0901",
			"usage record vm-delta-depot-0901"},
		{keys.Caller{Role: keys.Customer, Customer: "aurora"}, "vm-delta-depot-0901", ""},
		{keys.Caller{Role: keys.Customer, Customer: "aurora"}, "a",
			"customer aurora link aurora-east-a link aurora-east-b"},
		{keys.Caller{Role: keys.Customer, Customer: "bamboo"}, "aurora", ""},
		{keys.Caller{Role: keys.Partner, Partner: "meridian"}, "east-b", ""},
	} {
		found := openConsole(t, dir, c.who, nil).page("search?q=" + strings.ReplaceAll(c.q, " ", "+")).sheet("found")
		got := ""
		for _, row := range found.rows {
			got += " " + row[0] + " " + row[1]
		}
		if got = strings.TrimSpace(got); got != c.want {
			t.Errorf("%s %s searches %q: %q, want %q", c.who.Role, c.who.Customer, c.q, got, c.want)
		}
	}
}

// settles tests BILLING-4: each statement has the net amount that the list of partners shows.
func settles(t *testing.T, dir string) {
	t.Helper()
	d := openConsole(t, dir, vendor, nil)
	p := d.page("partners?cycle=2026-09")
	all := p.sheet("partners")
	addsUp(t, p, &all)
	ids, net := columnOf(p.sheet("partners"), "Id"), columnOf(p.sheet("partners"), "Net to pay")
	if len(ids) < 2 {
		t.Fatalf("partners: %v", p.sheet("partners"))
	}
	for i, id := range ids {
		st := d.page("statement?cycle=2026-09&partner_id=" + id)
		if got := st.figures()["Net to pay"]; got != net[i] {
			t.Errorf("%s: the statement has %s, the list %s", id, got, net[i])
		}
	}
	list := d.page("incentives").sheet("incentives")
	if states := columnOf(list, "State"); len(states) == 0 || len(columnOf(list, "Next step")) == 0 {
		t.Errorf("incentives: %v", list)
	}
}

// TestConsoleOrdersAndAccount checks fern's account: fern recharges 500, pays 128 for usage and 200 for an order of two
// months at 100 each.
func TestConsoleOrdersAndAccount(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.CopyFS(dir, os.DirFS("testdata/access")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"tollbook.yaml": "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n" +
			"rounding: {grain: line, mode: truncate}\nlake: {buckets: 4}\npayments: ledger\n",
		"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
			"e1,cust-fern,2026-09-01T00:00:00+08:00,recharge,cash,500\n",
		"inbox/orders/o.csv": "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type," +
			"period_num,pay_time,expire_time,status,status_time\n" +
			"o1,new,cust-fern,server,east,srv-1,1,month,2,2026-09-06T10:00:00+08:00,2026-11-06T10:00:00+08:00,,\n" +
			"o2,new,cust-fern,server,east,srv-2,1,month,3,,,unpaid,2026-09-07T10:00:00+08:00\n" +
			"o3,new,cust-fern,server,east,srv-3,1,month,1,,,pending_approval,2026-09-05T10:00:00+08:00\n" +
			"o4,new,cust-fern,server,east,srv-4,1,month,1,,,unpaid,2026-09-03T10:00:00+08:00\n" +
			"o4,new,cust-fern,,,,,,,,,cancelled,2026-09-04T10:00:00+08:00\n" +
			"o5,new,cust-aurora,server,east,srv-5,1,month,1,,,unpaid,2026-09-03T10:00:00+08:00\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bill(t, dir, asOf)
	d := openConsole(t, dir, keys.Caller{Role: keys.Customer, Customer: "cust-fern"}, nil)
	entries := d.page("account?customer_id=cust-fern&cycle=2026-09").sheet("entries")
	got := ""
	for _, row := range entries.rows {
		got += strings.Join(row[1:], " ") + "\n"
	}
	const want = "e1 recharge cash 500.00 500.00\nrec-fern consume cash −128.00 372.00\n" +
		"o1/1 consume cash −200.00 172.00\n"
	if got != want {
		t.Errorf("account:\n%swant:\n%s", got, want)
	}
	orders := d.page("orders?customer_id=cust-fern")
	wantOrders := []string{
		"o2/1 300.00 1 unpaid 2026-09-07 10:00  new server srv-2 3 month    customer",
		"o1/1  1 completed 2026-09-06 10:00 2026-09-06 10:00 new server srv-1 2 month 2026-09-06 10:00 " +
			"2026-11-06 10:00  customer",
		"o3/1 100.00 1 pending_approval 2026-09-05 10:00  new server srv-3 1 month    customer",
		"o4/1  1 cancelled 2026-09-04 10:00  new server srv-4 1 month    customer",
	}
	if rows := rowTexts(orders.sheet("orders")); !slices.Equal(rows, wantOrders) {
		t.Errorf("orders: %q, want %q", rows, wantOrders)
	}
	walked := false
	for _, link := range orders.links() {
		if strings.Contains(link, "/line?") {
			walked = strings.Contains(d.page(link).text("main"), "200.00")
		}
	}
	if !walked {
		t.Error("the order does not lead to its line")
	}
	if p := d.page("bill?customer_id=cust-fern&cycle=2026-09"); p.figures()["Due"] != "328.00" ||
		p.figures()["Cash"] != "328.00" {
		t.Errorf("the bill: %v", p.figures())
	}
}

// TestConsoleCalculator prices 3.5 hours at 1 per hour. Input that cannot be priced is an error of its parameter.
func TestConsoleCalculator(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	d := openConsole(t, dir, keys.Caller{Role: keys.Partner, Partner: "part-north"}, nil)
	p := d.page("calculator?customer_id=cust-aurora&sku=vm&region_code=east&quantity=3.5")
	charges := p.sheet("charges")
	if charges.total[len(charges.total)-1] != "3.50" || !strings.Contains(p.text("main"), "How it is calculated") {
		t.Errorf("%v", charges)
	}
	for address, want := range map[string]string{
		"calculator": ok, "calculator?customer_id=cust-aurora": ok,
		"calculator?customer_id=cust-fern&sku=vm&quantity=1":     "CBC.0404",
		"calculator?customer_id=cust-aurora&sku=no&quantity=1":   missing,
		"calculator?customer_id=cust-aurora&sku=vm&quantity=x":   missing,
		"calculator?customer_id=cust-aurora&sku=vm&quantity=-1":  missing,
		"calculator?customer_id=cust-aurora&sku=vm&quantity=1e9": missing,
	} {
		if got := d.open(address); got.outcome() != want {
			t.Errorf("%s: %s, want %s\n%s", address, got.outcome(), want, got.text("main"))
		}
	}
}

// TestCalculatorFeeAtZero prices a quantity of 0 of a product with a fee at zero of 25, as a bill does.
func TestCalculatorFeeAtZero(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	for name, text := range map[string]string{
		"products.csv": "sku,service_type_code,measure,pricing_model,fee_at_zero\n" +
			"vm,compute,hour,flat,\nserver,compute,month,period,\nport,compute,GB,graduated,YES\n",
		"prices.csv": "sku,period_type,valid_from,tier,unit_price,flat_fee\n" +
			"vm,,2026-01-01,1,1,\nserver,month,2026-01-01,1,100,\nport,,2026-01-01,1,2,25\n"} {
		if err := os.WriteFile(filepath.Join(dir, "books", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := openConsole(t, dir, keys.Caller{Role: keys.Partner, Partner: "part-north"}, nil)
	for quantity, want := range map[string]string{"0": "25.00", "1": "27.00"} {
		charges := d.page("calculator?customer_id=cust-aurora&sku=port&region_code=east&quantity=" +
			quantity).sheet("charges")
		if got := charges.total[len(charges.total)-1]; got != want {
			t.Errorf("%s GB: %s, want %s", quantity, got, want)
		}
	}
}

// TestConsoleRuns checks that the page shows the amount of 256 that the second run adds.
func TestConsoleRuns(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	more := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"rec-elm-3,cust-elm,res-elm,vm,east,2026-09-21T00:00:00+08:00,2026-09-21T01:00:00+08:00,256\n"
	if err := os.WriteFile(filepath.Join(dir, "inbox/usage/second.csv"), []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	bill(t, dir, asOf.Add(time.Hour))
	got := ""
	for _, row := range openConsole(t, dir, vendor, nil).page("runs").sheet("runs").rows {
		got += strings.Join(row, " ") + "\n"
	}
	const want = "2 2026-10-05 13:00 run monthly --cycle 2026-09 1  511.00 256.00\n" +
		"1 2026-10-05 12:00 run monthly --cycle 2026-09 1  255.00 255.00\n"
	if got != want {
		t.Errorf("runs:\n%swant:\n%s", got, want)
	}
}

// TestPrepared tests CONSOLE-8: at its start the server reads the data of the lists of the whole lake. The lists are
// still shown after the test deletes the statements that they come from.
func TestPrepared(t *testing.T) {
	t.Parallel()
	dir := sampleBilled(t)
	cold := openConsole(t, dir, vendor, nil)
	want := openConsole(t, dir, vendor, nil).page("customers").text("main")
	prepared := openConsole(t, dir, vendor, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- prepared.api.(*serve.Server).Serve(ctx, listener) }()
	for !strings.Contains(prepared.log.String(), "pages are prepared") {
		time.Sleep(time.Millisecond)
	}
	if err := os.RemoveAll(filepath.Join(dir, "lake", "statements")); err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "zh"} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8181/console/customers", nil)
		r.Header.Set("Accept-Language", language)
		v := prepared.do(r)
		if v.status != http.StatusOK || language == "en" && v.text("main") != want {
			t.Errorf("%s: status %d: %s, want %s", language, v.status, v.text("main"), want)
		}
	}
	if v := cold.open("customers"); v.status != http.StatusInternalServerError {
		t.Errorf("without statements and not prepared: status %d: %s", v.status, v.text("main"))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
