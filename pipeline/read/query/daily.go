package query

import (
	"math/big"

	"github.com/tollbook/tollbook/schemas/books"
)

// Daily is the value that a method by day takes from one day.
type Daily struct {
	Day    string `json:"day"`
	Points int    `json:"points"`
	Index  int    `json:"index"` // of the value among the day's points, from the top, from 0
	Mbps   string `json:"mbps"`
	Slot   string `json:"slot"`
	Taken  bool   `json:"taken"` // whether it is part of the month's value
}

// daily lists the days' values of a method by day (§4.7); nil for other methods.
func (a *Annex) daily(policy *books.Policy) []Daily {
	if m := policy.Method; m == books.MonthlyP95 || m == books.TransitP95 {
		return nil
	}
	var out []Daily
	var values []*big.Rat
	clock := a.zone.Clock()
	for from := 0; from < len(a.series); {
		day := clock.Day(a.series[from].slot.Start())
		to := from + 1
		for to < len(a.series) && clock.Day(a.series[to].slot.Start()) == day {
			to++
		}
		index := dailyIndex(policy, to-from)
		at := downward(a.series[from:to])[index]
		mbps := new(big.Rat).Quo(at.bps.Rat(), a.megabit)
		if policy.Method == books.EnhancedP95 {
			mbps.SetInt(new(big.Int).Quo(mbps.Num(), mbps.Denom()))
		}
		out = append(out, Daily{Day: day.String(), Points: to - from, Index: index, Mbps: annexDecimal(mbps),
			Slot: a.time(at.slot.Start())})
		values = append(values, mbps)
		from = to
	}
	take(policy.Method, out, values)
	return out
}

// dailyIndex returns the index of the day's point, largest first, that the method takes.
func dailyIndex(policy *books.Policy, points int) int {
	switch policy.Method {
	case books.DailyP95Mean:
		_, raw := policy.Drop.Raw() // in units of 10^-10
		return int(uint64(points) * raw / 10_000_000_000)
	case books.EnhancedP95:
		return min(fifth, points-1)
	}
	return 0
}

// fifth is the index of a day's fifth largest sample, fourth that of the month's fourth largest peak.
const (
	fifth  = 4
	fourth = 3
)

// take marks the days that determine the month's value: all, the five largest, or the fourth largest. Of equal days it
// takes the earliest.
func take(method books.Method, days []Daily, values []*big.Rat) {
	for i := range days {
		larger := 0
		for j := range days {
			if d := values[j].Cmp(values[i]); d > 0 || d == 0 && j < i {
				larger++
			}
		}
		switch method {
		case books.EnhancedP95:
			days[i].Taken = larger <= fifth
		case books.Monthly4thPeak:
			days[i].Taken = larger == fourth
		default:
			days[i].Taken = true
		}
	}
}
