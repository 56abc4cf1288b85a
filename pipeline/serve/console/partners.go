package console

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// Partners shows the settlements of a cycle's partners. A partner sees only its own row.
func Partners(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	s, err := Sources(v)
	if err != nil {
		return nil, err
	}
	all, err := Keep(v, "partners "+cycle.String(), func(o *document.Overview) int { return 12 * len(o.Partners) },
		func(v *View) (*document.Overview, error) { return document.Partners(v.Request.Context(), s, cycle) })
	if err != nil {
		return nil, err
	}
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("伙伴，%s", "Partners, %s", cycle), Lead: state, Crumbs: []Link{Home(v)},
		Tabs: Months(v, cycle.String())}
	t := &Table{Name: "partners", Empty: v.T("没有伙伴结算", "No partner settles in this cycle"),
		Columns: []Column{
			{Name: "partner", Title: v.T("伙伴", "Partner")},
			{Name: "partner_id", Title: v.T("编号", "Id"), Kind: Code},
			{Name: "kind", Title: v.T("类型", "Kind")},
			{Name: "line_count", Title: v.T("行数", "Lines"), Kind: Whole},
			{Name: "payment_amount", Title: v.T("客户应付", "Customers pay"), Kind: Amount,
				Some: v.Mixed()}, // with the currencies
			{Name: "owed_amount", Title: v.T("伙伴应付", "Owes its seller"), Kind: Amount},
			{Name: "cost_amount", Title: v.T("下级成本", "Cost of resellers"), Kind: Amount, Spare: true},
			{Name: "revenue_amount", Title: v.T("下级收入", "Resellers owe it"), Kind: Amount, Spare: true},
			{Name: "margin_amount", Title: v.T("差价", "Margin on resellers"), Kind: Amount, Spare: true},
			{Name: "incentive_amount", Title: v.T("激励", "Incentives"), Kind: Amount, Spare: true},
			{Name: "net_amount", Title: v.T("净额", "Net to pay"), Kind: Amount},
		}}
	for i := range all.Partners {
		one := &all.Partners[i]
		if v.Call.Scope.Partner != "" && one.Partner.ID != v.Call.Scope.Partner || one.Currency != "" &&
			one.Currency != v.Currency() {
			continue
		}
		href := v.Link("statement", "partner_id", one.Partner.ID, "cycle", cycle.String())
		name := one.Partner.Name
		if name == "" {
			name = one.Partner.ID
		}
		t.Rows = append(t.Rows, append([]Cell{{Text: name, Href: href}, {Text: one.Partner.ID}, v.Word(one.Kind),
			{Text: strconv.FormatInt(one.Lines, 10)}}, settledCells(v, one, href)...))
	}
	if v.Call.Scope.Partner == "" {
		for i := range all.Totals {
			total := &all.Totals[i]
			if total.Currency != "" && total.Currency != v.Currency() {
				continue
			}
			t.Total = append([]Cell{{}, {}, {}, {Text: strconv.FormatInt(total.Lines, 10)}},
				settledCells(v, total, "")...)
		}
	}
	p.Blocks = append(append(p.Blocks, Currencies(v)...), Block{Title: v.T("结算", "Settlement"), Table: t},
		Block{Title: v.T("更多", "More about partners"), Links: otherMoney(v, "partners")})
	return p, nil
}

// settledCells returns the amounts of a partner.
func settledCells(v *View, s *document.Settled, href string) []Cell {
	cells := []Cell{PaymentsOf(v, &s.Payment, href)}
	for _, a := range []money.AmountTotal{s.Owed, s.Cost, s.Revenue, s.Margin, s.Incentives, s.Net} {
		to := href
		if a.IsZero() {
			to = ""
		}
		cells = append(cells, v.Money(a, to))
	}
	return cells
}

