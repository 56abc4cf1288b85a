package serve_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve"
	pages "github.com/tollbook/tollbook/pipeline/serve/console"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// mayOpen lists the roles that may open each page. A page that is missing fails the test: list here who may open it.
var mayOpen = map[string]string{
	"":          "vendor finance partner customer",
	"customers": "vendor finance partner",
	"customer":  "vendor finance partner customer",
	"bill":      "vendor finance partner customer",
	"service":   "vendor finance partner customer",
	"lines":     "vendor finance partner customer",

	"bill.html":      "vendor finance customer",
	"statement.html": "vendor finance partner",

	"line": "vendor finance partner customer",

	"bandwidth":     "vendor finance partner customer",
	"bandwidth.svg": "vendor finance partner customer",
	"packages":      "vendor finance customer",
	"partners":      "vendor finance partner",
	"statement":     "vendor finance partner",
	"incentives":    "vendor finance partner",
	"rejects":       "vendor finance",
	"search":        "vendor finance partner customer",
	"runs":          "vendor finance",
	"calculator":    "vendor partner customer",
	"orders":        "vendor finance customer",
	"account":       "vendor finance customer",

	"chain":       "vendor finance partner",
	"funds":       "vendor finance partner",
	"coupons":     "vendor finance partner",
	"receivables": "vendor finance partner",
	"withdrawals": "vendor finance partner",
	"invoices":    "vendor finance partner",
	"deadlines":   "vendor finance partner",
	"margins":     "vendor finance",
}

// mayShow has the words of others that pages may show: a distributor's statement names its resellers' customers.
var mayShow = map[string][]string{"statement": mayName["ShowStatement"], "chain": mayName["ShowStatement"]}

// need has the parameters without which a page shows nothing.
var need = map[string]map[string]string{
	"line":    {"id": "rec-CUSTOMER"},
	"service": {"service_type_code": "compute"},
	"search":  {"q": "e"},

	"calculator": {"sku": "vm", "region_code": "east", "quantity": "2"},
}

var vendor = keys.Caller{Role: keys.Vendor}

// TestConsoleAccess opens every page as every caller for every customer. The matrix of the API, outcomes, has the
// expected answers. Invariants: CONSOLE-1, BILLING-2.
func TestConsoleAccess(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	desks := map[string]*desk{}
	for _, c := range callers() {
		desks[c.name] = openConsole(t, dir, c.key, nil)
	}
	seen := map[string]bool{}
	for _, route := range pages.Routes() {
		name := strings.TrimPrefix(route.Op.Path, "/console/")
		who, known := mayOpen[name]
		if !known {
			t.Errorf("page %q is not in the matrix: say in mayOpen who may open it", name)
			continue
		}
		seen[name] = true
		for _, c := range callers() {
			for i, customer := range customers {
				if _, takes := route.Op.Param("customer_id"); !takes && customer != "" {
					continue
				}
				address := pageAddress(&route.Op, name, c, customer)
				got := desks[c.name].open(address)
				want := expected(t, &route.Op, who, c, i)
				// A customer's key, and one of a partner that left the books, see no id but their own.
				narrow := c.key.Role == keys.Customer || c.name == "left"
				if want == foreign || want == "CBC.0151" && narrow && strings.Contains(address, "_id=") &&
					slices.Contains(route.Op.Callers, c.key.Role) {
					want = "CBC.0404" // CONSOLE-10
				}
				if want == ok && name == "bandwidth.svg" {
					want = "CBC.0404" // no customer has a link
				}
				if got.outcome() != want {
					t.Errorf("%s as %s: %s, want %s\n%s", got.path, c.name, got.outcome(), want, got.text("main"))
				}
				shown := withoutOwn(t, got.body, address, c)
				for _, word := range hidden[c.name] {
					if strings.Contains(shown, word) && !slices.Contains(mayShow[name], word) {
						t.Errorf("%s as %s shows %s:\n%s", got.path, c.name, word, got.text("main"))
					}
				}
			}
		}
	}
	for name := range mayOpen {
		if !seen[name] {
			t.Errorf("page %q is in the matrix and does not exist", name)
		}
	}
}

