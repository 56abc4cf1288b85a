package document

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/chart"
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/schemas/money"
)

// entry is one sum with its name. It may be the sum of the rows right above it.
type entry struct {
	name   string
	amount money.AmountTotal
	above  int // how many rows; 0 = it is none
}

func entryCells(e *entry) []cell {
	return []cell{word(e.name), {amount: e.amount, count: int64(e.above)}}
}

// entryColumns are those of sums for people.
func entryColumns(title string) []column {
	return []column{{title: title, say: language.Sums}, {title: "Amount", kind: amount, keep: true}}
}

// entryData is sums by the names that they have in JSON.
func entryData(name string, list ...entry) *part {
	return &part{name: name, where: inData, cols: []column{{name: "name"}, {name: "amount", kind: amount}},
		rows: listed(list, entryCells)}
}

// headerPart is what the CSV says of the document, by the names that it has in JSON.
func (pg *page) headerPart() *part {
	h := pg.header
	list := []Figure{{"document", pg.kind}, {"vendor_id", h.Vendor.ID}, {"vendor_name", h.Vendor.Name},
		{pg.role + "_id", pg.subject.ID}, {pg.role + "_name", pg.subject.Name},
		{"cycle", h.Cycle.String()}, {"zone", h.Zone.Name()}, {"currency", h.Currency}, {"state", h.state()},
		{"month_end", fmt.Sprint(h.MonthEnd)}, {"as_of", h.AsOf.String()}}
	return &part{name: "header", where: inData, cols: []column{{name: "name"}, {name: "value"}},
		rows: listed(list, func(f *Figure) []cell { return []cell{word(f.Name), word(f.Value)} })}
}

// commonParts are those that statements and bills have alike: consumption by day, what the annexes say, notes.
func commonParts(h *Header, usage []chart.Usage, annexes []Annex, notes []string) []*part {
	var list []*part
	if len(usage) > 0 {
		list = append(list, &part{name: "consumption", title: "By day", where: inData | inSheet,
			cols: []column{{name: "day", title: "Day"}, {name: "service_type_name", title: "Service"},
				{name: "service_type_code", title: "Code", code: true},
				{name: "payment_amount", title: "To pay", kind: amount, sum: true},
				{name: "month_end", title: "At the month's end", say: language.States}},
			rows: listed(usage, func(u *chart.Usage) []cell {
				atEnd := ""
				if u.MonthEnd {
					atEnd = "YES"
				}
				return []cell{word(u.Day.String()), word(u.ServiceName), word(u.Service), sumCell(u.Amount),
					word(atEnd)}
			})})
	}
	if len(annexes) > 0 {
		list = append(list, &part{name: "bandwidth", title: "Bandwidth", where: inData | inSheet,
			cols: []column{{name: "object", title: "Object"}, {name: "sku", title: "SKU"},
				{name: "name", title: "Name", say: language.Figures},
				{name: "value", title: "Value", say: language.Figures}},
			rows: func(yield func([]cell) bool) {
				for i := range annexes {
					a := &annexes[i]
					for _, f := range a.Figures {
						if !yield([]cell{word(a.Object), word(a.SKU), word(f.Name), word(f.Value)}) {
							return
						}
					}
				}
			}})
	}
	about := append([]string{fmt.Sprintf("As of %s, %s; the cycle is %s.", h.time(h.AsOf), h.Zone.Name(),
		h.stateText())}, notes...)
	sheet := append(slices.Clone(about),
		"Cells contain every decimal of an amount; their format shows those of the currency. A number of more than 15 "+
			"digits is text, with all of them.")
	return append(list, notePart(inData, about), notePart(inSheet, sheet))
}

func notePart(where medium, list []string) *part {
	return &part{name: "note", title: "Notes", where: where,
		cols: []column{{name: "note", title: "Note", say: language.Texts}},
		rows: listed(list, func(n *string) []cell { return []cell{word(*n)} })}
}

// modeWord says a charging mode (§5).
func modeWord(mode int) string {
	switch mode {
	case 1:
		return "period"
	case 3:
		return "on demand"
	}
	return fmt.Sprint(mode)
}

func associationWord(t int) string {
	switch t {
	case Referral:
		return "referral"
	case Resale:
		return "resale"
	}
	return fmt.Sprint(t)
}

// chartOf is the chart of a document's consumption; nil if there is none.
func chartOf(h *Header, usage []chart.Usage) *chart.Chart {
	return chart.ByDay(h.Cycle, h.Zone, h.Currency, h.Digits, usage)
}

// DayDrawing draws consumption by day and service; nil if there is none.
func DayDrawing(h *Header, usage []chart.Usage) *chart.Drawing {
	c := chartOf(h, usage)
	if c == nil {
		return nil
	}
	return c.Drawing()
}

// servicePart is the sums by service; it is the legend of the chart.
func servicePart(c *chart.Chart) *part {
	return &part{name: "service", title: "Services", where: inSheet | inPrint, each: "services", rank: 2,
		swatches: true,
		about:    []string{"What is to pay, before rounding, by service."},
		cols: []column{{title: "Service"}, {title: "Code", code: true}, {title: "To pay", kind: amount, sum: true,
			keep: true}},
		rows: listed(c.Sums(), func(s *chart.Sum) []cell {
			return []cell{word(s.Name), word(s.Code), sumCell(s.Total)}
		})}
}