// StatementPage shows the settlement of one partner and its sellers for a cycle.
func StatementPage(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	s, err := Sources(v)
	if err != nil {
		return nil, err
	}
	s.Brief = true
	st, err := document.ComposeStatement(v.Request.Context(), s, cycle, v.Call.Text("partner_id"))
	if err != nil {
		return nil, err
	}
	name := cmp.Or(visible.Isolated(st.Partner.Name), st.Partner.ID)
	state, tone := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("%s的结算单，%s", "Statement of %s, %s", name, cycle),
		Lead: v.Word(st.Kind).Say() + " · " + state,
		Crumbs: []Link{Home(v), {Text: v.T("伙伴", "Partners"),
			Href: v.To("partners", "cycle", cycle.String())}},
		Tabs: Months(v, cycle.String())}
	if tone == Warn {
		p.Notes = append(p.Notes, Note{Tone: Warn, Text: v.T("暂定：结账前金额仍可能变化。",
			"Provisional: amounts can change until the month is closed.")})
	}
	p.Blocks = append(documentLink(v, "statement.html", "partner_id", st.Partner.ID, "cycle", cycle.String()),
		netBlock(v, st),
		Block{Title: v.T("明细", "Rows"), Table: statementTable(v, cycle, st)})
	if len(st.Incentives) > 0 {
		t := incentiveTable(v)
		for i := range st.Incentives {
			addIncentive(v, t, &st.Partner, &st.Incentives[i])
		}
		p.Blocks = append(p.Blocks, Block{Title: v.T("激励", "Incentives"), Table: t})
	}
	if len(st.Clawbacks) > 0 {
		p.Blocks = append(p.Blocks, Block{Title: v.T("追回", "Clawbacks"), Table: clawbackTable(v, st)})
	}
	if len(st.Taxes) > 0 {
		p.Blocks = append(p.Blocks, taxBlock(v, st.Taxes))
	}
	p.Blocks = append(p.Blocks, Block{Title: v.T("说明", "Notes"), Text: notesOf(v, st.Notes),
		Links: otherMoney(v, "")})
	return p, nil
}

// notesOf translates the notes of a statement to the view's language.
func notesOf(v *View, notes []string) []string {
	if v.Words == nil {
		return notes
	}
	out := make([]string, len(notes))
	for i := range notes {
		out[i] = v.Words.Note(notes[i])
	}
	return out
}

// netBlock shows the net amount: owed + cost − revenue − incentives + clawbacks.
func netBlock(v *View, st *document.Statement) Block {
	m := &st.Summary
	b := Block{ID: "net", Title: v.T("净额", "Net"), Figures: []Figure{
		{Name: v.T("净额", "Net to pay"), Sum: m.Net, Note: v.Currency(), Main: true},
		{Name: v.T("自有客户应付", "Owed for its customers"), Sum: m.Owed}}}
	for _, one := range []struct {
		zh, en string
		amount money.AmountTotal
	}{{"下级成本", "Cost of resellers", m.Cost}, {"下级收入", "Resellers owe it", m.Revenue},
		{"差价", "Margin on resellers", m.Margin}, {"激励", "Incentives", m.Incentives},
		{"追回", "Clawbacks", m.Clawbacks}} {
		if !one.amount.IsZero() {
			b.Figures = append(b.Figures, Figure{Name: v.T(one.zh, one.en), Sum: one.amount})
		}
	}
	return b
}

// taxBlock lists the taxes of a statement, which are not added to the net (§10.6).
func taxBlock(v *View, taxes []document.Tax) Block {
	t := &Table{Name: "taxes", Columns: []Column{
		{Name: "seller_id", Title: v.T("卖方", "Seller"), Kind: Code},
		{Name: "tax_id", Title: v.T("税种", "Tax"), Kind: Code},
		{Name: "tax_name", Title: v.T("名称", "Name")},
		{Name: "tax_rate", Title: v.T("税率", "Rate"), Kind: Quantity},
		{Name: "tax_prices", Title: v.T("价格", "Prices")},
		{Name: "taxable_amount", Title: v.T("计税金额", "Taxable"), Kind: Amount},
		{Name: "tax_amount", Title: v.T("税额", "Tax amount"), Kind: Amount},
	}}
	for i := range taxes {
		x := &taxes[i]
		t.Rows = append(t.Rows, []Cell{{Text: x.SellerID}, {Text: x.TaxID}, {Text: x.Name},
			{Text: x.Rate.Trim()}, {Text: v.Word(x.Prices).Say()}, v.Money(x.Taxable, ""), v.Money(x.Amount, "")})
	}
	return Block{Title: v.T("税", "Taxes"), Table: t, Text: []string{v.T(
		"按伙伴本账期应付各卖方的金额（激励之前）计算的税，不另计入净额；价格含税时，净额已包含税。",
		"Tax on what the partner owes each seller for the cycle, before incentives. It is not added to the net; if "+
			"prices include tax, the net contains it.")}}
}

