package document

import (
	"fmt"
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"slices"
	"strings"
)

// page returns the bill's page with all parts.
func (b *Bill) page() *layout.Page {
	p := &layout.Page{Header: &b.Header, Kind: "Bill", Role: "customer", Subject: b.Customer, Notes: b.Notes,
		Annexes: b.Annexes, Cover: b.Cover}
	p.Facts = []layout.Figure{{Name: "Customer", Value: b.Customer.Full()}}
	if b.Partner.ID != "" {
		p.Facts = append(p.Facts, layout.Figure{Name: "Partner", Value: b.Partner.Full()})
	}
	p.Headline = layout.Figure{Name: "Amount due",
		Value: b.Header.Currency + " " + typeset.Grouped(b.Amounts.Due.StringFixed(b.Header.Digits))}
	p.Chart = chartOf(&b.Header, b.Usage)
	p.Parts = append(p.Parts, headerPart(p), b.summaryData(), b.summaryPart(), b.paymentPart())
	if p.Chart != nil {
		p.Parts = append(p.Parts, servicePart(p.Chart))
	}
	p.Parts = append(p.Parts, b.itemPart(), b.correctionPart(),
		taxPart(b.Amounts.Taxes, "Each tax on the amounts to pay, before rounding, of its lines."), b.packagePart())
	p.Parts = append(p.Parts, commonParts(&b.Header, b.Usage, b.Annexes, b.Notes)...)
	p.Parts = slices.DeleteFunc(p.Parts, func(p *layout.Part) bool { return p == nil })
	return p
}

// summaryData returns the bill's amounts and payments unchanged.
func (b *Bill) summaryData() *layout.Part {
	a, p := &b.Amounts, &b.Payments
	list := []entry{
		{name: "official_amount", amount: total(a.Official)},
		{name: "official_discount_amount", amount: total(a.Discount)},
		{name: "truncated_amount", amount: total(a.Truncated)}, {name: "payment_amount", amount: total(a.Payment)},
		{name: "rounding_amount", amount: total(a.Rounding)}, {name: "due_amount", amount: total(a.Due)},
		{name: "coupon_amount", amount: total(p.Coupon)},
		{name: "stored_value_card_amount", amount: total(p.StoredValue)},
		{name: "flexipurchase_coupon_amount", amount: total(p.Flexi)}, {name: "cash_amount", amount: total(p.Cash)},
		{name: "credit_amount", amount: total(p.Credit)}, {name: "debt_amount", amount: total(p.Debt)},
	}
	if a.Tax != nil {
		list = append(list, entry{name: "tax_amount", amount: total(*a.Tax)})
	}
	return entryData("summary", list...)
}

// summaryPart returns the bill's amounts with the signs with which they add up to the amount due (DOC-8).
func (b *Bill) summaryPart() *layout.Part {
	return &layout.Part{Name: "summary", Title: "Summary", Where: layout.InSheet | layout.InPrint,
		Cols: entryColumns("Name"),
		Rows: layout.Listed(b.Amounts.column(), entryCells)}
}

// column returns the amounts as a column that adds up: deductions are negative, and so is rounding down.
func (a *Amounts) column() []entry {
	list := []entry{{name: "Official", amount: total(a.Official)},
		{name: "Discount", amount: negated(total(a.Discount))}}
	if !a.Truncated.IsZero() {
		list = append(list, entry{name: "Truncated", amount: negated(total(a.Truncated))})
	}
	list = append(list, entry{name: "To pay, before rounding", amount: total(a.Payment), above: len(list)})
	of := 1
	switch sign := a.Rounding.Sign(); {
	case sign < 0:
		list, of = append(list, entry{name: "Rounding up", amount: negated(total(a.Rounding))}), 2
	case sign > 0:
		list, of = append(list, entry{name: "Rounding down", amount: negated(total(a.Rounding))}), 2
	}
	var included []entry
	for i := range a.Taxes {
		t := &a.Taxes[i]
		if e := (entry{name: t.Label(), amount: total(t.Amount)}); t.Included() {
			included = append(included, e)
		} else {
			list, of = append(list, e), of+1
		}
	}
	list = append(list, entry{name: "Due", amount: total(a.Due), above: of})
	return append(list, included...)
}

// Column returns the amounts for people, in every format and on a terminal: a column of signed amounts that adds up to
// the amount due (DOC-8). Each amount has the currency's digits, or more if it has more.
func (a *Amounts) Column(digits int) []layout.Figure {
	var list []layout.Figure
	for _, e := range a.column() {
		list = append(list, layout.Figure{Name: e.name, Value: e.amount.StringFixed(digits)})
	}
	return list
}

// paymentPart returns how the amount is paid. If payments are not recorded, only coupons are known to pay.
func (b *Bill) paymentPart() *layout.Part {
	p := &b.Payments
	list := []entry{{name: "Coupons", amount: total(p.Coupon)}, {name: "Stored value", amount: total(p.StoredValue)},
		{name: "Flexi coupons", amount: total(p.Flexi)},
		{name: "Cash", amount: total(p.Cash)}, {name: "Credit", amount: total(p.Credit)},
		{name: "Debt when billed", amount: total(p.Debt)}}
	if !p.Recorded {
		if list = list[:1]; p.Coupon.IsZero() {
			return nil
		}
	}
	return &layout.Part{Name: "payment", Title: "Payments", Where: layout.InSheet | layout.InPrint,
		About: []string{"What the amount to pay, before rounding, was drawn from."},
		Cols: []layout.Column{{Title: "Drawn from", Say: language.Sums},
			{Title: "Amount", Kind: layout.Amount, Sum: true, Keep: true}},
		Rows: layout.Listed(list, entryCells)}
}

