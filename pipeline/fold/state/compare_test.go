package state

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// shop has the old books. Each test replaces words in them.
var shop = map[string]string{
	"products.csv": "sku,service_type_code,measure,pricing_model,policy\nblob,store,GB,volume,\n" +
		"line,net,Mbps,percentile,p\nplan,compute,month,period,\n" +
		"vm,compute,hour,flat,\nxl,compute,hour,graduated,\n",
	"prices.csv": "sku,price_list,region_code,period_type,valid_from,valid_to,tier,up_to,unit_price\n" +
		"blob,standard,*,,2026-01-01,,1,,1\n" +
		"line,standard,*,,2026-01-01,,1,,1\nplan,standard,*,month,2026-01-01,,1,,9\nvm,standard,*,,2026-01-01,,1,,1\n" +
		"vm,own,east,,2026-01-01,,1,,2\n" +
		"xl,standard,*,,2026-01-01,,1,,1\n",
	"customers.csv": "customer_id,name,price_list,valid_from,valid_to\nacme,A,own,2026-01-01,\n" +
		"birch,B,,2026-01-01,\n",
	"partners.csv":     "partner_id,kind\np1,reseller\np2,reseller\n",
	"associations.csv": "customer_id,partner_id,association_type,valid_from,valid_to\nbirch,p1,2,2026-01-01,\n",
	"discounts.csv": "discount_id,kind,customer_id,partner_id,service_type_code,sku,mode,value,valid_from," +
		"valid_to\nd1,commercial,birch,,*,*,rate,0.9,2026-01-01,\n",
	"packages.csv": "package_id,customer_id,skus,quota,reset,valid_from,valid_to\n" +
		"k1,acme,vm,10,cycle,2026-03-01,\n",
	"links.csv": "resource_id,customer_id,sku,region_code,size_mbps,valid_from\n" +
		"l1,birch,line,east,10,2026-01-01\n",
	"coupons.csv":     "coupon_id,customer_id,kind,amount,valid_from,valid_to\nc1,acme,cash_coupon,5,2026-01-01,\n",
	"terms.csv":       "seller_id,buyer_id,basis,rate,valid_from\nvendor,p1,payable,0.8,2026-01-01\n",
	"calendar.csv":    "date,working\n2026-10-01,NO\n",
	"parties.csv":     "party_id,country,bank,tax_exempt\nacme,DE,b1,\n",
	"taxes.csv":       "tax_id,rate,country\nvat,0.19,DE\n",
	"policies.yaml":   "p: {method: monthly_p95}\n",
	"incentives.yaml": "- {id: boost, period: month, tiers: [{from: \"0\", rate: \"0.1\"}]}\n",
}

