package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings"
)

// allocation reads allocation.yaml.
func (l *loader) allocation() {
	const file = "allocation.yaml"
	root, ok := l.files.Document(file)
	if !ok {
		return
	}
	if root.Kind != settings.Sequence {
		l.files.Problems.Add(root.Pos, "write each rule as `- match: …`", "%s, not a list of rules", root.Kind)
		return
	}
	for i := range root.Items {
		node := &root.Items[i]
		m := l.item(file, node, fmt.Sprintf("rule %d", i+1))
		if node.Kind == settings.Mapping {
			l.b.Allocations = append(l.b.Allocations, m.allocation(node.Pos))
		}
	}
}

// allocation reads one rule.
func (m item) allocation(at books.Pos) books.Allocation {
	a := books.Allocation{At: at, Valid: m.valid(), Match: m.match(), SKU: books.AnyCode, Customer: books.AnyCode,
		Quantity: books.PricingQuantity + books.CostColumn(m.word("quantity")), Unit: m.Text("unit", "")}
	results := 0
	for _, key := range []string{"customer", "split", "keep"} {
		if m.Get(key) != nil {
			results++
		}
	}
	if results != 1 {
		m.l.files.Problems.Add(at, "name one of customer, split and keep", "a rule with %d results", results)
		return a
	}
	m.toCustomer(&a)
	m.split(&a)
	if n := m.Get("keep"); n != nil {
		a.Kind, a.Reason = books.KeepCost, settings.YAMLValue(m.YAMLMap, "keep", "", parseID)
		if slices.Contains(books.Unallocated(), a.Reason) {
			m.Fail("keep", n, "name another reason", "the reason of rows that are not allocated")
		}
	}
	if n := m.Get("sku"); n != nil {
		a.SKU = m.l.b.SKU(n.Text)
		why := ""
		switch {
		case a.Kind == books.KeepCost:
			why = "a row that is kept is not billed"
		case a.SKU < 0 && !m.l.files.Broken["products.csv"]:
			why = "not in products.csv"
		case a.SKU >= 0:
			why = noCosts(m.l, a.SKU)
		}
		if why != "" {
			m.Fail("sku", n, "", "%s", why)
		}
	}
	return a
}

// match reads the columns and tags that a rule tests.
func (m item) match() []books.ColumnMatch {
	n := m.Get("match")
	if n == nil {
		return nil
	}
	if n.Kind != settings.Mapping {
		m.Fail("match", n, "write {ServiceName: AmazonEC2, Tags.org: a*}", "%s, not a mapping of columns", n.Kind)
		return nil
	}
	var out []books.ColumnMatch
	for i := range n.Pairs {
		pair := &n.Pairs[i]
		one := books.ColumnMatch{Column: pair.Key}
		if tag, ok := strings.CutPrefix(pair.Key, "Tags."); ok {
			one.Column, one.Tag = "", tag
		}
		switch pair.Value.Kind {
		case settings.YAMLScalar:
			one.Values = []string{pair.Value.Text}
		case settings.Null:
			one.Values = []string{""}
		case settings.Sequence:
			for j := range pair.Value.Items {
				if pair.Value.Items[j].Kind != settings.YAMLScalar {
					m.Fail("match", &pair.Value.Items[j], "", "%s where a value of %s is needed",
						pair.Value.Items[j].Kind, pair.Key)
				}
				one.Values = append(one.Values, pair.Value.Items[j].Text)
			}
		case settings.Mapping: // no values
		}
		if len(one.Values) == 0 {
			m.Fail("match", &pair.Value, "", "%s: neither a value nor a list of values", pair.Key)
		}
		out = append(out, one)
	}
	return out
}

// toCustomer reads the result customer.
func (m item) toCustomer(a *books.Allocation) {
	n := m.Get("customer")
	if n == nil {
		return
	}
	name := m.Text("customer", "")
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		a.Kind, a.Tag = books.ToNamed, key
	} else if column, ok := strings.CutPrefix(name, "column:"); ok {
		a.Kind, a.Column = books.ToNamed, column
	} else if a.Customer = m.l.b.Customer(name); a.Customer < 0 && !m.l.files.Broken["customers.csv"] {
		m.Fail("customer", n, "", "not in customers.csv")
	}
	if a.Kind == books.ToNamed && a.Tag == "" && a.Column == "" {
		m.Fail("customer", n, "write tag:KEY or column:NAME", "names no tag and no column")
	}
}

// split reads the result split.
func (m item) split(a *books.Allocation) {
	n := m.Get("split")
	if n == nil {
		return
	}
	if n.Kind == settings.Mapping {
		a.Kind = books.SplitByShares
		m.shares(n, a)
		return
	}
	word, rest, _ := strings.Cut(m.Text("split", ""), " ")
	switch word {
	case "even":
		a.Kind = books.SplitEven
	case "by_cost":
		a.Kind = books.SplitByCost
	default:
		m.Fail("split", n, "write {customer_id: share, …}, even [ids], by_cost [ids] or by_cost *",
			"not a way to split")
		return
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(rest), "["), "]")
	if strings.Trim(rest, `"' `) == "*" && a.Kind == books.SplitByCost {
		return
	}
	for id := range strings.SplitSeq(rest, ",") {
		id = strings.Trim(strings.TrimSpace(id), `"'`)
		code := m.l.b.Customer(id)
		switch {
		case code < 0 && !m.l.files.Broken["customers.csv"]:
			m.Fail("split", n, "", "customer %q is not in customers.csv", id)
		case slices.Contains(a.Customers, code):
			m.Fail("split", n, "", "customer %q is listed twice", id)
		}
		a.Customers = append(a.Customers, code)
	}
	slices.Sort(a.Customers)
}

// shares reads fixed shares, which add up to 1.
func (m item) shares(n *settings.YAMLNode, a *books.Allocation) {
	var sum money.SignedQuantity
	for i := range n.Pairs {
		pair := &n.Pairs[i]
		code := m.l.b.Customer(pair.Key)
		if code < 0 && !m.l.files.Broken["customers.csv"] {
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
		a.Shares = append(a.Shares, books.AllocationShare{Customer: code, Share: share})
	}
	if sum.Trim() != "1" {
		m.Fail("split", n, "shares add up to 1", "the shares add up to %s", sum.Trim())
	}
	slices.SortFunc(a.Shares, func(x, y books.AllocationShare) int { return int(x.Customer - y.Customer) })
}
