package console

import (
	"cmp"
	"errors"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/schemas/visible"
)

// filterColumns returns the columns of lines by which an address can select lines.
func filterColumns() map[string]tables.ColumnOf[tables.Line] {
	return map[string]tables.ColumnOf[tables.Line]{
		"service_type_code": tables.LineServiceTypeCode.Of(), "sku": tables.LineSKU.Of(),
		"region_code": tables.LineRegionCode.Of(), "kind": tables.LineKind.Of(), "tier": tables.LineTier.Of(),
		"discount_id": tables.LineDiscountID.Of(), "origin_cycle": tables.LineOriginCycle.Of(),
		"resource_id": tables.LineResourceID.Of()}
}

// nonzeroColumns returns the amounts that an address can require to differ from 0.
func nonzeroColumns() map[string]tables.ColumnOf[tables.Line] {
	names := map[string]tables.ColumnOf[tables.Line]{}
	lines := tables.Lines()
	for _, col := range query.AmountColumns() {
		names[lines.Columns[col].Name] = col.Of()
	}
	return names
}

// filters returns the parameters that select lines.
func filters() []operation.Param {
	list := []operation.Param{}
	for _, name := range []string{"service_type_code", "sku", "region_code", "kind", "tier", "discount_id",
		"origin_cycle", "resource_id"} {
		list = append(list, operation.Param{Name: name, Meaning: "only lines with this value; - = with none"})
	}
	words := make([]string, 0, query.SumAmounts)
	lines := tables.Lines()
	for _, col := range query.AmountColumns() {
		words = append(words, lines.Columns[col].Name)
	}
	return append(list, operation.Param{Name: "nonzero", Kind: operation.Word, Words: words,
		Meaning: "only lines whose amount of this column is not 0"})
}

// conditions returns the conditions of the address on lines.
func conditions(v *View) []query.Condition {
	var where []query.Condition
	columns := filterColumns()
	for _, p := range filters() {
		value := v.Call.Text(p.Name)
		if value == "" {
			continue
		}
		if p.Name == "nonzero" {
			where = append(where, query.Condition{Column: nonzeroColumns()[value], Op: query.NotZero})
			continue
		}
		if value == Nothing {
			value = ""
		}
		where = append(where, query.Condition{Column: columns[p.Name], Op: query.IsAnyOf, Values: []string{value}})
	}
	return where
}

// chosen describes the conditions of the address in words.
func chosen(v *View) []Figure {
	var list []Figure
	for _, p := range filters() {
		if value := v.Call.Text(p.Name); value != "" {
			if value == Nothing {
				value = v.T("无", "none")
			}
			name := titleOf(v, p.Name)
			switch p.Name {
			case "nonzero":
				value = titleOf(v, value)
			case "kind":
				value = kindCell(v, value).Say()
			}
			list = append(list, Figure{Name: name, Value: value})
		}
	}
	return list
}

// titleOf returns the title of a parameter or column of lines; in English it is the name in the address.
func titleOf(v *View, name string) string {
	zh := map[string]string{"service_type_code": "服务", "sku": "SKU", "region_code": "区域", "kind": "类型", "tier": "阶梯",
		"discount_id": "折扣编号", "origin_cycle": "归属账期", "resource_id": "资源", "nonzero": "金额不为0",
		"official_amount": "官网价", "official_discount_amount": "折扣", "truncated_amount": "抹零", "payment_amount": "应付",
		"cash_amount": "现金", "credit_amount": "信用", "coupon_amount": "代金券", "stored_value_card_amount": "储值卡",
		"flexipurchase_coupon_amount": "现金券", "debt_amount": "欠款"}[name]
	if v.Words == nil || zh == "" {
		if name == "nonzero" {
			return "amount other than 0"
		}
		return name
	}
	return zh
}

// lineColumns returns the columns of lines that the page reads.
func lineColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineID, tables.LineTier, tables.LineKind, tables.LineDay, tables.LineInstant,
		tables.LineUsageStart,
		tables.LineTradeTime, tables.LineSKU, tables.LineRegionCode, tables.LineResourceID, tables.LineResourceName,
		tables.LineUsageAmount, tables.LineFreeResourceUsage, tables.LineQuantity, tables.LineMeasure,
		tables.LineUnitPrice,
		tables.LineOfficialAmount, tables.LineOfficialDiscountAmount, tables.LineDiscountID, tables.LineTruncatedAmount,
		tables.LinePaymentAmount, tables.LineOriginCycle, tables.LinePackageDraws)
}

// lines lists a customer's lines that the address selects.
func lines(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	id, where := v.Call.Text("customer_id"), conditions(v)
	list, err := sums(v, lake.CycleOf(cycle), []string{id}, where)
	if err != nil {
		return nil, err
	}
	all, err := AllOf(list)
	if err != nil {
		return nil, err
	}
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("%s的明细，%s", "Lines of %s, %s", Called(v, id), cycle), Lead: state,
		Crumbs: Way(v, CustomerLink(v), BillLink(v, lake.CycleOf(cycle)))}
	if code := v.Call.Text("service_type_code"); code != "" {
		names := ServiceNames(v.Call.State.Workspace.Books)
		name := cmp.Or(visible.Isolated(names[code]), ServiceName(v, names, code))
		p.Crumbs = append(p.Crumbs, Link{Text: name, Href: v.To("service", "customer_id", id, "cycle",
			cycle.String(), "service_type_code", code)})
	}
	if choice := chosen(v); len(choice) > 0 {
		p.Blocks = append(p.Blocks, Block{Title: v.T("筛选条件", "Chosen by"), Facts: choice,
			Links: []Link{{Text: v.T("取消筛选", "Show all lines"),
				Href: v.To("lines", "customer_id", id, "cycle", cycle.String())}}})
	}
	t, err := lineTable(v, lake.CycleOf(cycle), id, where, &all)
	if err != nil {
		return nil, err
	}
	p.Blocks = append(p.Blocks, Block{Title: v.T("明细", "Lines"), Table: t})
	return p, nil
}

