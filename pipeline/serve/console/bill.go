package console

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/schemas/visible"
)

// maxCharted is the largest number of lines of a bill with a chart by day: the chart reads every line.
const maxCharted = 50_000

// billPage shows a customer's bill of a cycle: the statement, what paid it, and its services.
func billPage(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	id := v.Call.Text("customer_id")
	of, err := itemsOf(v, lake.CycleOf(cycle), id)
	if err != nil {
		return nil, err
	}
	list, err := fold(of.items, itemColumns(), tables.Columns(tables.LineServiceTypeCode))
	if err != nil {
		return nil, err
	}
	all, err := AllOf(list)
	if err != nil {
		return nil, err
	}
	state, tone := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("%s的账单，%s", "Bill of %s, %s", Called(v, id), cycle), Lead: state,
		Crumbs: Way(v, CustomerLink(v)), Tabs: Months(v, cycle.String())}
	if tone == Warn {
		p.Notes = append(p.Notes, Note{Tone: Warn, Text: v.T("暂定：结账前金额仍可能变化。",
			"Provisional: amounts can change until the month is closed.")})
	}
	p.Blocks = documentLink(v, "bill.html", "customer_id", id, "cycle", cycle.String())
	st, whole, err := completeStatement(v, lake.CycleOf(cycle), id, &all)
	if err != nil {
		return nil, err
	}
	if whole {
		p.Blocks = append(p.Blocks, statementBlock(v, lake.CycleOf(cycle), &st))
		if paid := paidBlock(v, cycle, &st); len(paid.Figures) > 0 {
			p.Blocks = append(p.Blocks, paid)
		}
	} else {
		p.Notes = append(p.Notes, Note{Text: v.T("仅含该客户作为您的客户时的消费；抹零按整张账单计算。",
			"Only what the customer consumed as yours. Rounding is calculated on the complete bill.")})
		p.Blocks = append(p.Blocks, partBlock(v, lake.CycleOf(cycle), &all))
	}
	p.Blocks = append(p.Blocks, servicesBlock(v, lake.CycleOf(cycle), list, &all))
	var chart *Chart
	if whole && all.Lines > 0 && all.Lines <= maxCharted {
		chart, err = dayChart(v, cycle, id, of.days)
	}
	if err != nil {
		return nil, err
	}
	if chart != nil {
		p.Blocks = append(p.Blocks, Block{Title: v.T("每日消费", "Consumption by day"), Chart: chart})
	}
	p.Blocks = append(p.Blocks, related(v, lake.CycleOf(cycle)))
	return p, nil
}

// documentLink links to a document, if the caller may open it.
func documentLink(v *View, path string, pairs ...string) []Block {
	href := v.Link(path, pairs...)
	if href == "" {
		return nil
	}
	return []Block{{Links: []Link{{Text: v.T("打开文档（可打印）", "Open the document, to print or send"), Href: href}}}}
}

// billDocument returns the document that is sent to the customer.
func billDocument(v *View) (*File, error) {
	return documentFile(v, func(s *document.Sources, cycle period.Cycle) (written, error) {
		return document.ComposeBill(v.Request.Context(), s, cycle, v.Call.Text("customer_id"))
	})
}

// statementDocument returns the document that is sent to the partner.
func statementDocument(v *View) (*File, error) {
	return documentFile(v, func(s *document.Sources, cycle period.Cycle) (written, error) {
		return document.ComposeStatement(v.Request.Context(), s, cycle, v.Call.Text("partner_id"))
	})
}

// written is a document.
type written interface {
	Write(w io.Writer, f document.Format, o document.Options) error
}

// documentFile composes a document of the requested cycle with its cover.
func documentFile(v *View, of func(*document.Sources, period.Cycle) (written, error)) (*File, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	s, err := Sources(v)
	if err != nil {
		return nil, err
	}
	looks, err := v.Call.State.Workspace.Branding()
	if err != nil {
		return nil, err
	}
	s.Covers = &document.Covers{Branding: looks}
	doc, err := of(s, cycle)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = doc.Write(&out, document.HTML, document.Options{})
	return &File{Type: "text/html; charset=utf-8", Bytes: out.Bytes()}, err
}

