package console

import (
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
)

// Runs lists the runs that changed the lake, with the sum of all lines after each and what it changed.
func Runs(v *View) (*Page, error) {
	var jobs []Job
	if v.Jobs != nil {
		var err error
		if jobs, err = v.Jobs(); err != nil {
			return nil, err
		}
	}
	if id := v.Call.Text("id"); id != "" {
		return jobPage(v, jobs, id)
	}
	history, err := v.Call.State.Snap.History()
	if err != nil {
		return nil, err
	}
	t := &Table{Name: "runs", Order: "-state", Columns: []Column{
		{Name: "state", Title: v.T("状态", "State"), Kind: Whole},
		{Name: "as_of", Title: v.T("截至", "As of"), Kind: Time},
		{Name: "command", Title: v.T("命令", "Command")},
		{Name: "cycles", Title: v.T("账期", "Cycles"), Kind: Whole},
		{Name: "closed_through", Title: v.T("已结账至", "Closed through")},
		{Name: "payment_amount", Title: v.T("全部明细应付", "Payment of all lines"), Kind: Amount},
		{Name: "change", Title: v.T("变化", "Change"), Kind: Amount},
	}}
	for i := range history {
		m := &history[i]
		sum, err := linesTotal(v, m)
		if err != nil {
			return nil, err
		}
		change := sum
		if i+1 < len(history) {
			before, err := linesTotal(v, &history[i+1])
			if err != nil {
				return nil, err
			}
			if err := change.SubTotal(before); err != nil {
				return nil, err
			}
		}
		t.Rows = append(t.Rows, []Cell{{Text: strconv.FormatInt(m.Number, 10)},
			{Text: m.AsOf, Shown: v.Clock(m.AsOf)}, {Text: m.Command}, {Text: strconv.Itoa(len(m.Cycles))},
			{Text: m.ClosedThrough.String()}, v.Money(sum, ""), v.Money(change, "")})
	}
	p := &Page{Title: v.T("运行", "Runs"), Crumbs: []Link{Home(v)},
		Blocks: append(Currencies(v), Block{Title: v.T("变更数据的运行，最新在前",
			"Runs that changed the lake, newest first"), Table: t})}
	if v.Jobs != nil {
		p.Blocks = append(p.Blocks, jobBlock(v, jobs))
	}
	return p, nil
}

// linesTotal adds up the payments of all lines of a state in the page's currency, over its cycles.
func linesTotal(v *View, m *lake.Manifest) (sum money.AmountTotal, err error) {
	for _, t := range m.Totals {
		if _, name, _ := strings.Cut(t.Name, "/"); !IsPayment(v, name) {
			continue
		}
		var one money.AmountTotal
		if err := one.UnmarshalText([]byte(t.Value)); err != nil {
			return sum, err
		}
		if err := sum.AddTotal(one); err != nil {
			return sum, err
		}
	}
	return sum, nil
}