// lineTable returns the table of lines, with the total of all selected lines.
func lineTable(v *View, cycle lake.Cycle, id string, more []query.Condition, all *query.LineSum) (*Table,
	error) {
	t := &Table{Name: "lines", Columns: lineHeads(v)}
	q := query.LineQuery{Cycle: cycle, Customer: id, Limit: MaxSorted, Columns: lineColumns()}
	if all.Lines > MaxSorted {
		q.Offset, q.Limit = v.PageOf(t.Name)*PerPage(), PerPage()
		t.Part = &Part{Offset: q.Offset, Limit: q.Limit, Count: all.Lines}
		t.Note = v.F("超过%d行的明细按固定顺序分页；请用筛选条件缩小范围。",
			"More than %d lines have a fixed order. Choose fewer lines to sort and download them here.",
			MaxSorted)
	}
	where, none := v.Call.Lines()
	if none {
		return t, nil
	}
	q.Where = append(where, more...)
	found, err := v.Call.State.Store.Page(v.Request.Context(), q)
	if err != nil {
		return nil, err
	}
	for i := range found.Rows.N {
		row, err := lineRow(v, cycle, id, rows.Row[tables.Line]{Cols: found.Rows, I: i})
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
	}
	t.Total = make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		if at, ok := totalOf(c.Name); ok {
			t.Total[i] = v.Money(all.Amounts[at], "")
		}
	}
	return t, nil
}

// totalOf returns the index of an amount in a query.LineSum.
func totalOf(column string) (int, bool) {
	lines := tables.Lines()
	for at, col := range query.AmountColumns() {
		if lines.Columns[col].Name == column {
			return at, true
		}
	}
	return 0, false
}

// lineHeads returns the columns of the table of lines.
func lineHeads(v *View) []Column {
	return []Column{
		{Name: "id", Title: v.T("编号", "Id"), Kind: Code},
		{Name: "time", Title: v.T("时间", "Time"), Kind: Time},
		{Name: "sku", Title: "SKU", Kind: Code},
		{Name: "region_code", Title: v.T("区域", "Region"), Kind: Code},
		{Name: "resource_id", Title: v.T("资源", "Resource"), Kind: Code},
		{Name: "kind", Title: v.T("类型", "Kind")},
		{Name: "tier", Title: v.T("阶梯", "Tier"), Kind: Whole, Some: true, Spare: true},
		{Name: "usage_amount", Title: v.T("用量", "Usage"), Kind: Quantity, Spare: true},
		{Name: "free_resource_usage", Title: v.T("套餐内", "From package"), Kind: Quantity, Spare: true},
		{Name: "quantity", Title: v.T("计费量", "Billed quantity"), Kind: Quantity, Spare: true},
		{Name: "measure", Title: v.T("单位", "Unit")},
		{Name: "unit_price", Title: v.T("单价", "Unit price"), Kind: Quantity, Spare: true},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: Amount, Spare: true},
		{Name: "discount_id", Title: v.T("折扣编号", "Discount id"), Kind: Code, Spare: true},
		{Name: "truncated_amount", Title: v.T("抹零", "Truncated"), Kind: Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount},
		{Name: "origin_cycle", Title: v.T("归属账期", "Of cycle"), Spare: true},
	}
}

// lineRow returns the row of one line.
func lineRow(v *View, cycle lake.Cycle, id string, row rows.Row[tables.Line]) ([]Cell, error) {
	record, origin := string(row.Text(tables.LineID)), row.Word(tables.LineOriginCycle)
	day := ""
	if _, err := period.ParseDay(row.Word(tables.LineDay)); err == nil {
		day = row.Word(tables.LineDay)
	}
	href := v.Link("line", "id", record, "customer_id", id, "cycle", cycle.String(), "origin_cycle", origin, "day", day)
	tier := ""
	if n := row.Small(tables.LineTier); n != 0 {
		tier = strconv.Itoa(n)
	}
	cells := []Cell{{Text: record, Href: href}, v.Time(query.BillTime(row)), {Text: row.Word(tables.LineSKU)},
		{Text: row.Word(tables.LineRegionCode)}, {Text: string(row.Text(tables.LineResourceID))},
		kindCell(v, row.Word(tables.LineKind)), {Text: tier}}
	var wrong error
	quantity := func(col tables.QuantityColumn[tables.Line]) Cell {
		q, err := row.Quantity(col)
		wrong = errors.Join(wrong, err)
		return Cell{Text: q.String(), Shown: document.GroupedDigits(q.Trim())}
	}
	amount := func(col tables.AmountColumn[tables.Line]) Cell {
		a, err := row.Amount(col)
		wrong = errors.Join(wrong, err)
		return Linked(v, a, href)
	}
	cells = append(cells, quantity(tables.LineUsageAmount), quantity(tables.LineFreeResourceUsage),
		quantity(tables.LineQuantity), Cell{Text: row.Word(tables.LineMeasure)}, quantity(tables.LineUnitPrice),
		amount(tables.LineOfficialAmount), amount(tables.LineOfficialDiscountAmount),
		Cell{Text: row.Word(tables.LineDiscountID)},
		amount(tables.LineTruncatedAmount), amount(tables.LinePaymentAmount), Cell{Text: origin})
	return cells, wrong
}
