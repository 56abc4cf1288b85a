package document

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
)

// page returns the statement's page with all parts.
func (s *Statement) page() *Page {
	p := &Page{Header: &s.Header, Kind: "Statement", Role: "partner", Subject: s.Partner, Notes: s.Notes,
		Annexes: s.Annexes, Cover: s.Cover}
	seller := ""
	if len(s.Sellers) > 0 {
		seller = s.Sellers[0].Full()
	}
	p.Facts = []PageFigure{{Name: "Partner", Value: s.Partner.Full()}, {Name: "Kind", Value: s.Kind},
		{Name: "Seller", Value: seller}}
	p.Facts = slices.DeleteFunc(p.Facts, func(f PageFigure) bool { return f.Value == "" })
	p.Headline = PageFigure{Name: "Net to pay",
		Value: s.Header.Currency + " " + GroupedDigits(s.Summary.Net.StringFixed(s.Header.Digits))}
	if s.Summary.Net.Cmp(money.AmountTotal{}) < 0 {
		p.Headline = PageFigure{Name: "Net to receive", Value: s.Header.Currency + " " +
			GroupedDigits(negated(s.Summary.Net).StringFixed(s.Header.Digits))}
	}
	p.Chart = chartOf(&s.Header, s.Usage)
	p.Parts = append(p.Parts, headerPart(p), s.confirmPart(InSheet|InPrint), s.summaryData(),
		s.summaryPart(),
		s.sellerPart())
	if p.Chart != nil {
		services := servicePart(p.Chart)
		if s.hasResellers() {
			services.About = []string{"Amounts that customers of the partner and of its resellers pay, before " +
				"rounding, by service."}
		}
		p.Parts = append(p.Parts, services)
	}
	p.Parts = append(p.Parts, s.customerSums(), s.rowPart(), s.resellerSums(), s.resellerServices(), s.resellerPart(),
		s.incentivePart(), s.clawbackPart(), taxPart(s.Taxes, "Tax on what the partner owes each seller for the "+
			"cycle, before incentives. It is not added to the net; if prices include tax, the net contains it."))
	p.Parts = append(p.Parts, s.Money.parts()...)
	p.Parts = append(p.Parts, commonParts(&s.Header, s.Usage, s.Annexes, s.Notes)...)
	p.Parts = slices.DeleteFunc(p.Parts, func(p *PagePart) bool { return p == nil })
	return p
}

// summaryData returns the sums unchanged.
func (s *Statement) summaryData() *PagePart {
	m := &s.Summary
	return entryData("summary", entry{name: "owed_amount", amount: m.Owed}, entry{name: "cost_amount", amount: m.Cost},
		entry{name: "revenue_amount", amount: m.Revenue}, entry{name: "margin_amount", amount: m.Margin},
		entry{name: "incentive_amount", amount: m.Incentives}, entry{name: "clawback_amount", amount: m.Clawbacks},
		entry{name: "net_amount", amount: m.Net})
}

// summaryPart returns the sums with the signs with which they add up to the net.
func (s *Statement) summaryPart() *PagePart {
	m := &s.Summary
	list := []entry{{name: "Owed for the partner's own customers", amount: m.Owed}}
	if s.hasResellers() {
		list = append(list, entry{name: "Cost of resellers' customers", amount: m.Cost},
			entry{name: "Revenue from resellers", amount: negated(m.Revenue)})
	}
	list = append(list, entry{name: "Incentives of periods that end with the cycle", amount: negated(m.Incentives)})
	if len(s.Clawbacks) > 0 {
		list = append(list, entry{name: "Claw-backs", amount: m.Clawbacks})
	}
	list = append(list, entry{name: "Net", amount: m.Net, above: len(list)})
	about := []string{"Above 0 the partner pays, below 0 the partner is paid."}
	if s.hasResellers() {
		about = append(about, fmt.Sprintf("Margin on resellers, revenue less cost: %s %s.", s.Header.Currency,
			GroupedDigits(m.Margin.StringFixed(s.Header.Digits))))
	}
	return &PagePart{Name: "summary", Title: "Summary", Where: InSheet | InPrint, About: about,
		Cols: entryColumns("Name"),
		Rows: ListedCells(list, entryCells)}
}