// completeStatement returns the customer's statement if the lines that the caller may see are all of its lines
// (BILLING-2). A caller that sees all lines gets an error if their sum is not that of the statement (BILLING-1).
func completeStatement(v *View, cycle lake.Cycle, id string, all *query.LineSum) (Statement, bool, error) {
	st, ok, err := OneStatement(v, cycle, id)
	if err != nil {
		return st, false, err
	}
	if !ok {
		st.Customer = id
	}
	same := st.Lines == all.Lines
	for _, one := range []struct {
		stated money.Amount
		added  money.AmountTotal
	}{{st.Official, all.Amounts[query.OfficialSum]}, {st.Discount, all.Amounts[query.DiscountSum]},
		{st.Truncated, all.Amounts[query.TruncatedSum]}, {st.Payment, all.Amounts[query.PaymentSum]},
		{st.Cash, all.Amounts[query.CashSum]}, {st.Credit, all.Amounts[query.CreditSum]},
		{st.Coupon, all.Amounts[query.CouponSum]}, {st.StoredValue, all.Amounts[query.StoredValueSum]},
		{st.FlexiCoupon, all.Amounts[query.FlexiCouponSum]}, {st.Debt, all.Amounts[query.DebtSum]}} {
		same = same && one.stated.String() == one.added.String()
	}
	if !same && !Partial(v) {
		return st, false, fmt.Errorf("bill of customer %q for %s: the statement has payment_amount %s of %d lines, "+
			"the lines have %s of %d: run `tollbook verify`", id, cycle, st.Payment.String(), st.Lines,
			all.Amounts[query.PaymentSum].String(), all.Lines)
	}
	return st, same, nil
}

// statementBlock shows how the amount due follows from the official amount.
func statementBlock(v *View, cycle lake.Cycle, st *Statement) Block {
	of := func(column string) string {
		return v.To("lines", "customer_id", st.Customer, "cycle", cycle.String(), "nonzero", column)
	}
	all := v.To("lines", "customer_id", st.Customer, "cycle", cycle.String())
	due := v.T("应付＝小计＋舍入", "due = payment + rounding")
	if !st.Tax.IsZero() {
		due = v.T("应付＝小计＋舍入，价格不含税时再加税额", "due = payment + rounding, plus tax if prices do not include it")
	}
	block := Block{ID: "statement", Title: v.T("应付金额", "Amount due"), Figures: []Figure{
		{Name: v.T("应付", "Due"), Sum: st.Due, Note: v.Currency(), Href: all, Main: true},
		{Name: v.T("官网价", "Official amount"), Sum: st.Official, Href: of("official_amount")},
		{Name: v.T("折扣", "Discount"), Sum: st.Discount.Neg(), Href: of("official_discount_amount")},
		{Name: v.T("抹零", "Truncated"), Sum: st.Truncated.Neg(), Href: of("truncated_amount")},
		{Name: v.T("小计", "Payment before rounding"), Sum: st.Payment, Href: of("payment_amount")},
		{Name: v.T("舍入", "Rounding"), Sum: st.Rounding.Neg(), Href: all,
			Note: due},
		{Name: v.T("明细行", "Lines"), Value: document.GroupedDigits(strconv.FormatInt(st.Lines, 10)), Href: all},
	}}
	if !st.Tax.IsZero() {
		block.Figures = append(block.Figures, Figure{Name: v.T("税额", "Tax"), Sum: st.Tax, Href: all,
			Note: v.T("按设置已含在价格中，或另加", "part of due: included in payment or added to it, as the settings say")})
	}
	return block
}

