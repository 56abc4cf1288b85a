package billing

import (
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"github.com/tollbook/tollbook/pipeline/read/quota"
	"github.com/tollbook/tollbook/pipeline/serve/console/page"
	"github.com/tollbook/tollbook/pipeline/serve/console/parts"
)

// packages shows what is left of a customer's prepaid packages, and the records that drew on them.
func packages(v *page.View) (*page.Page, error) {
	cycle, err := parts.CycleOf(v)
	if err != nil {
		return nil, err
	}
	id, w := v.Call.Scope.Customer, v.Call.State.Workspace
	r, err := quota.Build(v.Request.Context(), &quota.Sources{Snap: v.Call.State.Snap, Books: w.Books,
		Prices: v.Call.State.Prices.Bill(), Store: v.Call.State.Store}, cycle, id, parts.MaxSorted)
	if err != nil {
		return nil, err
	}
	state, _ := parts.StateText(v, manifest.CycleOf(cycle))
	p := &page.Page{Title: v.F("%s的套餐，%s", "Packages of %s, %s", parts.Called(v, id), cycle), Lead: state,
		Crumbs: parts.Way(v, page.Link{Text: parts.Called(v, id), Href: v.To("customer", "customer_id", id)}),
		Tabs:   parts.Months(v, cycle.String())}
	if !r.Agrees {
		p.Notes = append(p.Notes, page.Note{Tone: page.Bad, Text: v.T("余量与抵扣记录不一致：账本在计费后已变更。",
			"What is left is not what the draws leave: the books have changed since the days were rated.")})
	}
	p.Blocks = append(p.Blocks, page.Block{Title: v.T("套餐余量", "What is left"), Table: periodTable(v, r)},
		page.Block{Title: v.T("抵扣记录", "Draws"), Table: drawTable(v, r)})
	return p, nil
}

// periodTable shows the quota periods of the packages.
func periodTable(v *page.View, r *quota.Report) *page.Table {
	t := &page.Table{Name: "packages", Empty: v.T("该月没有套餐", "No package is in force in this cycle"),
		Columns: []page.Column{
			{Name: "package_id", Title: v.T("套餐", "Package"), Kind: page.Code},
			{Name: "skus", Title: "SKU", Kind: page.Code},
			{Name: "region_code", Title: v.T("区域", "Region"), Kind: page.Code},
			{Name: "period", Title: v.T("额度周期", "Quota period")},
			{Name: "opening", Title: v.T("期初", "Opening"), Kind: page.Quantity},
			{Name: "drawn", Title: v.T("已抵扣", "Drawn"), Kind: page.Quantity},
			{Name: "gathered", Title: v.T("月末抵扣", "Drawn at month end"), Kind: page.Quantity, Spare: true},
			{Name: "remaining", Title: v.T("剩余", "Left"), Kind: page.Quantity},
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
			opening := page.Cell{Text: q.Opening.String(), Shown: typeset.Grouped(q.Opening.Trim())}
			t.Rows = append(t.Rows, []page.Cell{{Text: one.ID}, {Text: strings.Join(one.SKUs, " ")}, {Text: one.Region},
				{Text: page.Span(v, q.Span())}, opening, parts.QuantityCell(q.Drawn), parts.QuantityCell(q.Gathered),
				parts.QuantityCell(q.Left), {Text: refill}})
		}
	}
	return t
}

// drawTable lists the records that drew on packages.
func drawTable(v *page.View, r *quota.Report) *page.Table {
	t := &page.Table{Name: "draws", Columns: []page.Column{
		{Name: "record_id", Title: v.T("记录", "Record"), Kind: page.Code},
		{Name: "time", Title: v.T("开始时间", "Start"), Kind: page.Time},
		{Name: "package_id", Title: v.T("套餐", "Package"), Kind: page.Code},
		{Name: "sku", Title: "SKU", Kind: page.Code},
		{Name: "resource_id", Title: v.T("资源", "Resource"), Kind: page.Code},
		{Name: "quantity", Title: v.T("抵扣量", "Drawn"), Kind: page.Quantity},
	}}
	if r.DrawCount > len(r.Draws) {
		t.Note = v.F("共%d条，仅列出最近%d条。", "%d draws: the newest %d are listed.", r.DrawCount, len(r.Draws))
	}
	for i := range r.Draws {
		d := &r.Draws[i]
		href := v.Link("line", "id", d.RecordID, "customer_id", r.CustomerID, "cycle", r.Cycle)
		cell := parts.QuantityCell(d.Quantity)
		cell.Href = href
		t.Rows = append(t.Rows, []page.Cell{{Text: d.RecordID, Href: href}, v.Time(d.At()), {Text: d.PackageID},
			{Text: d.SKU}, {Text: d.Resource}, cell})
	}
	return t
}
