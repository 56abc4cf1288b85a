package document

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"github.com/tollbook/tollbook/schemas/money"
)

// page puts the statement's parts together.
func (s *Statement) page() *page {
	p := &page{header: &s.Header, kind: "Statement", role: "partner", subject: s.Partner, notes: s.Notes,
		annexes: s.Annexes, cover: s.Cover}
	seller := ""
	if len(s.Sellers) > 0 {
		seller = s.Sellers[0].full()
	}
	p.facts = []Figure{{"Partner", s.Partner.full()}, {"Kind", s.Kind}, {"Seller", seller}}
	p.facts = slices.DeleteFunc(p.facts, func(f Figure) bool { return f.Value == "" })
	p.headline = Figure{"Net to pay",
		s.Header.Currency + " " + typeset.Grouped(s.Summary.Net.StringFixed(s.Header.Digits))}
	if s.Summary.Net.Cmp(money.AmountTotal{}) < 0 {
		p.headline = Figure{"Net to receive", s.Header.Currency + " " +
			typeset.Grouped(negated(s.Summary.Net).StringFixed(s.Header.Digits))}
	}
	p.chart = chartOf(&s.Header, s.Usage)
	p.parts = append(p.parts, p.headerPart(), s.confirmPart(inSheet|inPrint), s.summaryData(), s.summaryPart(),
		s.sellerPart())
	if p.chart != nil {
		p.parts = append(p.parts, servicePart(p.chart))
	}
	p.parts = append(p.parts, s.customerSums(), s.rowPart(), s.resellerSums(), s.resellerServices(), s.resellerPart(),
		s.incentivePart(), s.clawbackPart(), taxPart(s.Taxes, "Tax on what the partner owes each seller for the "+
			"cycle, before incentives. It is not part of the net."))
	p.parts = append(p.parts, s.Money.parts()...)
	p.parts = append(p.parts, commonParts(&s.Header, s.Usage, s.Annexes, s.Notes)...)
	p.parts = slices.DeleteFunc(p.parts, func(p *part) bool { return p == nil })
	return p
}

// summaryData is the sums as they are.
func (s *Statement) summaryData() *part {
	m := &s.Summary
	return entryData("summary", entry{name: "owed_amount", amount: m.Owed}, entry{name: "cost_amount", amount: m.Cost},
		entry{name: "revenue_amount", amount: m.Revenue}, entry{name: "margin_amount", amount: m.Margin},
		entry{name: "incentive_amount", amount: m.Incentives}, entry{name: "clawback_amount", amount: m.Clawbacks},
		entry{name: "net_amount", amount: m.Net})
}

// summaryPart is the sums with the signs with which they make the net.
func (s *Statement) summaryPart() *part {
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
	return &part{name: "summary", title: "Summary", where: inSheet | inPrint, about: about, cols: entryColumns("Name"),
		rows: listed(list, entryCells)}
}

func (s *Statement) hasResellers() bool {
	return slices.ContainsFunc(s.Rows, func(r Row) bool { return r.ResellerID != "" })
}

func own(r *Row) bool     { return r.ResellerID == "" }
func through(r *Row) bool { return r.ResellerID != "" }

// rowSums are amounts of several rows.
type rowSums struct {
	party                                               Party
	service, serviceName                                string
	customers                                           map[string]bool
	lines                                               int64
	official, discount, truncated, payment, performance money.AmountTotal
	owed, revenue, cost, margin                         money.AmountTotal
}

// add adds a row; Check has shown that all rows together stay in range, so that a few do.
func (t *rowSums) add(r *Row) {
	t.lines += r.Lines
	t.customers[r.CustomerID] = true
	for _, a := range []struct {
		to *money.AmountTotal
		v  money.Amount
	}{{&t.official, r.Official}, {&t.discount, r.Discount}, {&t.truncated, r.Truncated}, {&t.payment, r.Payment},
		{&t.performance, r.Performance},
		{&t.owed, r.Owed}, {&t.revenue, r.Revenue}, {&t.cost, r.Cost}, {&t.margin, r.Margin}} {
		_ = a.to.Add(a.v)
	}
}

