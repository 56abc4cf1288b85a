package allocation

import (
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// NoRule is the number of the rule of a part that no rule gave.
const NoRule = -1

// Part is what one customer, or the reseller, bears of a row.
type Part struct {
	Customer int32  // index in books.Customers; -1 = kept or unallocated
	Reason   string // of a part without a customer
	Rule     int    // index in books.Allocations; NoRule = none
	Values   cost.Values
}

// Allocator gives the rows of one delivery to customers. It is for one goroutine.
type Allocator struct {
	books   *books.Books
	rules   []rule
	header  *cost.Header // that the rules' columns were looked up in
	weights map[int32]money.Cost
	taking  []int32 // memory
	parts   []money.Cost
}

// rule is a rule with the places of its columns in the header at hand.
type rule struct {
	*books.Allocation
	match   []match
	column  int // of ToNamed by a column
	taxRule bool
	among   []int32 // who the last row was split among, and in what proportion
	by      *money.Weights
}

type match struct {
	*books.ColumnMatch
	column int
}

// New makes an allocator of the rows of one delivery.
func New(b *books.Books) *Allocator {
	a := &Allocator{books: b, weights: make(map[int32]money.Cost)}
	for i := range b.Allocations {
		r := rule{Allocation: &b.Allocations[i]}
		r.taxRule = r.NamesColumn(cost.Category.String())
		for j := range r.Match {
			r.match = append(r.match, match{ColumnMatch: &r.Match[j]})
		}
		a.rules = append(a.rules, r)
	}
	return a
}

// Clone is an allocator for another goroutine. It has the weights of a, which may not change from then on.
func (a *Allocator) Clone() *Allocator {
	c := New(a.books)
	c.weights = a.weights
	return c
}

// AddWeights counts what another allocator weighed.
func (a *Allocator) AddWeights(o *Allocator) error {
	for customer, sum := range o.weights {
		sum, err := a.weights[customer].Add(sum)
		if err != nil {
			return err
		}
		a.weights[customer] = sum
	}
	return nil
}

// Columns are the columns that an allocation looks at.
func (a *Allocator) Columns() []string { return append(a.Texts(), cost.Effective.String()) }

// Texts are the columns whose texts the rules look at.
func (a *Allocator) Texts() []string {
	names := []string{cost.Category.String()}
	for i := range a.rules {
		r := &a.rules[i]
		for j := range r.match {
			names = append(names, tagsOr(r.match[j].Column))
		}
		if r.Kind == books.ToNamed {
			names = append(names, tagsOr(r.Column))
		}
	}
	return names
}

// tagsOr is a column, or the one of tags where there is none.
func tagsOr(column string) string {
	if column == "" {
		return cost.Tags.String()
	}
	return column
}

// ByCost reports whether a rule splits by cost: then all rows are weighed before any is allocated.
func (a *Allocator) ByCost() bool {
	return slices.ContainsFunc(a.rules, func(r rule) bool { return r.Kind == books.SplitByCost })
}

// open looks the rules' columns up in a file's header.
func (a *Allocator) open(h *cost.Header) {
	if a.header == h {
		return
	}
	a.header = h
	for i := range a.rules {
		r := &a.rules[i]
		r.column = h.Index(r.Column)
		for j := range r.match {
			r.match[j].column = h.Index(r.match[j].Column)
		}
	}
}

// Weigh counts the EffectiveCost of a row that a rule without a split gives to a customer. A rule by_cost takes the row
// here whatever the weights.
func (a *Allocator) Weigh(row *cost.Row) error {
	a.open(row.Header)
	tax := row.Field(cost.Category) == cost.Tax
	for i := range a.rules {
		r := &a.rules[i]
		if !a.holds(r, row, tax) {
			continue
		}
		switch r.Kind {
		case books.ToCustomer, books.ToNamed:
			customer := a.customer(r, row)
			if customer < 0 {
				continue
			}
			sum, err := a.weights[customer].Add(row.Values[cost.Effective])
			a.weights[customer] = sum
			return err
		case books.SplitByCost, books.SplitEven:
			if r.Customers != nil && len(a.inForce(r.Customers, row.Start)) == 0 {
				continue
			}
		case books.SplitByShares:
			if !a.allInForce(r, row.Start) {
				continue
			}
		case books.KeepCost: // weighs nothing
		}
		return nil
	}
	return nil
}

// Parts appends who bears a row to dst.
func (a *Allocator) Parts(dst []Part, row *cost.Row) ([]Part, error) {
	a.open(row.Header)
	tax := row.Field(cost.Category) == cost.Tax
	for i := range a.rules {
		r := &a.rules[i]
		if !a.holds(r, row, tax) {
			continue
		}
		out, taken, err := a.take(dst, i, row)
		if taken || err != nil {
			return out, err
		}
	}
	reason := books.NoRule
	if tax {
		reason = books.TaxKept
	}
	return append(dst, Part{Customer: -1, Reason: reason, Rule: NoRule, Values: row.Values}), nil
}

// holds reports whether a rule is in force and its match holds. Rules that do not name ChargeCategory pass over taxes.
func (a *Allocator) holds(r *rule, row *cost.Row, tax bool) bool {
	if !r.Valid.Holds(row.Start) || tax && !r.taxRule {
		return false
	}
	for i := range r.match {
		m := &r.match[i]
		text := ""
		switch {
		case m.Column == "":
			text = row.Tag(m.Tag)
		case m.column >= 0:
			text = row.Cell(m.column)
		}
		if !slices.ContainsFunc(m.Values, func(pattern string) bool { return matches(pattern, text) }) {
			return false
		}
	}
	return true
}

// matches compares a text with a value, a prefix abc*, * (not null) or "" (null), byte by byte.
func matches(pattern, text string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return text != "" && strings.HasPrefix(text, prefix)
	}
	return pattern == text
}

