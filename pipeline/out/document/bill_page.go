package document

import (
	"fmt"
	"slices"
	"strings"
)

// page returns the bill's page with all parts.
func (b *Bill) page() *Page {
	p := &Page{Header: &b.Header, Kind: "Bill", Role: "customer", Subject: b.Customer, Notes: b.Notes,
		Annexes: b.Annexes, Cover: b.Cover, ToCustomer: b.ToCustomer}
	p.Facts = []PageFigure{{Name: "Customer", Value: b.Customer.Full()}}
	if b.Partner.ID != "" {
		p.Facts = append(p.Facts, PageFigure{Name: "Partner", Value: b.Partner.Full()})
	}
	p.Headline = PageFigure{Name: "Amount due",
		Value: b.Header.Currency + " " + GroupedDigits(b.Amounts.Due.StringFixed(b.Header.Digits))}
	p.Chart = chartOf(&b.Header, b.Usage)
	p.Parts = append(p.Parts, headerPart(p), b.summaryData(), b.summaryPart(), b.paymentPart())
	if p.Chart != nil {
		p.Parts = append(p.Parts, servicePart(p.Chart))
	}
	p.Parts = append(p.Parts, b.itemPart(), b.correctionPart(),
		taxPart(b.Amounts.Taxes, "Each tax on the amounts to pay, before rounding, of its lines."), b.packagePart())
	p.Parts = append(p.Parts, commonParts(&b.Header, b.Usage, b.Annexes, b.Notes)...)
	p.Parts = slices.DeleteFunc(p.Parts, func(p *PagePart) bool { return p == nil })
	return p
}