// summed adds rows up by party and service, in the order of their ids.
func summed(rows iter.Seq[*Row], of func(*Row) Party, service func(*Row) (code, name string)) []*rowSums {
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
func customerOf(r *Row) Party           { return Party{r.CustomerID, r.CustomerName} }
func resellerOf(r *Row) Party           { return Party{r.ResellerID, r.ResellerName} }

// sellerPart says what is owed to whom, where that is more than one.
func (s *Statement) sellerPart() *part {
	named := func(r *Row) Party {
		for _, p := range s.Sellers {
			if p.ID == r.SellerID {
				return p
			}
		}
		return Party{ID: r.SellerID}
	}
	list := summed(only(s.Rows, func(r *Row) bool { return r.SellerID != "" }), named, noService)
	if len(list) < 2 {
		return nil
	}
	return &part{name: "seller", title: "Sellers", where: inSheet | inPrint, each: "sellers", rank: 3,
		about: []string{"The partner had more than one seller in the cycle. Incentives are not part of these sums."},
		cols: []column{{title: "Seller"}, {title: "Id"}, {title: "Lines", kind: count, sum: true},
			{title: "Owed", kind: amount, sum: true, keep: true}, {title: "Cost", kind: amount, sum: true}},
		rows: listed(list, func(t **rowSums) []cell {
			return []cell{word((*t).party.Name), word((*t).party.ID), number((*t).lines), sumCell((*t).owed),
				sumCell((*t).cost)}
		})}
}

// customerSums is a row a customer, for the sheet; the printed page has sums by customer already.
func (s *Statement) customerSums() *part {
	list := summed(only(s.Rows, own), customerOf, noService)
	if len(list) == 0 {
		return nil
	}
	return s.inCurrencies(&part{name: "customer", title: "Customers", where: inSheet,
		cols: []column{{title: "Customer"}, {title: "Id"}, {title: "Lines", kind: count, sum: true},
			{title: "Official", kind: amount, sum: true},
			{title: "Discount", kind: amount, sum: true}, {title: "Truncated", kind: amount, sum: true},
			{title: "To pay", kind: amount, sum: true},
			{title: "Performance", kind: amount, sum: true}, {title: "Owed", kind: amount, sum: true}},
		rows: listed(list, func(t **rowSums) []cell {
			return []cell{word((*t).party.Name), word((*t).party.ID), number((*t).lines), sumCell((*t).official),
				sumCell((*t).discount),
				sumCell((*t).truncated), sumCell((*t).payment), sumCell((*t).performance), sumCell((*t).owed)}
		})})
}

// rowPart is the partner's own rows, by customer.
func (s *Statement) rowPart() *part {
	return s.inCurrencies(&part{name: "row", title: "Rows", heading: "Customers", where: everywhere, group: 2,
		each: "customers", rank: 12,
		about: []string{"Customers of the partner itself. To pay is what the customers pay before rounding; owed is " +
			"what the partner owes its seller, by its terms."},
		cols: []column{{name: "customer_name", title: "Customer"}, {name: "customer_id", title: "Id"},
			{name: "service_type_name", title: "Service"}, {name: "service_type_code", title: "Code", code: true},
			{name: "association_type", title: "Type", kind: coded, fold: true, say: language.Modes},
			{name: "charging_mode", title: "Mode", kind: coded, fold: true, say: language.Modes},
			{name: "sign", title: "Sign", fold: true},
			{name: "line_count", title: "Lines", kind: count, sum: true},
			{name: "official_amount", title: "Official", kind: amount, sum: true},
			{name: "official_discount_amount", title: "Discount", kind: amount, sum: true},
			{name: "truncated_amount", title: "Truncated", kind: amount, sum: true},
			{name: "payment_amount", title: "To pay", kind: amount, sum: true, keep: true},
			{name: "owed_amount", title: "Owed", kind: amount, sum: true, keep: true},
			{name: "performance_amount", title: "Performance", kind: amount, sum: true},
			{name: "seller_id", title: "Seller", fold: true}},
		rows: rowsOf(only(s.Rows, own), func(r *Row) []cell {
			return append([]cell{word(r.CustomerName), word(r.CustomerID), word(r.ServiceName), word(r.Service),
				code(r.AssociationType, associationWord),
				code(r.ChargingMode, modeWord), word(r.Sign), number(r.Lines), amountCell(r.Official),
				amountCell(r.Discount), amountCell(r.Truncated),
				amountCell(r.Payment), amountCell(r.Owed), amountCell(r.Performance), word(r.SellerID)},
				s.conversion(r)...)
		})})
}

// resellerSums is a row a reseller.
func (s *Statement) resellerSums() *part {
	list := summed(only(s.Rows, through), resellerOf, noService)
	if len(list) == 0 {
		return nil
	}
	return s.withoutPaid(&part{name: "reseller", title: "Resellers", where: inSheet | inPrint, each: "resellers",
		rank: 5,
		about: []string{"Revenue is what resellers owe the partner, cost what the partner owes its own seller for " +
			"the same lines."},
		cols: []column{{title: "Reseller"}, {title: "Id"}, {title: "Customers", kind: count},
			{title: "Lines", kind: count, sum: true},
			{title: "To pay", kind: amount, sum: true}, {title: "Revenue", kind: amount, sum: true, keep: true},
			{title: "Cost", kind: amount, sum: true, keep: true},
			{title: "Margin", kind: amount, sum: true, keep: true}, {title: "Performance", kind: amount, sum: true}},
		rows: listed(list, func(t **rowSums) []cell {
			return []cell{word((*t).party.Name), word((*t).party.ID), number(int64(len((*t).customers))),
				number((*t).lines), sumCell((*t).payment),
				sumCell((*t).revenue), sumCell((*t).cost), sumCell((*t).margin), sumCell((*t).performance)}
		})})
}

// resellerServices is a row a reseller and service, for print.
func (s *Statement) resellerServices() *part {
	list := summed(only(s.Rows, through), resellerOf, serviceOf)
	if len(list) == 0 {
		return nil
	}
	return s.withoutPaid(&part{name: "reseller_service", title: "Resellers by service", where: inPrint, group: 2,
		each: "resellers", rank: 6,
		about: []string{"The rows of resellers by customer are in the XLSX, CSV and JSON forms of this statement."},
		cols: []column{{title: "Reseller"}, {title: "Id"}, {title: "Service"}, {title: "Code", code: true},
			{title: "Lines", kind: count, sum: true},
			{title: "To pay", kind: amount, sum: true}, {title: "Revenue", kind: amount, sum: true, keep: true},
			{title: "Cost", kind: amount, sum: true, keep: true},
			{title: "Margin", kind: amount, sum: true, keep: true}},
		rows: listed(list, func(t **rowSums) []cell {
			return []cell{word((*t).party.Name), word((*t).party.ID), word((*t).serviceName), word((*t).service),
				number((*t).lines), sumCell((*t).payment),
				sumCell((*t).revenue), sumCell((*t).cost), sumCell((*t).margin)}
		})})
}

// resellerPart is a distributor's rows about its resellers.
func (s *Statement) resellerPart() *part {
	if !s.hasResellers() {
		return nil
	}
	return s.inCurrencies(&part{name: "reseller_row", title: "Reseller rows", where: inData | inSheet,
		cols: []column{{name: "reseller_name", title: "Reseller"}, {name: "reseller_id", title: "Reseller id"},
			{name: "customer_name", title: "Customer"}, {name: "customer_id", title: "Id"},
			{name: "service_type_name", title: "Service"}, {name: "service_type_code", title: "Code", code: true},
			{name: "association_type", title: "Type", kind: coded, fold: true, say: language.Modes},
			{name: "charging_mode", title: "Mode", kind: coded, fold: true, say: language.Modes},
			{name: "sign", title: "Sign", fold: true},
			{name: "line_count", title: "Lines", kind: count, sum: true},
			{name: "official_amount", title: "Official", kind: amount, sum: true},
			{name: "official_discount_amount", title: "Discount", kind: amount, sum: true},
			{name: "truncated_amount", title: "Truncated", kind: amount, sum: true},
			{name: "payment_amount", title: "To pay", kind: amount, sum: true},
			{name: "revenue_amount", title: "Revenue", kind: amount, sum: true}, {name: "cost_amount", title: "Cost",
				kind: amount, sum: true},
			{name: "margin_amount", title: "Margin", kind: amount, sum: true},
			{name: "performance_amount", title: "Performance", kind: amount, sum: true},
			{name: "seller_id", title: "Seller", fold: true}},
		rows: rowsOf(only(s.Rows, through), func(r *Row) []cell {
			return append([]cell{word(r.ResellerName), word(r.ResellerID), word(r.CustomerName), word(r.CustomerID),
				word(r.ServiceName), word(r.Service),
				code(r.AssociationType, associationWord), code(r.ChargingMode, modeWord), word(r.Sign), number(r.Lines),
				amountCell(r.Official), amountCell(r.Discount),
				amountCell(r.Truncated), amountCell(r.Payment), amountCell(r.Revenue), amountCell(r.Cost),
				amountCell(r.Margin), amountCell(r.Performance), word(r.SellerID)}, s.conversion(r)...)
		})})
}

// rowsOf makes cells of picked rows.
func rowsOf(rows iter.Seq[*Row], cells func(*Row) []cell) iter.Seq[[]cell] {
	return func(yield func([]cell) bool) {
		for r := range rows {
			if !yield(cells(r)) {
				return
			}
		}
	}
}

func (s *Statement) incentivePart() *part {
	if len(s.Incentives) == 0 {
		return nil
	}
	return &part{name: "incentive", title: "Incentives", where: everywhere, each: "incentives", rank: 7,
		about: []string{"Incentives of periods that end with the cycle are part of the net; the others are shown for " +
			"their state."},
		cols: []column{{name: "programme_id", title: "Programme"}, {name: "period", title: "Period"},
			{name: "performance_amount", title: "Performance", kind: amount},
			{name: "transferred_amount", title: "Transferred", kind: amount},
			{name: "carried_in", title: "Carried in", kind: amount}, {name: "tier_amount", title: "Tier", kind: amount},
			{name: "bonus_amount", title: "Bonus", kind: amount},
			{name: "incentive_amount", title: "Incentive", kind: amount, keep: true},
			{name: "carried_out", title: "Carried out", kind: amount},
			{name: "in_net", title: "In net", say: language.States},
			{name: "state", title: "State", say: language.States},
			{name: "deadline", title: "Until", kind: instant}, {name: "next", title: "Then", say: language.States}},
		rows: listed(s.Incentives, func(i *Incentive) []cell {
			in := "no"
			if i.Counts {
				in = "yes"
			}
			return []cell{word(i.ProgrammeID), word(i.Period), amountCell(i.Performance), amountCell(i.Transferred),
				amountCell(i.CarriedIn), amountCell(i.Tier),
				amountCell(i.Bonus), amountCell(i.Amount), amountCell(i.CarriedOut), word(in), word(i.State),
				at(i.Deadline), word(i.Next)}
		})}
}

func (s *Statement) clawbackPart() *part {
	if len(s.Clawbacks) == 0 {
		return nil
	}
	return &part{name: "clawback", title: "Claw-backs", where: everywhere, each: "claw-backs", rank: 2,
		cols: []column{{name: "programme_id", title: "Programme"}, {name: "period", title: "Period"},
			{name: "clawback_amount", title: "Claw-back", kind: amount, sum: true, keep: true},
			{name: "reason", title: "Reason"}},
		rows: listed(s.Clawbacks, func(c *Clawback) []cell {
			return []cell{word(c.ProgrammeID), word(c.Period), amountCell(c.Amount), word(c.Reason)}
		})}
}
