package document

import (
	"strconv"

	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"github.com/tollbook/tollbook/schemas/period"
)

// shown is a cell for people: amounts with the currency's digits at least, quantities without zeros at the end.
func (c *cell) shown(k kind, h *Header) string {
	switch k {
	case words, coded:
		return c.text
	case count:
		return typeset.Grouped(strconv.FormatInt(c.count, 10))
	case amount:
		return typeset.Grouped(c.amount.StringFixed(h.Digits))
	case instant:
		if c.count == 0 {
			return ""
		}
		return h.time(period.Instant(c.count))
	}
	return typeset.Grouped(typeset.Trimmed(c.text))
}

// plain is a cell as data: all digits, no grouping.
func (c *cell) plain(k kind) string {
	switch k {
	case count, coded:
		return strconv.FormatInt(c.count, 10)
	case amount:
		return c.amount.String()
	case instant:
		if c.count == 0 {
			return ""
		}
		return period.Instant(c.count).String()
	}
	return c.text
}
