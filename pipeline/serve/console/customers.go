package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sortByCode sorts rows from a map by their second column.
func sortByCode(t *Table) {
	slices.SortFunc(t.Rows, func(a, b []Cell) int { return cmp.Compare(a[1].Text, b[1].Text) })
}

// customers shows the amounts due of a cycle's customers.
func customers(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("客户，%s", "Customers, %s", cycle), Lead: state, Crumbs: []Link{Home(v)},
		Tabs: Months(v, cycle.String())}
	var t *Table
	if Everybody(v) {
		key := "customers " + cycle.String() + " " + v.Currency()
		t, err = KeepTable(v, key, func(v *View) (*Table, error) {
			return customersDue(v, lake.CycleOf(cycle))
		})
	} else {
		t, err = customersPart(v, lake.CycleOf(cycle))
		p.Notes = append(p.Notes, Note{Text: v.T("仅含这些客户作为您的客户时的消费，舍入前。",
			"What customers consumed as yours, before rounding.")})
	}
	if err != nil {
		return nil, err
	}
	p.Blocks = append(append(p.Blocks, Currencies(v)...), Block{Title: v.T("客户", "Customers"), Table: t})
	return p, nil
}

// customerHead returns the first columns of tables of customers.
func customerHead(v *View) []Column {
	return []Column{{Name: "customer", Title: v.T("客户", "Customer")},
		{Name: "customer_id", Title: v.T("编号", "Id"), Kind: Code}}
}

// customersDue shows the statements of all customers.
func customersDue(v *View, cycle lake.Cycle) (*Table, error) {
	t := &Table{Name: "customers", Order: "-due_amount", Columns: slices.Concat(customerHead(v),
		[]Column{{Name: "partner_id", Title: v.T("伙伴", "Partner"), Kind: Code, Spare: true}},
		amountColumns(v), []Column{
			{Name: "rounding", Title: v.T("舍入", "Rounding"), Kind: Amount, Spare: true},
			{Name: "tax_amount", Title: v.T("税额", "Tax"), Kind: Amount, Spare: true},
			{Name: "due_amount", Title: v.T("应付（舍入后）", "Due"), Kind: Amount},
			{Name: "debt_amount", Title: v.T("欠款", "Still owed"), Kind: Amount, Spare: true}})}
	var all struct{ official, discount, truncated, payment, rounding, tax, due, debt money.AmountTotal }
	var lines int64
	err := EachStatement(v, cycle, "", func(s Statement) error {
		href := v.To("bill", "customer_id", s.Customer, "cycle", cycle.String())
		t.Rows = append(t.Rows, []Cell{{Text: NameOrID(v, s.Customer), Href: href}, {Text: s.Customer},
			{Text: partnerNow(v, s.Customer)}, {Text: strconv.FormatInt(s.Lines, 10)}, v.Money(s.Official, ""),
			v.Money(s.Discount, ""), v.Money(s.Truncated, ""), v.Money(s.Payment, ""), v.Money(s.Rounding.Neg(), ""),
			v.Money(s.Tax, href), v.Money(s.Due, href), v.Money(s.Debt, "")})
		lines += s.Lines
		for _, one := range []struct {
			to *money.AmountTotal
			a  money.Amount
		}{{&all.official, s.Official}, {&all.discount, s.Discount}, {&all.truncated, s.Truncated},
			{&all.payment, s.Payment}, {&all.rounding, s.Rounding.Neg()}, {&all.tax, s.Tax}, {&all.due, s.Due},
			{&all.debt, s.Debt}} {
			if err := one.to.Add(one.a); err != nil {
				return err
			}
		}
		return nil
	})
	t.Total = []Cell{{}, {}, {}, {Text: strconv.FormatInt(lines, 10)}, v.Money(all.official, ""),
		v.Money(all.discount, ""), v.Money(all.truncated, ""), v.Money(all.payment, ""), v.Money(all.rounding, ""),
		v.Money(all.tax, ""), v.Money(all.due, ""), v.Money(all.debt, "")}
	return t, err
}

// partnerNow returns the current partner of a customer; "" = none.
func partnerNow(v *View, id string) string {
	b := v.Call.State.Workspace.Books
	if code := b.Customer(id); code >= 0 {
		if a, ok := b.Associations.At(code, v.Call.State.Now); ok {
			return b.Partners[a.Partner].ID
		}
	}
	return ""
}