// summaryData returns the bill's amounts and payments unchanged.
func (b *Bill) summaryData() *PagePart {
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
func (b *Bill) summaryPart() *PagePart {
	return &PagePart{Name: "summary", Title: "Summary", Where: InSheet | InPrint, Spare: true,
		Cols: entryColumns("Name"),
		Rows: ListedCells(b.Amounts.column(), entryCells)}
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
func (a *Amounts) Column(digits int) []PageFigure {
	var list []PageFigure
	for _, e := range a.column() {
		list = append(list, PageFigure{Name: e.name, Value: e.amount.StringFixed(digits)})
	}
	return list
}

// paymentPart returns how the amount is paid. If payments are not recorded, only coupons are known to pay.
func (b *Bill) paymentPart() *PagePart {
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
	return &PagePart{Name: "payment", Title: "Payments", Where: InSheet | InPrint, Spare: true,
		About: []string{"What the amount to pay, before rounding, was drawn from."},
		Cols: []PageColumn{{Title: "Drawn from", Say: SumWords},
			{Title: "Amount", Kind: Amount, Sum: true, Keep: true}},
		Rows: ListedCells(list, entryCells)}
}

// itemPart returns the lines by service and product.
func (b *Bill) itemPart() *PagePart {
	return &PagePart{Name: "item", Title: "Lines", Where: Everywhere, Group: 4, Each: "products", Rank: 18,
		About: []string{"Lines of one product that differ in nothing but record, quantity and time are one row."},
		Cols: []PageColumn{{Name: "service_type_name", Title: "Service", Kind: Named},
			{Name: "product", Title: "Product", Kind: Named},
			{Name: "sku", Title: "SKU"}, {Name: "measure", Title: "Measure"},
			{Name: "region_code", Title: "Region"}, {Name: "object", Title: "Object"}, {Name: "tier", Title: "Tier"},
			{Name: "kind", Title: "Kind", Say: KindWords},
			{Name: "origin_cycle", Title: "Origin"},
			{Name: "line_count", Title: "Lines", Kind: Count, Sum: true},
			{Name: "usage_amount", Title: "Used", Kind: Quantity}, {Name: "free_resource_usage", Title: "Free",
				Kind: Quantity},
			{Name: "quantity", Title: "Quantity", Kind: Quantity, Keep: true},
			{Name: "unit_price", Title: "Unit price", Kind: Quantity, Keep: true},
			{Name: "official_amount", Title: "Official", Kind: Amount, Sum: true, Keep: true},
			{Name: "official_discount_amount", Title: "Discount", Kind: Amount, Sum: true},
			{Name: "discount_id", Title: "By"},
			{Name: "truncated_amount", Title: "Truncated", Kind: Amount, Sum: true},
			{Name: "payment_amount", Title: "To pay", Kind: Amount, Sum: true, Keep: true}},
		Rows: func(yield func([]PageCell) bool) {
			for i := range b.Sections {
				for k := range b.Sections[i].Items {
					if !yield(itemCells(&b.Sections[i], &b.Sections[i].Items[k])) {
						return
					}
				}
			}
		}}
}

func itemCells(s *Section, it *Item) []PageCell {
	service, tier := s.ServiceName, ""
	if service == "" {
		service = s.Service
	}
	if it.Tier > 0 {
		tier = fmt.Sprint(it.Tier)
	}
	return []PageCell{WordCell(service), WordCell(s.Product), WordCell(s.SKU), WordCell(s.Measure),
		WordCell(it.Region), WordCell(it.Object), WordCell(tier), WordCell(it.Kind),
		WordCell(it.OriginCycle), NumberCell(it.Lines), ExactCell(it.Usage), ExactCell(it.Free),
		ExactCell(it.Quantity), ExactCell(it.UnitPrice),
		SumCell(it.Official), SumCell(it.Discount), WordCell(it.DiscountID), SumCell(it.Truncated),
		SumCell(it.Payment)}
}

func (b *Bill) correctionPart() *PagePart {
	if len(b.Corrections) == 0 {
		return nil
	}
	return &PagePart{Name: "correction", Title: "Refunds and adjustments", Where: Everywhere,
		Each: "refunds and adjustments", Rank: 6,
		About: []string{"These lines are part of the lines above. Origin is the cycle that a line belongs to, where " +
			"that is another one."},
		Cols: []PageColumn{{Name: "id", Title: "Line"}, {Name: "kind", Title: "Kind", Say: KindWords},
			{Name: "origin_cycle", Title: "Origin"}, {Name: "product", Title: "Product", Kind: Named},
			{Name: "sku", Title: "SKU"}, {Name: "time", Title: "Time", Kind: Instant},
			{Name: "payment_amount", Title: "To pay", Kind: Amount, Sum: true, Keep: true},
			{Name: "note", Title: "Note", Kind: Named, Say: RemarkWords}},
		Rows: ListedCells(b.Corrections, func(c *Correction) []PageCell {
			return []PageCell{WordCell(c.ID), WordCell(c.Kind), WordCell(c.OriginCycle),
				WordCell(c.Product), WordCell(c.SKU), TimeCell(c.Time),
				amountCell(c.Payment), WordCell(c.Note)}
		})}
}

func (b *Bill) packagePart() *PagePart {
	if len(b.Packages) == 0 {
		return nil
	}
	return &PagePart{Name: "package", Title: "Packages", Where: Everywhere, Each: "packages", Rank: -1,
		About: []string{"Prepaid quotas that reach into the cycle: what they opened with, what was drawn, what is " +
			"left."},
		Cols: []PageColumn{{Name: "package_id", Title: "Package"}, {Name: "skus", Title: "SKUs"},
			{Name: "region_code", Title: "Region"},
			{Name: "from", Title: "From"}, {Name: "to", Title: "To"}, {Name: "measure", Title: "Measure"},
			{Name: "opening", Title: "Opening", Kind: Quantity, Keep: true},
			{Name: "drawn", Title: "Drawn", Kind: Quantity, Keep: true},
			{Name: "left", Title: "Left", Kind: Quantity,
				Keep: true}},
		Rows: ListedCells(b.Packages, func(p *Package) []PageCell {
			return []PageCell{WordCell(p.PackageID), WordCell(strings.Join(p.SKUs, ", ")),
				WordCell(p.Region), WordCell(p.From), WordCell(p.To), WordCell(p.Measure),
				ExactCell(p.Opening), ExactCell(p.Drawn), ExactCell(p.Left)}
		})}
}
