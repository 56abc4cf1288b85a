package books

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings/yamldoc"
)

// AllocationKind says what a rule of allocation does with a row it takes (§11.2).
type AllocationKind uint8

// The kinds.
const (
	ToCustomer    AllocationKind = iota // all of it to one customer
	ToNamed                             // to the customer that a tag or a column names
	SplitByShares                       // in fixed shares
	SplitEven                           // evenly
	SplitByCost                         // by the costs that other rules gave
	KeepCost                            // the reseller's own
)

// Reasons of unallocated rows (§11.2, §11.3), which no rule may keep under, and that of taxes, which are kept.
const (
	NoRule           = "no_rule"
	NoPrice          = "no_price"
	NoQuantity       = "no_quantity"
	NegativeQuantity = "negative_quantity"
	TaxKept          = "tax"
)

// Unallocated lists the reasons of unallocated rows.
func Unallocated() []string { return []string{NoRule, NoPrice, NoQuantity, NegativeQuantity} }

// Allocation is one rule of allocation.yaml.
type Allocation struct {
	At        Pos
	Valid     period.Span
	Match     []ColumnMatch
	Kind      AllocationKind
	Customer  int32             // ToCustomer
	Tag       string            // ToNamed, by a tag
	Column    string            // ToNamed, by a column
	Shares    []AllocationShare // SplitByShares, by customer
	Customers []int32           // SplitEven and SplitByCost, ascending; nil = every customer with a cost
	Reason    string            // KeepCost
	SKU       int32             // -1 = markups.csv says
	Quantity  cost.Column       // of usage models: PricingQuantity or ConsumedQuantity
	Unit      string            // that the file must have; "" = any
}

// AllocationShare is a customer's part of what a rule splits.
type AllocationShare struct {
	Customer int32
	Share    money.Rate
}

// ColumnMatch is a column that a rule looks at.
type ColumnMatch struct {
	Column string // "" = a tag
	Tag    string
	Values []string // one of them: a text, a prefix abc*, * (not null) or "" (null)
}

// NamesColumn reports whether the rule's match names a column.
func (a *Allocation) NamesColumn(name string) bool {
	return slices.ContainsFunc(a.Match, func(m ColumnMatch) bool { return m.Column == name })
}

func allocationFormat() Format {
	return Format{File: "allocation.yaml", Key: "the order of the rules",
		Meaning: "who bears rows of cost files: an ordered list of rules with these keys (§11.2)", Columns: []Column{
			{
				Name: "match",
				Type: "mapping",
				Meaning: "columns or Tags.KEY with a value, a list of values, a prefix abc*, " +
					"* (not null) or \"\" (null); all must hold; absent = every row",
			},
			validFrom(false),
			validTo(),
			{Name: "customer", Type: "text", Meaning: "customer_id, tag:KEY or column:NAME: who bears all of the row"},
			{Name: "split", Type: "text or mapping", Meaning: "{customer_id: share, …}, even [customer_ids], " +
				"by_cost [customer_ids] or by_cost *"},
			text("keep", "the reason for which the row is the reseller's own"),
			text("sku", "product that bills the row; empty = markups.csv says"),
			word("quantity", []string{"PricingQuantity", "ConsumedQuantity"}, "PricingQuantity",
				"the quantity that products with a price per unit are billed by"),
			text("unit", "PricingUnit or ConsumedUnit that the row must have; empty = any"),
		}}
}

// allocation reads allocation.yaml.
func (l *loader) allocation() {
	const file = "allocation.yaml"
	root, ok := l.document(file)
	if !ok {
		return
	}
	if root.Kind != yamldoc.Sequence {
		l.c.Add(root.Pos, "write each rule as `- match: …`", "%s, not a list of rules", root.Kind)
		return
	}
	for i := range root.Items {
		node := &root.Items[i]
		m := l.item(file, node, fmt.Sprintf("rule %d", i+1))
		if node.Kind == yamldoc.Mapping {
			l.b.Allocations = append(l.b.Allocations, m.allocation(node.Pos))
		}
	}
}

// allocation reads one rule.
func (m item) allocation(at Pos) Allocation {
	a := Allocation{At: at, Valid: m.valid(), Match: m.match(), SKU: anyCode, Customer: anyCode,
		Quantity: cost.PricingQuantity + cost.Column(m.word("quantity")), Unit: m.Text("unit", "")}
	results := 0
	for _, key := range []string{"customer", "split", "keep"} {
		if m.Get(key) != nil {
			results++
		}
	}
	if results != 1 {
		m.l.c.Add(at, "name one of customer, split and keep", "a rule with %d results", results)
		return a
	}
	m.toCustomer(&a)
	m.split(&a)
	if n := m.Get("keep"); n != nil {
		a.Kind, a.Reason = KeepCost, yamldoc.Value(m.Map, "keep", "", parseID)
		if slices.Contains(Unallocated(), a.Reason) {
			m.Fail("keep", n, "name another reason", "the reason of rows that are not allocated")
		}
	}
	if n := m.Get("sku"); n != nil {
		a.SKU = m.l.b.SKU(n.Text)
		why := ""
		switch {
		case a.Kind == KeepCost:
			why = "a row that is kept is not billed"
		case a.SKU < 0 && !m.l.broken["products.csv"]:
			why = "not in products.csv"
		case a.SKU >= 0:
			why = m.l.noCosts(a.SKU)
		}
		if why != "" {
			m.Fail("sku", n, "", "%s", why)
		}
	}
	return a
}

