package account

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// rows returns the rows of the table as of the input's as-of.
func (r *replay) rows() ([]FundRow, error) {
	if err := r.listMonths(); err != nil {
		return nil, err
	}
	if err := r.openQuotas(); err != nil {
		return nil, err
	}
	var out []FundRow
	for key, m := range r.months {
		if row, ok := r.monthRow(key, m); ok {
			out = append(out, row)
		}
	}
	for id, c := range r.claims {
		out = append(out, r.claimRow(id, c))
	}
	for key, q := range r.quotas {
		row, ok, err := r.quotaRow(key, q)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b FundRow) int { return compareRows(&a, &b) })
	return out, nil
}

// listMonths makes the lists of all months that ended by the as-of.
func (r *replay) listMonths() error {
	bk := r.in.Books
	experts := bk.Money.Experts
	for len(experts) > 0 {
		first := &experts[0]
		n := 1
		from := first.Valid.From
		for n < len(experts) && experts[n].Fund == first.Fund && experts[n].Partner == first.Partner {
			from = min(from, experts[n].Valid.From)
			n++
		}
		begin := r.begin(max(from, bk.Money.Funds[first.Fund].Valid.From))
		for c := begin; bk.Zone.Bounds(c).To <= r.in.AsOf; c++ {
			if _, err := r.month(first.Fund, first.Partner, c); err != nil {
				return err
			}
		}
		experts = experts[n:]
	}
	return nil
}

// begin returns the cycle of an instant from which a programme runs; for a programme without a start, the first cycle
// with lines.
func (r *replay) begin(from period.Instant) period.Cycle {
	zone := r.in.Books.Zone
	switch {
	case from != period.Past:
		return zone.Cycle(from)
	case r.in.First != 0:
		return r.in.First
	default:
		return zone.Cycle(r.in.AsOf) - 1
	}
}

// openQuotas computes the quotas of all periods that have begun by the as-of.
func (r *replay) openQuotas() error {
	bk := r.in.Books
	for i := range bk.Money.FundQuotas {
		q := &bk.Money.FundQuotas[i]
		if p, err := ParseFundPeriod(q.Period); err == nil && p.Span(bk.Zone).From <= r.in.AsOf {
			if _, err := r.quota(quotaKey{q.Fund, q.Partner, p}); err != nil {
				return err
			}
		}
	}
	for i := range bk.Money.Funds {
		f := &bk.Money.Funds[i]
		if !f.Marketing || !f.OfPerformance {
			continue
		}
		for p := FundPeriodOf(r.begin(f.Valid.From), lengthOf(f)); p.Span(bk.Zone).From <= r.in.AsOf; p = p.Next() {
			for partner := range bk.Partners {
				if _, err := r.quota(quotaKey{int32(i), int32(partner), p}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lengthOf returns the length of a marketing fund's periods.
func lengthOf(f *books.Fund) FundLength {
	if f.Yearly {
		return Year
	}
	return Quarter
}

// monthRow returns the row of a listed month; ok is false if it is not listed yet.
func (r *replay) monthRow(key monthKey, m *month) (row FundRow, ok bool) {
	row = FundRow{
		Partner:  key.partner,
		Fund:     key.fund,
		Period:   FundPeriod{key.month, Month},
		Heads:    m.list.Heads,
		Listed:   m.list.Amount,
		Claimed:  m.claimed,
		Approved: m.approved,
		State:    m.at(r.in.AsOf),
		Until:    period.Forever,
	}
	switch row.State {
	case FundListed:
		row.Until = m.void
	case FundInReview, FundApproved, FundRefused, FundRequested, FundInvoiced:
		row.Heads, row.Listed = m.heads, m.listed
	case FundPaidOut:
		row.Heads, row.Listed, row.Paid = m.heads, m.listed, m.approved
	default: // nobody applied: the amounts are those of the list
	}
	return row, row.State != NoFundState
}

func (r *replay) claimRow(id string, c *claim) FundRow {
	row := FundRow{Partner: c.key.partner, Fund: c.key.fund, Period: c.key.period, Claim: id,
		Reserved: c.holds(r.in.AsOf),
		Claimed:  c.spent, Approved: c.approved, State: c.at(r.in.AsOf), Until: period.Forever}
	if row.State == c.state {
		row.Until = c.until()
	}
	if row.State == FundPaidOut {
		row.Paid = c.reserved
	}
	return row
}

// quotaRow returns the row of a quota; ok is false for a quota of 0 and for a period that has not begun.
func (r *replay) quotaRow(key quotaKey, q *quota) (row FundRow, ok bool, err error) {
	span := key.period.Span(r.in.Books.Zone)
	if q.amount.Sign() <= 0 || span.From > r.in.AsOf {
		return row, false, nil
	}
	row = FundRow{Partner: key.partner, Fund: key.fund, Period: key.period, Quota: q.amount, State: FundOpen,
		Until: span.To}
	if r.in.AsOf >= span.To {
		row.State, row.Until = FundEnded, period.Forever
	}
	var sums [4]money.AmountTotal
	for _, c := range q.claims {
		one := r.claimRow("", c)
		for i, a := range [...]money.Amount{one.Reserved, one.Claimed, one.Approved, one.Paid} {
			if err := sums[i].Add(a); err != nil {
				return row, false, err
			}
		}
	}
	for i, to := range [...]*money.Amount{&row.Reserved, &row.Claimed, &row.Approved, &row.Paid} {
		if *to, err = sums[i].Amount(); err != nil {
			return row, false, err
		}
	}
	return row, true, nil
}