func (s *Statement) hasResellers() bool {
	return slices.ContainsFunc(s.Rows, func(r Row) bool { return r.ResellerID != "" })
}

func own(r *Row) bool     { return r.ResellerID == "" }
func through(r *Row) bool { return r.ResellerID != "" }

// rowSums has sums of several rows.
type rowSums struct {
	party                                               PageParty
	service, serviceName                                string
	customers                                           map[string]bool
	currency                                            string // of the customer of the last row added
	lines                                               int64
	official, discount, truncated, payment, performance money.AmountTotal
	owed, revenue, cost, margin                         money.AmountTotal
}

// add adds a row. It cannot overflow: Check has added up all rows.
func (t *rowSums) add(r *Row) {
	t.lines += r.Lines
	t.customers[r.CustomerID] = true
	t.currency = r.Currency
	for _, a := range []struct {
		to *money.AmountTotal
		v  money.Amount
	}{{&t.official, r.Official}, {&t.discount, r.Discount}, {&t.truncated, r.Truncated}, {&t.payment, r.Payment},
		{&t.performance, r.Performance},
		{&t.owed, r.Owed}, {&t.revenue, r.Revenue}, {&t.cost, r.Cost}, {&t.margin, r.Margin}} {
		_ = a.to.Add(a.v)
	}
}

// summed adds up rows by party and service, in the order of their ids.
func summed(rows iter.Seq[*Row], of func(*Row) PageParty, service func(*Row) (code, name string)) []*rowSums {
	by := map[[2]string]*rowSums{}
	var list []*rowSums
	for r := range rows {
		party := of(r)
		code, name := service(r)
		t := by[[2]string{party.ID, code}]
		if t == nil {
			t = &rowSums{party: party, service: code, serviceName: name, customers: map[string]bool{}}
			by[[2]string{party.ID, code}] = t
			list = append(list, t)
		}
		t.add(r)
	}
	slices.SortFunc(list, func(a, b *rowSums) int {
		return cmp.Or(cmp.Compare(a.party.ID, b.party.ID), cmp.Compare(a.service, b.service))
	})
	return list
}

func noService(*Row) (string, string)   { return "", "" }
func serviceOf(r *Row) (string, string) { return r.Service, r.ServiceName }
func customerOf(r *Row) PageParty       { return PageParty{ID: r.CustomerID, Name: r.CustomerName} }
func resellerOf(r *Row) PageParty       { return PageParty{ID: r.ResellerID, Name: r.ResellerName} }

// sellerPart returns what is owed to each seller, if there are several.
func (s *Statement) sellerPart() *PagePart {
	named := func(r *Row) PageParty {
		for _, p := range s.Sellers {
			if p.ID == r.SellerID {
				return p
			}
		}
		return PageParty{ID: r.SellerID}
	}
	list := summed(only(s.Rows, func(r *Row) bool { return r.SellerID != "" }), named, noService)
	if len(list) < 2 {
		return nil
	}
	return &PagePart{Name: "seller", Title: "Sellers", Where: InSheet | InPrint, Each: "sellers",
		Rank:  3,
		About: []string{"The partner had more than one seller in the cycle. Incentives are not part of these sums."},
		Cols: []PageColumn{{Title: "Seller", Kind: Named}, {Title: "Id"},
			{Title: "Lines", Kind: Count, Sum: true},
			{Title: "Owed", Kind: Amount, Sum: true, Keep: true},
			{Title: "Cost", Kind: Amount, Sum: true}},
		Rows: ListedCells(list, func(t **rowSums) []PageCell {
			return []PageCell{WordCell((*t).party.Name), WordCell((*t).party.ID), NumberCell((*t).lines),
				SumCell((*t).owed), SumCell((*t).cost)}
		})}
}

