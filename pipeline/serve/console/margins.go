package console

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// marginKey has the columns by which rows of margins are added up.
type marginKey struct{ customer, reason, service, account, day, currency string }

func (k marginKey) compare(o marginKey) int {
	return cmp.Or(strings.Compare(k.customer, o.customer), strings.Compare(k.reason, o.reason),
		strings.Compare(k.service, o.service), strings.Compare(k.account, o.account), strings.Compare(k.day, o.day),
		strings.Compare(k.currency, o.currency))
}

// marginSum has what a vendor charges and what the customer pays.
type marginSum struct {
	costs   [books.CostColumns]money.Cost // in the source's currency
	payment money.PerCurrency
	margin  money.AmountTotal // in the workspace's currency
}

func (m *marginSum) add(o *marginSum) (err error) {
	for c := range m.costs {
		if m.costs[c], err = m.costs[c].Add(o.costs[c]); err != nil {
			return err
		}
	}
	for _, paid := range o.payment.List() {
		if err := m.payment.AddTotal(paid.Currency, paid.Total); err != nil {
			return err
		}
	}
	return m.margin.AddTotal(o.margin)
}

// marginRow reads a row of the table margins.
func marginRow(row rows.Row[tables.Margin]) (k marginKey, sum marginSum, err error) {
	k = marginKey{row.Word(tables.MarginCustomerID), row.Word(tables.MarginReason), row.Word(tables.MarginServiceName),
		row.Word(tables.MarginAccount), row.Word(tables.MarginDay), row.Word(tables.MarginCurrency)}
	for c := range sum.costs {
		if sum.costs[c], err = row.Cost(tables.MarginCosts()[c]); err != nil {
			return k, sum, err
		}
	}
	paid, err := row.Amount(tables.MarginPaymentAmount)
	if err != nil {
		return k, sum, err
	}
	rest, err := row.Amount(tables.MarginMarginAmount)
	if err != nil {
		return k, sum, err
	}
	if err := sum.payment.Add(row.Word(tables.MarginPaymentCurrency), paid); err != nil {
		return k, sum, err
	}
	return k, sum, sum.margin.Add(rest)
}

// eachOf visits the rows of a table of a cycle; bucket lake.NoBucket = all buckets.
func eachOf[T any](v *View, def tables.Def[T], cycle lake.Cycle, bucket int,
	visit func(rows.Row[T]) error) error {
	files, err := v.Call.State.Snap.Files(cycle)
	if err != nil {
		return err
	}
	for _, e := range files {
		if e.Table != def.Name || bucket != lake.NoBucket && e.Bucket != bucket {
			continue
		}
		err := rows.EachRow(v.Call.State.Snap, e, def, nil, func(c *parquet.Columns[T], i int) error {
			return visit(rows.Row[T]{Cols: c, I: i})
		})
		if err != nil {
			return err
		}
	}
	return v.Request.Context().Err()
}

// bucketOf returns the bucket of a customer; rows without a customer are in the first one.
func bucketOf(v *View, customer string) int {
	if customer == "" {
		return 0
	}
	return lake.BucketOf(customer, v.Call.State.Snap.Manifest.Buckets)
}

// marginSums adds up the margins of a cycle by the result of key; ok false omits the row.
func marginSums(v *View, cycle lake.Cycle, bucket int, key func(marginKey) (marginKey, bool)) (
	map[marginKey]*marginSum, error) {
	sums := make(map[marginKey]*marginSum)
	err := eachOf(v, tables.Margins(), cycle, bucket, func(row rows.Row[tables.Margin]) error {
		k, one, err := marginRow(row)
		if err != nil {
			return err
		}
		k, wanted := key(k)
		if !wanted {
			return nil
		}
		if sums[k] == nil {
			sums[k] = &marginSum{}
		}
		return sums[k].add(&one)
	})
	return sums, err
}

