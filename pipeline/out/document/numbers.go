package document

import (
	"strconv"

	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// shown formats a cell for people: amounts with at least the currency's digits, quantities without trailing zeros.
func (c *PageCell) shown(k CellKind, h *PageHeader) string {
	switch k {
	case Words, Coded:
		return c.Text
	case Named:
		return visible.Isolated(c.Text)
	case Count:
		return GroupedDigits(strconv.FormatInt(c.Count, 10))
	case Amount:
		return GroupedDigits(c.Amount.StringFixed(h.Digits))
	case Instant:
		if c.Count == 0 {
			return ""
		}
		return h.Time(period.Instant(c.Count))
	}
	return GroupedDigits(TrimmedZeros(c.Text))
}

// plain formats a cell as data: all digits, no grouping.
func (c *PageCell) plain(k CellKind) string {
	switch k {
	case Count, Coded:
		return strconv.FormatInt(c.Count, 10)
	case Amount:
		return c.Amount.String()
	case Instant:
		if c.Count == 0 {
			return ""
		}
		return period.Instant(c.Count).String()
	}
	return c.Text
}
