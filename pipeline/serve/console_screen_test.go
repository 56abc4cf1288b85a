package serve_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// TestConsoleNamesSimilarIds tests CONSOLE-10: an id that a caller does not see is not found, whether or not it exists,
// and only ids that the caller sees are named.
func TestConsoleNamesSimilarIds(t *testing.T) {
	t.Parallel()
	dir := sampleBilled(t)
	harbor := keys.Caller{ID: "local", Role: keys.Partner, Partner: "harbor"}
	meridian := keys.Caller{ID: "local", Role: keys.Partner, Partner: "meridian"}
	aurora := keys.Caller{ID: "local", Role: keys.Customer, Customer: "aurora"}
	for _, tt := range []struct {
		who           keys.Caller
		address, want string
	}{
		{vendor, "bill?customer_id=kestrl", `there is no customer "kestrl"; similar: kestrel (`},
		{vendor, "account?customer_id=zzzzzz", `there is no customer "zzzzzz" (`},
		{vendor, "bill.html?customer_id=kestrl", `there is no customer "kestrl"; similar: kestrel (`},
		{vendor, "statement?partner_id=meridien", `there is no partner "meridien"; similar: meridian (`},
		{vendor, "statement.html?partner_id=meridien", `there is no partner "meridien"; similar: meridian (`},
		{vendor, "bandwidth?resource=aurora-est-a&cycle=2026-09", "similar: aurora-east-a"},
		{meridian, "bill?customer_id=aurorra", `there is no customer "aurorra"; similar: aurora (`},
		{meridian, "bill?customer_id=kestrl", `there is no customer "kestrl" (`},   // the vendor's own customer
		{meridian, "bill?customer_id=kestrel", `there is no customer "kestrel" (`}, // it exists
		{harbor, "statement?partner_id=meridian", `there is no partner "meridian" (`},
		{aurora, "bill?customer_id=kestrel", `there is no customer "kestrel" (`},
		{aurora, "bill?customer_id=aurorra", `there is no customer "aurorra"; similar: aurora (`},
		{aurora, "bandwidth?resource=aurora-est-a&cycle=2026-09", "similar: aurora-east-a"},
		{aurora, "bandwidth?resource=kestrel-plan&cycle=2026-09", `there is no link or group "kestrel-plan" (`},
	} {
		p := openConsole(t, dir, tt.who, nil).open(tt.address)
		if got := p.text("main"); p.status != http.StatusNotFound || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s: status %d, %q, want 404, %q", tt.who.Role, tt.address, p.status, got, tt.want)
		}
	}
}

// TestConsoleOpensDocuments checks that a document is one click from its page, that a customer's has no words about how
// the program works, and that a document has one headline.
func TestConsoleOpensDocuments(t *testing.T) {
	t.Parallel()
	dir := sampleBilled(t)
	d := openConsole(t, dir, vendor, nil)
	document := func(page string) *view {
		address := ""
		each(d.page(page).root, func(n *html.Node) {
			if href := attr(n, "href"); strings.Contains(href, ".html?") {
				address = href
			}
		}, "a")
		if address == "" {
			t.Fatalf("%s links to no document", page)
		}
		return d.page(address)
	}
	for _, customer := range columnOf(d.page("customers?cycle=2026-09").sheet("customers"), "Id") {
		p := document("bill?cycle=2026-09&customer_id=" + customer)
		text := p.text("main")
		for _, word := range []string{"closed", "Asia/Shanghai", "As of", "as of", "books/", "tollbook",
			"month-end lines", "record", "Omitted", "month end"} { // DOC-13
			if strings.Contains(p.text("body"), word) {
				t.Errorf("the document of %s has %q:\n%s", customer, word, text)
			}
		}
		if strings.Contains(text, "Flexi coupons0.00") {
			t.Errorf("the document of %s lists payments of 0", customer)
		}
	}
	for _, partner := range []string{"harbor", "meridian"} {
		var headlines []string
		p := document("statement?cycle=2026-09&partner_id=" + partner)
		for _, class := range []string{"payable", "headline"} {
			headlines = append(headlines, p.ofClass("dl", class))
		}
		if headlines[0] != headlines[1] {
			t.Errorf("the document of %s has two headlines: %q", partner, headlines)
		}
	}
	// a partner's customer has payments and packages that are not the partner's
	harbor := openConsole(t, dir, keys.Caller{ID: "local", Role: keys.Partner, Partner: "meridian"}, nil)
	if p := harbor.open("bill.html?customer_id=aurora&cycle=2026-09"); p.status != http.StatusForbidden {
		t.Errorf("a partner opens its customer's document: status %d", p.status)
	}
}
