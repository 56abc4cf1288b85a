package serve_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// sampleBilled is the sample with September 2026 billed.
func sampleBilled(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	bill(t, dir, asOf)
	return dir
}

// TestConsoleOfTheSample visits the bills of all customers of the sample. From every amount three clicks lead to the
// row of a feed file, or to the samples of a link; and every table with a total adds up. Invariants: BILLING-1,
// BILLING-3, PAGE-3.
func TestConsoleOfTheSample(t *testing.T) {
	t.Parallel()
	d := console(t, sampleBilled(t), vendor, nil)
	s := &walk{d: d, pages: map[string]*view{}}
	customers := columnOf(d.page("customers?cycle=2026-09").sheet("customers"), "Id")
	if testing.Short() {
		customers = []string{"aurora", "grove", "kestrel"}
	}
	for _, customer := range customers {
		p := s.open("bill?cycle=2026-09&customer_id=" + customer)
		for _, link := range amountLinks(p) {
			if !s.reaches(link, 2) {
				t.Errorf("%s: three clicks from %s lead to no row of a feed and no samples", customer, link)
			}
		}
	}
	if s.rows < 20 || s.samples < 2 {
		t.Errorf("reached %d rows and %d links with samples", s.rows, s.samples)
	}
	added := 0
	for _, p := range s.pages {
		for _, sheet := range p.sheets() {
			if !strings.Contains(p.body, "rows 1 to 50 of") { // the total is of all pages
				added += addsUp(t, p, &sheet)
			}
		}
	}
	if added < 60 {
		t.Errorf("%d columns added", added)
	}
}

// columnOf is the cells of a table's column.
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

// walk follows links and remembers pages.
type walk struct {
	d             *desk
	pages         map[string]*view
	rows, samples int
}

func (w *walk) open(address string) *view {
	w.d.t.Helper()
	address, _, _ = strings.Cut(address, "#")
	if w.pages[address] == nil {
		w.pages[address] = w.d.page(address)
	}
	return w.pages[address]
}

// reaches reports whether a link, and then up to more links, lead to a row of a feed file or to samples.
func (w *walk) reaches(address string, more int) bool {
	p := w.open(address)
	next, found := "", false
	each(p.root, func(n *html.Node) {
		switch attr(n, "id") {
		case "feed":
			found = true
			w.rows++
		case "samples":
			found = true
			w.samples++
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

// TestConsoleBandwidth reads how the link of README's chart was measured. The values are those of the chart in
// docs/images: of 8,631 points the largest 431 are dropped, and the next one is 6.48 Mbps, on September 27th at noon.
func TestConsoleBandwidth(t *testing.T) {
	t.Parallel()
	d := console(t, sampleBilled(t), vendor, nil)
	list := d.page("bandwidth?cycle=2026-09").sheet("objects")
	if len(list.rows) < 3 {
		t.Fatalf("links: %v", list)
	}
	p := d.page("bandwidth?cycle=2026-09&resource=aurora-east-a")
	main := p.text("main")
	for _, want := range []string{"Curve and percentile", "6.48 Mbps, 95th percentile",
		"431 = ⌊8631 × 0.05⌋", "Points of 2026-09-27, the day of the slot that set the value"} {
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

// TestConsoleRejects: each reason has what to do, and an address shows the record as it was received.
func TestConsoleRejects(t *testing.T) {
	t.Parallel()
	d := console(t, sampleBilled(t), vendor, nil)
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

// TestConsoleSearch: an id or a part of a name finds customers, partners, links and records; a customer finds what is
// its own.
func TestConsoleSearch(t *testing.T) {
	t.Parallel()
	dir := sampleBilled(t)
	for _, c := range []struct {
		who  keys.Caller
		q    string
		want string // kinds and ids
	}{
		{vendor, "AUROR", "customer aurora link aurora-east-a link aurora-east-b"},
		{vendor, "vm-delta-depot-0901", "usage record vm-delta-depot-0901"},
		{vendor, "no such thing", ""},
		{vendor, "", ""},
		{keys.Caller{Role: keys.Customer, Customer: "delta"}, "vm-delta-depot-0901",
			"usage record vm-delta-depot-0901"},
		{keys.Caller{Role: keys.Customer, Customer: "aurora"}, "vm-delta-depot-0901", ""},
		{keys.Caller{Role: keys.Customer, Customer: "aurora"}, "a", "customer aurora"},
	} {
		found := console(t, dir, c.who, nil).page("search?q=" + strings.ReplaceAll(c.q, " ", "+")).sheet("found")
		got := ""
		for _, row := range found.rows {
			got += " " + row[0] + " " + row[1]
		}
		if got = strings.TrimSpace(got); got != c.want {
			t.Errorf("%s %s searches %q: %q, want %q", c.who.Role, c.who.Customer, c.q, got, c.want)
		}
	}
}

// TestConsolePartners tests BILLING-4: each statement has the net amount that the list of partners has.
func TestConsolePartners(t *testing.T) {
	t.Parallel()
	d := console(t, sampleBilled(t), vendor, nil)
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
