package settlement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Incentive is one row of incentives (§6.5, §8): what a partner earns in a programme's period, and its state.
type Incentive struct {
	Partner, Programme int32 // indexes in the books
	Period             Period

	Performance money.Amount // of the lines that count
	Transferred money.Amount // performance transferred in minus performance transferred out
	// 0 or less: performance that earlier periods lacked, to claw back what they had paid
	CarriedIn   money.Amount
	Tier, Bonus money.Amount // the two parts, before the cap
	Amount      money.Amount // what is earned
	CarriedOut  money.Amount // 0 or less: carried into the next period

	State State
}

func (i *Incentive) key() incentiveKey { return incentiveKey{i.Programme, i.Partner, i.Period} }

// compareIncentives compares by the columns of incentives (§8).
func compareIncentives(x, y *Incentive) int {
	return cmp.Or(cmp.Compare(x.Partner, y.Partner), cmp.Compare(x.Programme, y.Programme),
		cmp.Compare(x.Period.First, y.Period.First))
}

// Transfer moves performance from one partner to another (§3.17). From and To are indexes in the books.
type Transfer struct {
	Cycle    period.Cycle
	From, To int32
	Amount   money.Amount
}

// Record holds all inputs of incentives except the books.
type Record struct {
	Performances []Performance // of all cycles, added up by key
	Transfers    []Transfer    // accepted ones
	Events       []Event       // those that Decide accepts; others are ignored
	// first cycle with lines: start of a programme without valid_from for partners listed by id
	First period.Cycle
	AsOf  period.Instant

	// Incentives of periods whose last cycle is closed do not change, except for their state.
	Closed        []Incentive
	ClosedThrough period.Cycle // last closed cycle; 0 = none
}

// Incentives computes the incentives of every programme, partner and period as of the record's as-of, in the order of
// compareIncentives (§6.5). The package comment defines which rows exist.
func (bk *Book) Incentives(r *Record) ([]Incentive, error) {
	known, err := bk.gather(r)
	if err != nil {
		return nil, err
	}
	var rows []Incentive
	for i := range bk.books.Programmes {
		for _, partner := range bk.books.Programmes[i].Partners {
			known[i].of(partner)
		}
		seasons := map[Period]season{}
		for partner, periods := range known[i] {
			c := chain{bk: bk, record: r, seasons: seasons, programme: int32(i), partner: partner, periods: periods}
			if rows, err = c.append(rows); err != nil {
				return nil, fmt.Errorf("incentive %s of partner %s: %w", bk.books.Programmes[i].ID,
					bk.books.Partners[partner].ID, err)
			}
		}
	}
	slices.SortFunc(rows, func(a, b Incentive) int { return compareIncentives(&a, &b) })
	return rows, nil
}

// facts holds the inputs of one incentive.
type facts struct {
	own, fresh, in, out money.AmountTotal
	moved               bool  // whether there is performance or a transfer, even of 0
	events              []int // in Record.Events, in order, accepted or not
	closed              *Incentive
}

// byPartner holds the facts of one programme.
type byPartner map[int32]map[Period]*facts

func (b byPartner) of(partner int32) map[Period]*facts {
	if b[partner] == nil {
		b[partner] = map[Period]*facts{}
	}
	return b[partner]
}

func (b byPartner) at(partner int32, p Period) *facts {
	periods := b.of(partner)
	if periods[p] == nil {
		periods[p] = &facts{}
	}
	return periods[p]
}

// gather groups the record by programme, partner and period.
func (bk *Book) gather(r *Record) ([]byPartner, error) {
	all := make([]byPartner, len(bk.books.Programmes))
	for i := range all {
		all[i] = byPartner{}
	}
	for i := range r.Performances {
		p := &r.Performances[i]
		f := all[p.Programme].at(p.Partner, PeriodOf(p.Cycle, bk.books.Programmes[p.Programme].Quarterly))
		f.moved = true
		if err := errors.Join(f.own.AddTotal(p.Own), f.fresh.AddTotal(p.New)); err != nil {
			return nil, fmt.Errorf("add up performance of %s: %w", p.Cycle, err)
		}
	}
	for i := range r.Transfers {
		if err := bk.transfer(all, &r.Transfers[i]); err != nil {
			return nil, fmt.Errorf("add up transfers of %s: %w", r.Transfers[i].Cycle, err)
		}
	}
	for i := range r.Closed {
		c := &r.Closed[i]
		all[c.Programme].at(c.Partner, c.Period).closed = c
	}
	for _, i := range inOrder(r.Events) {
		e := &r.Events[i]
		known := all[e.Programme][e.Partner][e.Period]
		if known != nil && known.closed != nil || bk.names(e.Programme, e.Partner) && bk.runs(e.Programme, e.Period) {
			f := all[e.Programme].at(e.Partner, e.Period)
			f.events = append(f.events, i)
		}
	}
	return all, nil
}

// transfer adds a transfer to the two partners' incentives in all programmes that run in its cycle.
func (bk *Book) transfer(all []byPartner, t *Transfer) error {
	for i := range all {
		programme, p := int32(i), PeriodOf(t.Cycle, bk.books.Programmes[i].Quarterly)
		if !bk.runs(programme, p) {
			continue
		}
		if bk.names(programme, t.From) {
			f := all[i].at(t.From, p)
			f.moved = true
			if err := f.out.Add(t.Amount); err != nil {
				return err
			}
		}
		if bk.names(programme, t.To) {
			f := all[i].at(t.To, p)
			f.moved = true
			if err := f.in.Add(t.Amount); err != nil {
				return err
			}
		}
	}
	return nil
}
