package document

import (
	"fmt"
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"slices"
	"strings"
)

// page puts the bill's parts together.
func (b *Bill) page() *page {
	p := &page{header: &b.Header, kind: "Bill", role: "customer", subject: b.Customer, notes: b.Notes,
		annexes: b.Annexes, cover: b.Cover}
	p.facts = []Figure{{"Customer", b.Customer.full()}}
	if b.Partner.ID != "" {
		p.facts = append(p.facts, Figure{"Partner", b.Partner.full()})
	}
	p.headline = Figure{"Amount due",
		b.Header.Currency + " " + typeset.Grouped(b.Amounts.Due.StringFixed(b.Header.Digits))}
	p.chart = chartOf(&b.Header, b.Usage)
	p.parts = append(p.parts, p.headerPart(), b.summaryData(), b.summaryPart(), b.paymentPart())
	if p.chart != nil {
		p.parts = append(p.parts, servicePart(p.chart))
	}
	p.parts = append(p.parts, b.itemPart(), b.correctionPart(),
		taxPart(b.Amounts.Taxes, "Each tax on the amounts to pay, before rounding, of its lines."), b.packagePart())
	p.parts = append(p.parts, commonParts(&b.Header, b.Usage, b.Annexes, b.Notes)...)
	p.parts = slices.DeleteFunc(p.parts, func(p *part) bool { return p == nil })
	return p
}

// summaryData is the bill's amounts and payments as they are.
func (b *Bill) summaryData() *part {
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

// summaryPart is the bill's amounts with the signs with which they make the amount due (DOC-8).
func (b *Bill) summaryPart() *part {
	return &part{name: "summary", title: "Summary", where: inSheet | inPrint, cols: entryColumns("Name"),
		rows: listed(b.Amounts.column(), entryCells)}
}

// column is the amounts as a column that adds up: what is taken off is negative, and so is rounding down.
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

// Column is the amounts as people read them, in every format and on a terminal: a column of signed amounts that adds up
// to the amount due (DOC-8). Each amount has the currency's digits, or more where it has more.
func (a *Amounts) Column(digits int) []Figure {
	var list []Figure
	for _, e := range a.column() {
		list = append(list, Figure{Name: e.name, Value: e.amount.StringFixed(digits)})
	}
	return list
}

// paymentPart is how the amount is paid.
func (b *Bill) paymentPart() *part {
	p := &b.Payments
	list := []entry{{name: "Coupons", amount: total(p.Coupon)}, {name: "Stored value", amount: total(p.StoredValue)},
		{name: "Flexi coupons", amount: total(p.Flexi)},
		{name: "Cash", amount: total(p.Cash)}, {name: "Credit", amount: total(p.Credit)},
		{name: "Debt, not paid yet", amount: total(p.Debt)}}
	return &part{name: "payment", title: "Payments", where: inSheet | inPrint,
		about: []string{"What the amount to pay, before rounding, was drawn from."},
		cols: []column{{title: "Drawn from", say: language.Sums},
			{title: "Amount", kind: amount, sum: true, keep: true}},
		rows: listed(list, entryCells)}
}

// itemPart is the lines by service and product.
func (b *Bill) itemPart() *part {
	return &part{name: "item", title: "Lines", where: everywhere, group: 4, each: "products", rank: 18,
		about: []string{"Lines of one product that differ in nothing but record, quantity and time are one row."},
		cols: []column{{name: "service_type_name", title: "Service"}, {name: "product", title: "Product"},
			{name: "sku", title: "SKU"}, {name: "measure", title: "Measure"},
			{name: "region_code", title: "Region"}, {name: "object", title: "Object"}, {name: "tier", title: "Tier"},
			{name: "kind", title: "Kind", say: language.Kinds},
			{name: "origin_cycle", title: "Origin"}, {name: "line_count", title: "Lines", kind: count, sum: true},
			{name: "usage_amount", title: "Used", kind: quantity}, {name: "free_resource_usage", title: "Free",
				kind: quantity},
			{name: "quantity", title: "Quantity", kind: quantity, keep: true}, {name: "unit_price", title: "Unit price",
				kind: quantity, keep: true},
			{name: "official_amount", title: "Official", kind: amount, sum: true, keep: true},
			{name: "official_discount_amount", title: "Discount", kind: amount, sum: true},
			{name: "discount_id", title: "By"}, {name: "truncated_amount", title: "Truncated", kind: amount, sum: true},
			{name: "payment_amount", title: "To pay", kind: amount, sum: true, keep: true}},
		rows: func(yield func([]cell) bool) {
			for i := range b.Sections {
				for k := range b.Sections[i].Items {
					if !yield(itemCells(&b.Sections[i], &b.Sections[i].Items[k])) {
						return
					}
				}
			}
		}}
}

func itemCells(s *Section, it *Item) []cell {
	service, tier := s.ServiceName, ""
	if service == "" {
		service = s.Service
	}
	if it.Tier > 0 {
		tier = fmt.Sprint(it.Tier)
	}
	return []cell{word(service), word(s.Product), word(s.SKU), word(s.Measure), word(it.Region), word(it.Object),
		word(tier), word(it.Kind),
		word(it.OriginCycle), number(it.Lines), exact(it.Usage), exact(it.Free), exact(it.Quantity),
		exact(it.UnitPrice),
		sumCell(it.Official), sumCell(it.Discount), word(it.DiscountID), sumCell(it.Truncated), sumCell(it.Payment)}
}

func (b *Bill) correctionPart() *part {
	if len(b.Corrections) == 0 {
		return nil
	}
	return &part{name: "correction", title: "Refunds and adjustments", where: everywhere,
		each: "refunds and adjustments", rank: 6,
		about: []string{"These lines are part of the lines above. Origin is the cycle that a line belongs to, where " +
			"that is another one."},
		cols: []column{{name: "id", title: "Line"}, {name: "kind", title: "Kind", say: language.Kinds},
			{name: "origin_cycle", title: "Origin"}, {name: "product", title: "Product"},
			{name: "sku", title: "SKU"}, {name: "time", title: "Time", kind: instant},
			{name: "payment_amount", title: "To pay", kind: amount, sum: true, keep: true},
			{name: "note", title: "Note", say: language.Remarks}},
		rows: listed(b.Corrections, func(c *Correction) []cell {
			return []cell{word(c.ID), word(c.Kind), word(c.OriginCycle), word(c.Product), word(c.SKU), at(c.Time),
				amountCell(c.Payment), word(c.Note)}
		})}
}

func (b *Bill) packagePart() *part {
	if len(b.Packages) == 0 {
		return nil
	}
	return &part{name: "package", title: "Packages", where: everywhere, each: "packages", rank: -1,
		about: []string{"Prepaid quotas that reach into the cycle: what they opened with, what was drawn, what is " +
			"left."},
		cols: []column{{name: "package_id", title: "Package"}, {name: "skus", title: "SKUs"},
			{name: "region_code", title: "Region"},
			{name: "from", title: "From"}, {name: "to", title: "To"}, {name: "measure", title: "Measure"},
			{name: "opening", title: "Opening", kind: quantity, keep: true},
			{name: "drawn", title: "Drawn", kind: quantity, keep: true}, {name: "left", title: "Left", kind: quantity,
				keep: true}},
		rows: listed(b.Packages, func(p *Package) []cell {
			return []cell{word(p.PackageID), word(strings.Join(p.SKUs, ", ")), word(p.Region), word(p.From), word(p.To),
				word(p.Measure),
				exact(p.Opening), exact(p.Drawn), exact(p.Left)}
		})}
}