// withoutOwn returns a page without what the caller itself supplied: its id, and the values of the address, which links
// repeat.
func withoutOwn(t *testing.T, body, address string, c caller) string {
	t.Helper()
	own := []string{c.key.Partner, c.key.Customer}
	for _, values := range parameters(t, address) {
		own = append(own, url.QueryEscape(values[0]))
	}
	for _, text := range own {
		if text != "" {
			body = strings.ReplaceAll(body, text, "")
		}
	}
	return body
}

// pageAddress returns the address of a page with the required parameters.
func pageAddress(op *operation.Operation, name string, c caller, customer string) string {
	q := url.Values{}
	for _, p := range op.Params {
		value := given(&operation.Operation{Name: "page"}, &p, c, customer)
		if text, listed := need[name][p.Name]; listed {
			record := strings.TrimPrefix(customer, "cust-")
			switch {
			case customer == "" && c.name == "fern":
				record = "fern"
			case customer == "":
				record = "aurora"
			case customer == "cust-cedar" || customer == "cust-elm":
				record += "-1"
			}
			value = strings.ReplaceAll(text, "CUSTOMER", record)
		}
		if value != "" {
			q.Set(p.Name, value)
		}
	}
	return name + "?" + q.Encode()
}

// TestConsoleAmounts checks what bills show to each caller. Payments are powers of two, so that a sum identifies its
// lines. Invariants: BILLING-1, BILLING-2.
func TestConsoleAmounts(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	byName := map[string]caller{}
	for _, c := range callers() {
		byName[c.name] = c
	}
	for _, c := range []struct{ who, customer, figure, want string }{
		{"vendor", "cust-elm", "Due", "96.00"},
		{"finance", "cust-elm", "Due", "96.00"},
		{"north", "cust-elm", "Payment", "32.00"}, // from before it left
		{"east", "cust-elm", "Payment", "64.00"},
		{"vendor", "cust-cedar", "Due", "12.00"},
		{"south", "cust-cedar", "Due", "12.00"}, // always a customer of south
		{"north", "cust-aurora", "Due", "1.00"},
		{"north-m1", "cust-aurora", "Due", "1.00"},
		{"aurora", "cust-aurora", "Due", "1.00"},
		{"fern", "cust-fern", "Due", "128.00"},
	} {
		d := openConsole(t, dir, byName[c.who].key, nil)
		p := d.page("bill?cycle=2026-09&customer_id=" + c.customer)
		if got := p.figures()[c.figure]; got != c.want {
			t.Errorf("%s as %s: %s %q, want %s: %v", p.path, c.who, c.figure, got, c.want, p.figures())
		}
		services := p.sheet("services")
		if got := services.sum(); got != c.want {
			t.Errorf("%s as %s: the services total %s, want %s", p.path, c.who, got, c.want)
		}
		lines := d.page("lines?cycle=2026-09&customer_id=" + c.customer).sheet("lines")
		if got := lines.sum(); got != c.want {
			t.Errorf("%s as %s: the lines total %s, want %s", c.customer, c.who, got, c.want)
		}
	}
	for who, want := range map[string]string{"vendor": "255.00", "finance": "255.00", "north": "35.00",
		"north-m1": "33.00", "south": "12.00", "east": "80.00", "aurora": "1.00", "fern": "128.00"} {
		d := openConsole(t, dir, byName[who].key, nil)
		months := d.page("").sheet("months")
		if got := months.rows[0][2]; got != want {
			t.Errorf("overview as %s: %s, want %s", who, got, want)
		}
	}
}

