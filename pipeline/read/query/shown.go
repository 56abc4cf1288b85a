package query

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// AnnexFigure is a named value of an annex, for people.
type AnnexFigure struct{ Name, Value string }

// exactDigits is the number of decimals to which an exact value is shown; ≈ marks a value that was rounded.
const exactDigits = 10

// Mbps formats a value of an annex with at most ten decimals; ≈ precedes a rounded value.
func Mbps(value string) string { return short(value, exactDigits) }

func short(value string, digits int) string {
	r, ok := new(big.Rat).SetString(value)
	if !ok {
		return value
	}
	text := r.FloatString(digits)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if back, _ := new(big.Rat).SetString(text); back.Cmp(r) != 0 {
		return "≈" + text
	}
	return text
}

// Time formats a time of the annex to the minute. It shows the offset only if the zone changes it in the cycle.
func (a *Annex) Time(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	layout := "2006-01-02 15:04"
	local := func(micros int64) int {
		_, offset := time.UnixMicro(micros).In(a.zone.Location()).Zone()
		return offset
	}
	if local(int64(a.bounds.From)) != local(int64(a.bounds.To)-1) {
		layout = "2006-01-02 15:04 -07:00"
	}
	return t.Format(layout)
}

// StateText describes whether the annex is final.
func (a *Annex) StateText() string {
	switch {
	case a.State == lake.CycleClosed:
		return "closed"
	case a.MonthEnd:
		return "provisional, with month-end lines"
	}
	return "provisional, month-end lines still to come"
}

// Called returns the name of the value.
func (a *Annex) Called() string {
	left := new(big.Rat).Mul(new(big.Rat).Sub(big.NewRat(1, 1), a.Policy.Drop.Rat()), big.NewRat(100, 1))
	nth := short(left.RatString(), 2) + "th percentile"
	switch a.Policy.Method {
	case "daily_peak_mean":
		return "mean of daily peaks"
	case "daily_p95_mean":
		return "mean of daily " + nth + "s"
	case "monthly_4th_peak":
		return "fourth largest daily peak"
	case "enhanced_p95":
		if a.Month != a.Value {
			return "floor of the enhanced 95th"
		}
		return "enhanced 95th percentile"
	case "transit_p95":
		return nth + " of in and out"
	}
	return nth
}

// MeasuredMonth returns the steps from the samples to the value.
func (a *Annex) Measured() []AnnexFigure {
	series := a.Policy.Series
	if a.Direction != "" {
		series = "in and out apart; " + a.Direction + " is larger"
	}
	list := []AnnexFigure{
		{"policy", fmt.Sprintf("%s: %s, series %s", a.Policy.ID, a.Policy.Method, series)},
		{"", fmt.Sprintf("duplicates %s, missing %s, Mbps = bps / %d²", a.Policy.Duplicates, a.Policy.Missing,
			a.Policy.Kilo)},
		{"samples", fmt.Sprintf("%d of %d", a.Samples, a.linkCount()) + plural(a.linkCount(), " link", " links")},
		{"points", fmt.Sprint(a.Points)},
	}
	if a.Policy.ValidDaysOnly {
		list[3].Value += ", of valid days only"
	}
	if a.Index >= 0 {
		list = append(list, AnnexFigure{"index", a.indexText()})
	}
	if a.Month != "" {
		list = append(list, AnnexFigure{"month",
			Mbps(a.Month) + " Mbps, mean of the largest daily values, five at most"},
			AnnexFigure{"floor", fmt.Sprintf("%s Mbps, %s of the mean size in force", Mbps(a.Floor),
				a.Policy.FloorShare.Trim())})
	}
	list = append(list, AnnexFigure{"value", Mbps(a.Value) + " Mbps, " + a.Called()})
	if a.Slot != "" {
		list = append(list, AnnexFigure{"set by the slot", a.Time(a.Slot)})
	}
	return append(list, AnnexFigure{"above it", fmt.Sprint(a.Above) + plural(a.Above, " point", " points")})
}

func (a *Annex) indexText() string {
	switch a.Policy.Method {
	case "monthly_4th_peak":
		return fmt.Sprintf("%d of the daily peaks, largest first, from 0", a.Index)
	}
	return fmt.Sprintf("%d = ⌊%d × %s⌋, largest first, from 0", a.Index, a.Points, a.Policy.Drop.Trim())
}

// Charged returns the steps from the value to the quantity.
func (a *Annex) Charged() []AnnexFigure {
	return []AnnexFigure{
		{"commit", a.Commit.Trim() + " Mbps"},
		{"billed value", Mbps(a.Billed) + " Mbps, the larger of value and commit"},
		{"valid days", fmt.Sprintf("%d of %d, with a point above 0", a.ValidDays, a.MonthDays)},
		{"share of days", fmt.Sprintf("%d / %d (days: %s)", a.Days, a.MonthDays, a.Policy.Days)},
		{"quantity", fmt.Sprintf("%s %s", a.Quantity.Trim(), a.Measure)},
	}
}

func (a *Annex) linkCount() int {
	n, last := 0, ""
	for i := range a.Links {
		if id := a.Links[i].ResourceID; i == 0 || id != last {
			n, last = n+1, id
		}
	}
	return n
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