// itemPart returns the lines by service and product.
func (b *Bill) itemPart() *layout.Part {
	return &layout.Part{Name: "item", Title: "Lines", Where: layout.Everywhere, Group: 4, Each: "products", Rank: 18,
		About: []string{"Lines of one product that differ in nothing but record, quantity and time are one row."},
		Cols: []layout.Column{{Name: "service_type_name", Title: "Service", Kind: layout.Named},
			{Name: "product", Title: "Product", Kind: layout.Named},
			{Name: "sku", Title: "SKU"}, {Name: "measure", Title: "Measure"},
			{Name: "region_code", Title: "Region"}, {Name: "object", Title: "Object"}, {Name: "tier", Title: "Tier"},
			{Name: "kind", Title: "Kind", Say: language.Kinds},
			{Name: "origin_cycle", Title: "Origin"},
			{Name: "line_count", Title: "Lines", Kind: layout.Count, Sum: true},
			{Name: "usage_amount", Title: "Used", Kind: layout.Quantity}, {Name: "free_resource_usage", Title: "Free",
				Kind: layout.Quantity},
			{Name: "quantity", Title: "Quantity", Kind: layout.Quantity, Keep: true},
			{Name: "unit_price", Title: "Unit price", Kind: layout.Quantity, Keep: true},
			{Name: "official_amount", Title: "Official", Kind: layout.Amount, Sum: true, Keep: true},
			{Name: "official_discount_amount", Title: "Discount", Kind: layout.Amount, Sum: true},
			{Name: "discount_id", Title: "By"},
			{Name: "truncated_amount", Title: "Truncated", Kind: layout.Amount, Sum: true},
			{Name: "payment_amount", Title: "To pay", Kind: layout.Amount, Sum: true, Keep: true}},
		Rows: func(yield func([]layout.Cell) bool) {
			for i := range b.Sections {
				for k := range b.Sections[i].Items {
					if !yield(itemCells(&b.Sections[i], &b.Sections[i].Items[k])) {
						return
					}
				}
			}
		}}
}

func itemCells(s *Section, it *Item) []layout.Cell {
	service, tier := s.ServiceName, ""
	if service == "" {
		service = s.Service
	}
	if it.Tier > 0 {
		tier = fmt.Sprint(it.Tier)
	}
	return []layout.Cell{layout.Word(service), layout.Word(s.Product), layout.Word(s.SKU), layout.Word(s.Measure),
		layout.Word(it.Region), layout.Word(it.Object), layout.Word(tier), layout.Word(it.Kind),
		layout.Word(it.OriginCycle), layout.Number(it.Lines), layout.Exact(it.Usage), layout.Exact(it.Free),
		layout.Exact(it.Quantity), layout.Exact(it.UnitPrice),
		layout.Sum(it.Official), layout.Sum(it.Discount), layout.Word(it.DiscountID), layout.Sum(it.Truncated),
		layout.Sum(it.Payment)}
}

func (b *Bill) correctionPart() *layout.Part {
	if len(b.Corrections) == 0 {
		return nil
	}
	return &layout.Part{Name: "correction", Title: "Refunds and adjustments", Where: layout.Everywhere,
		Each: "refunds and adjustments", Rank: 6,
		About: []string{"These lines are part of the lines above. Origin is the cycle that a line belongs to, where " +
			"that is another one."},
		Cols: []layout.Column{{Name: "id", Title: "Line"}, {Name: "kind", Title: "Kind", Say: language.Kinds},
			{Name: "origin_cycle", Title: "Origin"}, {Name: "product", Title: "Product", Kind: layout.Named},
			{Name: "sku", Title: "SKU"}, {Name: "time", Title: "Time", Kind: layout.Instant},
			{Name: "payment_amount", Title: "To pay", Kind: layout.Amount, Sum: true, Keep: true},
			{Name: "note", Title: "Note", Kind: layout.Named, Say: language.Remarks}},
		Rows: layout.Listed(b.Corrections, func(c *Correction) []layout.Cell {
			return []layout.Cell{layout.Word(c.ID), layout.Word(c.Kind), layout.Word(c.OriginCycle),
				layout.Word(c.Product), layout.Word(c.SKU), layout.At(c.Time),
				amountCell(c.Payment), layout.Word(c.Note)}
		})}
}

func (b *Bill) packagePart() *layout.Part {
	if len(b.Packages) == 0 {
		return nil
	}
	return &layout.Part{Name: "package", Title: "Packages", Where: layout.Everywhere, Each: "packages", Rank: -1,
		About: []string{"Prepaid quotas that reach into the cycle: what they opened with, what was drawn, what is " +
			"left."},
		Cols: []layout.Column{{Name: "package_id", Title: "Package"}, {Name: "skus", Title: "SKUs"},
			{Name: "region_code", Title: "Region"},
			{Name: "from", Title: "From"}, {Name: "to", Title: "To"}, {Name: "measure", Title: "Measure"},
			{Name: "opening", Title: "Opening", Kind: layout.Quantity, Keep: true},
			{Name: "drawn", Title: "Drawn", Kind: layout.Quantity, Keep: true},
			{Name: "left", Title: "Left", Kind: layout.Quantity,
				Keep: true}},
		Rows: layout.Listed(b.Packages, func(p *Package) []layout.Cell {
			return []layout.Cell{layout.Word(p.PackageID), layout.Word(strings.Join(p.SKUs, ", ")),
				layout.Word(p.Region), layout.Word(p.From), layout.Word(p.To), layout.Word(p.Measure),
				layout.Exact(p.Opening), layout.Exact(p.Drawn), layout.Exact(p.Left)}
		})}
}
