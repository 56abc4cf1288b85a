package settlement

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// Period is a calendar month or quarter of an incentive programme (§6.5).
type Period struct {
	First   period.Cycle // its first month
	Quarter bool         // a quarter, which begins in January, April, July or October; else one month
}

// PeriodOf returns the quarter or month that contains a cycle.
func PeriodOf(c period.Cycle, quarter bool) Period {
	if quarter {
		_, month := c.Month()
		return Period{First: c.Add(-((month - 1) % 3)), Quarter: true}
	}
	return Period{First: c}
}

// ParsePeriod parses `2026-09` or `2026-Q3` (§6.5).
func ParsePeriod(text string) (Period, error) {
	year, quarter, isQuarter := strings.Cut(text, "-Q")
	if !isQuarter {
		c, err := period.ParseCycle(text)
		if err != nil {
			return Period{}, fmt.Errorf("period %q: neither a month such as 2026-09 nor a quarter such as 2026-Q3",
				text)
		}
		return Period{First: c}, nil
	}
	c, err := period.ParseCycle(year + "-01")
	if err != nil || len(quarter) != 1 || quarter[0] < '1' || quarter[0] > '4' {
		return Period{}, fmt.Errorf("period %q: neither a month such as 2026-09 nor a quarter such as 2026-Q3", text)
	}
	return Period{First: c.Add(3 * int(quarter[0]-'1')), Quarter: true}, nil
}

// String returns the period as in files and tables.
func (p Period) String() string {
	if p.Quarter {
		year, month := p.First.Month()
		return fmt.Sprintf("%04d-Q%d", year, (month+2)/3)
	}
	return p.First.String()
}

// Last returns the last cycle of the period.
func (p Period) Last() period.Cycle { return p.Next().First - 1 }

// Next returns the following period.
func (p Period) Next() Period {
	if p.Quarter {
		return Period{First: p.First + 3, Quarter: true}
	}
	return Period{First: p.First + 1}
}

// Span returns the period's bounds in a zone.
func (p Period) Span(z *period.Zone) period.Span {
	return period.Span{From: z.Bounds(p.First).From, To: z.Bounds(p.Last()).To}
}