// customer is who a rule without a split gives a row to; -1 = nobody: the rule does not match.
func (a *Allocator) customer(r *rule, row *cost.Row) int32 {
	who := r.Customer
	if r.Kind == books.ToNamed {
		name := row.Tag(r.Tag)
		if r.Column != "" {
			name = ""
			if r.column >= 0 {
				name = row.Cell(r.column)
			}
		}
		if who = -1; name != "" {
			who = a.books.Customer(name)
		}
	}
	if who >= 0 {
		if _, ok := a.books.CustomerRowAt(who, row.Start); !ok {
			return -1
		}
	}
	return who
}

// take gives the row away by a rule that holds; not taken where its customers are not in force or have no cost.
func (a *Allocator) take(dst []Part, number int, row *cost.Row) (out []Part, taken bool, err error) {
	r := &a.rules[number]
	switch r.Kind {
	case books.KeepCost:
		return append(dst, Part{Customer: -1, Reason: r.Reason, Rule: number, Values: row.Values}), true, nil
	case books.ToCustomer, books.ToNamed:
		who := a.customer(r, row)
		if who < 0 {
			return dst, false, nil
		}
		return append(dst, Part{Customer: who, Rule: number, Values: row.Values}), true, nil
	case books.SplitByShares, books.SplitEven, books.SplitByCost:
		return a.split(dst, number, row)
	}
	return dst, false, nil
}

// split divides the row among the customers of a rule in proportion to their weights.
func (a *Allocator) split(dst []Part, number int, row *cost.Row) (out []Part, taken bool, err error) {
	r := &a.rules[number]
	customers := a.bearers(r, row.Start)
	if len(customers) == 0 {
		return dst, false, nil
	}
	if r.by == nil || !slices.Equal(r.among, customers) {
		r.among, r.by = slices.Clone(customers), money.NewWeights(a.weigh(r, customers))
	}
	first := len(dst)
	for _, who := range r.among {
		dst = append(dst, Part{Customer: who, Rule: number})
	}
	for column := range row.Values {
		if row.Values[column].IsZero() {
			continue
		}
		if a.parts, err = r.by.Split(a.parts[:0], row.Values[column]); err != nil {
			return dst, false, err
		}
		for k := range a.parts {
			dst[first+k].Values[column] = a.parts[k]
		}
	}
	bearing := first
	for k := range r.among {
		if !r.by.IsZero(k) {
			dst[bearing] = dst[first+k]
			bearing++
		}
	}
	return dst[:bearing], true, nil
}

// bearers are who bears a row that a rule splits, by customer; nobody: the rule does not match. It is valid until the
// next call.
func (a *Allocator) bearers(r *rule, t period.Instant) []int32 {
	switch {
	case r.Kind == books.SplitByShares:
		if !a.allInForce(r, t) {
			return nil
		}
		a.taking = a.taking[:0]
		for _, s := range r.Shares {
			a.taking = append(a.taking, s.Customer)
		}
		return a.taking
	case r.Kind == books.SplitByCost && r.Customers == nil:
		var customers []int32
		for who, sum := range a.weights {
			if sum.Sign() > 0 {
				customers = append(customers, who)
			}
		}
		slices.Sort(customers)
		return a.inForce(customers, t)
	}
	return a.inForce(r.Customers, t)
}

// weigh is in what proportion customers bear a row that a rule splits.
func (a *Allocator) weigh(r *rule, customers []int32) (weights []*big.Rat) {
	if r.Kind == books.SplitByShares {
		for _, s := range r.Shares {
			weights = append(weights, s.Share.Rat())
		}
		return weights
	}
	zero := true
	for _, who := range customers {
		weight := new(big.Rat)
		if sum := a.weights[who]; r.Kind == books.SplitByCost && sum.Sign() > 0 {
			weight, zero = sum.Rat(), false
		}
		weights = append(weights, weight)
	}
	if zero {
		return even(len(customers))
	}
	return weights
}

func even(n int) []*big.Rat {
	weights := make([]*big.Rat, n)
	for i := range weights {
		weights[i] = big.NewRat(1, 1)
	}
	return weights
}

// inForce are those of some customers that are in force. It is valid until the next call.
func (a *Allocator) inForce(customers []int32, t period.Instant) []int32 {
	a.taking = a.taking[:0]
	for _, who := range customers {
		if _, ok := a.books.CustomerRowAt(who, t); ok {
			a.taking = append(a.taking, who)
		}
	}
	return a.taking
}

func (a *Allocator) allInForce(r *rule, t period.Instant) bool {
	for _, s := range r.Shares {
		if _, ok := a.books.CustomerRowAt(s.Customer, t); !ok {
			return false
		}
	}
	return true
}