// TestConsoleAddsUp opens every page that the vendor's pages link to, and adds up every table that has a total.
// Invariants: BILLING-1, PAGE-3.
func TestConsoleAddsUp(t *testing.T) {
	t.Parallel()
	d := openConsole(t, billed(t), vendor, nil)
	visited, waiting, added := map[string]bool{}, []string{"/console/"}, 0
	for len(waiting) > 0 {
		address := waiting[0]
		waiting = waiting[1:]
		address, _, _ = strings.Cut(address, "#")
		if visited[address] || strings.Contains(address, ".sort=") {
			continue
		}
		visited[address] = true
		p := d.page(address)
		for _, s := range p.sheets() {
			added += addsUp(t, p, &s)
		}
		waiting = append(waiting, p.links()...)
	}
	if len(visited) < 50 || added < 150 {
		t.Errorf("%d pages visited, %d columns added", len(visited), added)
	}
}

// addsUp checks that the rows of a table add up to its total, and returns the number of columns that have a total.
func addsUp(t *testing.T, p *view, s *sheet) (columns int) {
	t.Helper()
	if s.total == nil {
		return 0
	}
	number := func(text string) *big.Rat {
		r, fine := new(big.Rat).SetString(strings.NewReplacer(",", "", "−", "-").Replace(text))
		if !fine {
			t.Fatalf("%s: table %s: %q is no number", p.path, s.name, text)
		}
		return r
	}
	for i, total := range s.total {
		if i == 0 || total == "" {
			continue
		}
		columns++
		sum := new(big.Rat)
		for _, row := range s.rows {
			sum.Add(sum, number(row[i]))
		}
		if sum.Cmp(number(total)) != 0 {
			t.Errorf("%s: table %s, column %s: the rows add up to %s, the total is %s", p.path, s.name, s.heads[i],
				sum.FloatString(8), total)
		}
	}
	return columns
}

// TestConsoleLeadsToTheFeed checks that three links lead from every amount of a bill to the row of the feed file.
// Invariant: BILLING-3.
func TestConsoleLeadsToTheFeed(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	feed, err := os.ReadFile(filepath.Join(dir, "inbox/usage/first.csv"))
	if err != nil {
		t.Fatal(err)
	}
	d := openConsole(t, dir, vendor, nil)
	for _, customer := range customers[1:7] {
		links := amountLinks(d.page("bill?cycle=2026-09&customer_id=" + customer))
		if len(links) < 5 {
			t.Errorf("%s: %d amounts have links", customer, len(links))
		}
		for _, link := range links {
			row := clicks(d, link, 2)
			if row == "" || !strings.Contains(string(feed), row) || !strings.Contains(row, customer) {
				t.Errorf("%s: %s does not lead to a row of the feed: %q", customer, link, row)
			}
		}
	}
}

// amountLinks returns the links, in figures and tables of a bill, whose text is an amount other than 0.
func amountLinks(p *view) []string {
	var out []string
	amount := regexp.MustCompile(`^−?[0-9,]*[1-9][0-9,]*\.[0-9]+$|^−?0\.[0-9]*[1-9]`)
	each(p.root, func(n *html.Node) {
		if amount.MatchString(content(n)) {
			out = append(out, attr(n, "href"))
		}
	}, "a")
	return out
}

// clicks follows a link and up to more further links to a page with a row of a feed file. It returns that row.
func clicks(d *desk, address string, more int) string {
	p := d.page(address)
	row := ""
	each(p.root, func(n *html.Node) {
		if attr(n, "id") == "feed" {
			each(n, func(pre *html.Node) { row = content(pre) }, "pre")
		}
	}, "section")
	if row != "" || more == 0 {
		return row
	}
	each(p.root, func(body *html.Node) {
		each(body, func(n *html.Node) {
			if row == "" {
				row = clicks(d, attr(n, "href"), more-1)
			}
		}, "a")
	}, "tbody")
	return row
}

