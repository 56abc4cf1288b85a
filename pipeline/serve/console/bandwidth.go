package console

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// maxLinks is the largest number of rows of links.csv that a page measures: it reads all of their samples.
const maxLinks = 200

// object is a link or group in a list, without its samples.
type object struct {
	name, customer, sku, method string
	currency                    string
	points                      int
	mbps                        string
	commit, quantity            money.Quantity
	payment                     money.AmountTotal
}

// objects returns the requested links and groups of a cycle, measured once per state.
func objects(v *View, cycle period.Cycle) ([]object, error) {
	customer := v.Call.Scope.Customer
	if customer == "" && v.Call.Text("resource") == "" && len(v.Call.State.Workspace.Books.Links) > maxLinks {
		return nil, operation.BadParameter("customer_id", operation.Textf("链路多于%d条，请指定客户",
			"is missing: the books have more than %d links", maxLinks))
	}
	q := query.AnnexRequest{Cycle: cycle, Customer: customer, Resource: v.Call.Text("resource"),
		SKU: v.Call.Text("sku")}
	list, err := Keep(v, fmt.Sprintf("objects %q", q), func(list []object) int { return 9 * len(list) },
		func(v *View) ([]object, error) { return measured(v, &q) })
	if none := new(rows.NotFoundError); errors.As(err, &none) && v.Call.Text("resource") == "" {
		return nil, nil
	}
	return list, err
}

// measured measures the links and groups of a question.
func measured(v *View, q *query.AnnexRequest) ([]object, error) {
	measure := annexes
	if q.Resource != "" { // its points are shown next
		measure = keptAnnexes
	}
	list, err := measure(v, q)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(list))
	for i, a := range list {
		_, payment, err := a.Payment()
		if err != nil {
			return nil, err
		}
		out[i] = object{name: a.Object, customer: a.CustomerID, sku: a.SKU, method: a.Policy.Method, points: a.Points,
			mbps: query.Mbps(a.Value), commit: a.Commit, quantity: a.Quantity, payment: payment,
			currency: a.Currency}
	}
	return out, nil
}

// annex returns the measurement of the object, with all of its points.
func (o *object) annex(v *View, cycle period.Cycle) (*query.Annex, error) {
	list, err := keptAnnexes(v, &query.AnnexRequest{Cycle: cycle, Customer: o.customer, Resource: o.name, SKU: o.sku})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// annexes measures links and groups with all of their points.
func annexes(v *View, q *query.AnnexRequest) ([]*query.Annex, error) {
	return query.BuildAnnexes(v.Request.Context(),
		&query.AnnexSources{Snap: v.Call.State.Snap, Books: v.Call.State.Workspace.Books,
			Prices: v.Call.State.Prices.Bill(), Currency: v.Currency()}, q)
}

// keptAnnexes returns the points of a link or group, measured once per state.
func keptAnnexes(v *View, q *query.AnnexRequest) ([]*query.Annex, error) {
	return Keep(v, fmt.Sprintf("bandwidth %q", *q), cellsOf,
		func(v *View) ([]*query.Annex, error) { return annexes(v, q) })
}

// cellsOf estimates the memory of measured links, in cells of tables.
func cellsOf(list []*query.Annex) (n int) {
	for _, a := range list {
		n += 1000 + 2*a.Points
	}
	return n
}

// bandwidth shows how links were measured: a list of them, or one with its curve.
func bandwidth(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	list, err := objects(v, cycle)
	if err != nil {
		return nil, err
	}
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("带宽，%s", "Bandwidth, %s", cycle), Lead: state, Crumbs: []Link{Home(v)},
		Tabs: Months(v, cycle.String())}
	if id := v.Call.Scope.Customer; id != "" {
		p.Crumbs = Way(v, Link{Text: Called(v, id), Href: v.To("customer", "customer_id", id)},
			Link{Text: cycle.String(), Href: v.To("bill", "customer_id", id, "cycle", cycle.String())})
	}
	if len(list) == 1 {
		a, err := list[0].annex(v, cycle)
		if err != nil {
			return nil, err
		}
		return p, oneObject(v, p, a)
	}
	t := &Table{Name: "objects", Empty: v.T("没有带宽链路", "No links are measured in this cycle"),
		Columns: []Column{
			{Name: "object", Title: v.T("链路或组", "Link or group"), Kind: Code},
			{Name: "customer", Title: v.T("客户", "Customer")},
			{Name: "sku", Title: "SKU", Kind: Code},
			{Name: "method", Title: v.T("方法", "Method")},
			{Name: "points", Title: v.T("采样点", "Points"), Kind: Whole},
			{Name: "value", Title: v.T("测量值 Mbps", "Value, Mbps"), Kind: Quantity, Some: true},
			{Name: "commit", Title: v.T("保底 Mbps", "Commit, Mbps"), Kind: Quantity, Spare: true},
			{Name: "quantity", Title: v.T("计费量", "Billed quantity"), Kind: Quantity},
			{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount},
		}}
	for i := range list {
		o := &list[i]
		href := v.To("bandwidth", "customer_id", o.customer, "cycle", cycle.String(), "resource", o.name, "sku", o.sku)
		t.Rows = append(t.Rows, []Cell{{Text: o.name, Href: href}, {Text: NameOrID(v, o.customer)},
			{Text: o.sku}, methodCell(v, o.method), {Text: strconv.Itoa(o.points)}, {Text: o.mbps},
			{Text: o.commit.String(), Shown: o.commit.Trim()}, {Text: o.quantity.String(), Shown: o.quantity.Trim()},
			v.MoneyIn(o.payment, o.currency, href)})
	}
	if v.Mixed() {
		WithColumn(t, "payment_amount", Column{Name: "currency", Title: v.T("币种", "Currency")},
			func(row int) Cell { return Cell{Text: list[row].currency} })
	}
	p.Blocks = append(p.Blocks, Block{Title: v.T("链路", "Links"), Table: t})
	return p, nil
}

