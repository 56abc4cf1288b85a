package settling

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/out/compose"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/pipeline/serve/console/page"
	"github.com/tollbook/tollbook/pipeline/serve/console/parts"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/plain"
)

// Partners shows the settlements of a cycle's partners. A partner sees only its own row.
func Partners(v *page.View) (*page.Page, error) {
	cycle, err := parts.CycleOf(v)
	if err != nil {
		return nil, err
	}
	s, err := parts.Sources(v)
	if err != nil {
		return nil, err
	}
	all, err := page.Keep(v, "partners "+cycle.String(), func(o *compose.Overview) int { return 12 * len(o.Partners) },
		func(v *page.View) (*compose.Overview, error) { return compose.Partners(v.Request.Context(), s, cycle) })
	if err != nil {
		return nil, err
	}
	state, _ := parts.StateText(v, manifest.CycleOf(cycle))
	p := &page.Page{Title: v.F("伙伴，%s", "Partners, %s", cycle), Lead: state, Crumbs: []page.Link{parts.Home(v)},
		Tabs: parts.Months(v, cycle.String())}
	t := &page.Table{Name: "partners", Empty: v.T("没有伙伴结算", "No partner settles in this cycle"),
		Columns: []page.Column{
			{Name: "partner", Title: v.T("伙伴", "Partner")},
			{Name: "partner_id", Title: v.T("编号", "Id"), Kind: page.Code},
			{Name: "kind", Title: v.T("类型", "Kind")},
			{Name: "line_count", Title: v.T("行数", "Lines"), Kind: page.Whole},
			{Name: "payment_amount", Title: v.T("客户应付", "Customers pay"), Kind: page.Amount,
				Some: v.Mixed()}, // with the currencies
			{Name: "owed_amount", Title: v.T("伙伴应付", "Owes its seller"), Kind: page.Amount},
			{Name: "cost_amount", Title: v.T("下级成本", "Cost of resellers"), Kind: page.Amount, Spare: true},
			{Name: "revenue_amount", Title: v.T("下级收入", "Resellers owe it"), Kind: page.Amount, Spare: true},
			{Name: "margin_amount", Title: v.T("差价", "Margin on resellers"), Kind: page.Amount, Spare: true},
			{Name: "incentive_amount", Title: v.T("激励", "Incentives"), Kind: page.Amount, Spare: true},
			{Name: "net_amount", Title: v.T("净额", "Net to pay"), Kind: page.Amount},
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
		t.Rows = append(t.Rows, append([]page.Cell{{Text: name, Href: href}, {Text: one.Partner.ID}, v.Word(one.Kind),
			{Text: strconv.FormatInt(one.Lines, 10)}}, settledCells(v, one, href)...))
	}
	if v.Call.Scope.Partner == "" {
		for i := range all.Totals {
			total := &all.Totals[i]
			if total.Currency != "" && total.Currency != v.Currency() {
				continue
			}
			t.Total = append([]page.Cell{{}, {}, {}, {Text: strconv.FormatInt(total.Lines, 10)}},
				settledCells(v, total, "")...)
		}
	}
	p.Blocks = append(append(p.Blocks, parts.Currencies(v)...), page.Block{Title: v.T("结算", "Settlement"), Table: t},
		page.Block{Title: v.T("更多", "More about partners"), Links: otherMoney(v, "partners")})
	return p, nil
}

// settledCells returns the amounts of a partner.
func settledCells(v *page.View, s *compose.Settled, href string) []page.Cell {
	cells := []page.Cell{parts.PaymentsOf(v, &s.Payment, href)}
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
func StatementPage(v *page.View) (*page.Page, error) {
	cycle, err := parts.CycleOf(v)
	if err != nil {
		return nil, err
	}
	s, err := parts.Sources(v)
	if err != nil {
		return nil, err
	}
	s.Brief = true
	st, err := compose.Statement(v.Request.Context(), s, cycle, v.Call.Text("partner_id"))
	if err != nil {
		return nil, err
	}
	name := cmp.Or(plain.Isolated(st.Partner.Name), st.Partner.ID)
	state, tone := parts.StateText(v, manifest.CycleOf(cycle))
	p := &page.Page{Title: v.F("%s的结算单，%s", "Statement of %s, %s", name, cycle),
		Lead: v.Word(st.Kind).Say() + " · " + state,
		Crumbs: []page.Link{parts.Home(v), {Text: v.T("伙伴", "Partners"),
			Href: v.To("partners", "cycle", cycle.String())}},
		Tabs: parts.Months(v, cycle.String())}
	if tone == page.Warn {
		p.Notes = append(p.Notes, page.Note{Tone: page.Warn, Text: v.T("暂定：结账前金额仍可能变化。",
			"Provisional: amounts can change until the month is closed.")})
	}
	p.Blocks = append(p.Blocks, netBlock(v, st),
		page.Block{Title: v.T("明细", "Rows"), Table: statementTable(v, cycle, st)})
	if len(st.Incentives) > 0 {
		t := incentiveTable(v)
		for i := range st.Incentives {
			addIncentive(v, t, &st.Partner, &st.Incentives[i])
		}
		p.Blocks = append(p.Blocks, page.Block{Title: v.T("激励", "Incentives"), Table: t})
	}
	if len(st.Clawbacks) > 0 {
		p.Blocks = append(p.Blocks, page.Block{Title: v.T("追回", "Clawbacks"), Table: clawbackTable(v, st)})
	}
	if len(st.Taxes) > 0 {
		p.Blocks = append(p.Blocks, taxBlock(v, st.Taxes))
	}
	p.Blocks = append(p.Blocks, page.Block{Title: v.T("说明", "Notes"), Text: notesOf(v, st.Notes),
		Links: otherMoney(v, "")})
	return p, nil
}

// notesOf translates the notes of a statement to the view's language.
func notesOf(v *page.View, notes []string) []string {
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
func netBlock(v *page.View, st *document.Statement) page.Block {
	m := &st.Summary
	b := page.Block{ID: "net", Title: v.T("净额", "Net"), Figures: []page.Figure{
		{Name: v.T("净额", "Net to pay"), Value: v.Sum(m.Net), Note: v.Currency(), Main: true},
		{Name: v.T("自有客户应付", "Owed for its customers"), Value: v.Sum(m.Owed)}}}
	for _, one := range []struct {
		zh, en string
		amount money.AmountTotal
	}{{"下级成本", "Cost of resellers", m.Cost}, {"下级收入", "Resellers owe it", m.Revenue},
		{"差价", "Margin on resellers", m.Margin}, {"激励", "Incentives", m.Incentives},
		{"追回", "Clawbacks", m.Clawbacks}} {
		if !one.amount.IsZero() {
			b.Figures = append(b.Figures, page.Figure{Name: v.T(one.zh, one.en), Value: v.Sum(one.amount)})
		}
	}
	return b
}

// taxBlock lists the taxes of a statement, which are not added to the net (§10.6).
func taxBlock(v *page.View, taxes []document.Tax) page.Block {
	t := &page.Table{Name: "taxes", Columns: []page.Column{
		{Name: "seller_id", Title: v.T("卖方", "Seller"), Kind: page.Code},
		{Name: "tax_id", Title: v.T("税种", "Tax"), Kind: page.Code},
		{Name: "tax_name", Title: v.T("名称", "Name")},
		{Name: "tax_rate", Title: v.T("税率", "Rate"), Kind: page.Quantity},
		{Name: "tax_prices", Title: v.T("价格", "Prices")},
		{Name: "taxable_amount", Title: v.T("计税金额", "Taxable"), Kind: page.Amount},
		{Name: "tax_amount", Title: v.T("税额", "Tax amount"), Kind: page.Amount},
	}}
	for i := range taxes {
		x := &taxes[i]
		t.Rows = append(t.Rows, []page.Cell{{Text: x.SellerID}, {Text: x.TaxID}, {Text: x.Name},
			{Text: x.Rate.Trim()}, {Text: v.Word(x.Prices).Say()}, v.Money(x.Taxable, ""), v.Money(x.Amount, "")})
	}
	return page.Block{Title: v.T("税", "Taxes"), Table: t, Text: []string{v.T(
		"按伙伴本账期应付各卖方的金额（激励之前）计算的税，不另计入净额；价格含税时，净额已包含税。",
		"Tax on what the partner owes each seller for the cycle, before incentives. It is not added to the net; if "+
			"prices include tax, the net contains it.")}}
}

// statementTable lists the rows of a statement: from what the customer pays to what the partner owes and earns.
func statementTable(v *page.View, cycle period.Cycle, st *document.Statement) *page.Table {
	t := &page.Table{Name: "rows", Columns: []page.Column{
		{Name: "seller_id", Title: v.T("卖方", "Seller"), Kind: page.Code},
		{Name: "reseller_id", Title: v.T("下级", "Reseller"), Kind: page.Code, Spare: true},
		{Name: "customer", Title: v.T("客户", "Customer")},
		{Name: "customer_id", Title: v.T("编号", "Id"), Kind: page.Code},
		{Name: "service", Title: v.T("服务", "Service")},
		{Name: "line_count", Title: v.T("行数", "Lines"), Kind: page.Whole},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: page.Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: page.Amount, Spare: true},
		{Name: "truncated_amount", Title: v.T("抹零", "Truncated"), Kind: page.Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("客户应付", "Customer pays"), Kind: page.Amount},
		{Name: "performance_amount", Title: v.T("业绩", "Performance"), Kind: page.Amount, Spare: true},
		{Name: "owed_amount", Title: v.T("伙伴应付", "Owes its seller"), Kind: page.Amount, Spare: true},
		{Name: "cost_amount", Title: v.T("成本", "Cost"), Kind: page.Amount, Spare: true},
		{Name: "revenue_amount", Title: v.T("收入", "Reseller owes it"), Kind: page.Amount, Spare: true},
		{Name: "margin_amount", Title: v.T("差价", "Margin"), Kind: page.Amount, Spare: true},
	}}
	b := v.Call.State.Workspace.Books
	names := parts.ServiceNames(b)
	for i := range st.Rows {
		r := &st.Rows[i]
		href := ""
		if parts.House(v) || r.ResellerID == "" { // a distributor does not see the bills of its resellers' customers
			href = v.Link("service", "customer_id", r.CustomerID, "cycle", cycle.String(), "service_type_code",
				parts.Exactly(r.Service))
		}
		paying := b.CustomerCurrencyOf(r.CustomerID).Code
		paid := func(a money.Amount) page.Cell { return v.MoneyIn(a, paying, "") }
		payment := paid(r.Payment)
		if !r.Payment.IsZero() {
			payment.Href = href
		}
		t.Rows = append(t.Rows, []page.Cell{{Text: r.SellerID}, {Text: r.ResellerID},
			{Text: parts.NameOrID(v, r.CustomerID), Href: href}, {Text: r.CustomerID},
			{Text: parts.ServiceName(v, names, r.Service)}, {Text: strconv.FormatInt(r.Lines, 10)}, paid(r.Official),
			paid(r.Discount), paid(r.Truncated), payment, v.Money(r.Performance, ""),
			v.Money(r.Owed, ""), v.Money(r.Cost, ""), v.Money(r.Revenue, ""), v.Money(r.Margin, "")})
	}
	if v.Mixed() {
		parts.WithColumn(t, "official_amount", page.Column{Name: "customer_currency",
			Title: v.T("客户币种", "Customer's currency")},
			func(i int) page.Cell { return page.Cell{Text: b.CustomerCurrencyOf(st.Rows[i].CustomerID).Code} })
		parts.WithColumn(t, "performance_amount", page.Column{Name: "fx_rate", Title: v.T("汇率", "Rate")},
			func(i int) page.Cell { return page.Cell{Text: st.Rows[i].Rate} })
	}
	return t
}

// clawbackTable lists what the partner pays back.
func clawbackTable(v *page.View, st *document.Statement) *page.Table {
	t := &page.Table{Name: "clawbacks", Columns: []page.Column{
		{Name: "programme_id", Title: v.T("计划", "Programme"), Kind: page.Code},
		{Name: "period", Title: v.T("周期", "Period")},
		{Name: "reason", Title: v.T("原因", "Reason")},
		{Name: "clawback_amount", Title: v.T("金额", "Amount"), Kind: page.Amount}}}
	for i := range st.Clawbacks {
		c := &st.Clawbacks[i]
		t.Rows = append(t.Rows, []page.Cell{{Text: c.ProgrammeID}, {Text: c.Period}, {Text: c.Reason},
			v.Money(c.Amount, "")})
	}
	return t
}

// Incentives shows what partners earn by programmes, with the next steps.
func Incentives(v *page.View) (*page.Page, error) {
	build := incentivesOf
	if parts.Everybody(v) {
		build = func(v *page.View) (*page.Table, error) {
			return page.KeepTable(v, fmt.Sprintf("incentives for %s in %s", v.Call.Caller.Role, v.Currency()),
				incentivesOf)
		}
	}
	t, err := build(v)
	if err != nil {
		return nil, err
	}
	return &page.Page{Title: v.T("激励", "Incentives"), Crumbs: []page.Link{parts.Home(v)},
		Blocks: []page.Block{{Title: v.T("激励与下一步", "Incentives and their next step"), Table: t}}}, nil
}

// incentivesOf returns the table of the incentives that a call may see.
func incentivesOf(v *page.View) (*page.Table, error) {
	list, err := parts.Earned(v, v.Call.Scope.Partner)
	if err != nil {
		return nil, err
	}
	t := incentiveTable(v)
	for i := range list {
		addIncentive(v, t, &list[i].Partner, &list[i].Incentive)
	}
	if v.Mixed() {
		parts.WithColumn(t, "performance_amount", page.Column{Name: "currency", Title: v.T("币种", "Currency")},
			func(i int) page.Cell { return page.Cell{Text: list[i].Currency} })
	}
	return t, nil
}

// incentiveTable has the columns of incentives.
func incentiveTable(v *page.View) *page.Table {
	return &page.Table{Name: "incentives", Empty: v.T("没有激励", "No incentives"), Columns: []page.Column{
		{Name: "partner", Title: v.T("伙伴", "Partner")},
		{Name: "programme_id", Title: v.T("计划", "Programme"), Kind: page.Code},
		{Name: "period", Title: v.T("周期", "Period")},
		{Name: "performance_amount", Title: v.T("业绩", "Performance"), Kind: page.Amount},
		{Name: "transferred_amount", Title: v.T("转移", "Transferred"), Kind: page.Amount, Spare: true},
		{Name: "carried_in", Title: v.T("转入", "Carried in"), Kind: page.Amount, Spare: true},
		{Name: "incentive_amount", Title: v.T("激励金额", "Incentive"), Kind: page.Amount},
		{Name: "carried_out", Title: v.T("转出", "Carried out"), Kind: page.Amount, Spare: true},
		{Name: "state", Title: v.T("状态", "State")},
		{Name: "deadline", Title: v.T("期限", "Deadline"), Kind: page.Time},
		{Name: "next", Title: v.T("下一步", "Next step")},
	}}
}

// addIncentive adds one incentive.
func addIncentive(v *page.View, t *page.Table, partner *layout.Party, i *document.Incentive) {
	deadline := page.Cell{}
	if i.Deadline != 0 {
		deadline = v.Time(i.Deadline)
		deadline.Tone = page.Warn
	}
	href := ""
	if cycle, _, quarter := strings.Cut(i.Period, "-Q"); !quarter {
		href = v.Link("statement", "partner_id", partner.ID, "cycle", cycle)
	}
	currency := parts.CurrencyOfPartner(v.Call.State.Workspace.Books, partner.ID, v.Currency())
	if i.Amount.IsZero() {
		href = ""
	}
	t.Rows = append(t.Rows, []page.Cell{{Text: partner.ID, Shown: partner.Name}, {Text: i.ProgrammeID},
		{Text: i.Period}, v.MoneyIn(i.Performance, currency, ""), v.MoneyIn(i.Transferred, currency, ""),
		v.MoneyIn(i.CarriedIn, currency, ""), v.MoneyIn(i.Amount, currency, href),
		v.MoneyIn(i.CarriedOut, currency, ""), v.Word(i.State), deadline, v.Word(i.Next)})
}
