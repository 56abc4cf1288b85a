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

// Performance is what one cycle's lines add to a partner's performance in a programme (§6.5). Rows of one key can be
// added up; each can be of a part of the customers.
type Performance struct {
	Programme, Partner int32             // indexes in the books
	Cycle              period.Cycle      // the cycle that bills the lines
	Own                money.AmountTotal // performance of all lines that count
	New                money.AmountTotal // that of new customers' lines among them
}

// comparePerformances compares by programme, partner and cycle.
func comparePerformances(x, y *Performance) int {
	return cmp.Or(cmp.Compare(x.Programme, y.Programme), cmp.Compare(x.Partner, y.Partner),
		cmp.Compare(x.Cycle, y.Cycle))
}

// sum accumulates a Performance.
type sum struct {
	own, fresh money.AmountTotal
	counted    bool // whether a line counted, even if the sum is 0
}

// newcomer determines until when a customer is new.
type newcomer struct {
	rows  []books.Association // the customer's
	span  period.Span         // the span in which until is valid; initially empty
	until []period.Instant    // by Book.months: first instant at which the customer is not new
}

func (n *newcomer) open(bk *Book, customer int32) {
	n.span = period.Span{}
	if len(n.until) > 0 {
		n.rows = bk.books.Associations[bk.associationsFrom[customer]:bk.associationsFrom[customer+1]]
	}
}

// at selects the association in force at a line's own time.
func (n *newcomer) at(bk *Book, t period.Instant) {
	if n.span.Holds(t) {
		return
	}
	n.span = period.Always()
	a := narrow(n.rows, t, associationValid, &n.span)
	for i, months := range bk.months {
		n.until[i] = period.Past
		if a != nil {
			n.until[i] = bk.books.Zone.AddMonths(a.Valid.From, months) // without valid_from it remains Past
		}
	}
}

func associationValid(a *books.Association) period.Span { return a.Valid }

// counted holds a line's performance in the currency of its partner and in that of the partner's distributor.
type counted struct{ own, above money.Amount }

// performances converts a line's performance (§10.7).
func (s *Settler) performances(l *Line, seller int32, a money.Amount) (p counted, err error) {
	p = counted{a, a}
	if !s.bk.books.Mixed || a.IsZero() {
		return p, nil
	}
	x, err := s.rate(l.Partner)
	if err != nil {
		return p, err
	}
	if p.own, err = convert(a, x); err != nil || seller < 0 || l.Association != books.Resale && !s.bk.rollsUp {
		return p, err
	}
	if x, err = s.rate(seller); err != nil {
		return p, err
	}
	p.above, err = convert(a, x)
	return p, err
}

// perform adds a line's performance to its partner's and, if a programme rolls up, to its distributor's.
func (s *Settler) perform(l *Line, class books.Class, seller int32, p counted) error {
	if err := s.count(l, class, l.Partner, false, p.own); err != nil {
		return err
	}
	if seller >= 0 {
		return s.count(l, class, seller, true, p.above)
	}
	return nil
}

// count adds a line's performance to a partner's programmes; a reseller's line counts only for those that roll up.
func (s *Settler) count(l *Line, class books.Class, partner int32, fromBelow bool, performance money.Amount) error {
	for _, at := range s.bk.every {
		g := &s.bk.programmes[at]
		if !g.takes(l, class) || fromBelow && !g.rollUp {
			continue
		}
		if err := s.addTo(&s.sums[g.first+partner], g, l, performance); err != nil {
			return err
		}
	}
	for _, p := range s.bk.named[partner] {
		g := &s.bk.programmes[p.programme]
		if !g.takes(l, class) || fromBelow && !g.rollUp {
			continue
		}
		if err := s.addTo(&s.sums[p.at], g, l, performance); err != nil {
			return err
		}
	}
	return nil
}

// takes reports whether a line passes the programme's filters.
func (g *programme) takes(l *Line, class books.Class) bool {
	return g.classes>>class&1 == 1 && g.associations>>l.Association&1 == 1 && g.valid.Holds(l.Instant)
}

func (s *Settler) addTo(to *sum, g *programme, l *Line, performance money.Amount) error {
	to.counted = true
	if err := to.own.Add(performance); err != nil {
		return err
	}
	if g.bonus < 0 {
		return nil
	}
	s.since.at(s.bk, l.OwnTime)
	if l.Instant < s.since.until[g.bonus] {
		return to.fresh.Add(performance)
	}
	return nil
}

// Performances lists what the settler's customers added, one row per programme and partner for which a line with
// performance counted, in the order of comparePerformances.
func (s *Settler) Performances() []Performance {
	var rows []Performance
	for i := range s.bk.programmes {
		partners := s.bk.books.Programmes[i].Partners
		n := len(partners)
		if partners == nil {
			n = len(s.bk.books.Partners)
		}
		for k := range n {
			partner := int32(k)
			if partners != nil {
				partner = partners[k]
			}
			if t := &s.sums[s.bk.programmes[i].first+int32(k)]; t.counted {
				rows = append(rows, Performance{Programme: int32(i), Partner: partner, Cycle: s.cycle, Own: t.own,
					New: t.fresh})
			}
		}
	}
	return rows
}

// MergePerformances adds up rows of one key, in any order, for example those of the workers of a cycle. The result is
// in the order of comparePerformances.
func MergePerformances(parts ...[]Performance) ([]Performance, error) {
	all := slices.Concat(parts...)
	slices.SortFunc(all, func(a, b Performance) int { return comparePerformances(&a, &b) })
	merged := all[:0]
	for i := range all {
		if i == 0 || comparePerformances(&merged[len(merged)-1], &all[i]) != 0 {
			merged = append(merged, all[i])
			continue
		}
		to := &merged[len(merged)-1]
		if err := errors.Join(to.Own.AddTotal(all[i].Own), to.New.AddTotal(all[i].New)); err != nil {
			return nil, fmt.Errorf("add up performance of %s: %w", to.Cycle, err)
		}
	}
	return merged, nil
}