// methodCell describes how a link is measured.
func methodCell(v *View, method string) Cell {
	c := Cell{Text: method}
	if v.Words != nil {
		c.Shown = v.Words.Figure(method)
	}
	return c
}

// oneObject fills the page of one link or group.
func oneObject(v *View, p *Page, a *query.Annex) error {
	p.Title = v.F("%s的带宽，%s", "Bandwidth of %s, %s", a.Object, a.Cycle)
	if !a.Agrees {
		p.Notes = append(p.Notes, Note{Tone: Bad, Text: v.T("现在重新测量的结果与账单不同：账单之后账本已变更。",
			"Measuring it again gives another quantity than was billed: the books have changed since.")})
	}
	curve, err := curveBlock(v, a)
	if err != nil {
		return err
	}
	p.Blocks = append(p.Blocks, curve)
	facts := Block{ID: "measured", Title: v.T("测量与计费", "How it was measured and billed")}
	for _, f := range append(a.Measured(), a.Charged()...) {
		if v.Words != nil {
			f.Name, f.Value = v.Words.Figure(f.Name), v.Words.Figure(f.Value)
		}
		facts.Facts = append(facts.Facts, Figure{Name: f.Name, Value: f.Value})
	}
	if a.Slot != "" {
		day, _, _ := strings.Cut(a.Time(a.Slot), " ")
		facts.Links = []Link{{
			Text: v.F("决定计费值的日期%s的曲线与采样点", "Curve and points of %s, the day of the slot that set the value", day),
			Href: v.Here("day", day, "points.find", day, "points.page", "") + "#curve"}}
	}
	all, err := KeepTable(v, fmt.Sprintf("points %q %q %q %q", a.CustomerID, a.Cycle, a.Object, a.SKU),
		func(v *View) (*Table, error) { return points(v, a), nil })
	if err != nil {
		return err
	}
	p.Blocks = append(p.Blocks, facts, Block{ID: "charged", Title: v.T("明细", "Lines"), Table: annexLines(v, a)},
		Block{Title: v.T("最大的采样点", "Largest points"), Table: peaks(v, a)},
		Block{ID: "samples", Title: v.T("所有采样点", "All points"), Table: all})
	return nil
}

// curveBlock returns the curve of the cycle, or of the day that the address names, with links to the days.
func curveBlock(v *View, a *query.Annex) (Block, error) {
	b := Block{ID: "curve", Title: v.T("曲线与百分位线", "Curve and percentile")}
	day, zoomed, err := dayOf(v)
	if err != nil {
		return b, err
	}
	cycle, err := period.ParseCycle(a.Cycle)
	if err != nil {
		return b, err
	}
	what, shown := a.Cycle, ""
	if zoomed {
		what, shown = day.String(), day.String()
		b.Title = v.F("%s的曲线与百分位线", "Curve of %s and percentile", what)
		b.Links = append(b.Links, Link{Text: v.T("整月", "The whole month"),
			Href: v.Here("day", "", "points.find", "", "points.page", "") + "#curve"})
	}
	for one := cycle.First(); one <= cycle.Last(); one++ {
		b.Links = append(b.Links, Link{Text: strconv.Itoa(int(one-cycle.First()) + 1),
			Href: v.Here("day", one.String(), "points.find", one.String(), "points.page", "") + "#curve"})
	}
	b.Chart = &Chart{Source: v.To("bandwidth.svg", "customer_id", a.CustomerID, "cycle", a.Cycle, "resource",
		a.Object, "sku", a.SKU, "day", shown),
		Alt: v.F("%s在%s的带宽曲线，计费值%s Mbps。以下各表为图中数据。",
			"Bandwidth of %s in %s with the line of the billed value, %s Mbps. The tables below have the values.",
			a.Object, what, query.Mbps(a.Billed)),
		Caption: v.T("选择一天以放大：", "Select a day to zoom in.")}
	return b, nil
}

