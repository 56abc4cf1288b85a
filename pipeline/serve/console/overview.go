package console

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/schemas/visible"
)

// monthSum adds up the lines of a cycle that the call may see, before rounding.
func monthSum(v *View, cycle lake.Cycle) (sum money.AmountTotal, err error) {
	if Everybody(v) {
		totals, err := rows.KeptTotals(v.Call.State.Snap, cycle)
		if err != nil {
			return sum, err
		}
		for _, t := range totals {
			if IsPayment(v, t.Name) {
				return sum, sum.UnmarshalText([]byte(t.Value))
			}
		}
		return sum, nil
	}
	customers, err := visibleCustomers(v, cycle)
	if err != nil {
		return sum, err
	}
	list, err := sums(v, cycle, customers, nil)
	if err != nil {
		return sum, err
	}
	all, err := AllOf(list)
	return all.Amounts[query.PaymentSum], err
}

// visible returns the customers of a cycle that the call may see.
func visibleCustomers(v *View, cycle lake.Cycle) ([]string, error) {
	if v.Call.Scope.Customer != "" {
		return []string{v.Call.Scope.Customer}, nil
	}
	return v.Call.Customers(v.Request.Context(), cycle,
		func(s query.PartnerShare) bool { return v.Call.BillsIn(s.Customer) })
}

// shownMonths returns the newest cycles with data, oldest first. It omits archived cycles if the lines must be added
// up.
func shownMonths(v *View) []lake.CycleRef {
	var refs []lake.CycleRef
	for _, ref := range v.Call.State.Snap.Manifest.Cycles {
		if ref.Files != nil && (ref.Archived == nil || Everybody(v)) {
			refs = append(refs, ref)
		}
	}
	return refs[max(0, len(refs)-MaxMonths):]
}

// withLines returns the months that are not archived. Months are archived in order, so these are the newest ones.
func withLines(refs []lake.CycleRef) []lake.CycleRef {
	for len(refs) > 0 && refs[0].Archived != nil {
		refs = refs[1:]
	}
	return refs
}

// noteArchived says which months have no lines in the lake. They are archived in order.
func noteArchived(v *View, p *Page) {
	last := ""
	for _, ref := range v.Call.State.Snap.Manifest.Cycles {
		if ref.Archived != nil {
			last = ref.Cycle.String()
		}
	}
	if last != "" {
		p.Notes = append(p.Notes, Note{Text: v.F("%s及以前的账期已归档，此处不含其明细。",
			"Cycles up to %s are archived: this page does not have their lines.", last)})
	}
}

// addable returns the months that the overview adds up: all of them if the control totals have the sums or if there are
// few lines.
func addable(v *View, refs []lake.CycleRef) ([]lake.CycleRef, error) {
	if Everybody(v) || v.Call.Scope.Customer != "" {
		return refs, nil
	}
	for _, ref := range refs {
		if n, err := lineCount(v, ref.Cycle); err != nil || n > maxCompared {
			return refs[max(0, len(refs)-fewMonths):], err
		}
	}
	return refs, nil
}

// overview shows the first page.
func overview(v *View) (*Page, error) {
	p := &Page{Title: v.T("总览", "Overview"), Lead: who(v)}
	refs := shownMonths(v)
	if !Everybody(v) && len(refs) > 0 {
		noteArchived(v, p)
	}
	if len(refs) == 0 {
		note := v.T("尚无账期数据：请先运行tollbook run nightly。", "The lake has no data yet: run `tollbook run nightly`.")
		if len(v.Call.State.Snap.Manifest.Cycles) > 0 {
			note = v.T("所有账期均已归档。", "All cycles are archived.")
		}
		p.Notes = append(p.Notes, Note{Tone: Warn, Text: note})
		return p, nil
	}
	refs, err := addable(v, refs)
	if err != nil {
		return nil, err
	}
	months := make([]document.ChartMonth, len(refs))
	for i, ref := range refs {
		sum, err := monthSum(v, ref.Cycle)
		if err != nil {
			return nil, err
		}
		months[i] = document.ChartMonth{Cycle: ref.Cycle.String(), Closed: ref.State == lake.CycleClosed, Amount: sum}
	}
	p.Blocks = append(p.Blocks, Currencies(v)...)
	if Everybody(v) {
		waiting, err := waiting(v, refs)
		if err != nil {
			return nil, err
		}
		p.Blocks = append(p.Blocks, waiting)
	}
	p.Blocks = append(p.Blocks, monthsBlock(v, refs, months))
	if refs = withLines(refs); len(refs) == 0 {
		return p, nil
	}
	changes, err := changesBlock(v, refs)
	if err != nil {
		return nil, err
	}
	if changes != nil {
		p.Blocks = append(p.Blocks, *changes)
		causes, err := CausesBlock(v, refs)
		if err != nil {
			return nil, err
		}
		if causes != nil {
			p.Blocks = append(p.Blocks, *causes)
		}
	}
	return p, nil
}