// TestConsoleShowsFeedsToTheVendorOnly checks that partners and customers see how a line was calculated, but no feed
// files.
func TestConsoleShowsFeedsToTheVendorOnly(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	for _, c := range callers() {
		if c.name != "vendor" && c.name != "finance" && c.name != "north" && c.name != "aurora" {
			continue
		}
		p := openConsole(t, dir, c.key, nil).page("line?id=rec-aurora&customer_id=cust-aurora&cycle=2026-09")
		if shown := strings.Contains(p.body, "first.csv"); shown != (c.name == "vendor" || c.name == "finance") {
			t.Errorf("%s sees the feed: %t\n%s", c.name, shown, p.text("main"))
		}
		if !strings.Contains(p.text("main"), "Rated again just now: the same as billed") {
			t.Errorf("%s: %s", c.name, p.text("main"))
		}
	}
}

// TestConsoleShowsOfTheBooksWhatIsTheCallers checks that a partner sees the account manager of its current customer,
// but that other partners of the customer, and the customer itself, do not.
func TestConsoleShowsOfTheBooksWhatIsTheCallers(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	for _, c := range []struct {
		who      keys.Caller
		customer string
		want     string // expected managers and partners
	}{
		{vendor, "cust-elm", "m-1 part-north part-east"},
		{keys.Caller{Role: keys.Partner, Partner: "part-east"}, "cust-elm", "m-1 part-east"},
		{keys.Caller{Role: keys.Partner, Partner: "part-north"}, "cust-elm", "part-north"}, // it left
		{keys.Caller{Role: keys.Customer, Customer: "cust-elm"}, "cust-elm", ""},
	} {
		text := openConsole(t, dir, c.who, nil).page("customer?customer_id=" + c.customer).text("main")
		var shown []string
		for _, word := range []string{"m-1", "m-2", "part-north", "part-east", "part-south"} {
			if strings.Contains(text, word) {
				shown = append(shown, word)
			}
		}
		if got := strings.Join(shown, " "); got != c.want {
			t.Errorf("%s %s sees %q, want %q", c.who.Role, c.who.Partner, got, c.want)
		}
	}
}

// less is a store that lacks one of the lake's lines.
type less struct{ query.Store }

func (l less) Sums(ctx context.Context, q query.SumQuery) ([]query.LineSum, error) {
	list, err := l.Store.Sums(ctx, q)
	if len(list) > 0 {
		list[0].Lines--
	}
	return list, err
}

// TestConsoleRefusesABillThatDoesNotAddUp checks that a bill is not shown if its lines contradict its statement.
// Invariants: BILLING-1, CONSOLE-5.
func TestConsoleRefusesABillThatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	d := openConsole(t, billed(t), vendor, func(c *serve.Config) {
		c.Store = func(_ *lake.Snapshot, own query.Store) query.Store { return less{own} }
	})
	p := d.open("bill?cycle=2026-09&customer_id=cust-elm")
	if p.status != http.StatusInternalServerError || p.outcome() != "CBC.0999" || strings.Contains(p.body, "96") {
		t.Errorf("status %d: %s", p.status, p.text("main"))
	}
	for _, want := range []string{`bill of customer \"cust-elm\" for 2026-09`, "payment_amount 96.00000000 of 2 lines",
		"the lines have 96.00000000 of 1: run `tollbook verify`"} {
		if !strings.Contains(d.log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, d.log)
		}
	}
}

// Payloads are texts that must remain texts in HTML and in spreadsheet programs.
const (
	script  = `<script>alert(1)</script>`
	image   = `"><img src=x onerror=alert(1)>`
	formula = `=HYPERLINK("http://evil.example","x")`
	plus    = `+cmd|' /C calc'!A0`
	at      = `@SUM(1+1)*2`
)

