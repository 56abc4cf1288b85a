package document

import (
	"fmt"
	"iter"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
)

// entry is one sum with its name. It may be the sum of the rows right above it.
type entry struct {
	name   string
	amount money.AmountTotal
	above  int // number of those rows; 0 = it is no such sum
}

func entryCells(e *entry) []PageCell {
	return []PageCell{WordCell(e.name), {Amount: e.amount, Count: int64(e.above)}}
}

// amountCell is one amount.
func amountCell(a money.Amount) PageCell { return SumCell(total(a)) }

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
func entryColumns(title string) []PageColumn {
	return []PageColumn{{Title: title, Say: SumWords}, {Title: "Amount", Kind: Amount, Keep: true}}
}

// entryData returns sums with their names in JSON.
func entryData(name string, list ...entry) *PagePart {
	return &PagePart{Name: name, Where: InData,
		Cols: []PageColumn{{Name: "name"}, {Name: "amount", Kind: Amount}},
		Rows: ListedCells(list, entryCells)}
}

// headerPart returns the CSV's rows about the document, with their names in JSON.
func headerPart(pg *Page) *PagePart {
	h := pg.Header
	list := []PageFigure{{Name: "document", Value: pg.Kind}, {Name: "vendor_id", Value: h.Vendor.ID},
		{Name: "vendor_name", Value: h.Vendor.Name},
		{Name: pg.Role + "_id", Value: pg.Subject.ID}, {Name: pg.Role + "_name", Value: pg.Subject.Name},
		{Name: "cycle", Value: h.Cycle.String()}, {Name: "zone", Value: h.Zone.Name()},
		{Name: "currency", Value: h.Currency}, {Name: "state", Value: h.State()},
		{Name: "month_end", Value: fmt.Sprint(h.MonthEnd)}, {Name: "as_of", Value: h.AsOf.String()}}
	return &PagePart{Name: "header", Where: InData, Cols: []PageColumn{{Name: "name"}, {Name: "value"}},
		Rows: ListedCells(list, func(f *PageFigure) []PageCell {
			return []PageCell{WordCell(f.Name),
				WordCell(f.Value)}
		})}
}

// commonParts returns the parts that statements and bills have in common: consumption by day, annexes, notes.
func commonParts(h *PageHeader, usage []ChartUsage, annexes []Annex, notes []string) []*PagePart {
	var list []*PagePart
	if len(usage) > 0 {
		list = append(list, &PagePart{Name: "consumption", Title: "By day", Where: InData | InSheet,
			Cols: []PageColumn{{Name: "day", Title: "Day"},
				{Name: "service_type_name", Title: "Service", Kind: Named},
				{Name: "service_type_code", Title: "Code", Code: true},
				{Name: "payment_amount", Title: "To pay", Kind: Amount, Sum: true},
				{Name: "month_end", Title: "At the month's end", Say: StateWords}},
			Rows: ListedCells(usage, func(u *ChartUsage) []PageCell {
				atEnd := ""
				if u.MonthEnd {
					atEnd = "YES"
				}
				return []PageCell{WordCell(u.Day.String()), WordCell(u.ServiceName), WordCell(u.Service),
					SumCell(u.Amount), WordCell(atEnd)}
			})})
	}
	if len(annexes) > 0 {
		list = append(list, &PagePart{Name: "bandwidth", Title: "Bandwidth", Where: InData | InSheet,
			Cols: []PageColumn{{Name: "object", Title: "Object"}, {Name: "sku", Title: "SKU"},
				{Name: "name", Title: "Name", Say: FigureWords},
				{Name: "value", Title: "Value", Say: FigureWords}},
			Rows: func(yield func([]PageCell) bool) {
				for i := range annexes {
					a := &annexes[i]
					for _, f := range a.Figures {
						if !yield([]PageCell{WordCell(a.Object), WordCell(a.SKU), WordCell(f.Name),
							WordCell(f.Value)}) {
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
	return append(list, notePart(InData, about), notePart(InSheet, sheet))
}

func notePart(where Medium, list []string) *PagePart {
	return &PagePart{Name: "note", Title: "Notes", Where: where,
		Cols: []PageColumn{{Name: "note", Title: "Note", Say: TextWords}},
		Rows: ListedCells(list, func(n *string) []PageCell { return []PageCell{WordCell(*n)} })}
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
func chartOf(h *PageHeader, usage []ChartUsage) *Chart {
	return ByDay(h.Cycle, h.Currency, h.Digits, usage)
}

// DayDrawing draws consumption by day and service; nil if there is none.
func DayDrawing(h *PageHeader, usage []ChartUsage) *Drawing {
	c := chartOf(h, usage)
	if c == nil {
		return nil
	}
	return c.Drawing()
}

// servicePart returns the sums by service, which are the legend of the chart.
func servicePart(c *Chart) *PagePart {
	return &PagePart{Name: "service", Title: "Services", Where: InSheet | InPrint, Each: "services",
		Rank:     2,
		Swatches: true,
		About:    []string{"What is to pay, before rounding, by service."},
		Cols: []PageColumn{{Title: "Service", Kind: Named}, {Title: "Code", Code: true},
			{Title: "To pay", Kind: Amount, Sum: true,
				Keep: true}},
		Rows: ListedCells(c.Sums(), func(s *ChartSum) []PageCell {
			return []PageCell{WordCell(s.Name), WordCell(s.Code), SumCell(s.Total)}
		})}
}