// Margins shows what vendors charge and what customers pay, by customer; for one customer by service and account.
func Margins(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	if v.Call.Text("customer_id") != "" || v.Call.Text("reason") != "" {
		return marginDetail(v, lake.CycleOf(cycle))
	}
	sums, err := Keep(v, "margins "+cycle.String(), func(m map[marginKey]*marginSum) int { return 12 * len(m) },
		func(v *View) (map[marginKey]*marginSum, error) {
			return marginSums(v, lake.CycleOf(cycle), lake.NoBucket, func(k marginKey) (marginKey, bool) {
				return marginKey{customer: k.customer, reason: k.reason, currency: k.currency}, true
			})
		})
	if err != nil {
		return nil, err
	}
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("成本与毛利，%s", "Costs and margins, %s", cycle), Lead: state,
		Crumbs: []Link{Home(v)}, Tabs: Months(v, cycle.String())}
	if len(sums) == 0 {
		p.Notes = append(p.Notes, Note{Text: v.T("该月没有供应商的成本文件。",
			"There are no vendor costs in this cycle: see docs/vendor-costs.md.")})
	} else {
		figures, err := marginFigures(v, sums)
		if err != nil {
			return nil, err
		}
		p.Blocks = append(p.Blocks, Block{ID: "margin", Title: v.T("毛利", "Margin"), Figures: figures})
	}
	t := &Table{Name: "margins", Order: "-payment_amount", Columns: append([]Column{
		{Name: "customer", Title: v.T("客户", "Customer")},
		{Name: "customer_id", Title: v.T("编号", "Id"), Kind: Code},
		{Name: "reason", Title: v.T("自留或未分配的原因", "Kept or unallocated because")}}, marginColumns(v)...)}
	err = addMargins(v, t, sums, func(k marginKey) []Cell {
		href := v.To("margins", "cycle", cycle.String(), "customer_id", k.customer, "reason", reasonOf(k))
		name := Cell{Text: v.T("（无客户）", "(no customer)"), Href: href}
		if k.customer != "" {
			name.Text = NameOrID(v, k.customer)
		}
		return []Cell{name, {Text: k.customer}, reasonCell(v, k.reason)}
	})
	if err != nil {
		return nil, err
	}
	p.Blocks = append(p.Blocks, Block{Title: v.T("按客户", "By customer"), Table: t})
	deliveries, err := deliveryBlock(v)
	if err != nil {
		return nil, err
	}
	p.Blocks = append(p.Blocks, deliveries)
	return p, nil
}

// reasonOf returns the reason in an address: a row without a customer has one, or is a difference without reason.
func reasonOf(k marginKey) string {
	if k.customer == "" {
		return Exactly(k.reason)
	}
	return ""
}

// reasonCell says why a cost has no customer.
func reasonCell(v *View, reason string) Cell {
	if slices.Contains(books.Unallocated(), reason) {
		return Cell{Text: reason, Shown: v.F("未分配：%s", "unallocated: %s", reason), Tone: Bad}
	}
	return Cell{Text: reason}
}

// marginColumns are the columns of costs, payments and margins.
func marginColumns(v *View) []Column {
	return []Column{
		{Name: "payment_amount", Title: v.T("客户应付", "Customer pays"), Kind: Amount},
		{Name: "margin_amount", Title: v.T("毛利", "Margin"), Kind: Amount},
		{Name: "currency", Title: v.T("成本币种", "Cost currency")},
		{Name: "cost_effective", Title: v.T("有效成本", "Effective cost"), Kind: Cost},
		{Name: "cost_billed", Title: v.T("账单成本", "Billed cost"), Kind: Cost},
	}
}

// addMargins adds sums to a table, and their total if the costs have one currency.
func addMargins(v *View, t *Table, sums map[marginKey]*marginSum, lead func(marginKey) []Cell) error {
	var all marginSum
	currencies := make(map[string]bool)
	for _, k := range slices.SortedFunc(maps.Keys(sums), marginKey.compare) {
		one := sums[k]
		if err := all.add(one); err != nil {
			return err
		}
		if k.currency != "" {
			currencies[k.currency] = true
		}
		margin := v.Money(one.margin, "")
		if strings.HasPrefix(one.margin.String(), "-") && k.customer != "" {
			margin.Tone = Bad
		}
		t.Rows = append(t.Rows, append(lead(k), paidCell(v, one.payment), margin, Cell{Text: k.currency},
			CostCell(v, one.costs[books.EffectiveCost]), CostCell(v, one.costs[books.BilledCost])))
	}
	if len(t.Rows) == 0 {
		return nil
	}
	t.Total = make([]Cell, len(t.Columns))
	n := len(t.Columns)
	if len(currencies) == 1 {
		t.Total[n-2], t.Total[n-1] = CostCell(v, all.costs[books.EffectiveCost]),
			CostCell(v, all.costs[books.BilledCost])
	}
	t.Total[n-5], t.Total[n-4] = paidCell(v, all.payment), v.Money(all.margin, "")
	return nil
}

