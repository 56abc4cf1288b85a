package console

import (
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
)

// packages shows what is left of a customer's prepaid packages, and the records that drew on them.
func packages(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	id, w := v.Call.Scope.Customer, v.Call.State.Workspace
	r, err := query.BuildQuotas(v.Request.Context(), &query.QuotaSources{Snap: v.Call.State.Snap, Books: w.Books,
		Prices: v.Call.State.Prices.Bill(), Store: v.Call.State.Store}, cycle, id, MaxSorted)
	if err != nil {
		return nil, err
	}
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("%s的套餐，%s", "Packages of %s, %s", Called(v, id), cycle), Lead: state,
		Crumbs: Way(v, Link{Text: Called(v, id), Href: v.To("customer", "customer_id", id)}),
		Tabs:   Months(v, cycle.String())}
	if !r.Agrees {
		p.Notes = append(p.Notes, Note{Tone: Bad, Text: v.T("余量与抵扣记录不一致：账本在计费后已变更。",
			"What is left is not what the draws leave: the books have changed since the days were rated.")})
	}
	p.Blocks = append(p.Blocks, Block{Title: v.T("套餐余量", "What is left"), Table: periodTable(v, r)},
		Block{Title: v.T("抵扣记录", "Draws"), Table: drawTable(v, r)})
	return p, nil
}

// periodTable shows the quota periods of the packages.
func periodTable(v *View, r *query.QuotaReport) *Table {
	t := &Table{Name: "packages", Empty: v.T("该月没有套餐", "No package is in force in this cycle"),
		Columns: []Column{
			{Name: "package_id", Title: v.T("套餐", "Package"), Kind: Code},
			{Name: "skus", Title: "SKU", Kind: Code},
			{Name: "region_code", Title: v.T("区域", "Region"), Kind: Code},
			{Name: "period", Title: v.T("额度周期", "Quota period")},
			{Name: "opening", Title: v.T("期初", "Opening"), Kind: Quantity},
			{Name: "drawn", Title: v.T("已抵扣", "Drawn"), Kind: Quantity},
			{Name: "gathered", Title: v.T("月末抵扣", "Drawn at month end"), Kind: Quantity, Spare: true},
			{Name: "remaining", Title: v.T("剩余", "Left"), Kind: Quantity},
			{Name: "next_refill", Title: v.T("下次重置", "Next refill")},
		}}
	for i := range r.Packages {
		one := &r.Packages[i]
		for k := range one.Periods {
			q := &one.Periods[k]
			refill := "" // of the period with the newest day, as `tollbook packages` shows it
			if q.Current {
				refill = v.Clock(one.NextRefill)
			}
			opening := Cell{Text: q.Opening.String(), Shown: document.GroupedDigits(q.Opening.Trim())}
			t.Rows = append(t.Rows, []Cell{{Text: one.ID}, {Text: strings.Join(one.SKUs, " ")}, {Text: one.Region},
				{Text: Span(v, q.Span())}, opening, QuantityCell(q.Drawn), QuantityCell(q.Gathered),
				QuantityCell(q.Left), {Text: refill}})
		}
	}
	return t
}

// drawTable lists the records that drew on packages.
func drawTable(v *View, r *query.QuotaReport) *Table {
	t := &Table{Name: "draws", Columns: []Column{
		{Name: "record_id", Title: v.T("记录", "Record"), Kind: Code},
		{Name: "time", Title: v.T("开始时间", "Start"), Kind: Time},
		{Name: "package_id", Title: v.T("套餐", "Package"), Kind: Code},
		{Name: "sku", Title: "SKU", Kind: Code},
		{Name: "resource_id", Title: v.T("资源", "Resource"), Kind: Code},
		{Name: "quantity", Title: v.T("抵扣量", "Drawn"), Kind: Quantity},
	}}
	if r.DrawCount > len(r.Draws) {
		t.Note = v.F("共%d条，仅列出最近%d条。", "%d draws: the newest %d are listed.", r.DrawCount, len(r.Draws))
	}
	for i := range r.Draws {
		d := &r.Draws[i]
		href := v.Link("line", "id", d.RecordID, "customer_id", r.CustomerID, "cycle", r.Cycle)
		cell := QuantityCell(d.Quantity)
		cell.Href = href
		t.Rows = append(t.Rows, []Cell{{Text: d.RecordID, Href: href}, v.Time(d.At()), {Text: d.PackageID},
			{Text: d.SKU}, {Text: d.Resource}, cell})
	}
	return t
}