// poisoned returns the billed workspace with payloads in every text field that pages show.
func poisoned(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.CopyFS(dir, os.DirFS("testdata/access")); err != nil {
		t.Fatal(err)
	}
	cell := func(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
	changed(t, dir, map[string]*strings.Replacer{
		"books/customers.csv": strings.NewReplacer("Aurora Ltd", cell(script), "Birch Ltd", cell(formula),
			"Cedar Ltd", cell(image), "Dune Ltd", cell(at), "m-1", cell(plus)),
		"books/partners.csv": strings.NewReplacer("North Distribution", cell(script)),
		"books/products.csv": strings.NewReplacer("vm,Machine,compute,Compute", "vm,"+cell(formula)+",compute,"+
			cell(script)),
		"inbox/usage/first.csv": strings.NewReplacer("res-aurora", cell(image), "res-birch", cell(formula), "res-dune",
			cell(plus), "rec-aurora", cell(script), "rec-birch", cell(formula), "rec-dune", cell(at)),
		"tollbook.yaml": strings.NewReplacer("lake:", "vendor: {id: v1, name: '<b>Vendor</b>'}\nlake:"),
	})
	bill(t, dir, asOf)
	return dir
}

// changed replaces texts in files of a workspace.
func changed(t *testing.T, dir string, files map[string]*strings.Replacer) {
	t.Helper()
	for name, change := range files {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(change.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// bill runs September of a workspace.
func bill(t *testing.T, dir string, at time.Time) {
	t.Helper()
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Monthly(t.Context(), w, period.CycleOf(2026, 9),
		workspace.Options{AsOf: period.Instant(at.UnixMicro())}); err != nil {
		t.Fatal(err)
	}
}

// crawl opens pages, and every page to which they lead.
func (d *desk) crawl(see func(*view), waiting ...string) {
	visited := map[string]bool{}
	for len(waiting) > 0 {
		address, _, _ := strings.Cut(waiting[0], "#")
		waiting = waiting[1:]
		if visited[address] || strings.Contains(address, ".sort=") && len(visited) > 3 {
			continue
		}
		visited[address] = true
		p := d.open(address)
		see(p)
		waiting = append(waiting, p.links()...)
	}
}

// TestConsoleIsolatesNames reads every page of a lake whose names are written from right to left: nothing else is in
// the element of such a name, or the name is isolated. Downloads have the names alone. Invariant: PAGE-6.
func TestConsoleIsolatesNames(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.CopyFS(dir, os.DirFS("testdata/access")); err != nil {
		t.Fatal(err)
	}
	const customer, service = "חברת אלון", "אחסון"
	changed(t, dir, map[string]*strings.Replacer{
		"books/customers.csv": strings.NewReplacer("Aurora Ltd", customer, "Birch Ltd", "evil\u202eltd"),
		"books/partners.csv":  strings.NewReplacer("North Distribution", "שותף"),
		"books/products.csv":  strings.NewReplacer("vm,Machine,compute,Compute", "vm,דיסק,compute,"+service),
		"tollbook.yaml":       strings.NewReplacer("lake:", "vendor: {id: v1, name: ספק}\nlake:"),
	})
	bill(t, dir, asOf)
	isolated := regexp.MustCompile("\u2068[^\u2068\u2069]*\u2069")
	hebrew := regexp.MustCompile(`\p{Hebrew}`)
	turns := regexp.MustCompile(`\p{Hebrew}[^A-Za-z\p{Han}]*[0-9(]`) // no letter between a name and what it turns
	own, alone := map[string]bool{"bdi": true, "td": true, "dd": true, "option": true, "text": true}, 0
	d := openConsole(t, dir, vendor, nil)
	d.crawl(func(p *view) {
		if p.root == nil {
			return
		}
		for n := range p.root.Descendants() {
			if n.Type == html.ElementNode && strings.Contains(attr(n, "href"), ".csv") &&
				strings.Contains(d.open(attr(n, "href")).body, "\u2068") {
				t.Errorf("%s has isolates", attr(n, "href"))
			}
			if n.Type != html.TextNode {
				continue
			}
			rest := isolated.ReplaceAllString(n.Data, "")
			if strings.ContainsAny(rest, "\u202e\u2068\u2069") {
				t.Errorf("%s obeys a mark: %q", p.path, n.Data)
			}
			if !hebrew.MatchString(rest) {
				continue
			}
			of := n.Parent
			for of.Parent != nil && !own[of.Data] {
				of = of.Parent
			}
			if alone++; !own[of.Data] || turns.MatchString(rest) {
				t.Errorf("%s: %q is in <%s>", p.path, n.Data, of.Data)
			}
		}
	}, "/console/")
	title := d.open("/console/bill?customer_id=cust-aurora&cycle=2026-09").body
	if want := "<title>Bill of \u2068" + customer + "\u2069, 2026-09 · \u2068ספק\u2069</title>"; alone < 5 ||
		!strings.Contains(title, want) {
		t.Errorf("%d names alone; %s is missing:\n%.500s", alone, want, title)
	}
}

// TestConsoleKeepsText reads every page of a lake whose texts are HTML and formulas, through addresses with such texts.
// Invariants: PAGE-1, CONSOLE-3.
func TestConsoleKeepsText(t *testing.T) {
	t.Parallel()
	d := openConsole(t, poisoned(t), vendor, nil)
	shown := map[string]bool{}
	d.crawl(func(p *view) {
		harmless(t, p)
		for _, text := range []string{script, image, formula, plus, at} {
			shown[text] = shown[text] || p.root != nil && strings.Contains(content(p.root), text)
		}
		each(p.root, func(n *html.Node) {
			href := attr(n, "href")
			if strings.Contains(href, "download=") && strings.Contains(href, ".csv") {
				noFormulas(t, d.open(href))
			}
		}, "a")
	}, "/console/", "/console/lines?customer_id=cust-aurora&resource_id="+url.QueryEscape(image)+"&lines.find="+
		url.QueryEscape(script), "/console/?lang="+url.QueryEscape(script),
		"/console/customers?customers.sort="+url.QueryEscape(image)+"&x="+url.QueryEscape(script))
	for text, seen := range shown {
		if !seen {
			t.Errorf("no page shows %s: the test proves nothing about it", text)
		}
	}
	for _, address := range []string{"/console/<script>alert(1)</script>", "/console/bill?customer_id=" +
		url.QueryEscape(script), "/console/lines?customer_id=cust-elm&nonzero=" + url.QueryEscape(image)} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(address, "?")
		harmless(t, d.do(r))
	}
}

// harmless checks that a page has only the markup of its template and loads only the console's own files.
func harmless(t *testing.T, p *view) {
	t.Helper()
	policy := p.header.Get("Content-Security-Policy")
	if p.root == nil || !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; script-src 'self';") ||
		strings.Contains(policy, "unsafe") || p.header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(policy, "frame-ancestors 'none'") || p.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s: headers %v", p.path, p.header)
	}
	each(p.root, func(n *html.Node) {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" ||
				(a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(a.Val, "/console/") &&
					!strings.HasPrefix(a.Val, "#") {
				t.Errorf("%s: <%s %s=%q>", p.path, n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "style", "iframe", "object", "embed", "base", "b":
			t.Errorf("%s: <%s>", p.path, n.Data)
		case "script":
			if attr(n, "src") == "" || content(n) != "" {
				t.Errorf("%s: an inline script: %s", p.path, content(n))
			}
		}
	})
}

// noFormulas checks that a CSV for spreadsheet programs has no formulas except texts.
func noFormulas(t *testing.T, p *view) {
	t.Helper()
	if p.status != http.StatusOK || p.header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		!strings.HasPrefix(p.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%s: status %d, %v", p.path, p.status, p.header)
	}
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.body, "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", p.path, err)
	}
	// A number, or a formula that is a single text: ="text" with its quotes doubled.
	fine := regexp.MustCompile(`^-[0-9.]+$|^="([^"]|"")*"$`)
	for _, row := range all {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") && !fine.MatchString(cell) {
				t.Errorf("%s: cell %q", p.path, cell)
			}
		}
	}
}