// paidBlock shows what paid the bill. If payments are not recorded, it shows no cash.
func paidBlock(v *View, cycle period.Cycle, st *Statement) Block {
	recorded := document.ByLedger(v.Call.State.Snap, cycle, v.Call.State.Workspace.Settings.Payments)
	b := Block{ID: "paid", Title: v.T("支付", "Paid from")}
	for _, one := range []struct {
		zh, en, column string
		amount         money.Amount
	}{{"现金", "Cash", "cash_amount", st.Cash}, {"信用", "Credit", "credit_amount", st.Credit},
		{"代金券", "Coupons", "coupon_amount", st.Coupon},
		{"储值卡", "Stored value cards", "stored_value_card_amount", st.StoredValue},
		{"现金券", "Flexi-purchase coupons", "flexipurchase_coupon_amount", st.FlexiCoupon},
		{"欠款", "Still owed", "debt_amount", st.Debt}} {
		if cash := one.column == "cash_amount"; cash && !recorded || !cash && one.amount.IsZero() {
			continue
		}
		b.Figures = append(b.Figures, Figure{Name: v.T(one.zh, one.en), Sum: one.amount,
			Href: v.To("lines", "customer_id", st.Customer, "cycle", cycle.String(), "nonzero", one.column)})
	}
	return b
}

// partBlock shows the sums of the lines that the caller may see.
func partBlock(v *View, cycle lake.Cycle, all *query.LineSum) Block {
	id := v.Call.Text("customer_id")
	figure := func(zh, en, column string, at int, main bool) Figure {
		return Figure{Name: v.T(zh, en), Sum: all.Amounts[at], Main: main,
			Href: v.To("lines", "customer_id", id, "cycle", cycle.String(), "nonzero", column)}
	}
	return Block{ID: "statement", Title: v.T("合计", "Sums"), Figures: []Figure{
		figure("小计", "Payment", "payment_amount", query.PaymentSum, true),
		figure("官网价", "Official amount", "official_amount", query.OfficialSum, false),
		figure("折扣", "Discount", "official_discount_amount", query.DiscountSum, false),
		figure("抹零", "Truncated", "truncated_amount", query.TruncatedSum, false),
		{Name: v.T("明细行", "Lines"), Value: document.GroupedDigits(strconv.FormatInt(all.Lines, 10)),
			Href: v.To("lines", "customer_id", id, "cycle", cycle.String())},
	}}
}

// amountColumns returns the columns after the keys in tables of sums.
func amountColumns(v *View) []Column {
	return []Column{
		{Name: "line_count", Title: v.T("行数", "Lines"), Kind: Whole},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: Amount, Spare: true},
		{Name: "truncated_amount", Title: v.T("抹零", "Truncated"), Kind: Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount},
	}
}

// amountCells returns the cells of a sum; to returns the address to which an amount links.
func amountCells(v *View, s *query.LineSum, to func(column string) string) []Cell {
	cells := []Cell{{Text: strconv.FormatInt(s.Lines, 10), Href: to("")}}
	for _, one := range []struct {
		at   int
		name string
	}{{query.OfficialSum, "official_amount"}, {query.DiscountSum, "official_discount_amount"},
		{query.TruncatedSum, "truncated_amount"}, {query.PaymentSum, "payment_amount"}} {
		href := ""
		if !s.Amounts[one.at].IsZero() {
			href = to(one.name)
		}
		cells = append(cells, v.Money(s.Amounts[one.at], href))
	}
	return cells
}

// servicesBlock shows the bill by service.
func servicesBlock(v *View, cycle lake.Cycle, list []query.LineSum, all *query.LineSum) Block {
	id, names := v.Call.Text("customer_id"), ServiceNames(v.Call.State.Workspace.Books)
	t := &Table{Name: "services", Order: "-payment_amount",
		Columns: append([]Column{
			{Name: "service", Title: v.T("服务", "Service")},
			{Name: "service_type_code", Title: v.T("编码", "Code"), Kind: Code}}, amountColumns(v)...)}
	for i := range list {
		code := list[i].By[0]
		to := func(column string) string {
			if column == "" || column == "payment_amount" {
				return v.To("service", "customer_id", id, "cycle", cycle.String(), "service_type_code",
					Exactly(code))
			}
			return v.To("lines", "customer_id", id, "cycle", cycle.String(), "service_type_code", Exactly(code),
				"nonzero",
				column)
		}
		t.Rows = append(t.Rows, append([]Cell{{Text: ServiceName(v, names, code), Href: to("")},
			{Text: code}}, amountCells(v, &list[i], to)...))
	}
	t.Total = append(make([]Cell, 2), amountCells(v, all, func(column string) string {
		return v.To("lines", "customer_id", id, "cycle", cycle.String(), "nonzero", column)
	})...)
	t.Note = v.T("各行之和等于合计；金额链接到构成它的明细。",
		"The rows add up to the total. Each amount links to what it consists of.")
	return Block{ID: "services-block", Title: v.T("服务", "Services"), Table: t}
}

