package deadlines

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/read/coupons"
	"github.com/tollbook/tollbook/pipeline/read/partners"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// The kinds of deadlines.
const (
	Incentive   = "incentive"    // id is the programme
	Headcount   = "headcount"    // the list of a headcount fund; id is the programme
	Claim       = "claim"        // of a marketing fund; id is the claim
	FundQuota   = "fund_quota"   // of a marketing fund's period; id is the programme
	Coupon      = "coupon"       // id is the coupon
	CouponQuota = "coupon_quota" // id is the quota
	Solution    = "solution"     // what a solution can still receive in test coupons; id is the solution
	Receivable  = "receivable"   // id and period are the cycle
	Invoice     = "invoice"      // id is the invoice
)

// Deadline is one thing that lapses.
type Deadline struct {
	At         period.Instant // DUE-1
	LastDay    period.Day     // DUE-1
	Kind       string
	ID         string
	Period     string // month, quarter or year that it is about; empty = none
	PartnerID  string // empty = none
	CustomerID string // empty = none
	State      string
	Then       string       // what happens at the deadline
	Amount     money.Amount // what it is about
	Confirm    bool         // it waits for somebody to confirm, apply or claim
}

// Choice says which deadlines are wanted.
type Choice struct {
	Through period.Day // the last LastDay; a day that no deadline reaches = all
	Partner string     // whose; "" = all
}

// List gives the deadlines of a choice (DUE-2).
func List(r *partners.Reader, c Choice) ([]Deadline, error) {
	l, err := newLister(r, c)
	if err != nil {
		return nil, err
	}
	return l.list(l.incentives, l.funds, l.coupons, l.couponQuotas, l.solutions, l.receivables, l.invoices)
}

// ToConfirm gives what waits for a partner to confirm it, to apply for it or to claim it. What waits without a deadline
// comes last; its At is Forever, and its LastDay is none.
func ToConfirm(r *partners.Reader, partner string) ([]Deadline, error) {
	l, err := newLister(r, Choice{Through: forever, Partner: partner})
	if err != nil {
		return nil, err
	}
	l.open = true
	all, err := l.list(l.incentives, l.funds)
	return slices.DeleteFunc(all, func(d Deadline) bool { return !d.Confirm }), err
}

// forever is a day that no deadline reaches.
const forever = period.Day(1 << 30)

// lister collects deadlines.
type lister struct {
	*partners.Reader
	Choice
	asOf period.Instant
	open bool // what has no deadline is wanted too
	out  []Deadline
}

func newLister(r *partners.Reader, c Choice) (*lister, error) {
	l := &lister{Reader: r, Choice: c, asOf: period.Past}
	if text := r.Snap.Manifest.AsOf; text != "" {
		var err error
		if l.asOf, err = period.ParseInstant(text); err != nil {
			return nil, fmt.Errorf("as-of of manifest %d: %w", r.Snap.Manifest.Number, err)
		}
	}
	return l, nil
}

// list collects deadlines by kind and orders them (DUE-4).
func (l *lister) list(steps ...func() error) ([]Deadline, error) {
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("list deadlines: %w", err)
		}
	}
	slices.SortFunc(l.out, func(a, b Deadline) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID),
			strings.Compare(a.Period, b.Period), strings.Compare(a.PartnerID, b.PartnerID),
			strings.Compare(a.CustomerID, b.CustomerID))
	})
	return l.out, nil
}

// add takes a deadline that is in the choice and has not passed.
func (l *lister) add(d Deadline) {
	if d.At <= l.asOf || l.Partner != "" && d.PartnerID != l.Partner {
		return
	}
	if d.At == period.Forever {
		if l.open {
			l.out = append(l.out, d)
		}
		return
	}
	if d.LastDay = l.Books.Zone.Day(d.At - 1); d.LastDay <= l.Through {
		l.out = append(l.out, d)
	}
}

// incentives are those that become void.
func (l *lister) incentives() error {
	list, err := l.Incentives()
	if err != nil {
		return err
	}
	for i := range list {
		one := &list[i]
		step := Next(l.Book.Machine(one.Programme, one.Partner, one.Period), one.State)
		if !step.Void && (!l.open || !step.Confirm) {
			continue
		}
		l.add(Deadline{At: step.At, Kind: Incentive, ID: l.Books.Programmes[one.Programme].ID,
			Period: one.Period.String(), PartnerID: l.Books.Partners[one.Partner].ID, State: one.State.String(),
			Then: step.Then, Amount: one.Amount, Confirm: step.Confirm})
	}
	return nil
}

// coupons are those that expire.
func (l *lister) coupons() error {
	list, err := coupons.List(l.Snap, l.Books, l.asOf)
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		if c.Left.Sign() > 0 {
			l.add(Deadline{At: c.To, Kind: Coupon, ID: c.ID, PartnerID: c.Partner, CustomerID: c.Customer,
				State: c.State, Then: "expired", Amount: c.Left})
		}
	}
	return nil
}

// couponQuotas are those from which no coupon can be issued any more.
func (l *lister) couponQuotas() error {
	list, err := coupons.Quotas(l.Snap, l.Books, l.asOf)
	if err != nil {
		return err
	}
	for i := range list {
		q := &l.Books.Money.CouponQuotas[list[i].At]
		if list[i].Left.Sign() > 0 && q.Terms.Valid.From <= l.asOf {
			l.add(Deadline{At: q.Terms.Valid.To, Kind: CouponQuota, ID: q.Terms.ID,
				PartnerID: l.Books.Partners[q.Partner].ID, State: "in force", Then: "no coupon can be issued",
				Amount: list[i].Left})
		}
	}
	return nil
}

// solutions are those that can receive no more test coupons (§9.3).
func (l *lister) solutions() error {
	list := l.Books.Money.Solutions
	if len(list) == 0 {
		return nil
	}
	applied := map[string]money.Amount{}
	err := coupons.EachIssued(l.Snap, func(one *coupons.Issued) (err error) {
		if one.Source == "solution" {
			applied[one.SourceID], err = applied[one.SourceID].Add(one.Amount)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range list {
		one := &list[i]
		if !one.Valid.Holds(l.asOf) || goesOn(list[i+1:], one) {
			continue
		}
		most, _ := l.Settings.TestCoupons.Ceiling(one.Level)
		left, err := most.Sub(applied[one.ID])
		if err != nil {
			return err
		}
		if left.Sign() > 0 {
			l.add(Deadline{At: one.Valid.To, Kind: Solution, ID: one.ID, PartnerID: l.Books.Partners[one.Partner].ID,
				CustomerID: l.Books.Customers[one.Customer].ID, State: one.Level,
				Then: "no test coupon can be applied for", Amount: left})
		}
	}
	return nil
}

// goesOn reports whether the next rows of the book begin with one of the same solution at the end of a row.
func goesOn(next []books.Solution, one *books.Solution) bool {
	return len(next) > 0 && next[0].ID == one.ID && next[0].Valid.From == one.Valid.To
}