// TestConsoleAnswersThisMachineOnly tests CONSOLE-4: a page of another site whose name resolves to this machine cannot
// read anything.
func TestConsoleAnswersThisMachineOnly(t *testing.T) {
	t.Parallel()
	d := openConsole(t, billed(t), vendor, nil)
	for host, fine := range map[string]bool{"127.0.0.1:8181": true, "localhost:8181": true, "LOCALHOST": true,
		"[::1]:8181": true, "127.1.2.3": true, "evil.example:8181": false, "127.0.0.1.evil.example": false,
		"localhost.evil.example": false, "10.0.0.1:8181": false, "": false} {
		for _, path := range []string{"/console/", "/", "/console/bill?customer_id=cust-elm",
			"/console/assets/console.css", "/console/nothing"} {
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
			r.Host = host
			p := d.do(r)
			if refused := p.status == http.StatusForbidden; refused == fine {
				t.Errorf("host %q, %s: status %d", host, path, p.status)
			}
			if !fine && (strings.Contains(p.body, "Elm Ltd") || strings.Contains(p.body, "255")) {
				t.Errorf("host %q, %s: %s", host, path, p.body)
			}
		}
	}
}

// TestConsoleErrors checks that a malformed request, or one for something that does not exist, gets an error page with
// a code. Invariant: CONSOLE-5.
func TestConsoleErrors(t *testing.T) {
	t.Parallel()
	d := openConsole(t, billed(t), vendor, nil)
	for address, want := range map[string]string{
		"nothing":                      "404 CBC.0404",
		"bill":                         "400 CBC.0100",
		"bill?customer_id=cust-nobody": "404 CBC.0404",
		"bill?customer_id=cust-elm&cycle=2026-13":                 "400 CBC.0100",
		"bill?customer_id=cust-elm&cycle=2020-01":                 "404 CBC.0404",
		"bill?customer_id=cust-elm&state=x":                       "400 CBC.0100",
		"bill?customer_id=cust-elm&customer_id=cust-dune":         "400 CBC.0100",
		"service?customer_id=cust-elm":                            "400 CBC.0100",
		"lines?customer_id=cust-elm&nonzero=id":                   "400 CBC.0100",
		"line?id=nothing&cycle=2026-09":                           "404 CBC.0404",
		"line?id=rec-elm-1&customer_id=cust-dune&cycle=2026-09":   "404 CBC.0404",
		"customers?download=customers":                            "400 CBC.0100",
		"customers?download=customers.pdf":                        "400 CBC.0100",
		"customers?download=other.csv":                            "404 CBC.0404",
		"assets/page.gohtml":                                      "404 CBC.0404",
		"assets/nothing.css":                                      "404 CBC.0404",
		"lines?customer_id=cust-elm&lines.page=99&lines.sort=bad": "200 200",
	} {
		p := d.open(address)
		if got := fmt.Sprint(p.status, " ", p.outcome()); got != want {
			t.Errorf("%s: %s, want %s\n%s", address, got, want, p.text("main"))
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		p := d.do(httptest.NewRequest(method, "http://127.0.0.1/console/", nil))
		if p.status != http.StatusMethodNotAllowed || p.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, %v", method, p.status, p.header)
		}
	}
	p := d.do(httptest.NewRequest(http.MethodHead, "http://127.0.0.1/console/", nil))
	if p.status != http.StatusOK || p.body != "" {
		t.Errorf("HEAD: status %d, %q", p.status, p.body)
	}
	p = d.do(httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil))
	if p.status != http.StatusSeeOther || p.header.Get("Location") != "/console/" {
		t.Errorf("/: %d %v", p.status, p.header)
	}
}

