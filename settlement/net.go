package settlement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Net is the first page of a partner's statement of a cycle: the amount that it has to pay or, below 0, that it is paid
// (§6.4).
type Net struct {
	Partner int32
	Lines   int64 // of the partner's own rows

	Payment     money.PerCurrency // of the partner's own rows: customers can have currencies other than the partner's
	Performance money.AmountTotal // of the partner's own rows

	Owed          money.AmountTotal // to its sellers, for its own customers
	Cost, Revenue money.AmountTotal // of its resellers' rows: what it owes the vendor for them, what they owe it
	Incentives    money.AmountTotal // of the periods that end with the cycle, except void ones
	Net           money.AmountTotal // Owed + Cost − Revenue − Incentives

	ToSellers     []Due // what it owes each seller, by the seller's id: Owed and Cost by party
	FromResellers []Due // what each reseller owes it, by the reseller's id
}

// Due is an amount between a partner and another party. Party is an index in the books, or Vendor.
type Due struct {
	Party  int32
	Amount money.AmountTotal
}

// Nets adds up the net of every partner of a cycle.
type Nets struct {
	books *books.Books
	cycle period.Cycle
	by    map[int32]*Net
}

// Nets makes an empty sum for a cycle.
func (bk *Book) Nets(cycle period.Cycle) *Nets {
	return &Nets{books: bk.books, cycle: cycle, by: map[int32]*Net{}}
}

func (n *Nets) of(partner int32) *Net {
	if n.by[partner] == nil {
		n.by[partner] = &Net{Partner: partner}
	}
	return n.by[partner]
}

// AddRow adds a row of the cycle; a row of another cycle is an error.
func (n *Nets) AddRow(r *Row) error {
	if r.Cycle != n.cycle {
		return fmt.Errorf("net of %s: a row of %s", n.cycle, r.Cycle)
	}
	to := n.of(r.Partner)
	currency, err := n.payer(r)
	if r.Reseller >= 0 {
		err = errors.Join(err,
			n.due(&to.ToSellers, Vendor, r.Cost), n.due(&to.FromResellers, r.Reseller, r.Revenue),
			to.Cost.Add(r.Cost), to.Revenue.Add(r.Revenue),
		)
	} else {
		to.Lines += r.Lines
		if r.Seller != None {
			err = errors.Join(err, n.due(&to.ToSellers, r.Seller, r.Owed))
		}
		err = errors.Join(err, to.Owed.Add(r.Owed), to.Payment.Add(currency, r.Payment),
			to.Performance.Add(r.Performance))
	}
	if err != nil {
		return fmt.Errorf("net of %s: partner %s: %w", n.cycle, PartnerID(n.books, r.Partner), err)
	}
	return nil
}

// payer returns the currency of a row's customer.
func (n *Nets) payer(r *Row) (string, error) {
	switch {
	case !n.books.Mixed:
		return n.books.Currency, nil
	case r.Customer < 0 && r.Payer != "":
		return r.Payer, nil
	case r.Customer < 0:
		return "", errors.New("the currency of a row is unknown: the books do not have its customer")
	}
	return n.books.CustomerCurrency(r.Customer).Code, nil
}

// AddIncentive adds an incentive if its period ends with the cycle and it is not void; others change nothing.
func (n *Nets) AddIncentive(i *Incentive) error {
	if i.Period.Last() != n.cycle || i.State == Void {
		return nil
	}
	if err := n.of(i.Partner).Incentives.Add(i.Amount); err != nil {
		return fmt.Errorf("net of %s: partner %s: %w", n.cycle, PartnerID(n.books, i.Partner), err)
	}
	return nil
}

// due adds an amount to the entry of a party.
func (n *Nets) due(list *[]Due, party int32, a money.Amount) error {
	order := func(d Due, party int32) int { return compareIDs(n.books, d.Party, party) }
	at, found := slices.BinarySearchFunc(*list, party, order)
	if !found {
		*list = slices.Insert(*list, at, Due{Party: party})
	}
	return (*list)[at].Amount.Add(a)
}

// List returns the nets by partner_id.
func (n *Nets) List() ([]Net, error) {
	list := make([]Net, 0, len(n.by))
	for _, net := range n.by {
		sum := net.Owed
		err := errors.Join(sum.AddTotal(net.Cost), subtract(&sum, net.Revenue), subtract(&sum, net.Incentives))
		if err != nil {
			return nil, fmt.Errorf("net of %s: partner %s: %w", n.cycle, PartnerID(n.books, net.Partner), err)
		}
		net.Net = sum
		list = append(list, *net)
	}
	slices.SortFunc(list, func(a, b Net) int { return cmp.Compare(a.Partner, b.Partner) })
	return list, nil
}

// subtract subtracts a total from another.
func subtract(from *money.AmountTotal, t money.AmountTotal) error {
	a, err := t.Amount()
	if err != nil {
		return err
	}
	return from.Add(a.Neg())
}