// statementTable lists the rows of a statement: from what the customer pays to what the partner owes and earns.
func statementTable(v *View, cycle period.Cycle, st *document.Statement) *Table {
	t := &Table{Name: "rows", Columns: []Column{
		{Name: "seller_id", Title: v.T("卖方", "Seller"), Kind: Code},
		{Name: "reseller_id", Title: v.T("下级", "Reseller"), Kind: Code, Spare: true},
		{Name: "customer", Title: v.T("客户", "Customer")},
		{Name: "customer_id", Title: v.T("编号", "Id"), Kind: Code},
		{Name: "service", Title: v.T("服务", "Service")},
		{Name: "line_count", Title: v.T("行数", "Lines"), Kind: Whole},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: Amount, Spare: true},
		{Name: "truncated_amount", Title: v.T("抹零", "Truncated"), Kind: Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("客户应付", "Customer pays"), Kind: Amount},
		{Name: "performance_amount", Title: v.T("业绩", "Performance"), Kind: Amount, Spare: true},
		{Name: "owed_amount", Title: v.T("伙伴应付", "Owes its seller"), Kind: Amount, Spare: true},
		{Name: "cost_amount", Title: v.T("成本", "Cost"), Kind: Amount, Spare: true},
		{Name: "revenue_amount", Title: v.T("收入", "Reseller owes it"), Kind: Amount, Spare: true},
		{Name: "margin_amount", Title: v.T("差价", "Margin"), Kind: Amount, Spare: true},
	}}
	b := v.Call.State.Workspace.Books
	names := ServiceNames(b)
	for i := range st.Rows {
		r := &st.Rows[i]
		href := ""
		if House(v) || r.ResellerID == "" { // a distributor does not see the bills of its resellers' customers
			href = v.Link("service", "customer_id", r.CustomerID, "cycle", cycle.String(), "service_type_code",
				Exactly(r.Service))
		}
		paying := b.CustomerCurrencyOf(r.CustomerID).Code
		paid := func(a money.Amount) Cell { return v.MoneyIn(a, paying, "") }
		payment := paid(r.Payment)
		if !r.Payment.IsZero() {
			payment.Href = href
		}
		t.Rows = append(t.Rows, []Cell{{Text: r.SellerID}, {Text: r.ResellerID},
			{Text: NameOrID(v, r.CustomerID), Href: href}, {Text: r.CustomerID},
			{Text: ServiceName(v, names, r.Service)}, {Text: strconv.FormatInt(r.Lines, 10)}, paid(r.Official),
			paid(r.Discount), paid(r.Truncated), payment, v.Money(r.Performance, ""),
			v.Money(r.Owed, ""), v.Money(r.Cost, ""), v.Money(r.Revenue, ""), v.Money(r.Margin, "")})
	}
	if v.Mixed() {
		WithColumn(t, "official_amount", Column{Name: "customer_currency",
			Title: v.T("客户币种", "Customer's currency")},
			func(i int) Cell { return Cell{Text: b.CustomerCurrencyOf(st.Rows[i].CustomerID).Code} })
		WithColumn(t, "performance_amount", Column{Name: "fx_rate", Title: v.T("汇率", "Rate")},
			func(i int) Cell { return Cell{Text: st.Rows[i].Rate} })
	}
	return t
}

