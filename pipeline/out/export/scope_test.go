package export

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// scopeBooks returns books in which shop buys from north until 10 September, then from the vendor.
func scopeBooks(t *testing.T) *query.PartnerReader {
	t.Helper()
	set, err := settings.Parse("tollbook.yaml", []byte("zone: UTC\ncurrency: {code: CNY, digits: 2}\n"+
		"rounding: {grain: line, mode: truncate}\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := load.Books(fstest.MapFS{
		"books/products.csv":  {Data: []byte("sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n")},
		"books/prices.csv":    {Data: []byte("sku,region_code,valid_from,tier,unit_price\ngb,*,2026-01-01,1,1\n")},
		"books/customers.csv": {Data: []byte("customer_id\na\nb\nc\n")},
		"books/partners.csv": {Data: []byte("partner_id,kind,parent_partner_id,valid_from,valid_to\n" +
			"north,distributor,,,\n" +
			"shop,reseller,north,2026-01-01,2026-09-10\nshop,reseller,,2026-09-10,\n")},
	}, set)
	if err != nil {
		t.Fatal(err)
	}
	book, err := settlement.Compile(b, settlement.Rules{CloseDay: 4})
	if err != nil {
		t.Fatal(err)
	}
	return &query.PartnerReader{Books: b, Book: book}
}

func TestScopeOfLines(t *testing.T) {
	t.Parallel()
	r := scopeBooks(t)
	const early, late = 1_788_220_800_000_000, 1_789_430_400_000_000 // 1 and 15 September
	list := parquet.NewColumns(tables.Lines())
	add := func(id, customer, partner, association string, start, own int64) {
		list.Text(tables.LineID).Add(id)
		list.Word(tables.LineCustomerID).Add(customer)
		list.Word(tables.LinePartnerID).Add(partner)
		list.Word(tables.LineAssociationType).Add(association)
		list.Time(tables.LineUsageStart).Add(period.Instant(start))
		list.MaybeTime(tables.LineOwnTime).Add(period.Instant(own))
		list.N++
	}
	nothing := int64(tables.Nothing)
	add("none", "a", "", "", early, nothing)
	add("north's", "a", "north", "1", early, nothing)
	add("shop's early", "b", "shop", "2", early, nothing)
	add("shop's late", "b", "shop", "2", late, nothing)
	add("shop's refund", "c", "shop", "2", late, early) // a refund for an order of the 1st
	add("shop's referral", "c", "shop", "1", early, nothing)
	for _, c := range []struct {
		scope Scope
		want  string
	}{
		{Scope{Partner: "north", Resellers: true}, "north's, shop's early, shop's refund"},
		{Scope{Partner: "north"}, "north's"},
		{Scope{Partner: "shop"}, "shop's early, shop's late, shop's refund, shop's referral"},
		{Scope{Partner: "shop", Seller: "north"}, "shop's early, shop's refund, shop's referral"},
		{Scope{Partner: "shop", Seller: "vendor"}, "shop's late"},
		{Scope{Partner: "north", Resellers: true, Only: func(id string) bool {
			return id == "c"
		}, Named: "c"}, "shop's refund"},
		{Scope{Only: func(id string) bool { return id == "a" }, Named: "a"}, "none, north's"},
	} {
		keep := c.scope.lines(r, nil).Keep
		var got []string
		for i := range list.N {
			if keep(rows.Row[tables.Line]{Cols: list, I: i}) {
				got = append(got, string(list.Text(tables.LineID).At(i)))
			}
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%+v: %s, want %s", c.scope, text, c.want)
		}
	}
}
