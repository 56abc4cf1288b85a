package load

import (
	"math/big"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// links reads links.csv (§3.8).
func (l *loader) links() {
	var rows []entry[books.Link]
	l.each("links.csv", func(r *row) {
		k := books.Link{
			ResourceID: r.key("resource_id"), Region: r.key("region_code"), Group: r.key("group"),
			SizeMbps: r.quantity("size_mbps"), CommitMbps: r.quantity("commit_mbps"),
		}
		r.notAny("region_code", k.Region)
		var okCustomer, okSKU bool
		k.Customer, okCustomer = r.needCustomer("customer_id")
		k.SKU, okSKU = r.needSKU("sku")
		k.Valid = r.valid()
		if !okCustomer || !okSKU || k.ResourceID == "" {
			return
		}
		r.linkProduct(&k)
		rows = append(rows, entry[books.Link]{row: k, span: k.Valid, at: r.mark("resource_id")})
	})
	byResource := func(a, b *books.Link) int { return strings.Compare(a.ResourceID, b.ResourceID) }
	rows = sortEntries(rows, byResource)
	overlaps(l.files, "links.csv", rows, byResource, func(k *books.Link) string {
		return "resource_id " +
			k.ResourceID
	})
	linkRows{l, rows}.groups()
	l.b.Links = rowsOf(rows)
}

// linkProduct checks a link against its product: a percentile, with a size where the policy has a floor by size, and
// with a price where a commit or a floor is owed, which an idle link owes too (§4.6, §4.7).
func (r *row) linkProduct(k *books.Link) {
	l := r.l
	p := &l.b.Products[k.SKU]
	if l.badSKU[p.SKU] {
		return
	}
	if p.Model != books.Percentile {
		r.fail("sku", "", "a link needs a percentile product, and this is %s", p.Model)
		return
	}
	owed := ""
	if !k.CommitMbps.IsZero() {
		owed = "commit_mbps"
	}
	if policy := l.b.Policy(p.Policy); policy >= 0 && l.b.Policies[policy].Method == books.EnhancedP95 {
		if k.SizeMbps.IsZero() && !r.bad {
			r.fail("size_mbps", "", "enhanced_p95 needs a size above 0")
		}
		floor := new(big.Rat).Mul(k.SizeMbps.Rat(), l.b.Policies[policy].FloorShare.Rat())
		if owed == "" && floor.Cmp(big.NewRat(1, 1)) >= 0 { // a floor below 1 Mbps is cut to 0
			owed = "size_mbps"
		}
	}
	if owed == "" || r.bad || l.broken["prices.csv"] || r.priced(k) {
		return
	}
	what := "owed"
	if owed == "size_mbps" {
		what = "its share floor_share is billed"
	}
	r.fail(owed, "", "%s, and no price of sku %q fits the customer and the region", what, p.SKU)
}

// priced reports whether some version of the chain of §3.2 is in force in a cycle in which the link is: a commit
// or a floor is owed for the cycle, at the earliest price that begins in it if none is there before (§4.6).
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
	rows []entry[books.Link]
}

// groups checks that no group has the name of a link without a group: their lines would have one id.
func (ls linkRows) groups() {
	l, rows := ls.l, ls.rows
	type object struct {
		customer, sku int32
		region, name  string
	}
	alone := map[object]mark{}
	for _, e := range rows {
		if e.row.Group == "" {
			alone[object{e.row.Customer, e.row.SKU, e.row.Region, e.row.ResourceID}] = e.at
		}
	}
	for _, e := range rows {
		other, clash := alone[object{e.row.Customer, e.row.SKU, e.row.Region, e.row.Group}]
		if e.row.Group != "" && clash {
			at := books.Pos{File: dir + "/links.csv", Line: int(e.at.line), Column: int(e.at.column)}
			l.c.Add(at, "rename the group",
				"group %q is also the resource_id of a link without a group: %s/links.csv:%d", e.row.Group, dir,
				other.line)
		}
	}
}

// terms reads terms.csv (§3.9).
func (l *loader) terms() {
	var rows []entry[books.Term]
	l.each("terms.csv", func(r *row) {
		t := books.Term{Seller: books.AnyCode, Payable: r.word("basis") == 1, Rate: r.rate("rate")}
		okSeller := true
		if seller := r.key("seller_id"); seller != "vendor" && seller != l.s.Vendor.ID {
			t.Seller, okSeller = need(r, "seller_id", seller, "partners.csv", l.b.Partner)
			if okSeller && !everDistributor(&l.b.Partners[t.Seller]) {
				r.fail("seller_id", "", "neither the vendor nor a distributor")
			}
		}
		var okBuyer bool
		t.Buyer, okBuyer = r.needPartner("buyer_id")
		if okSeller && okBuyer && t.Seller == t.Buyer {
			r.fail("buyer_id", "", "the seller itself")
		}
		if t.Service, t.SKU = r.scope(); t.SKU >= 0 {
			t.Service = "*" // the product says it all: with or without its service it is one key
		}
		t.Valid = r.valid()
		if okSeller && okBuyer && !r.bad {
			rows = append(rows, entry[books.Term]{row: t, span: t.Valid, at: r.mark("seller_id")})
		}
	})
	rows = sortEntries(rows, books.CompareTermKey)
	overlaps(l.files, "terms.csv", rows, books.CompareTermKey, func(t *books.Term) string {
		seller := l.s.Vendor.ID
		if t.Seller >= 0 {
			seller = l.b.Partners[t.Seller].ID
		}
		return "seller_id " + seller + ", buyer_id " + l.b.Partners[t.Buyer].ID + ", " + l.scopeText(t.Service, t.SKU)
	})
	l.b.Terms = rowsOf(rows)
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
		day, ok := r.date("date")
		working := r.word("working")
		if !ok {
			return
		}
		if first, twice := lines[day]; twice {
			r.fail("date", "keep one of the two", "is duplicate: also %s/calendar.csv:%d", dir, first)
			return
		}
		lines[day] = r.line
		l.b.NonWorking[day] = working == 1
	})
}