// dayOf returns the day that the address names. It must be in the cycle.
func dayOf(v *View) (day period.Day, ok bool, err error) {
	text := v.Call.Text("day")
	if text == "" {
		return 0, false, nil
	}
	cycle, err := CycleOf(v)
	if err != nil {
		return 0, false, err
	}
	day, err = period.ParseDay(text)
	if err != nil || day < cycle.First() || day > cycle.Last() {
		return 0, false, operation.BadParameter("day", operation.Textf("不在账期%s内", "is not a day of cycle %s", cycle))
	}
	return day, true, nil
}

// annexLines returns the billed amounts of a link.
func annexLines(v *View, a *query.Annex) *Table {
	t := &Table{Name: "charged", Columns: []Column{
		{Name: "id", Title: v.T("编号", "Id"), Kind: Code},
		{Name: "tier", Title: v.T("阶梯", "Tier"), Kind: Whole, Some: true, Spare: true},
		{Name: "quantity", Title: v.T("计费量", "Billed quantity"), Kind: Quantity},
		{Name: "unit_price", Title: v.T("单价", "Unit price"), Kind: Quantity},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount}}}
	for i := range a.Lines {
		l := &a.Lines[i]
		href, tier := "", ""
		if a.MonthEnd {
			href = v.Link("line", "id", l.ID, "customer_id", a.CustomerID, "cycle", a.Cycle)
		}
		if l.Tier != 0 {
			tier = strconv.Itoa(l.Tier)
		}
		t.Rows = append(t.Rows, []Cell{{Text: l.ID, Href: href}, {Text: tier}, QuantityCell(l.Quantity),
			{Text: l.UnitPrice.String(), Shown: document.GroupedDigits(l.UnitPrice.Trim())}, v.Money(l.Official, ""),
			v.Money(l.Discount, ""), Linked(v, l.Payment, href)})
	}
	return t
}

// peaks returns the largest points.
func peaks(v *View, a *query.Annex) *Table {
	t := &Table{Name: "peaks", Columns: []Column{
		{Name: "rank", Title: v.T("名次", "Rank"), Kind: Whole},
		{Name: "time", Title: v.T("时间", "Time")},
		{Name: "mbps", Title: "Mbps", Kind: Quantity, Some: true}}}
	for i, one := range a.Largest {
		t.Rows = append(t.Rows, []Cell{{Text: strconv.Itoa(i + 1)}, {Text: a.Time(one.Slot)},
			{Text: query.Mbps(one.Mbps)}})
	}
	return t
}

// points returns the points that counted. The filter serves as zoom: a day shows its points.
func points(v *View, a *query.Annex) *Table {
	const digits = 6
	t := &Table{Name: "points", Order: "time", Columns: []Column{
		{Name: "time", Title: v.T("时间", "Time"), Kind: Time},
		{Name: "mbps", Title: "Mbps", Kind: Quantity},
		{Name: "note", Title: v.T("说明", "Note"), Spare: true}},
		Note: v.T("按日期筛选即可查看某一天，例如2026-09-12。", "Filter by a date, such as 2026-09-12, to see one day.")}
	set, err := period.ParseInstant(a.Slot) // for some methods no single slot sets the value
	a.EachPoint(func(at period.Instant, mbps *big.Rat) {
		text, note := mbps.FloatString(digits), Cell{}
		if err == nil && at == set {
			note = Cell{Text: v.T("决定计费值", "set the value"), Tone: Warn}
		}
		t.Rows = append(t.Rows, []Cell{v.Time(at), {Text: text, Shown: document.GroupedDigits(text)}, note})
	})
	return t
}

// drawing makes a route serve a file: the curve of one link.
func drawing(r Route) Route {
	r.File = func(v *View) (*File, error) {
		cycle, err := CycleOf(v)
		if err != nil {
			return nil, err
		}
		list, err := objects(v, cycle)
		if err != nil {
			return nil, err
		}
		if len(list) != 1 {
			return nil, operation.NotFound(operation.Textf("有%d个计费对象：请用resource和sku指定一个",
				"there are %d links and groups: select one with resource and sku", len(list)))
		}
		a, err := list[0].annex(v, cycle)
		if err != nil {
			return nil, err
		}
		day, zoomed, err := dayOf(v)
		if err != nil {
			return nil, err
		}
		var drawn []byte
		if zoomed {
			drawn = a.DrawDay(day)
		} else if drawn, err = a.SVG(); err != nil {
			return nil, err
		}
		if v.Words != nil {
			drawn = v.Words.Drawing(drawn)
		}
		return &File{Type: "image/svg+xml", Bytes: drawn}, nil
	}
	return r
}