func loaded(t *testing.T, texts map[string]string) *books.Books {
	t.Helper()
	s, err := settings.Parse(settings.File, []byte("zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n"+
		"rounding: {grain: cycle, mode: half_up}\n"))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for name, text := range texts {
		files["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	b, err := load.Books(files, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// told returns a change as text: its scopes, the customers whose packages changed, and its flags.
func told(c *Change, b *books.Books) []string {
	if c == nil {
		return []string{"everything"}
	}
	day := func(t period.Instant) string {
		if t == period.Past || t == period.Forever {
			return "ever"
		}
		return b.Zone.Day(t).String()
	}
	var out []string
	for _, s := range c.scopes {
		customer, sku := "*", "*"
		if s.Customer >= 0 {
			customer = b.Customers[s.Customer].ID
		}
		if s.SKU >= 0 {
			sku = b.Products[s.SKU].SKU
		}
		out = append(out, fmt.Sprintf("%s %s %s %s–%s", customer, sku, s.Region, day(s.When.From), day(s.When.To)))
	}
	for _, customer := range slices.Sorted(maps.Keys(c.packages)) {
		out = append(out, fmt.Sprintf("packages of %s from %s", b.Customers[customer].ID, day(c.packages[customer])))
	}
	slices.Sort(out)
	for _, flag := range []struct {
		set  bool
		name string
	}{{c.ends, "ends"}, {c.orders, "orders"}, {c.payments, "payments"}, {c.partners, "partners"},
		{c.taxes, "taxes"}} {
		if flag.set {
			out = append(out, flag.name)
		}
	}
	return out
}

// TestCompare tests CHANGE-2 and CHANGE-4: each case changes one book and lists what the change affects.
func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, old, is string
		want                []string
	}{
		{"said otherwise", "prices.csv", "vm,standard,*,,2026-01-01,,1,,1\n", "vm,standard,*,,2026-01-01,,1,,1.00\n",
			nil},
		{"a price", "prices.csv", "vm,standard,*,,2026-01-01,,1,,1\n", "vm,standard,*,,2026-01-01,,1,,3\n",
			[]string{"* vm * 2026-01-01–ever"}},
		{"ended and followed by another", "prices.csv", "vm,standard,*,,2026-01-01,,1,,1\n",
			"vm,standard,*,,2026-01-01,2026-09-20,1,,1\nvm,standard,*,,2026-09-20,,1,,3\n",
			[]string{"* vm * 2026-09-20–ever"}},
		{"a price for some days", "prices.csv", "xl,standard,*,,2026-01-01,,1,,1\n",
			"xl,standard,*,,2026-01-01,,1,,1\nxl,standard,west,,2026-09-03,2026-09-05,1,,3\n",
			[]string{"* xl west 2026-09-03–2026-09-05"}},
		{"one that begins earlier", "prices.csv", "vm,standard,*,,2026-01-01,,1,,1\n",
			"vm,standard,*,,2025-01-01,,1,,1\n", []string{"* vm * 2025-01-01–ever"}},
		{"a customer's list", "prices.csv", "vm,own,east,,2026-01-01,,1,,2\n", "vm,own,east,,2026-01-01,,1,,3\n",
			[]string{"acme vm east 2026-01-01–ever"}},
		{"a month-end price", "prices.csv", "blob,standard,*,,2026-01-01,,1,,1\n",
			"blob,standard,*,,2026-01-01,,1,,3\n", []string{"* blob * 2026-01-01–ever", "ends"}},
		{"an order's price", "prices.csv", "month,2026-01-01,,1,,9", "month,2026-01-01,,1,,8", []string{"orders"}},
		{"another list", "customers.csv", "birch,B,,2026-01-01,\n", "birch,B,,2026-01-01,2026-09-10\n" +
			"birch,B,own,2026-09-10,\n",
			[]string{"birch * * 2026-09-10–ever", "orders"}},
		{"a name", "customers.csv", "birch,B,", "birch,Birch,", nil},
		{"a new customer", "customers.csv", "birch,B", "alder,,own,2026-01-01,\nbirch,B", nil},
		{"a customer that went", "customers.csv", "zinc,,,2026-01-01,\n", "", []string{"everything"}},
		{"another partner", "associations.csv", "birch,p1,2,2026-01-01,\n", "birch,p1,2,2026-01-01,2026-09-10\n" +
			"birch,p2,2,2026-09-10,\n",
			[]string{"birch * * 2026-09-10–ever", "orders", "partners"}},
		{"a parent", "partners.csv", "p1,reseller\n", "p1,referrer\n", []string{"partners"}},
		{"a rate", "discounts.csv", "*,*,rate,0.9", "*,vm,rate,0.8", []string{"birch * * 2026-01-01–ever",
			"birch vm * 2026-01-01–ever", "orders"}},
		{"an offer that ends", "discounts.csv", "0.9,2026-01-01,\n", "0.9,2026-01-01,2026-09-12\n",
			[]string{"birch * * 2026-09-12–ever", "orders"}},
		{"an offer for a service", "discounts.csv", "d1,", "d0,channel,*,,compute,*,rate,0.5,2026-09-12,\nd1,",
			[]string{"* plan * 2026-09-12–ever", "* vm * 2026-09-12–ever", "* xl * 2026-09-12–ever", "orders"}},
		{"an offer for all", "discounts.csv", "d1,", "d0,channel,*,,*,*,rate,0.5,2026-09-12,\nd1,",
			[]string{"* * * 2026-09-12–ever", "ends", "orders"}},
		{"an order's offer", "discounts.csv", "d1,", "d0,order,*,,*,*,rate,0.5,2026-09-12,\nd1,", []string{"orders"}},
		{"a quota", "packages.csv", "vm,10,", "vm,11,", []string{"packages of acme from 2026-03-01"}},
		{"one more package", "packages.csv", "k1,", "k0,birch,xl,5,none,2026-09-12,\nk1,",
			[]string{"packages of birch from 2026-09-12"}},
		{"a package that ends", "packages.csv", "2026-03-01,\n", "2026-03-01,2026-09-12\n",
			[]string{"packages of acme from 2026-03-01"}},
		{"a link", "links.csv", "east,10", "east,20", []string{"ends"}},
		{"a policy", "policies.yaml", "monthly_p95", "transit_p95", []string{"ends"}},
		{"a coupon", "coupons.csv", "cash_coupon,5", "cash_coupon,6", []string{"payments", "partners"}},
		{"a term", "terms.csv", "0.8", "0.7", []string{"partners"}},
		{"a holiday", "calendar.csv", "2026-10-01", "2026-10-02", []string{"partners"}},
		{"a programme", "incentives.yaml", "0.1", "0.2", []string{"partners"}},
		{"a rate of a tax", "taxes.csv", "0.19", "0.2", []string{"ends", "taxes"}},
		{"a country", "parties.csv", "acme,DE", "acme,FR", []string{"ends", "taxes"}},
		{"an exemption", "parties.csv", "b1,", "b1,YES", []string{"ends", "taxes"}},
		{"a bank", "parties.csv", "b1", "b2", nil},
		{"a service", "products.csv", "vm,compute,", "vm,store,", []string{"everything"}},
		{"a model", "products.csv", "vm,compute,hour,flat", "vm,compute,hour,graduated", []string{"everything"}},
		{"a new product", "products.csv", "vm,compute", "new,compute,hour,flat,\nvm,compute", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			was, is := maps.Clone(shop), maps.Clone(shop)
			if c.is == "" { // a removed row: only the old books have it
				was[c.file] += c.old
			} else {
				if !strings.Contains(was[c.file], c.old) {
					t.Fatalf("%s has no %q", c.file, c.old)
				}
				is[c.file] = strings.Replace(is[c.file], c.old, c.is, 1)
			}
			b := loaded(t, is)
			if diff := cmp.Diff(c.want, told(CompareBooks(loaded(t, was), b), b)); diff != "" {
				t.Errorf("touched (- want, + got):\n%s", diff)
			}
		})
	}
}