// customersPart shows the sums of the lines that the call may see, by customer.
func customersPart(v *View, cycle lake.Cycle) (*Table, error) {
	ids, err := visibleCustomers(v, cycle)
	if err != nil {
		return nil, err
	}
	list, err := sums(v, cycle, ids, nil, tables.LineCustomerID.Of())
	if err != nil {
		return nil, err
	}
	all, err := AllOf(list)
	if err != nil {
		return nil, err
	}
	t := &Table{Name: "customers", Order: "-payment_amount",
		Columns: slices.Concat(customerHead(v), amountColumns(v))}
	for i := range list {
		id := list[i].By[0]
		to := func(string) string { return v.To("bill", "customer_id", id, "cycle", cycle.String()) }
		t.Rows = append(t.Rows, append([]Cell{{Text: NameOrID(v, id), Href: to("")}, {Text: id}},
			amountCells(v, &list[i], to)...))
	}
	t.Total = append(make([]Cell, 2), amountCells(v, &all, func(string) string { return "" })...)
	return t, nil
}

// customer shows one customer: its months and its data in the books.
func customer(v *View) (*Page, error) {
	id := v.Call.Text("customer_id")
	p := &Page{Title: Called(v, id), Lead: id, Crumbs: Way(v)}
	t := &Table{Name: "months", Order: "-cycle", Columns: append([]Column{
		{Name: "cycle", Title: v.T("账期", "Cycle")}, {Name: "state", Title: v.T("状态", "State")}},
		amountColumns(v)...)}
	var sumOfAll query.LineSum
	for _, ref := range shownMonths(v) {
		list, err := sums(v, ref.Cycle, []string{id}, nil)
		if err != nil {
			return nil, err
		}
		all, err := AllOf(list)
		if err != nil {
			return nil, err
		}
		if all.Lines == 0 {
			continue
		}
		if err := sumOfAll.Add(&all); err != nil {
			return nil, err
		}
		state, tone := StateText(v, ref.Cycle)
		to := func(string) string { return v.To("bill", "customer_id", id, "cycle", ref.Cycle.String()) }
		t.Rows = append(t.Rows, append([]Cell{{Text: ref.Cycle.String(), Href: to("")}, {Text: state, Tone: tone}},
			amountCells(v, &all, to)...))
	}
	t.Total = append(make([]Cell, 2), amountCells(v, &sumOfAll, func(string) string { return "" })...)
	t.Empty = v.T("没有可见的账单", "No bills")
	noteArchived(v, p)
	p.Blocks = append(p.Blocks, Block{Title: v.T("账单", "Bills"), Table: t}, bookBlock(v, id))
	if cycle, err := CycleOf(v); err == nil {
		p.Blocks = append(p.Blocks, related(v, lake.CycleOf(cycle)))
	}
	return p, nil
}

// bookBlock shows a customer's data in the books. A partner sees nothing of other partners.
func bookBlock(v *View, id string) Block {
	b := v.Call.State.Workspace.Books
	out := Block{Title: v.T("账本中的信息", "In the books")}
	code := b.Customer(id)
	if code < 0 {
		return out
	}
	all := House(v)
	add := func(zh, en, value, href string) {
		if value != "" {
			out.Facts = append(out.Facts, Figure{Name: v.T(zh, en), Value: value, Href: href})
		}
	}
	// a former partner does not see the current account manager
	if now, ok := b.Associations.At(code, v.Call.State.Now); all || ok && v.Call.Caller.Role == keys.Partner &&
		b.Partners[now.Partner].ID == v.Call.Caller.Partner {
		add("客户经理", "Account manager", books.ManagerOf(b, code, v.Call.State.Now), "")
	}
	if row, ok := b.CustomerRowAt(code, v.Call.State.Now); ok && all {
		add("价目表", "Price list", row.PriceList, "")
	}
	for _, a := range b.Associations.Of(code) {
		partner := b.Partners[a.Partner].ID
		if !all && (v.Call.Caller.Role != keys.Partner || partner != v.Call.Caller.Partner) {
			continue
		}
		kind := v.T("推荐", "referral")
		if a.Type == books.Resale {
			kind = v.T("转售", "resale")
		}
		out.Facts = append(out.Facts, Figure{Name: v.T("伙伴", "Partner"), Value: partner,
			Note: strings.TrimSpace(kind + " " + Span(v, a.Valid)),
			Href: v.Link("statement", "partner_id", partner)})
	}
	return out
}