// clawbackTable lists what the partner pays back.
func clawbackTable(v *View, st *document.Statement) *Table {
	t := &Table{Name: "clawbacks", Columns: []Column{
		{Name: "programme_id", Title: v.T("计划", "Programme"), Kind: Code},
		{Name: "period", Title: v.T("周期", "Period")},
		{Name: "reason", Title: v.T("原因", "Reason")},
		{Name: "clawback_amount", Title: v.T("金额", "Amount"), Kind: Amount}}}
	for i := range st.Clawbacks {
		c := &st.Clawbacks[i]
		t.Rows = append(t.Rows, []Cell{{Text: c.ProgrammeID}, {Text: c.Period}, {Text: c.Reason},
			v.Money(c.Amount, "")})
	}
	return t
}

// Incentives shows what partners earn by programmes, with the next steps.
func Incentives(v *View) (*Page, error) {
	build := incentivesOf
	if Everybody(v) {
		build = func(v *View) (*Table, error) {
			return KeepTable(v, fmt.Sprintf("incentives for %s in %s", v.Call.Caller.Role, v.Currency()),
				incentivesOf)
		}
	}
	t, err := build(v)
	if err != nil {
		return nil, err
	}
	return &Page{Title: v.T("激励", "Incentives"), Crumbs: []Link{Home(v)},
		Blocks: []Block{{Title: v.T("激励与下一步", "Incentives and their next step"), Table: t}}}, nil
}

// incentivesOf returns the table of the incentives that a call may see.
func incentivesOf(v *View) (*Table, error) {
	list, err := Earned(v, v.Call.Scope.Partner)
	if err != nil {
		return nil, err
	}
	t := incentiveTable(v)
	for i := range list {
		addIncentive(v, t, &list[i].Partner, &list[i].Incentive)
	}
	if v.Mixed() {
		WithColumn(t, "performance_amount", Column{Name: "currency", Title: v.T("币种", "Currency")},
			func(i int) Cell { return Cell{Text: list[i].Currency} })
	}
	return t, nil
}

// incentiveTable has the columns of incentives.
func incentiveTable(v *View) *Table {
	return &Table{Name: "incentives", Empty: v.T("没有激励", "No incentives"), Columns: []Column{
		{Name: "partner", Title: v.T("伙伴", "Partner")},
		{Name: "programme_id", Title: v.T("计划", "Programme"), Kind: Code},
		{Name: "period", Title: v.T("周期", "Period")},
		{Name: "performance_amount", Title: v.T("业绩", "Performance"), Kind: Amount},
		{Name: "transferred_amount", Title: v.T("转移", "Transferred"), Kind: Amount, Spare: true},
		{Name: "carried_in", Title: v.T("转入", "Carried in"), Kind: Amount, Spare: true},
		{Name: "incentive_amount", Title: v.T("激励金额", "Incentive"), Kind: Amount},
		{Name: "carried_out", Title: v.T("转出", "Carried out"), Kind: Amount, Spare: true},
		{Name: "state", Title: v.T("状态", "State")},
		{Name: "deadline", Title: v.T("期限", "Deadline"), Kind: Time},
		{Name: "next", Title: v.T("下一步", "Next step")},
	}}
}

// addIncentive adds one incentive.
func addIncentive(v *View, t *Table, partner *document.PageParty, i *document.Incentive) {
	deadline := Cell{}
	if i.Deadline != 0 {
		deadline = v.Time(i.Deadline)
		deadline.Tone = Warn
	}
	href := ""
	if cycle, _, quarter := strings.Cut(i.Period, "-Q"); !quarter {
		href = v.Link("statement", "partner_id", partner.ID, "cycle", cycle)
	}
	currency := CurrencyOfPartner(v.Call.State.Workspace.Books, partner.ID, v.Currency())
	if i.Amount.IsZero() {
		href = ""
	}
	t.Rows = append(t.Rows, []Cell{{Text: partner.ID, Shown: partner.Name}, {Text: i.ProgrammeID},
		{Text: i.Period}, v.MoneyIn(i.Performance, currency, ""), v.MoneyIn(i.Transferred, currency, ""),
		v.MoneyIn(i.CarriedIn, currency, ""), v.MoneyIn(i.Amount, currency, href),
		v.MoneyIn(i.CarriedOut, currency, ""), v.Word(i.State), deadline, v.Word(i.Next)})
}