// customerSums has one row per customer, for the sheet; the printed page already has sums by customer.
func (s *Statement) customerSums() *PagePart {
	list := summed(only(s.Rows, own), customerOf, noService)
	if len(list) == 0 {
		return nil
	}
	return s.inCurrencies(&PagePart{Name: "customer", Title: "Customers", Where: InSheet,
		Cols: []PageColumn{{Title: "Customer", Kind: Named}, {Title: "Id"},
			{Title: "Lines", Kind: Count, Sum: true},
			{Title: "Official", Kind: Amount, Sum: true},
			{Title: "Discount", Kind: Amount, Sum: true}, {Title: "Truncated", Kind: Amount, Sum: true},
			{Title: "To pay", Kind: Amount, Sum: true},
			{Title: "Performance", Kind: Amount, Sum: true}, {Title: "Owed", Kind: Amount, Sum: true}},
		Rows: ListedCells(list, func(t **rowSums) []PageCell {
			return append([]PageCell{WordCell((*t).party.Name), WordCell((*t).party.ID),
				NumberCell((*t).lines), SumCell((*t).official), SumCell((*t).discount),
				SumCell((*t).truncated), SumCell((*t).payment), SumCell((*t).performance),
				SumCell((*t).owed)}, s.customerCurrency((*t).currency)...)
		})})
}

// rowPart is the partner's own rows, by customer.
func (s *Statement) rowPart() *PagePart {
	return s.inCurrencies(&PagePart{Name: "row", Title: "Rows", Heading: "Customers", Where: Everywhere,
		Group: 2, Each: "customers", Rank: 12,
		About: []string{"Customers of the partner itself. To pay is what the customers pay before rounding; owed is " +
			"what the partner owes its seller, by its terms."},
		Cols: []PageColumn{{Name: "customer_name", Title: "Customer", Kind: Named},
			{Name: "customer_id", Title: "Id"},
			{Name: "service_type_name", Title: "Service", Kind: Named},
			{Name: "service_type_code", Title: "Code", Code: true},
			{Name: "association_type", Title: "Type", Kind: Coded, Fold: true, Say: ModeWords},
			{Name: "charging_mode", Title: "Mode", Kind: Coded, Fold: true, Say: ModeWords},
			{Name: "sign", Title: "Sign", Fold: true},
			{Name: "line_count", Title: "Lines", Kind: Count, Sum: true},
			{Name: "official_amount", Title: "Official", Kind: Amount, Sum: true},
			{Name: "official_discount_amount", Title: "Discount", Kind: Amount, Sum: true},
			{Name: "truncated_amount", Title: "Truncated", Kind: Amount, Sum: true},
			{Name: "payment_amount", Title: "To pay", Kind: Amount, Sum: true, Keep: true},
			{Name: "owed_amount", Title: "Owed", Kind: Amount, Sum: true, Keep: true},
			{Name: "performance_amount", Title: "Performance", Kind: Amount, Sum: true},
			{Name: "seller_id", Title: "Seller", Fold: true}},
		Rows: rowsOf(only(s.Rows, own), func(r *Row) []PageCell {
			return append([]PageCell{WordCell(r.CustomerName), WordCell(r.CustomerID),
				WordCell(r.ServiceName), WordCell(r.Service), CodeCell(r.AssociationType, associationWord),
				CodeCell(r.ChargingMode, modeWord), WordCell(r.Sign), NumberCell(r.Lines),
				amountCell(r.Official), amountCell(r.Discount), amountCell(r.Truncated),
				amountCell(r.Payment), amountCell(r.Owed), amountCell(r.Performance), WordCell(r.SellerID)},
				s.conversion(r)...)
		})})
}

