package settlement

import (
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// NoAllocation is the rule number of a part that no rule allocated.
const NoAllocation = -1

// Part is the part of a row that is allocated to one customer, kept or unallocated.
type Part struct {
	Customer int32  // index in books.Customers; -1 = kept or unallocated
	Reason   string // for a part without a customer
	Rule     int    // index in books.Allocations; NoAllocation = none
	Values   books.CostValues
}

// Allocator allocates the rows of one delivery to customers. It is not safe for concurrent use.
type Allocator struct {
	books   *books.Books
	rules   []rule
	header  *books.CostHeader // header in which the rules' columns were looked up
	weights map[int32]money.Cost
	taking  []int32 // buffer
	parts   []money.Cost
}

// rule is a rule with the indexes of its columns in the current header.
type rule struct {
	*books.Allocation
	match   []match
	column  int // for ToNamed by a column
	taxRule bool
	among   []int32 // the customers of the last split, and their proportion
	by      *money.Weights
}

type match struct {
	*books.ColumnMatch
	column int
}

// NewAllocator returns an allocator of the rows of one delivery.
func NewAllocator(b *books.Books) *Allocator {
	a := &Allocator{books: b, weights: make(map[int32]money.Cost)}
	for i := range b.Allocations {
		r := rule{Allocation: &b.Allocations[i]}
		r.taxRule = r.NamesColumn(books.CostCategory.String())
		for j := range r.Match {
			r.match = append(r.match, match{ColumnMatch: &r.Match[j]})
		}
		a.rules = append(a.rules, r)
	}
	return a
}

// Clone returns an allocator for another goroutine. It shares the weights of a, which must not change afterwards.
func (a *Allocator) Clone() *Allocator {
	c := NewAllocator(a.books)
	c.weights = a.weights
	return c
}

// AddWeights adds the weights of another allocator.
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

// Columns returns the columns that allocation reads.
func (a *Allocator) Columns() []string { return append(a.Texts(), books.EffectiveCost.String()) }

// Texts returns the columns whose texts the rules read.
func (a *Allocator) Texts() []string {
	names := []string{books.CostCategory.String()}
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

// tagsOr returns a column, or the tags column if it is empty.
func tagsOr(column string) string {
	if column == "" {
		return books.CostTags.String()
	}
	return column
}

// ByCost reports whether a rule splits by cost: then all rows must be weighed before any is allocated.
func (a *Allocator) ByCost() bool {
	return slices.ContainsFunc(a.rules, func(r rule) bool { return r.Kind == books.SplitByCost })
}

// open looks up the rules' columns in a file's header.
func (a *Allocator) open(h *books.CostHeader) {
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

// Weigh adds the EffectiveCost of a row that a rule without a split allocates to a customer. A rule by_cost takes the
// row here whatever the weights.
func (a *Allocator) Weigh(row *books.CostRow) error {
	a.open(row.CostHeader)
	tax := row.Field(books.CostCategory) == books.CostTax
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
			sum, err := a.weights[customer].Add(row.Values[books.EffectiveCost])
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
		case books.KeepCost: // has no weight
		}
		return nil
	}
	return nil
}

// Parts appends the parts of a row to dst.
func (a *Allocator) Parts(dst []Part, row *books.CostRow) ([]Part, error) {
	a.open(row.CostHeader)
	tax := row.Field(books.CostCategory) == books.CostTax
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
	return append(dst, Part{Customer: -1, Reason: reason, Rule: NoAllocation, Values: row.Values}), nil
}

// holds reports whether a rule is in force and its match holds. Rules that do not name ChargeCategory skip taxes.
func (a *Allocator) holds(r *rule, row *books.CostRow, tax bool) bool {
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

// matches compares a text bytewise with a value, a prefix abc*, * (not null) or "" (null).
func matches(pattern, text string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return text != "" && strings.HasPrefix(text, prefix)
	}
	return pattern == text
}

// customer returns the customer to whom a rule without a split allocates a row; -1 = none: the rule does not match.
func (a *Allocator) customer(r *rule, row *books.CostRow) int32 {
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

// take allocates the row by a rule that holds; taken is false if its customers are not in force or have no cost.
func (a *Allocator) take(dst []Part, number int, row *books.CostRow) (out []Part, taken bool, err error) {
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
func (a *Allocator) split(dst []Part, number int, row *books.CostRow) (out []Part, taken bool, err error) {
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

// bearers returns the customers among whom a rule splits a row, ascending; none: the rule does not match. The result is
// valid until the next call.
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

// weigh returns the proportions in which a rule splits a row among customers.
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

// inForce returns those of the customers that are in force. The result is valid until the next call.
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