// TestConsoleStates tests CONSOLE-2: a page reads one state and shows its number and age, and an address can select it.
func TestConsoleStates(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	d := openConsole(t, dir, vendor, nil)
	const address = "lines?cycle=2026-09&customer_id=cust-elm"
	d.now = asOf.Add(3 * time.Hour)
	p := d.page(address)
	if got := p.text("footer"); !strings.Contains(got, "State 1, as of 2026-10-05 12:00 (Asia/Shanghai) 3 hours old") {
		t.Errorf("the footer: %s", got)
	}
	more := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"rec-elm-3,cust-elm,res-elm,vm,east,2026-09-21T00:00:00+08:00,2026-09-21T01:00:00+08:00,256\n"
	if err := os.WriteFile(filepath.Join(dir, "inbox/usage/second.csv"), []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	bill(t, dir, asOf.Add(time.Hour))
	for _, c := range []struct{ address, total, state, note string }{
		{address, "352.00", "State 2,", ""},
		{address + "&state=2", "352.00", "State 2,", ""},
		{address + "&state=1", "96.00", "State 1,", ""}, // the rows are still in memory
		{address + "&state=7", "352.00", "State 2,", "State 7 is no longer available: this is the live state 2."},
		// The first page read the statements.
		{"customers?cycle=2026-09&state=1", "255.00", "State 1,", ""},
		{"partners?cycle=2026-09&state=1", "−9.30", "State 2,", // the run deleted files that no page had read
			"State 1 is no longer available: this is the live state 2."},
	} {
		p := d.page(c.address)
		table := p.sheets()[len(p.sheets())-1]
		if got := table.sum(); got != c.total || !strings.Contains(p.text("footer"), c.state) ||
			!strings.Contains(p.text("main"), c.note) {
			t.Errorf("%s: total %s, %s\n%s", c.address, got, p.text("footer"), p.text("main"))
		}
		moved := strings.Contains(p.text("footer"), "The live state is 2: show it")
		if moved != (c.state == "State 1,") {
			t.Errorf("%s: %s", c.address, p.text("footer"))
		}
	}
}

// TestConsoleLanguage tests PAGE-4: links keep the language of the address. The default is the browser's language.
func TestConsoleLanguage(t *testing.T) {
	t.Parallel()
	d := openConsole(t, billed(t), vendor, nil)
	p := d.page("bill?cycle=2026-09&customer_id=cust-elm&lang=zh")
	if p.text("h1") != "Elm Ltd的账单，2026-09" || !strings.Contains(p.body, `<html lang="zh-CN">`) {
		t.Errorf("%s", p.text("h1"))
	}
	for _, link := range p.links() {
		if parameters(t, link).Get("lang") != "zh" {
			t.Errorf("%s loses the language", link)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/console/", nil)
	r.Header.Set("Accept-Language", "zh-TW,zh;q=0.9")
	if p := d.do(r); p.text("h1") != "总览" {
		t.Errorf("by the browser's language: %s", p.text("h1"))
	}
	r.Header.Set("Accept-Language", "fr, en;q=0.5")
	if p := d.do(r); p.text("h1") != "Overview" {
		t.Errorf("by the browser's language: %s", p.text("h1"))
	}
}

// TestConsoleAssets checks that files that pages load may be cached, because their addresses change with the content.
func TestConsoleAssets(t *testing.T) {
	t.Parallel()
	d := openConsole(t, billed(t), vendor, nil)
	p := d.page("")
	var loaded []string
	each(p.root, func(n *html.Node) {
		if address := attr(n, "src") + attr(n, "href"); strings.Contains(address, "/assets/") {
			loaded = append(loaded, address)
		}
	}, "link", "script")
	slices.Sort(loaded)
	if len(loaded) != 3 {
		t.Fatalf("loaded: %v", loaded)
	}
	for _, address := range loaded {
		got := d.open(address)
		if got.status != http.StatusOK || got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
			len(got.body) == 0 {
			t.Errorf("%s: %d %v", address, got.status, got.header)
		}
		plain, _, _ := strings.Cut(address, "?")
		if got := d.open(plain); got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", plain, got.header)
		}
	}
}