// resellerSums has one row per reseller.
func (s *Statement) resellerSums() *PagePart {
	list := summed(only(s.Rows, through), resellerOf, noService)
	if len(list) == 0 {
		return nil
	}
	return s.withoutPaid(&PagePart{Name: "reseller", Title: "Resellers", Where: InSheet | InPrint,
		Each: "resellers", Rank: 5,
		About: []string{"Revenue is what resellers owe the partner, cost what the partner owes its own seller for " +
			"the same lines."},
		Cols: []PageColumn{{Title: "Reseller", Kind: Named}, {Title: "Id"},
			{Title: "Customers", Kind: Count},
			{Title: "Lines", Kind: Count, Sum: true},
			{Title: "To pay", Kind: Amount, Sum: true},
			{Title: "Revenue", Kind: Amount, Sum: true, Keep: true},
			{Title: "Cost", Kind: Amount, Sum: true, Keep: true},
			{Title: "Margin", Kind: Amount, Sum: true, Keep: true},
			{Title: "Performance", Kind: Amount, Sum: true}},
		Rows: ListedCells(list, func(t **rowSums) []PageCell {
			return []PageCell{WordCell((*t).party.Name), WordCell((*t).party.ID),
				NumberCell(int64(len((*t).customers))), NumberCell((*t).lines), SumCell((*t).payment),
				SumCell((*t).revenue), SumCell((*t).cost), SumCell((*t).margin), SumCell((*t).performance)}
		})})
}

// resellerServices has one row per reseller and service, for print.
func (s *Statement) resellerServices() *PagePart {
	list := summed(only(s.Rows, through), resellerOf, serviceOf)
	if len(list) == 0 {
		return nil
	}
	return s.withoutPaid(&PagePart{Name: "reseller_service", Title: "Resellers by service", Where: InPrint,
		Group: 2, Each: "resellers", Rank: 6,
		About: []string{"The rows of resellers by customer are in the XLSX, CSV and JSON forms of this statement."},
		Cols: []PageColumn{{Title: "Reseller", Kind: Named}, {Title: "Id"},
			{Title: "Service", Kind: Named}, {Title: "Code", Code: true},
			{Title: "Lines", Kind: Count, Sum: true},
			{Title: "To pay", Kind: Amount, Sum: true},
			{Title: "Revenue", Kind: Amount, Sum: true, Keep: true},
			{Title: "Cost", Kind: Amount, Sum: true, Keep: true},
			{Title: "Margin", Kind: Amount, Sum: true, Keep: true}},
		Rows: ListedCells(list, func(t **rowSums) []PageCell {
			return []PageCell{WordCell((*t).party.Name), WordCell((*t).party.ID),
				WordCell((*t).serviceName), WordCell((*t).service),
				NumberCell((*t).lines), SumCell((*t).payment),
				SumCell((*t).revenue), SumCell((*t).cost), SumCell((*t).margin)}
		})})
}

// resellerPart returns a distributor's rows about its resellers.
func (s *Statement) resellerPart() *PagePart {
	if !s.hasResellers() {
		return nil
	}
	return s.inCurrencies(&PagePart{Name: "reseller_row", Title: "Reseller rows",
		Where: InData | InSheet,
		Cols: []PageColumn{{Name: "reseller_name", Title: "Reseller", Kind: Named},
			{Name: "reseller_id", Title: "Reseller id"},
			{Name: "customer_name", Title: "Customer", Kind: Named}, {Name: "customer_id", Title: "Id"},
			{Name: "service_type_name", Title: "Service", Kind: Named},
			{Name: "service_type_code", Title: "Code", Code: true},
			{Name: "association_type", Title: "Type", Kind: Coded, Fold: true, Say: ModeWords},
			{Name: "charging_mode", Title: "Mode", Kind: Coded, Fold: true, Say: ModeWords},
			{Name: "sign", Title: "Sign", Fold: true},
			{Name: "line_count", Title: "Lines", Kind: Count, Sum: true},
			{Name: "official_amount", Title: "Official", Kind: Amount, Sum: true},
			{Name: "official_discount_amount", Title: "Discount", Kind: Amount, Sum: true},
			{Name: "truncated_amount", Title: "Truncated", Kind: Amount, Sum: true},
			{Name: "payment_amount", Title: "To pay", Kind: Amount, Sum: true},
			{Name: "revenue_amount", Title: "Revenue", Kind: Amount, Sum: true},
			{Name: "cost_amount", Title: "Cost", Kind: Amount, Sum: true},
			{Name: "margin_amount", Title: "Margin", Kind: Amount, Sum: true},
			{Name: "performance_amount", Title: "Performance", Kind: Amount, Sum: true},
			{Name: "seller_id", Title: "Seller", Fold: true}},
		Rows: rowsOf(only(s.Rows, through), func(r *Row) []PageCell {
			return append([]PageCell{WordCell(r.ResellerName), WordCell(r.ResellerID),
				WordCell(r.CustomerName), WordCell(r.CustomerID),
				WordCell(r.ServiceName), WordCell(r.Service),
				CodeCell(r.AssociationType, associationWord), CodeCell(r.ChargingMode, modeWord),
				WordCell(r.Sign), NumberCell(r.Lines), amountCell(r.Official), amountCell(r.Discount),
				amountCell(r.Truncated), amountCell(r.Payment), amountCell(r.Revenue), amountCell(r.Cost),
				amountCell(r.Margin), amountCell(r.Performance), WordCell(r.SellerID)}, s.conversion(r)...)
		})})
}

