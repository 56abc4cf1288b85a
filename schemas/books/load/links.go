package load

import (
	"math/big"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// links reads links.csv (§3.8).
func (l *loader) links() {
	var rows []Entry[books.Link]
	l.each("links.csv", func(r *row) {
		k := books.Link{
			ResourceID: r.rec.Key("resource_id"), Region: r.rec.Key("region_code"), Group: r.rec.Key("group"),
			SizeMbps: r.rec.Quantity("size_mbps"), CommitMbps: r.rec.Quantity("commit_mbps"),
		}
		r.notAny("region_code", k.Region)
		var okCustomer, okSKU bool
		k.Customer, okCustomer = r.needCustomer("customer_id")
		k.SKU, okSKU = r.needSKU("sku")
		k.Valid = r.rec.Valid()
		if !okCustomer || !okSKU || k.ResourceID == "" {
			return
		}
		r.linkProduct(&k)
		rows = append(rows, Entry[books.Link]{Row: k, Span: k.Valid, At: r.rec.Mark("resource_id")})
	})
	byResource := func(a, b *books.Link) int { return strings.Compare(a.ResourceID, b.ResourceID) }
	rows = SortEntries(rows, byResource)
	Overlaps(l.files, "links.csv", rows, byResource, func(k *books.Link) string {
		return "resource_id " +
			k.ResourceID
	})
	linkRows{l, rows}.groups()
	l.b.LinkRows = RowsOf(rows)
	l.b.Links = whileCustomer(l, "links.csv", rows, func(k *books.Link) (int32, *period.Span) {
		return k.Customer, &k.Valid
	})
}

// linkProduct checks a link against its product. The product must be a percentile. The link needs a size if the policy
// has a floor by size, and a price if it has a commit or a floor, which an idle link owes too (§4.6, §4.7).
func (r *row) linkProduct(k *books.Link) {
	l := r.l
	p := &l.b.Products[k.SKU]
	if l.badSKU[p.SKU] {
		return
	}
	if p.Model != books.Percentile {
		r.rec.Fail("sku", "", "a link needs a percentile product, and this is %s", p.Model)
		return
	}
	owed := ""
	if !k.CommitMbps.IsZero() {
		owed = "commit_mbps"
	}
	if policy := l.b.Policy(p.Policy); policy >= 0 && l.b.Policies[policy].Method == books.EnhancedP95 {
		if k.SizeMbps.IsZero() && !r.rec.Bad {
			r.rec.Fail("size_mbps", "", "enhanced_p95 needs a size above 0")
		}
		floor := new(big.Rat).Mul(k.SizeMbps.Rat(), l.b.Policies[policy].FloorShare.Rat())
		if owed == "" && floor.Cmp(big.NewRat(1, 1)) >= 0 { // a floor below 1 Mbps is cut to 0
			owed = "size_mbps"
		}
	}
	if owed == "" || r.rec.Bad || l.files.Broken["prices.csv"] || r.priced(k) {
		return
	}
	what := "owed"
	if owed == "size_mbps" {
		what = "its share floor_share is billed"
	}
	r.rec.Fail(owed, "", "%s, and no price of sku %q fits the customer and the region", what, p.SKU)
}

// priced reports whether a price version of the chain of §3.2 is in force during a cycle of the link. A commit or a
// floor is owed per cycle; without an earlier price it is charged at the first price that begins in the cycle (§4.6).
func (r *row) priced(k *books.Link) bool {
	l := r.l
	cycles := k.Valid
	if cycles.From > period.Past {
		cycles.From = l.b.Zone.Bounds(l.b.Zone.Cycle(cycles.From)).From
	}
	if cycles.To < period.Forever {
		cycles.To = l.b.Zone.Bounds(l.b.Zone.Cycle(cycles.To - 1)).To
	}
	lists := []string{"standard"}
	for _, one := range l.b.Customers[k.Customer].Rows {
		if one.PriceList != "" {
			lists = append(lists, one.PriceList)
		}
	}
	for _, list := range lists {
		for _, region := range []string{k.Region, "*"} {
			for _, v := range l.b.Versions.Of(k.SKU, list, region, "") {
				if v.Valid.Overlaps(cycles) {
					return true
				}
			}
		}
	}
	return false
}

// linkRows are the rows of links.csv, to be checked against each other.
type linkRows struct {
	l    *loader
	rows []Entry[books.Link]
}

// groups checks that no group has the name of a link without a group: their lines would have the same id.
func (ls linkRows) groups() {
	l, rows := ls.l, ls.rows
	type object struct {
		customer, sku int32
		region, name  string
	}
	alone := map[object]Mark{}
	for _, e := range rows {
		if e.Row.Group == "" {
			alone[object{e.Row.Customer, e.Row.SKU, e.Row.Region, e.Row.ResourceID}] = e.At
		}
	}
	for _, e := range rows {
		other, clash := alone[object{e.Row.Customer, e.Row.SKU, e.Row.Region, e.Row.Group}]
		if e.Row.Group != "" && clash {
			at := books.Pos{File: Dir + "/links.csv", Line: int(e.At.Line), Column: int(e.At.Column)}
			l.files.Problems.Add(at, "rename the group",
				"group %q is also the resource_id of a link without a group: %s/links.csv:%d", e.Row.Group, Dir,
				other.Line)
		}
	}
}

// terms reads terms.csv (§3.9).
func (l *loader) terms() {
	var rows []Entry[books.Term]
	l.each("terms.csv", func(r *row) {
		t := books.Term{Seller: books.AnyCode, Payable: r.rec.Word("basis") == 1, Rate: r.rec.Rate("rate")}
		okSeller := true
		if seller := r.rec.Key("seller_id"); seller != "vendor" && seller != l.s.Vendor.ID {
			t.Seller, okSeller = need(r, "seller_id", seller, "partners.csv", l.b.Partner)
			if okSeller && !everDistributor(&l.b.Partners[t.Seller]) {
				r.rec.Fail("seller_id", "", "neither the vendor nor a distributor")
			}
		}
		var okBuyer bool
		t.Buyer, okBuyer = r.needPartner("buyer_id")
		if okSeller && okBuyer && t.Seller == t.Buyer {
			r.rec.Fail("buyer_id", "", "the seller itself")
		}
		if t.Service, t.SKU = r.scope(); t.SKU >= 0 {
			t.Service = "*" // the product implies its service, so the key has none
		}
		t.Valid = r.rec.Valid()
		if okSeller && okBuyer && !r.rec.Bad {
			rows = append(rows, Entry[books.Term]{Row: t, Span: t.Valid, At: r.rec.Mark("seller_id")})
		}
	})
	rows = SortEntries(rows, books.CompareTermKey)
	Overlaps(l.files, "terms.csv", rows, books.CompareTermKey, func(t *books.Term) string {
		seller := l.s.Vendor.ID
		if t.Seller >= 0 {
			seller = l.b.Partners[t.Seller].ID
		}
		return "seller_id " + seller + ", buyer_id " + l.b.Partners[t.Buyer].ID + ", " + scopeText(l, t.Service, t.SKU)
	})
	l.b.Terms = RowsOf(rows)
}

func everDistributor(p *books.Partner) bool {
	for _, r := range p.Rows {
		if r.Kind == books.Distributor {
			return true
		}
	}
	return false
}

// calendar reads calendar.csv (§3.11).
func (l *loader) calendar() {
	lines := map[period.Day]int32{}
	l.each("calendar.csv", func(r *row) {
		day, ok := r.rec.Date("date")
		working := r.rec.Word("working")
		if !ok {
			return
		}
		if first, twice := lines[day]; twice {
			r.rec.Fail("date", "keep one of the two", "is duplicate: also %s/calendar.csv:%d", Dir, first)
			return
		}
		lines[day] = r.rec.Line
		l.b.NonWorking[day] = working == 1
	})
}