// TestEveryColumnIsKnown compares the columns that Compare handles with the current ones. It fails for a new column,
// for which Compare must be extended.
func TestEveryColumnIsKnown(t *testing.T) {
	t.Parallel()
	want := map[string]int{"Books": 33, "Product": 18, "Tier": 6, "Version": 7, "CustomerRow": 4, "PartnerRow": 6,
		"Association": 4, "Discount": 12,
		"Package": 8, "Link": 8, "Term": 7, "Coupon": 13, "Policy": 10, "Programme": 17}
	got := make(map[string]int)
	for _, row := range []any{books.Books{}, books.Product{}, books.Tier{}, books.Version{}, books.CustomerRow{},
		books.PartnerRow{}, books.Association{},
		books.Discount{}, books.Package{}, books.Link{}, books.Term{}, books.Coupon{}, books.Policy{},
		books.Programme{}} {
		got[reflect.TypeOf(row).Name()] = reflect.TypeOf(row).NumField()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields of the books (- what Compare knows, + today):\n%s", diff)
	}
}

// TestCopy checks that Load returns the books that were copied, also if the same books were copied twice, and that a
// missing copy is an error.
func TestCopy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "runs", "books.zip")
	was := loaded(t, shop)
	files := fstest.MapFS{"books/notes.txt": {Data: []byte("no book")}}
	for name, text := range shop {
		files["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	for range 2 {
		if err := errors.Join(PrepareBooks(path, 1, files, was.Hash), KeepBooksFile(path, 1)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := settings.Parse(settings.File, []byte("zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n"+
		"rounding: {grain: cycle, mode: half_up}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := LoadKeptBooks(path, s)
	if err != nil {
		t.Fatal(err)
	}
	if got.Hash != was.Hash {
		t.Errorf("the copy hashes to %x, the books to %x", got.Hash, was.Hash)
	}
	if _, err := LoadKeptBooks(path+".not", s); err == nil {
		t.Error("a copy that is not there was read")
	}
}
