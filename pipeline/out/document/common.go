package document

import (
	"fmt"
	"iter"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/chart"
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/schemas/money"
)

// entry is one sum with its name. It may be the sum of the rows right above it.
type entry struct {
	name   string
	amount money.AmountTotal
	above  int // number of those rows; 0 = it is no such sum
}

func entryCells(e *entry) []layout.Cell {
	return []layout.Cell{layout.Word(e.name), {Amount: e.amount, Count: int64(e.above)}}
}

// amountCell is one amount.
func amountCell(a money.Amount) layout.Cell { return layout.Sum(total(a)) }

// only returns the items for which a condition is true.
func only[T any](list []T, holds func(*T) bool) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := range list {
			if holds(&list[i]) && !yield(&list[i]) {
				return
			}
		}
	}
}

// entryColumns returns the columns of sums for people.
func entryColumns(title string) []layout.Column {
	return []layout.Column{{Title: title, Say: language.Sums}, {Title: "Amount", Kind: layout.Amount, Keep: true}}
}

// entryData returns sums with their names in JSON.
func entryData(name string, list ...entry) *layout.Part {
	return &layout.Part{Name: name, Where: layout.InData,
		Cols: []layout.Column{{Name: "name"}, {Name: "amount", Kind: layout.Amount}},
		Rows: layout.Listed(list, entryCells)}
}

// headerPart returns the CSV's rows about the document, with their names in JSON.
func headerPart(pg *layout.Page) *layout.Part {
	h := pg.Header
	list := []layout.Figure{{Name: "document", Value: pg.Kind}, {Name: "vendor_id", Value: h.Vendor.ID},
		{Name: "vendor_name", Value: h.Vendor.Name},
		{Name: pg.Role + "_id", Value: pg.Subject.ID}, {Name: pg.Role + "_name", Value: pg.Subject.Name},
		{Name: "cycle", Value: h.Cycle.String()}, {Name: "zone", Value: h.Zone.Name()},
		{Name: "currency", Value: h.Currency}, {Name: "state", Value: h.State()},
		{Name: "month_end", Value: fmt.Sprint(h.MonthEnd)}, {Name: "as_of", Value: h.AsOf.String()}}
	return &layout.Part{Name: "header", Where: layout.InData, Cols: []layout.Column{{Name: "name"}, {Name: "value"}},
		Rows: layout.Listed(list, func(f *layout.Figure) []layout.Cell {
			return []layout.Cell{layout.Word(f.Name),
				layout.Word(f.Value)}
		})}
}

// commonParts returns the parts that statements and bills have in common: consumption by day, annexes, notes.
func commonParts(h *layout.Header, usage []chart.Usage, annexes []layout.Annex, notes []string) []*layout.Part {
	var list []*layout.Part
	if len(usage) > 0 {
		list = append(list, &layout.Part{Name: "consumption", Title: "By day", Where: layout.InData | layout.InSheet,
			Cols: []layout.Column{{Name: "day", Title: "Day"},
				{Name: "service_type_name", Title: "Service", Kind: layout.Named},
				{Name: "service_type_code", Title: "Code", Code: true},
				{Name: "payment_amount", Title: "To pay", Kind: layout.Amount, Sum: true},
				{Name: "month_end", Title: "At the month's end", Say: language.States}},
			Rows: layout.Listed(usage, func(u *chart.Usage) []layout.Cell {
				atEnd := ""
				if u.MonthEnd {
					atEnd = "YES"
				}
				return []layout.Cell{layout.Word(u.Day.String()), layout.Word(u.ServiceName), layout.Word(u.Service),
					layout.Sum(u.Amount), layout.Word(atEnd)}
			})})
	}
	if len(annexes) > 0 {
		list = append(list, &layout.Part{Name: "bandwidth", Title: "Bandwidth", Where: layout.InData | layout.InSheet,
			Cols: []layout.Column{{Name: "object", Title: "Object"}, {Name: "sku", Title: "SKU"},
				{Name: "name", Title: "Name", Say: language.Figures},
				{Name: "value", Title: "Value", Say: language.Figures}},
			Rows: func(yield func([]layout.Cell) bool) {
				for i := range annexes {
					a := &annexes[i]
					for _, f := range a.Figures {
						if !yield([]layout.Cell{layout.Word(a.Object), layout.Word(a.SKU), layout.Word(f.Name),
							layout.Word(f.Value)}) {
							return
						}
					}
				}
			}})
	}
	about := append([]string{fmt.Sprintf("As of %s, %s; the cycle is %s.", h.Time(h.AsOf), h.Zone.Name(),
		h.Status())}, notes...)
	sheet := append(slices.Clone(about),
		"Cells contain every decimal of an amount; their format shows those of the currency. A number of more than 15 "+
			"digits is text, with all of them.")
	return append(list, notePart(layout.InData, about), notePart(layout.InSheet, sheet))
}

func notePart(where layout.Medium, list []string) *layout.Part {
	return &layout.Part{Name: "note", Title: "Notes", Where: where,
		Cols: []layout.Column{{Name: "note", Title: "Note", Say: language.Texts}},
		Rows: layout.Listed(list, func(n *string) []layout.Cell { return []layout.Cell{layout.Word(*n)} })}
}

// modeWord returns the word for a charging mode (§5).
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
func chartOf(h *layout.Header, usage []chart.Usage) *chart.Chart {
	return chart.ByDay(h.Cycle, h.Zone, h.Currency, h.Digits, usage)
}

// DayDrawing draws consumption by day and service; nil if there is none.
func DayDrawing(h *layout.Header, usage []chart.Usage) *chart.Drawing {
	c := chartOf(h, usage)
	if c == nil {
		return nil
	}
	return c.Drawing()
}

// servicePart returns the sums by service, which are the legend of the chart.
func servicePart(c *chart.Chart) *layout.Part {
	return &layout.Part{Name: "service", Title: "Services", Where: layout.InSheet | layout.InPrint, Each: "services",
		Rank:     2,
		Swatches: true,
		About:    []string{"What is to pay, before rounding, by service."},
		Cols: []layout.Column{{Title: "Service", Kind: layout.Named}, {Title: "Code", Code: true},
			{Title: "To pay", Kind: layout.Amount, Sum: true,
				Keep: true}},
		Rows: layout.Listed(c.Sums(), func(s *chart.Sum) []layout.Cell {
			return []layout.Cell{layout.Word(s.Name), layout.Word(s.Code), layout.Sum(s.Total)}
		})}
}