// paidCell shows what customers of one currency pay, with the currency if it is not the workspace's. Payments of
// several currencies are not added up.
func paidCell(v *View, paid money.PerCurrency) Cell {
	list := nonzero(paid)
	switch {
	case len(list) > 1:
		return Cell{}
	case len(list) == 0:
		return v.Money(money.AmountTotal{}, "")
	}
	return Cell{Text: list[0].Total.String(), Shown: paidText(v, list[0])}
}

// paidText formats a payment for people.
func paidText(v *View, paid money.CurrencyTotal) string {
	own := v.Call.State.Workspace.Books.CurrencyNamed(paid.Currency)
	text := v.MoneyIn(paid.Total, own.Code, "").Say()
	if own.Code != v.Currency() {
		text += " " + own.Code
	}
	return text
}

// nonzero returns the totals that are not 0.
func nonzero(paid money.PerCurrency) []money.CurrencyTotal {
	return slices.DeleteFunc(paid.List(), func(t money.CurrencyTotal) bool { return t.Total == money.AmountTotal{} })
}

// marginFigures shows what customers pay, the margin, what the reseller bears, and what is unallocated.
func marginFigures(v *View, sums map[marginKey]*marginSum) ([]Figure, error) {
	var all, kept, open, sold marginSum
	for k, one := range sums {
		to := &sold
		switch {
		case slices.Contains(books.Unallocated(), k.reason):
			to = &open
		case k.reason != "":
			to = &kept
		}
		if err := ErrorsOf(to.add(one), all.add(one)); err != nil {
			return nil, err
		}
	}
	unit := v.Currency()
	list := []Figure{
		{Name: v.T("毛利", "Margin"), Sum: all.margin, Note: unit, Main: true}}
	paid := nonzero(all.payment)
	if len(paid) == 0 {
		paid = []money.CurrencyTotal{{Currency: unit}}
	}
	for _, of := range paid {
		list = append(list, Figure{Name: v.T("客户应付", "Customers pay"),
			Value: strings.TrimSuffix(paidText(v, of), " "+of.Currency), Note: of.Currency})
	}
	list = append(list, Figure{Name: v.T("客户的毛利", "Margin on customers"), Sum: sold.margin, Note: unit},
		Figure{Name: v.T("自留", "Kept"), Sum: kept.margin, Note: unit,
			Href: v.Here("margins.sort", "reason")})
	waiting := Figure{Name: v.T("未分配", "Unallocated"), Sum: open.margin, Note: unit, Tone: Good}
	if slices.ContainsFunc(slices.Collect(maps.Keys(sums)), func(k marginKey) bool {
		return slices.Contains(books.Unallocated(), k.reason)
	}) {
		waiting.Tone, waiting.Note = Bad, v.T("阻止结账", "keeps the month from being closed")
	}
	return append(list, waiting), nil
}

// marginDetail shows the margins of a customer, or of costs kept or unallocated for a reason: by service and account,
// by day, or by group of rows.
func marginDetail(v *View, cycle lake.Cycle) (*Page, error) {
	customer, reason := v.Call.Text("customer_id"), v.Call.Text("reason")
	if reason == Nothing {
		reason = ""
	}
	service, account, byDay := v.Call.Text("service_name"), v.Call.Text("account"), v.Call.Text("service_name") != ""
	sums, err := marginSums(v, cycle, bucketOf(v, customer), func(k marginKey) (marginKey, bool) {
		if k.customer != customer || customer == "" && k.reason != reason {
			return k, false
		}
		if byDay {
			return k, Exactly(k.service) == service && Exactly(k.account) == account
		}
		return marginKey{customer: k.customer, reason: k.reason, service: k.service, account: k.account,
			currency: k.currency}, true
	})
	if err != nil {
		return nil, err
	}
	whom := Called(v, customer)
	if customer == "" {
		whom = v.F("无客户（%s）", "no customer (%s)", Exactly(reason))
	}
	up := Link{Text: v.T("成本与毛利", "Costs and margins"), Href: v.To("margins", "cycle", cycle.String())}
	p := &Page{Title: v.F("%s的成本与毛利，%s", "Costs and margin of %s, %s", whom, cycle),
		Crumbs: []Link{Home(v), up}, Tabs: Months(v, cycle.String())}
	t := &Table{Name: "margins", Columns: append([]Column{
		{Name: "service_name", Title: v.T("服务", "Service")},
		{Name: "account", Title: v.T("云账号", "Account"), Kind: Code}}, marginColumns(v)...)}
	lead := func(k marginKey) []Cell {
		href := v.To("margins", "cycle", cycle.String(), "customer_id", customer, "reason", reasonOf(k), "service_name",
			Exactly(k.service), "account", Exactly(k.account))
		return []Cell{{Text: k.service, Shown: cmp.Or(k.service, v.T("月末费用", "month-end lines")), Href: href},
			{Text: k.account}}
	}
	if byDay {
		p.Lead = fmt.Sprintf("%s · %s", service, account)
		t.Columns = append([]Column{{Name: "day", Title: v.T("日期（UTC）", "Day (UTC)")}}, marginColumns(v)...)
		lead = func(k marginKey) []Cell { return []Cell{{Text: k.day}} }
	}
	if err := addMargins(v, t, sums, lead); err != nil {
		return nil, err
	}
	p.Blocks = append(p.Blocks, Block{Title: v.T("成本与毛利", "Costs and margins"), Table: t})
	if byDay && customer != "" {
		groups, err := groupBlock(v, cycle, customer, service, account)
		if err != nil {
			return nil, err
		}
		p.Blocks = append(p.Blocks, groups)
	}
	return p, nil
}

