package load

import (
	"io/fs"
	"strings"
	"testing"
)

// oneCustomers returns the customers that One reads, in order, and those of all associations, discounts and packages.
func oneCustomers(t *testing.T, fsys fs.FS, customer string, sound bool) string {
	t.Helper()
	asked := false
	b, _, err := One(fsys, chosen(t), customer, func([32]byte) bool {
		asked = true
		return sound
	})
	if err != nil {
		t.Fatal(err)
	}
	if !asked {
		t.Error("nobody asked whether the books are sound")
	}
	all, err := Books(fsys, chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	if b.Hash != all.Hash {
		t.Error("the hash is not that of all books")
	}
	var out []string
	for _, c := range b.Customers {
		out = append(out, c.ID)
	}
	name := func(kind string, customer int32) string {
		if customer < 0 {
			return kind + " *"
		}
		return kind + " " + b.Customers[customer].ID
	}
	for _, a := range b.Associations {
		out = append(out, name("of", a.Customer))
	}
	for _, d := range b.Discounts {
		out = append(out, name(d.ID, d.Customer))
	}
	for _, p := range b.Packages {
		out = append(out, name(p.ID, p.Customer))
	}
	return strings.Join(out, ", ")
}

// oneBooks returns books of three customers. A link has customer c3.
func oneBooks() map[string]string {
	return map[string]string{
		"customers.csv":    "customer_id,name\r\nc1,First\r\nc2,Second\r\nc3,\"Third, and last\"\r\n",
		"associations.csv": "partner_id,customer_id,association_type\nr1,c1,2\nr1,c2,2\n",
		"discounts.csv": "discount_id,kind,customer_id,partner_id,mode,value,valid_from\n" +
			"all,commercial,*,,rate,0.9,2026-01-01\n" +
			"one,commercial,c1,,rate,0.8,2026-01-01\n" +
			"two,commercial,c2,,rate,0.7,2026-01-01\n",
		"packages.csv": "package_id,customer_id,skus,quota,reset,valid_from\np1,c1,obs,1,none,2026-01-01\n" +
			"p2,c2,obs,2,none,2026-01-01\n",
		"links.csv":         "resource_id,sku,customer_id,region_code,valid_from\nl1,bw,c3,cn-north-1,2026-01-01\n",
		"price_lists.csv":   "",
		"rates.csv":         "",
		"coupons.csv":       "",
		"taxes.csv":         "",
		"subscribers.csv":   "",
		"recurring.csv":     "",
		"commitments.csv":   "",
		"budgets.csv":       "",
		"solutions.csv":     "",
		"parties.csv":       "",
		"coupon_quotas.csv": "",
	}
}

func TestOne(t *testing.T) {
	t.Parallel()
	const all = "c1, c2, c3, of c1, of c2, all *, one c1, two c2, p1 c1, p2 c2"
	for _, c := range []struct {
		name, customer string
		unsound        bool
		change         map[string]string
		want           string
	}{
		{name: "one customer, and the one of a link", customer: "c1", want: "c1, c3, of c1, all *, one c1, p1 c1"},
		{name: "another one", customer: "c2", want: "c2, c3, of c2, all *, two c2, p2 c2"},
		{name: "nobody's id", customer: "c9", want: "c3, all *"},
		{name: "books that nobody has read", customer: "c1", unsound: true, want: all},
		{name: "several currencies", customer: "c1", want: all,
			change: map[string]string{"price_lists.csv": "price_list,currency\ngold,CNY\n"}},
		{name: "a customer in a book without customer_id", customer: "c1", want: all,
			change: map[string]string{
				"markups.csv":     "sku,customer_id\necs,*\n",
				"allocation.yaml": "- {customer: c2, sku: ecs}\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := oneBooks()
			for name, text := range c.change {
				files[name] = text
			}
			if got := oneCustomers(t, workspace(files), c.customer, !c.unsound); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestOneBroken checks that books with a problem are refused for every customer, whichever customer's row has it.
func TestOneBroken(t *testing.T) {
	t.Parallel()
	files := oneBooks()
	files["packages.csv"] = "package_id,customer_id,skus,quota,reset,valid_from\np2,c2,obs,-2,none,2026-01-01\n"
	if _, _, err := One(workspace(files), chosen(t), "c1", func([32]byte) bool { return false }); err == nil ||
		!strings.Contains(err.Error(), "-2") {
		t.Errorf("got %v, want the problem of another customer", err)
	}
}