// match reads what a rule looks at.
func (m item) match() []ColumnMatch {
	n := m.Get("match")
	if n == nil {
		return nil
	}
	if n.Kind != yamldoc.Mapping {
		m.Fail("match", n, "write {ServiceName: AmazonEC2, Tags.org: a*}", "%s, not a mapping of columns", n.Kind)
		return nil
	}
	var out []ColumnMatch
	for i := range n.Pairs {
		pair := &n.Pairs[i]
		one := ColumnMatch{Column: pair.Key}
		if tag, ok := strings.CutPrefix(pair.Key, "Tags."); ok {
			one.Column, one.Tag = "", tag
		}
		switch pair.Value.Kind {
		case yamldoc.Scalar:
			one.Values = []string{pair.Value.Text}
		case yamldoc.Null:
			one.Values = []string{""}
		case yamldoc.Sequence:
			for j := range pair.Value.Items {
				if pair.Value.Items[j].Kind != yamldoc.Scalar {
					m.Fail("match", &pair.Value.Items[j], "", "%s where a value of %s is needed",
						pair.Value.Items[j].Kind, pair.Key)
				}
				one.Values = append(one.Values, pair.Value.Items[j].Text)
			}
		case yamldoc.Mapping: // no values
		}
		if len(one.Values) == 0 {
			m.Fail("match", &pair.Value, "", "%s: neither a value nor a list of values", pair.Key)
		}
		out = append(out, one)
	}
	return out
}

// toCustomer reads the result customer.
func (m item) toCustomer(a *Allocation) {
	n := m.Get("customer")
	if n == nil {
		return
	}
	name := m.Text("customer", "")
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		a.Kind, a.Tag = ToNamed, key
	} else if column, ok := strings.CutPrefix(name, "column:"); ok {
		a.Kind, a.Column = ToNamed, column
	} else if a.Customer = m.l.b.Customer(name); a.Customer < 0 && !m.l.broken["customers.csv"] {
		m.Fail("customer", n, "", "not in customers.csv")
	}
	if a.Kind == ToNamed && a.Tag == "" && a.Column == "" {
		m.Fail("customer", n, "write tag:KEY or column:NAME", "names no tag and no column")
	}
}

// split reads the result split.
func (m item) split(a *Allocation) {
	n := m.Get("split")
	if n == nil {
		return
	}
	if n.Kind == yamldoc.Mapping {
		a.Kind = SplitByShares
		m.shares(n, a)
		return
	}
	word, rest, _ := strings.Cut(m.Text("split", ""), " ")
	switch word {
	case "even":
		a.Kind = SplitEven
	case "by_cost":
		a.Kind = SplitByCost
	default:
		m.Fail("split", n, "write {customer_id: share, …}, even [ids], by_cost [ids] or by_cost *",
			"not a way to split")
		return
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(rest), "["), "]")
	if strings.Trim(rest, `"' `) == "*" && a.Kind == SplitByCost {
		return
	}
	for id := range strings.SplitSeq(rest, ",") {
		id = strings.Trim(strings.TrimSpace(id), `"'`)
		code := m.l.b.Customer(id)
		switch {
		case code < 0 && !m.l.broken["customers.csv"]:
			m.Fail("split", n, "", "customer %q is not in customers.csv", id)
		case slices.Contains(a.Customers, code):
			m.Fail("split", n, "", "customer %q is listed twice", id)
		}
		a.Customers = append(a.Customers, code)
	}
	slices.Sort(a.Customers)
}

// shares reads fixed shares, which add up to 1.
func (m item) shares(n *yamldoc.Node, a *Allocation) {
	var sum money.SignedQuantity
	for i := range n.Pairs {
		pair := &n.Pairs[i]
		code := m.l.b.Customer(pair.Key)
		if code < 0 && !m.l.broken["customers.csv"] {
			m.Fail("split", &pair.Value, "", "customer %q is not in customers.csv", pair.Key)
		}
		share, err := money.ParseRate(pair.Value.Text)
		if err != nil {
			m.Fail("split", &pair.Value, "write a share from 0 to 1, in quotes", "customer %q: %v", pair.Key, err)
			continue
		}
		part, err := money.SignedQuantityFromRaw(share.Raw())
		if err == nil {
			sum, err = sum.Add(part)
		}
		if err != nil {
			m.Fail("split", &pair.Value, "", "%v", err)
		}
		a.Shares = append(a.Shares, AllocationShare{code, share})
	}
	if sum.Trim() != "1" {
		m.Fail("split", n, "shares add up to 1", "the shares add up to %s", sum.Trim())
	}
	slices.SortFunc(a.Shares, func(x, y AllocationShare) int { return int(x.Customer - y.Customer) })
}
