package books

import (
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// CostReading says how the files of a source are read (§11.8).
type CostReading struct {
	Zone      *period.Zone // of its months, its days and its times without an offset
	Inclusive bool         // a charge period ends with the day, minute or second that ChargePeriodEnd names
	Missing   [CostColumns]string
}

// NoCost is the value of Reading.Missing that makes a null 0. Another value names the column that is taken instead; ""
// leaves it null.
const NoCost = "0"

// DefaultCostReading is the reading of a source whose settings say nothing of it.
func DefaultCostReading() CostReading { return CostReading{Zone: period.UTC()} }

// CostEnds are the values of the setting period_end: for Inclusive false and true.
func CostEnds() []string { return []string{"exclusive", "inclusive"} }

// Days says what gives rows their months, days and ends: `Asia/Shanghai inclusive`.
func (r *CostReading) Days() string {
	if r.Inclusive {
		return r.Zone.Name() + " " + CostEnds()[1]
	}
	return r.Zone.Name() + " " + CostEnds()[0]
}

// String is the text of a reading in the lake: `Asia/Shanghai inclusive EffectiveCost:BilledCost`.
func (r *CostReading) String() string {
	words := []string{r.Days()}
	for c, from := range r.Missing {
		if from != "" {
			words = append(words, CostColumn(c).String()+":"+from)
		}
	}
	return strings.Join(words, " ")
}

// ParseCostReading reads the text of String.
func ParseCostReading(text string) (r CostReading, err error) {
	zone, rest, _ := strings.Cut(text, " ")
	if r.Zone, err = period.LoadZone(zone); err != nil {
		return r, err
	}
	for _, word := range strings.Fields(rest) {
		name, from, _ := strings.Cut(word, ":")
		if c, ok := CostColumnOf(name); ok {
			r.Missing[c] = from
		}
		r.Inclusive = r.Inclusive || word == CostEnds()[1]
	}
	return r, nil
}
