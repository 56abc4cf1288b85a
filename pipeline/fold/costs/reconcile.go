package costs

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// marginKey is the key of the group's row of margins, whose payments are in a currency.
func (r *rated) marginKey(g *group, paid string) MarginKey {
	d := r.delivery(g)
	return MarginKey{Source: d.Source, Service: g.field(books.CostService), Account: g.account(),
		Day:    d.Reading.Zone.Day(g.start).String(),
		Status: g.field(books.CommitmentStatus), Currency: d.Currency, Paid: paid}
}

// unallocated counts a group that cannot be priced.
func (r *rated) unallocated(g *group, reason string) error {
	k := r.marginKey(g, r.margins.Currency)
	k.Reason = reason
	return r.margins.At(k).Add((*[books.CostColumns]money.Cost)(g.values[:books.CostColumns]))
}

// count counts a group and what its lines come to.
func (r *rated) count(g *group) error {
	k := r.marginKey(g, r.books.CustomerCurrency(g.customer).Code)
	k.Customer = r.books.Customers[g.customer].ID
	one := r.margins.At(k)
	if err := one.Payment.AddTotal(g.payment); err != nil {
		return err
	}
	return one.Add((*[books.CostColumns]money.Cost)(g.values[:books.CostColumns]))
}

// reconcile checks that the sums of margins equal the accepted rows of each delivery, and their payments the lines
// (FCOST-3).
func (r *rated) reconcile() error {
	sums := make(map[string]*MarginRow)
	var paid money.PerCurrency
	for k, one := range r.margins.Rows {
		if sums[k.Source] == nil {
			sums[k.Source] = &MarginRow{}
		}
		if err := sums[k.Source].Add(&one.Values); err != nil {
			return err
		}
		if err := paid.AddTotal(k.Paid, one.Payment); err != nil {
			return err
		}
	}
	for _, d := range r.counted {
		got := sums[d.Source]
		if got == nil {
			got = &MarginRow{}
		}
		for c := range d.Values {
			if got.Values[c] != d.Values[c] {
				return &DifferenceError{fmt.Sprintf("%s of delivery %s", books.CostColumn(c), d.Path()),
					d.Values[c].Trim() + " in accepted rows", got.Values[c].Trim() + " in margins"}
			}
		}
	}
	for _, of := range append(paid.List(), r.billed.List()...) {
		if p, b := paid.Of(of.Currency), r.billed.Of(of.Currency); p.Cmp(b) != 0 {
			return &DifferenceError{
				fmt.Sprintf("payment_amount of the cost files of %s in %s", r.cycle, of.Currency),
				b.String() + " in lines",
				p.String() + " in margins",
			}
		}
	}
	return nil
}

// DifferenceError is a control total of cost files that differs: a fault of the program, exit code 3 (§6.6).
type DifferenceError struct{ Name, Left, Right string }

func (e *DifferenceError) Error() string {
	return fmt.Sprintf("control total %s differs: %s, but %s", e.Name, e.Left, e.Right)
}
