package layout

import (
	"strconv"

	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/plain"
)

// shown formats a cell for people: amounts with at least the currency's digits, quantities without trailing zeros.
func (c *Cell) shown(k Kind, h *Header) string {
	switch k {
	case Words, Coded:
		return c.Text
	case Named:
		return plain.Isolated(c.Text)
	case Count:
		return typeset.Grouped(strconv.FormatInt(c.Count, 10))
	case Amount:
		return typeset.Grouped(c.Amount.StringFixed(h.Digits))
	case Instant:
		if c.Count == 0 {
			return ""
		}
		return h.Time(period.Instant(c.Count))
	}
	return typeset.Grouped(typeset.Trimmed(c.Text))
}

// plain formats a cell as data: all digits, no grouping.
func (c *Cell) plain(k Kind) string {
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
