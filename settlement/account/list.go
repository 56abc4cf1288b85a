package account

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// HeadcountList holds the number and the value of a partner's experts that count for a month of a headcount fund
// (§9.4).
type HeadcountList struct {
	Heads  int64
	Amount money.Amount
}

// listOf makes the list of a month. ok is false if there is none.
func listOf(bk *books.Books, fund, partner int32, month period.Cycle) (list HeadcountList, ok bool, err error) {
	experts, err := HeadcountExperts(bk, fund, partner, month)
	if err != nil || len(experts) == 0 {
		return HeadcountList{}, false, err
	}
	var sum money.AmountTotal
	for i := range experts {
		if err := sum.Add(experts[i].Amount); err != nil {
			return HeadcountList{}, false, err
		}
	}
	list.Heads = int64(len(experts))
	if list.Amount, err = sum.Amount(); err != nil {
		return HeadcountList{}, false, err
	}
	if f := &bk.Money.Funds[fund]; f.HasCap && list.Amount.Cmp(f.Cap) > 0 {
		list.Amount = f.Cap
	}
	return list, true, nil
}

// HeadcountExpert is one of a partner's experts on the list of a month.
type HeadcountExpert struct {
	ID, Level string
	Days      int // days of the month on which a row of the book is in force
	Amount    money.Amount
}

// HeadcountExperts returns the experts on the list of a month of a headcount fund, the most valuable first (§9.4).
// There are none if the programme, the partner or a qualification is not in force at the end of the month.
func HeadcountExperts(bk *books.Books, fund, partner int32, month period.Cycle) ([]HeadcountExpert, error) {
	f, last := &bk.Money.Funds[fund], bk.Zone.Bounds(month).To-1
	_, there := bk.PartnerRowAt(partner, last)
	if !f.Names(partner) || !f.Valid.Holds(last) || !there || !bk.Money.Qualified(fund, partner, f.Requires, last) {
		return nil, nil
	}
	out, err := expertsWorth(bk, fund, partner, month)
	if f.MaxHeads > 0 && len(out) > f.MaxHeads {
		out = out[:f.MaxHeads]
	}
	return out, err
}

// expertsWorth returns the experts of a month with enough days, the most valuable first.
func expertsWorth(bk *books.Books, fund, partner int32, month period.Cycle) ([]HeadcountExpert, error) {
	f := &bk.Money.Funds[fund]
	rows, digits := bk.Money.ExpertsOf(fund, partner), bk.PartnerCurrency(partner).Digits
	var out []HeadcountExpert
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].ID == rows[0].ID {
			n++
		}
		days, level := presence(bk.Zone, rows[:n], month)
		least := f.MinDays
		if least == 0 {
			least = month.Days()
		}
		if days > 0 && days >= least {
			amount, _ := f.Level(level)
			if f.ByDays {
				var err error
				if amount, err = money.Prorate(amount, int64(days), int64(month.Days()), digits); err != nil {
					return nil, err
				}
			}
			out = append(out, HeadcountExpert{rows[0].ID, level, days, amount.Rd(digits)})
		}
		rows = rows[n:]
	}
	slices.SortFunc(out, func(a, b HeadcountExpert) int {
		return cmp.Or(b.Amount.Cmp(a.Amount), strings.Compare(a.ID,
			b.ID))
	})
	return out, nil
}

// presence returns the number of days of a month on which an expert's rows are in force, and the level in the last of
// them.
func presence(zone *period.Zone, rows []books.Expert, month period.Cycle) (days int, level string) {
	bounds := zone.Bounds(month)
	next := month.First() // the first day that is not counted yet
	for i := range rows {
		r := &rows[i]
		if !r.Valid.Overlaps(bounds) {
			continue
		}
		from, to := max(next, zone.Day(max(r.Valid.From, bounds.From))), zone.Day(min(r.Valid.To, bounds.To)-1)
		if from <= to {
			days += int(to-from) + 1
			next = to + 1
		}
		level = r.Level
	}
	return days, level
}