// dayChart returns the chart of a customer's complete consumption by day; days has its sums by service and day. It
// returns nil if there is nothing to draw.
func dayChart(v *View, cycle period.Cycle, id string, days []query.LineSum) (*Chart, error) {
	s, err := Sources(v)
	if err != nil {
		return nil, err
	}
	list, err := consumed(v, lake.CycleOf(cycle), id, days)
	if err != nil {
		return nil, err
	}
	drawing, err := document.ComposeDayDrawing(s, cycle, list)
	if err != nil || drawing == nil {
		return nil, err
	}
	return NewChart(v, drawing, v.F("单位%s，舍入前。", "In %s, before rounding.", v.Currency())), nil
}

// consumed returns the sums of a customer's lines by service and day. For lines of files without a day, such as those
// of orders, it reads the time.
func consumed(v *View, cycle lake.Cycle, id string, list []query.LineSum) ([]document.Consumed, error) {
	var out []document.Consumed
	var others []string
	for i := range list {
		one := document.Consumed{Service: list[i].By[0], File: list[i].By[1], Amount: list[i].Amounts[query.PaymentSum]}
		if _, err := period.ParseDay(one.File); err == nil {
			out = append(out, one)
		} else if !slices.Contains(others, one.File) {
			others = append(others, one.File)
		}
	}
	if len(others) == 0 {
		return out, nil
	}
	found, err := v.Call.State.Store.Page(v.Request.Context(), query.LineQuery{Cycle: cycle, Customer: id,
		Limit: maxCharted, Where: []query.Condition{{Column: tables.LineDay.Of(), Op: query.IsAnyOf, Values: others}},
		Columns: tables.Columns(tables.LineServiceTypeCode, tables.LineDay, tables.LineUsageStart,
			tables.LineTradeTime, tables.LinePaymentAmount)})
	if err != nil {
		return nil, err
	}
	clock := v.Zone().Clock()
	for i := range found.Rows.N {
		row := rows.Row[tables.Line]{Cols: found.Rows, I: i}
		at := row.Time(tables.LineUsageStart)
		if row.Word(tables.LineDay) == lake.EventsDay.String() {
			at = row.Time(tables.LineTradeTime)
		}
		one := document.Consumed{Service: row.Word(tables.LineServiceTypeCode), File: row.Word(tables.LineDay),
			Day: clock.Day(at)}
		payment, err := row.Amount(tables.LinePaymentAmount)
		if err == nil {
			err = one.Amount.Add(payment)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// related links to pages about the same bill.
func related(v *View, cycle lake.Cycle) Block {
	id := v.Call.Text("customer_id")
	b := Block{Title: v.T("更多", "More about this customer")}
	for _, one := range []struct{ zh, en, path string }{{"所有明细", "All lines", "lines"},
		{"带宽", "Bandwidth", "bandwidth"}, {"套餐", "Packages", "packages"}, {"订单", "Orders", "orders"},
		{"账户", "Account", "account"}} {
		if href := v.Link(one.path, "customer_id", id, "cycle", cycle.String()); href != "" {
			b.Links = append(b.Links, Link{Text: v.T(one.zh, one.en), Href: href})
		}
	}
	return b
}

// service shows one service of a bill: its items by product, region, tier, kind and discount.
func service(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	code := v.Call.Text("service_type_code")
	if code == "" {
		return nil, operation.BadParameter("service_type_code", operation.Text{Zh: "必填", En: "is missing"})
	}
	id, where := v.Call.Text("customer_id"), conditions(v)
	list, err := sums(v, lake.CycleOf(cycle), []string{id}, where, tables.LineSKU.Of(), tables.LineRegionCode.Of(),
		tables.LineKind.Of(),
		tables.LineTier.Of(), tables.LineDiscountID.Of(), tables.LineOriginCycle.Of())
	if err != nil {
		return nil, err
	}
	all, err := AllOf(list)
	if err != nil {
		return nil, err
	}
	names := ServiceNames(v.Call.State.Workspace.Books)
	name := cmp.Or(visible.Isolated(names[code]), ServiceName(v, names, code))
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("%s，%s，%s", "%s of %s, %s", name, Called(v, id), cycle), Lead: state,
		Crumbs: Way(v, CustomerLink(v), BillLink(v, lake.CycleOf(cycle)))}
	if v.Call.Language == operation.Chinese {
		p.Title = fmt.Sprintf("%s的%s，%s", Called(v, id), name, cycle)
	}
	p.Blocks = append(p.Blocks, itemsBlock(v, lake.CycleOf(cycle), list, &all))
	t, err := lineTable(v, lake.CycleOf(cycle), id, where, &all)
	if err != nil {
		return nil, err
	}
	p.Blocks = append(p.Blocks, Block{ID: "lines-block", Title: v.T("明细", "Lines"), Table: t})
	return p, nil
}

// itemsBlock shows the items of a service.
func itemsBlock(v *View, cycle lake.Cycle, list []query.LineSum, all *query.LineSum) Block {
	id, code, b := v.Call.Text("customer_id"), v.Call.Text("service_type_code"), v.Call.State.Workspace.Books
	t := &Table{Name: "items", Columns: append([]Column{
		{Name: "product", Title: v.T("产品", "Product")},
		{Name: "sku", Title: "SKU", Kind: Code},
		{Name: "region_code", Title: v.T("区域", "Region"), Kind: Code},
		{Name: "kind", Title: v.T("类型", "Kind")},
		{Name: "tier", Title: v.T("阶梯", "Tier"), Kind: Whole, Some: true, Spare: true},
		{Name: "discount_id", Title: v.T("折扣编号", "Discount id"), Kind: Code, Spare: true},
		{Name: "origin_cycle", Title: v.T("归属账期", "Of cycle"), Spare: true}}, amountColumns(v)...)}
	for i := range list {
		s := &list[i]
		to := func(column string) string {
			return v.To("lines", "customer_id", id, "cycle", cycle.String(), "service_type_code", code, "sku",
				Exactly(s.By[0]),
				"region_code", Exactly(s.By[1]), "kind", s.By[2], "tier", s.By[3], "discount_id",
				Exactly(s.By[4]),
				"origin_cycle", Exactly(s.By[5]), "nonzero", column)
		}
		name := ProductName(b, s.By[0])
		if name == "" {
			name = s.By[0]
		}
		tier := s.By[3]
		if tier == "0" {
			tier = ""
		}
		t.Rows = append(t.Rows, append([]Cell{{Text: name, Href: to("")}, {Text: s.By[0]}, {Text: s.By[1]},
			kindCell(v, s.By[2]), {Text: tier}, {Text: s.By[4]}, {Text: s.By[5]}}, amountCells(v, s, to)...))
	}
	t.Total = append(make([]Cell, 7), amountCells(v, all, func(column string) string {
		return v.To("lines", "customer_id", id, "cycle", cycle.String(), "service_type_code", code, "nonzero", column)
	})...)
	return Block{Title: v.T("构成", "Items"), Table: t}
}

// kindCell returns the kind of a line in the view's language.
func kindCell(v *View, kind string) Cell {
	zh := map[string]string{"usage": "用量", "flat_fee": "固定费", "period": "月末", "order": "订单", "refund": "退款",
		"adjustment": "调账", "recurring": "周期费用", "true_up": "保底补差", "overage": "超出承诺", "cap": "封顶返还"}[kind]
	c := Cell{Text: kind}
	if v.Call.Language == operation.Chinese && zh != "" {
		c.Shown = zh
	}
	return c
}