// rowsOf returns the cells of selected rows.
func rowsOf(rows iter.Seq[*Row], cells func(*Row) []PageCell) iter.Seq[[]PageCell] {
	return func(yield func([]PageCell) bool) {
		for r := range rows {
			if !yield(cells(r)) {
				return
			}
		}
	}
}

func (s *Statement) incentivePart() *PagePart {
	if len(s.Incentives) == 0 {
		return nil
	}
	return &PagePart{Name: "incentive", Title: "Incentives", Where: Everywhere, Each: "incentives", Rank: 7,
		About: []string{"Incentives of periods that end with the cycle are part of the net; the others are shown for " +
			"their state."},
		Cols: []PageColumn{{Name: "programme_id", Title: "Programme"}, {Name: "period", Title: "Period"},
			{Name: "performance_amount", Title: "Performance", Kind: Amount},
			{Name: "transferred_amount", Title: "Transferred", Kind: Amount},
			{Name: "carried_in", Title: "Carried in", Kind: Amount},
			{Name: "tier_amount", Title: "Tier", Kind: Amount},
			{Name: "bonus_amount", Title: "Bonus", Kind: Amount},
			{Name: "incentive_amount", Title: "Incentive", Kind: Amount, Keep: true},
			{Name: "carried_out", Title: "Carried out", Kind: Amount},
			{Name: "in_net", Title: "In net", Say: StateWords},
			{Name: "state", Title: "State", Say: StateWords},
			{Name: "deadline", Title: "Until", Kind: Instant},
			{Name: "next", Title: "Then", Say: StateWords}},
		Rows: ListedCells(s.Incentives, func(i *Incentive) []PageCell {
			in := "no"
			if i.Counts {
				in = "yes"
			}
			return []PageCell{WordCell(i.ProgrammeID), WordCell(i.Period), amountCell(i.Performance),
				amountCell(i.Transferred), amountCell(i.CarriedIn), amountCell(i.Tier),
				amountCell(i.Bonus), amountCell(i.Amount), amountCell(i.CarriedOut), WordCell(in),
				WordCell(i.State), TimeCell(i.Deadline), WordCell(i.Next)}
		})}
}

func (s *Statement) clawbackPart() *PagePart {
	if len(s.Clawbacks) == 0 {
		return nil
	}
	return &PagePart{Name: "clawback", Title: "Claw-backs", Where: Everywhere, Each: "claw-backs", Rank: 2,
		Cols: []PageColumn{{Name: "programme_id", Title: "Programme"}, {Name: "period", Title: "Period"},
			{Name: "clawback_amount", Title: "Claw-back", Kind: Amount, Sum: true, Keep: true},
			{Name: "reason", Title: "Reason", Kind: Named}},
		Rows: ListedCells(s.Clawbacks, func(c *Clawback) []PageCell {
			return []PageCell{WordCell(c.ProgrammeID), WordCell(c.Period), amountCell(c.Amount),
				WordCell(c.Reason)}
		})}
}
