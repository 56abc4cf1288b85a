package document

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"github.com/tollbook/tollbook/schemas/money"
)

// page returns the statement's page with all parts.
func (s *Statement) page() *layout.Page {
	p := &layout.Page{Header: &s.Header, Kind: "Statement", Role: "partner", Subject: s.Partner, Notes: s.Notes,
		Annexes: s.Annexes, Cover: s.Cover}
	seller := ""
	if len(s.Sellers) > 0 {
		seller = s.Sellers[0].Full()
	}
	p.Facts = []layout.Figure{{Name: "Partner", Value: s.Partner.Full()}, {Name: "Kind", Value: s.Kind},
		{Name: "Seller", Value: seller}}
	p.Facts = slices.DeleteFunc(p.Facts, func(f layout.Figure) bool { return f.Value == "" })
	p.Headline = layout.Figure{Name: "Net to pay",
		Value: s.Header.Currency + " " + typeset.Grouped(s.Summary.Net.StringFixed(s.Header.Digits))}
	if s.Summary.Net.Cmp(money.AmountTotal{}) < 0 {
		p.Headline = layout.Figure{Name: "Net to receive", Value: s.Header.Currency + " " +
			typeset.Grouped(negated(s.Summary.Net).StringFixed(s.Header.Digits))}
	}
	p.Chart = chartOf(&s.Header, s.Usage)
	p.Parts = append(p.Parts, headerPart(p), s.confirmPart(layout.InSheet|layout.InPrint), s.summaryData(),
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
	p.Parts = slices.DeleteFunc(p.Parts, func(p *layout.Part) bool { return p == nil })
	return p
}

// summaryData returns the sums unchanged.
func (s *Statement) summaryData() *layout.Part {
	m := &s.Summary
	return entryData("summary", entry{name: "owed_amount", amount: m.Owed}, entry{name: "cost_amount", amount: m.Cost},
		entry{name: "revenue_amount", amount: m.Revenue}, entry{name: "margin_amount", amount: m.Margin},
		entry{name: "incentive_amount", amount: m.Incentives}, entry{name: "clawback_amount", amount: m.Clawbacks},
		entry{name: "net_amount", amount: m.Net})
}

// summaryPart returns the sums with the signs with which they add up to the net.
func (s *Statement) summaryPart() *layout.Part {
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
			typeset.Grouped(m.Margin.StringFixed(s.Header.Digits))))
	}
	return &layout.Part{Name: "summary", Title: "Summary", Where: layout.InSheet | layout.InPrint, About: about,
		Cols: entryColumns("Name"),
		Rows: layout.Listed(list, entryCells)}
}

func (s *Statement) hasResellers() bool {
	return slices.ContainsFunc(s.Rows, func(r Row) bool { return r.ResellerID != "" })
}

func own(r *Row) bool     { return r.ResellerID == "" }
func through(r *Row) bool { return r.ResellerID != "" }