// who says whose amounts are on the page.
func who(v *View) string {
	switch v.Call.Caller.Role {
	case keys.Partner:
		return v.F("伙伴%s的客户", "customers of partner %s", v.Call.Caller.Partner)
	case keys.Customer:
		return Called(v, v.Call.Caller.Customer)
	}
	return v.F("%s的所有客户", "all customers of %s", visible.Isolated(v.Call.State.Workspace.Settings.Vendor.Name))
}

// monthsBlock shows the months as bars and as a table.
func monthsBlock(v *View, refs []lake.CycleRef, months []document.ChartMonth) Block {
	b := Block{ID: "months-block", Title: v.T("月度", "Months")}
	closed, open := v.T("已结账", "closed"), v.T("暂定", "provisional")
	if d := document.MonthDrawing(v.Currency(), v.Digits(), v.T("月度金额", "Amounts by month"), closed, open,
		filled(refs[0].Period(), months)); d != nil {
		b.Chart = NewChart(v, d, v.F("单位%s，舍入前。", "In %s, before rounding.", v.Currency()))
	}
	t := &Table{Name: "months", Order: "-cycle", Columns: []Column{
		{Name: "cycle", Title: v.T("账期", "Cycle")},
		{Name: "state", Title: v.T("状态", "State")},
		{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount},
	}}
	for i, m := range months {
		state, tone := StateText(v, refs[i].Cycle)
		href := v.Link("customers", "cycle", m.Cycle)
		if id := v.Call.Scope.Customer; id != "" {
			href = v.To("bill", "customer_id", id, "cycle", m.Cycle)
		}
		t.Rows = append(t.Rows, []Cell{{Text: m.Cycle, Href: href}, {Text: state, Tone: tone},
			v.Money(m.Amount, href)})
	}
	b.Table = t
	return b
}

// filled puts empty months before others, from first on, so that a single bar is not as wide as the page.
func filled(first period.Cycle, months []document.ChartMonth) []document.ChartMonth {
	const fewest = 6
	for len(months) < fewest {
		first--
		months = slices.Insert(slices.Clone(months), 0, document.ChartMonth{Cycle: first.String(), Closed: true})
	}
	return months
}

// maxCompared is the largest number of lines of two months that the overview compares: it reads every line.
const maxCompared = 100_000

// fewMonths is how many months the overview adds up for a partner if a month has more lines than maxCompared.
const fewMonths = 3

// changesBlock compares the newest month with the previous one, by service; it returns nil if there is nothing to
// compare. A previous month of which the lake has no data counts as empty (C171).
func changesBlock(v *View, refs []lake.CycleRef) (*Block, error) {
	this := refs[len(refs)-1].Cycle
	compared, last := refs[len(refs)-1:], lake.CycleOf(refs[len(refs)-1].Period()-1)
	if len(refs) > 1 && refs[len(refs)-2].Cycle == last {
		compared = refs[len(refs)-2:]
	}
	var count int64
	for _, ref := range compared {
		n, err := lineCount(v, ref.Cycle)
		if err != nil {
			return nil, err
		}
		count += n
	}
	if count > maxCompared {
		return nil, nil
	}
	now, err := byService(v, this)
	if err != nil {
		return nil, err
	}
	before, title := map[string]money.AmountTotal{}, v.F("%s按服务", "%s by service", this)
	if len(compared) > 1 {
		if before, err = byService(v, last); err != nil {
			return nil, err
		}
	}
	if len(refs) > 1 {
		title = v.F("%s与%s比较", "%s compared with %s", this, last)
	}
	t := &Table{Name: "changes", Order: "-difference", Columns: []Column{
		{Name: "service", Title: v.T("服务", "Service")},
		{Name: "service_type_code", Title: v.T("编码", "Code"), Kind: Code},
		{Name: "before", Title: v.T("上月", "Month before"), Kind: Amount},
		{Name: "now", Title: v.T("本月", "This month"), Kind: Amount},
		{Name: "difference", Title: v.T("差额", "Difference"), Kind: Amount},
	}}
	if len(refs) > 1 && len(compared) == 1 {
		t.Note = v.F("没有账期%s的数据。", "There is no data of cycle %s.", last)
	}
	names := ServiceNames(v.Call.State.Workspace.Books)
	all := map[string]bool{}
	for code := range now {
		all[code] = true
	}
	for code := range before {
		all[code] = true
	}
	var sumBefore, sumNow money.AmountTotal
	for code := range all {
		if err := addRow(v, t, names[code], code, before[code], now[code]); err != nil {
			return nil, err
		}
		if err := sumBefore.AddTotal(before[code]); err != nil {
			return nil, err
		}
		if err := sumNow.AddTotal(now[code]); err != nil {
			return nil, err
		}
	}
	sortByCode(t)
	if err := addRow(v, t, "", "", sumBefore, sumNow); err != nil {
		return nil, err
	}
	t.Total, t.Rows = t.Rows[len(t.Rows)-1], t.Rows[:len(t.Rows)-1]
	if len(refs) < 2 {
		onlyNow(t)
	}
	return &Block{Title: title, Table: t}, nil
}