// groupBlock lists the groups of rows of a customer's service and account: each links to its line's calculation.
func groupBlock(v *View, cycle lake.Cycle, customer, service, account string) (Block, error) {
	t := &Table{Name: "groups", Empty: v.T("没有成本行", "No cost rows"), Columns: []Column{
		{Name: "id", Title: v.T("编号", "Id"), Kind: Code},
		{Name: "resource_id", Title: v.T("资源", "Resource"), Kind: Code},
		{Name: "sku", Title: "SKU", Kind: Code},
		{Name: "rows", Title: v.T("成本行数", "Cost rows"), Kind: Whole},
		{Name: "cost_effective", Title: v.T("有效成本", "Effective cost"), Kind: Cost},
		{Name: "payment_amount", Title: v.T("客户应付", "Customer pays"), Kind: Amount},
		{Name: "min_margin", Title: v.T("最低毛利", "Minimum margin")},
	}}
	err := eachOf(v, tables.CostGroups(), cycle, bucketOf(v, customer), func(row rows.Row[tables.CostGroup]) error {
		if row.Word(tables.CostGroupCustomerID) != customer ||
			Exactly(row.Word(tables.CostGroupServiceName)) != service ||
			Exactly(string(row.Text(tables.CostGroupAccount))) != account || len(t.Rows) > MaxSorted {
			return nil
		}
		effective, err := row.Cost(tables.CostGroupCostEffective)
		if err != nil {
			return err
		}
		paid, err := row.Amount(tables.CostGroupPaymentAmount)
		if err != nil {
			return err
		}
		id := string(row.Text(tables.CostGroupID))
		href := v.Link("line", "id", id, "customer_id", customer, "cycle", cycle.String())
		least := Cell{Text: string(row.Text(tables.CostGroupMinMargin))}
		if row.Small(tables.CostGroupLowMargin) == 1 {
			least.Tone, least.Shown = Bad, v.F("低于%s", "below %s", least.Text)
		}
		t.Rows = append(t.Rows, []Cell{{Text: id, Href: href},
			{Text: string(row.Text(tables.CostGroupResourceID))},
			{Text: row.Word(tables.CostGroupSKU)}, {Text: fmt.Sprint(row.Whole(tables.CostGroupRows))},
			CostCell(v, effective),
			Linked(v, paid, href), least})
		return nil
	})
	if len(t.Rows) > MaxSorted {
		t.Rows = t.Rows[:MaxSorted]
		t.Note = v.F("仅列出前%d组。", "The first %d groups are listed; `tollbook export` has all lines.", MaxSorted)
	}
	return Block{Title: v.T("成本行组", "Groups of cost rows"), Table: t}, err
}

// deliveryBlock lists the deliveries of cost files.
func deliveryBlock(v *View) (Block, error) {
	t, err := LooseTable(v, &Listing{Def: tables.CostDeliveries().Table, Name: "deliveries",
		Order:   "-period",
		Columns: "source period delivery state rows rejected currency cost_billed cost_effective tolerated fault"})
	return Block{Title: v.T("成本文件交付", "Deliveries of cost files"), Table: t}, err
}