// rowSums has sums of several rows.
type rowSums struct {
	party                                               layout.Party
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
func summed(rows iter.Seq[*Row], of func(*Row) layout.Party, service func(*Row) (code, name string)) []*rowSums {
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
func customerOf(r *Row) layout.Party    { return layout.Party{ID: r.CustomerID, Name: r.CustomerName} }
func resellerOf(r *Row) layout.Party    { return layout.Party{ID: r.ResellerID, Name: r.ResellerName} }

// sellerPart returns what is owed to each seller, if there are several.
func (s *Statement) sellerPart() *layout.Part {
	named := func(r *Row) layout.Party {
		for _, p := range s.Sellers {
			if p.ID == r.SellerID {
				return p
			}
		}
		return layout.Party{ID: r.SellerID}
	}
	list := summed(only(s.Rows, func(r *Row) bool { return r.SellerID != "" }), named, noService)
	if len(list) < 2 {
		return nil
	}
	return &layout.Part{Name: "seller", Title: "Sellers", Where: layout.InSheet | layout.InPrint, Each: "sellers",
		Rank:  3,
		About: []string{"The partner had more than one seller in the cycle. Incentives are not part of these sums."},
		Cols: []layout.Column{{Title: "Seller", Kind: layout.Named}, {Title: "Id"},
			{Title: "Lines", Kind: layout.Count, Sum: true},
			{Title: "Owed", Kind: layout.Amount, Sum: true, Keep: true},
			{Title: "Cost", Kind: layout.Amount, Sum: true}},
		Rows: layout.Listed(list, func(t **rowSums) []layout.Cell {
			return []layout.Cell{layout.Word((*t).party.Name), layout.Word((*t).party.ID), layout.Number((*t).lines),
				layout.Sum((*t).owed), layout.Sum((*t).cost)}
		})}
}

// customerSums has one row per customer, for the sheet; the printed page already has sums by customer.
func (s *Statement) customerSums() *layout.Part {
	list := summed(only(s.Rows, own), customerOf, noService)
	if len(list) == 0 {
		return nil
	}
	return s.inCurrencies(&layout.Part{Name: "customer", Title: "Customers", Where: layout.InSheet,
		Cols: []layout.Column{{Title: "Customer", Kind: layout.Named}, {Title: "Id"},
			{Title: "Lines", Kind: layout.Count, Sum: true},
			{Title: "Official", Kind: layout.Amount, Sum: true},
			{Title: "Discount", Kind: layout.Amount, Sum: true}, {Title: "Truncated", Kind: layout.Amount, Sum: true},
			{Title: "To pay", Kind: layout.Amount, Sum: true},
			{Title: "Performance", Kind: layout.Amount, Sum: true}, {Title: "Owed", Kind: layout.Amount, Sum: true}},
		Rows: layout.Listed(list, func(t **rowSums) []layout.Cell {
			return append([]layout.Cell{layout.Word((*t).party.Name), layout.Word((*t).party.ID),
				layout.Number((*t).lines), layout.Sum((*t).official), layout.Sum((*t).discount),
				layout.Sum((*t).truncated), layout.Sum((*t).payment), layout.Sum((*t).performance),
				layout.Sum((*t).owed)}, s.customerCurrency((*t).currency)...)
		})})
}

// rowPart is the partner's own rows, by customer.
func (s *Statement) rowPart() *layout.Part {
	return s.inCurrencies(&layout.Part{Name: "row", Title: "Rows", Heading: "Customers", Where: layout.Everywhere,
		Group: 2, Each: "customers", Rank: 12,
		About: []string{"Customers of the partner itself. To pay is what the customers pay before rounding; owed is " +
			"what the partner owes its seller, by its terms."},
		Cols: []layout.Column{{Name: "customer_name", Title: "Customer", Kind: layout.Named},
			{Name: "customer_id", Title: "Id"},
			{Name: "service_type_name", Title: "Service", Kind: layout.Named},
			{Name: "service_type_code", Title: "Code", Code: true},
			{Name: "association_type", Title: "Type", Kind: layout.Coded, Fold: true, Say: language.Modes},
			{Name: "charging_mode", Title: "Mode", Kind: layout.Coded, Fold: true, Say: language.Modes},
			{Name: "sign", Title: "Sign", Fold: true},
			{Name: "line_count", Title: "Lines", Kind: layout.Count, Sum: true},
			{Name: "official_amount", Title: "Official", Kind: layout.Amount, Sum: true},
			{Name: "official_discount_amount", Title: "Discount", Kind: layout.Amount, Sum: true},
			{Name: "truncated_amount", Title: "Truncated", Kind: layout.Amount, Sum: true},
			{Name: "payment_amount", Title: "To pay", Kind: layout.Amount, Sum: true, Keep: true},
			{Name: "owed_amount", Title: "Owed", Kind: layout.Amount, Sum: true, Keep: true},
			{Name: "performance_amount", Title: "Performance", Kind: layout.Amount, Sum: true},
			{Name: "seller_id", Title: "Seller", Fold: true}},
		Rows: rowsOf(only(s.Rows, own), func(r *Row) []layout.Cell {
			return append([]layout.Cell{layout.Word(r.CustomerName), layout.Word(r.CustomerID),
				layout.Word(r.ServiceName), layout.Word(r.Service), layout.Code(r.AssociationType, associationWord),
				layout.Code(r.ChargingMode, modeWord), layout.Word(r.Sign), layout.Number(r.Lines),
				amountCell(r.Official), amountCell(r.Discount), amountCell(r.Truncated),
				amountCell(r.Payment), amountCell(r.Owed), amountCell(r.Performance), layout.Word(r.SellerID)},
				s.conversion(r)...)
		})})
}

// resellerSums has one row per reseller.
func (s *Statement) resellerSums() *layout.Part {
	list := summed(only(s.Rows, through), resellerOf, noService)
	if len(list) == 0 {
		return nil
	}
	return s.withoutPaid(&layout.Part{Name: "reseller", Title: "Resellers", Where: layout.InSheet | layout.InPrint,
		Each: "resellers", Rank: 5,
		About: []string{"Revenue is what resellers owe the partner, cost what the partner owes its own seller for " +
			"the same lines."},
		Cols: []layout.Column{{Title: "Reseller", Kind: layout.Named}, {Title: "Id"},
			{Title: "Customers", Kind: layout.Count},
			{Title: "Lines", Kind: layout.Count, Sum: true},
			{Title: "To pay", Kind: layout.Amount, Sum: true},
			{Title: "Revenue", Kind: layout.Amount, Sum: true, Keep: true},
			{Title: "Cost", Kind: layout.Amount, Sum: true, Keep: true},
			{Title: "Margin", Kind: layout.Amount, Sum: true, Keep: true},
			{Title: "Performance", Kind: layout.Amount, Sum: true}},
		Rows: layout.Listed(list, func(t **rowSums) []layout.Cell {
			return []layout.Cell{layout.Word((*t).party.Name), layout.Word((*t).party.ID),
				layout.Number(int64(len((*t).customers))), layout.Number((*t).lines), layout.Sum((*t).payment),
				layout.Sum((*t).revenue), layout.Sum((*t).cost), layout.Sum((*t).margin), layout.Sum((*t).performance)}
		})})
}

// resellerServices has one row per reseller and service, for print.
func (s *Statement) resellerServices() *layout.Part {
	list := summed(only(s.Rows, through), resellerOf, serviceOf)
	if len(list) == 0 {
		return nil
	}
	return s.withoutPaid(&layout.Part{Name: "reseller_service", Title: "Resellers by service", Where: layout.InPrint,
		Group: 2, Each: "resellers", Rank: 6,
		About: []string{"The rows of resellers by customer are in the XLSX, CSV and JSON forms of this statement."},
		Cols: []layout.Column{{Title: "Reseller", Kind: layout.Named}, {Title: "Id"},
			{Title: "Service", Kind: layout.Named}, {Title: "Code", Code: true},
			{Title: "Lines", Kind: layout.Count, Sum: true},
			{Title: "To pay", Kind: layout.Amount, Sum: true},
			{Title: "Revenue", Kind: layout.Amount, Sum: true, Keep: true},
			{Title: "Cost", Kind: layout.Amount, Sum: true, Keep: true},
			{Title: "Margin", Kind: layout.Amount, Sum: true, Keep: true}},
		Rows: layout.Listed(list, func(t **rowSums) []layout.Cell {
			return []layout.Cell{layout.Word((*t).party.Name), layout.Word((*t).party.ID),
				layout.Word((*t).serviceName), layout.Word((*t).service),
				layout.Number((*t).lines), layout.Sum((*t).payment),
				layout.Sum((*t).revenue), layout.Sum((*t).cost), layout.Sum((*t).margin)}
		})})
}

// resellerPart returns a distributor's rows about its resellers.
func (s *Statement) resellerPart() *layout.Part {
	if !s.hasResellers() {
		return nil
	}
	return s.inCurrencies(&layout.Part{Name: "reseller_row", Title: "Reseller rows",
		Where: layout.InData | layout.InSheet,
		Cols: []layout.Column{{Name: "reseller_name", Title: "Reseller", Kind: layout.Named},
			{Name: "reseller_id", Title: "Reseller id"},
			{Name: "customer_name", Title: "Customer", Kind: layout.Named}, {Name: "customer_id", Title: "Id"},
			{Name: "service_type_name", Title: "Service", Kind: layout.Named},
			{Name: "service_type_code", Title: "Code", Code: true},
			{Name: "association_type", Title: "Type", Kind: layout.Coded, Fold: true, Say: language.Modes},
			{Name: "charging_mode", Title: "Mode", Kind: layout.Coded, Fold: true, Say: language.Modes},
			{Name: "sign", Title: "Sign", Fold: true},
			{Name: "line_count", Title: "Lines", Kind: layout.Count, Sum: true},
			{Name: "official_amount", Title: "Official", Kind: layout.Amount, Sum: true},
			{Name: "official_discount_amount", Title: "Discount", Kind: layout.Amount, Sum: true},
			{Name: "truncated_amount", Title: "Truncated", Kind: layout.Amount, Sum: true},
			{Name: "payment_amount", Title: "To pay", Kind: layout.Amount, Sum: true},
			{Name: "revenue_amount", Title: "Revenue", Kind: layout.Amount, Sum: true},
			{Name: "cost_amount", Title: "Cost", Kind: layout.Amount, Sum: true},
			{Name: "margin_amount", Title: "Margin", Kind: layout.Amount, Sum: true},
			{Name: "performance_amount", Title: "Performance", Kind: layout.Amount, Sum: true},
			{Name: "seller_id", Title: "Seller", Fold: true}},
		Rows: rowsOf(only(s.Rows, through), func(r *Row) []layout.Cell {
			return append([]layout.Cell{layout.Word(r.ResellerName), layout.Word(r.ResellerID),
				layout.Word(r.CustomerName), layout.Word(r.CustomerID),
				layout.Word(r.ServiceName), layout.Word(r.Service),
				layout.Code(r.AssociationType, associationWord), layout.Code(r.ChargingMode, modeWord),
				layout.Word(r.Sign), layout.Number(r.Lines), amountCell(r.Official), amountCell(r.Discount),
				amountCell(r.Truncated), amountCell(r.Payment), amountCell(r.Revenue), amountCell(r.Cost),
				amountCell(r.Margin), amountCell(r.Performance), layout.Word(r.SellerID)}, s.conversion(r)...)
		})})
}

// rowsOf returns the cells of selected rows.
func rowsOf(rows iter.Seq[*Row], cells func(*Row) []layout.Cell) iter.Seq[[]layout.Cell] {
	return func(yield func([]layout.Cell) bool) {
		for r := range rows {
			if !yield(cells(r)) {
				return
			}
		}
	}
}

func (s *Statement) incentivePart() *layout.Part {
	if len(s.Incentives) == 0 {
		return nil
	}
	return &layout.Part{Name: "incentive", Title: "Incentives", Where: layout.Everywhere, Each: "incentives", Rank: 7,
		About: []string{"Incentives of periods that end with the cycle are part of the net; the others are shown for " +
			"their state."},
		Cols: []layout.Column{{Name: "programme_id", Title: "Programme"}, {Name: "period", Title: "Period"},
			{Name: "performance_amount", Title: "Performance", Kind: layout.Amount},
			{Name: "transferred_amount", Title: "Transferred", Kind: layout.Amount},
			{Name: "carried_in", Title: "Carried in", Kind: layout.Amount},
			{Name: "tier_amount", Title: "Tier", Kind: layout.Amount},
			{Name: "bonus_amount", Title: "Bonus", Kind: layout.Amount},
			{Name: "incentive_amount", Title: "Incentive", Kind: layout.Amount, Keep: true},
			{Name: "carried_out", Title: "Carried out", Kind: layout.Amount},
			{Name: "in_net", Title: "In net", Say: language.States},
			{Name: "state", Title: "State", Say: language.States},
			{Name: "deadline", Title: "Until", Kind: layout.Instant},
			{Name: "next", Title: "Then", Say: language.States}},
		Rows: layout.Listed(s.Incentives, func(i *Incentive) []layout.Cell {
			in := "no"
			if i.Counts {
				in = "yes"
			}
			return []layout.Cell{layout.Word(i.ProgrammeID), layout.Word(i.Period), amountCell(i.Performance),
				amountCell(i.Transferred), amountCell(i.CarriedIn), amountCell(i.Tier),
				amountCell(i.Bonus), amountCell(i.Amount), amountCell(i.CarriedOut), layout.Word(in),
				layout.Word(i.State), layout.At(i.Deadline), layout.Word(i.Next)}
		})}
}

func (s *Statement) clawbackPart() *layout.Part {
	if len(s.Clawbacks) == 0 {
		return nil
	}
	return &layout.Part{Name: "clawback", Title: "Claw-backs", Where: layout.Everywhere, Each: "claw-backs", Rank: 2,
		Cols: []layout.Column{{Name: "programme_id", Title: "Programme"}, {Name: "period", Title: "Period"},
			{Name: "clawback_amount", Title: "Claw-back", Kind: layout.Amount, Sum: true, Keep: true},
			{Name: "reason", Title: "Reason", Kind: layout.Named}},
		Rows: layout.Listed(s.Clawbacks, func(c *Clawback) []layout.Cell {
			return []layout.Cell{layout.Word(c.ProgrammeID), layout.Word(c.Period), amountCell(c.Amount),
				layout.Word(c.Reason)}
		})}
}