// onlyNow removes the comparison columns for the first month of a lake.
func onlyNow(t *Table) {
	const before, difference = 2, 4
	keep := func(row []Cell) []Cell {
		return slices.Delete(slices.Delete(row, difference, difference+1), before, before+1)
	}
	for i := range t.Rows {
		t.Rows[i] = keep(t.Rows[i])
	}
	t.Total, t.Order = keep(t.Total), "-now"
	t.Columns = slices.Delete(slices.Delete(t.Columns, difference, difference+1), before, before+1)
}

// addRow adds a comparison to a table.
func addRow(v *View, t *Table, name, code string, before, now money.AmountTotal) error {
	difference := now
	if err := difference.SubTotal(before); err != nil {
		return err
	}
	if name == "" {
		name = code
	}
	t.Rows = append(t.Rows, []Cell{{Text: name}, {Text: code}, v.Money(before, ""), v.Money(now, ""),
		v.Money(difference, "")})
	return nil
}

// byService adds up the lines of a cycle that the call may see, by service.
func byService(v *View, cycle lake.Cycle) (map[string]money.AmountTotal, error) {
	customers, err := visibleCustomers(v, cycle)
	if err != nil {
		return nil, err
	}
	if Everybody(v) {
		customers = nil
		err := EachStatement(v, cycle, "", func(s Statement) error {
			customers = append(customers, s.Customer)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	list, err := sums(v, cycle, customers, nil, tables.LineServiceTypeCode.Of())
	out := map[string]money.AmountTotal{}
	for i := range list {
		out[list[i].By[0]] = list[i].Amounts[query.PaymentSum]
	}
	return out, err
}

// lineCount returns the number of lines of a cycle. It is cached per state: a large cycle has thousands of files.
func lineCount(v *View, cycle lake.Cycle) (int64, error) {
	return Keep(v, "lines of "+cycle.String(), func(int64) int { return 1 },
		func(v *View) (n int64, err error) {
			files, err := v.Call.State.Snap.Files(cycle)
			for _, f := range files {
				if f.Table == tables.Lines().Name {
					n += f.Rows
				}
			}
			return n, err
		})
}

// waiting counts what a person has to attend to.
func waiting(v *View, refs []lake.CycleRef) (Block, error) {
	b := Block{ID: "waiting", Title: v.T("待处理", "Needs attention")}
	var rejects int64
	for _, e := range v.Call.State.Snap.Manifest.Loose {
		if e.Table == tables.Rejects().Name {
			rejects += e.Rows
		}
	}
	b.Figures = append(b.Figures, waitingFigure(v.T("未处理的拒收记录", "Open rejects"), rejects,
		v.Link("rejects")))
	var open []string
	for _, ref := range refs {
		if ref.State == lake.CycleOpen && v.Zone().Bounds(ref.Period()).To <= v.Call.State.Now {
			open = append(open, ref.Cycle.String())
		}
	}
	f := waitingFigure(v.T("已结束但未结账的月份", "Ended months that are not closed"), int64(len(open)),
		v.Link("cycles"))
	f.Note = strings.Join(open, ", ")
	b.Figures = append(b.Figures, f)
	failed, err := FailedRuns(v)
	if err != nil {
		return b, err
	}
	if v.Jobs != nil {
		b.Figures = append(b.Figures, waitingFigure(v.T("失败的运行", "Failed runs"), failed, v.Link("runs")))
	}
	list, err := Earned(v, "")
	if err != nil {
		return b, err
	}
	due, next := 0, period.Instant(0)
	for i := range list {
		if at := list[i].Deadline; at > v.Call.State.Now {
			if due++; next == 0 || at < next {
				next = at
			}
		}
	}
	f = waitingFigure(v.T("有期限的激励", "Incentives with a deadline"), int64(due), v.Link("incentives"))
	if next != 0 {
		f.Note = v.F("最近：%s", "next: %s", v.Time(next).Shown)
	}
	b.Figures = append(b.Figures, f)
	return b, nil
}

// waitingFigure shows a number of pending things.
func waitingFigure(name string, n int64, href string) Figure {
	f := Figure{Name: name, Value: document.GroupedDigits(strconv.FormatInt(n, 10)), Href: href, Tone: Good}
	if n > 0 {
		f.Tone = Warn
	} else {
		f.Href = ""
	}
	return f
}
