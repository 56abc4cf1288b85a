package console

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/explain"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// maxFeeds is the number of bytes of feed files that the page of a line searches by default.
const maxFeeds = 4 << 20

// oneLine shows how the lines of a record were calculated.
func oneLine(v *View) (*Page, error) {
	s, err := explainSources(v)
	if err != nil {
		return nil, err
	}
	story, err := explain.Explain(v.Request.Context(), s,
		&explain.Question{ID: v.Call.Text("id"), Cycle: v.Call.Cycle("cycle"),
			Origin: v.Call.Text("origin_cycle"), Customer: v.Call.Scope.Customer, Day: v.Call.Text("day")})
	if none := new(rows.NotFoundError); errors.As(err, &none) && v.Call.Scope.Feeds {
		return nil, operation.NotFound(operation.Text{Zh: "没有找到该记录，或者编号不唯一", En: none.What})
	}
	if err != nil {
		return nil, err
	}
	if !v.Call.Scope.Feeds {
		story.Feeds = nil
	}
	p := storyPage(v, story)
	counted, err := countedBlock(v, story)
	if counted != nil {
		p.Blocks = slices.Insert(p.Blocks, 1, *counted)
	}
	return p, err
}

// explainSources returns the sources of explanations, with feeds for callers that may see them.
func explainSources(v *View) (*explain.Sources, error) {
	w := v.Call.State.Workspace
	s := &explain.Sources{Snap: v.Call.State.Snap, Books: w.Books, Settings: &w.Settings,
		Prices: v.Call.State.Prices.Bill(), Refund: workspace.RefundRules(&w.Settings)}
	if !v.Call.Scope.Feeds {
		return s, nil
	}
	var err error
	if s.MaxFeeds = maxFeeds; v.Call.Text("feed") != "" {
		s.MaxFeeds = 0
	}
	s.Inbox, err = w.Inbox()
	return s, err
}

// storyPage shows an explanation.
func storyPage(v *View, s *explain.Story) *Page {
	p := &Page{Title: s.ID, Lead: stateOf(v, s.State) + " · " + Called(v, s.CustomerID) + " · " + s.Cycle,
		Crumbs: Way(v, Link{Text: Called(v, s.CustomerID),
			Href: v.To("customer", "customer_id", s.CustomerID)},
			Link{Text: s.Cycle, Href: v.To("bill", "customer_id", s.CustomerID, "cycle", s.Cycle)})}
	switch {
	case !s.Agrees:
		p.Notes = append(p.Notes, Note{Tone: Bad, Text: v.T("现在重新计价得到的金额与账单不同：账单之后账本或设置已变更。",
			"Rating the record again gives other amounts than were billed: books or settings have changed since.")})
	case len(s.Rated) > 0:
		p.Notes = append(p.Notes, Note{Tone: Good, Text: v.T("刚刚重新计价：与账单逐位相同。",
			"Rated again just now: the same as billed, to the last digit.")})
	}
	facts := Block{ID: "record", Title: v.T("记录", "The record")}
	for _, f := range s.Facts {
		facts.Facts = append(facts.Facts, factOf(v, f))
	}
	p.Blocks = append(p.Blocks, facts)
	if feeds := feedBlock(v, s); len(feeds.Records) > 0 || feeds.Links != nil {
		p.Blocks = append(p.Blocks, feeds)
	}
	p.Blocks = append(p.Blocks, stepBlock(v, s))
	for _, part := range []struct {
		name, zh, en string
		lines        []explain.Line
	}{{"stored", "账单中的明细", "As billed", s.Stored}, {"base", "被退订单的明细", "The refunded order", s.Base},
		{"month-end", "计入的月末明细", "Month-end lines that it counts for", s.Later}} {
		if len(part.lines) > 0 {
			p.Blocks = append(p.Blocks, Block{Title: v.T(part.zh, part.en),
				Table: storyTable(v, part.name, part.lines)})
		}
	}
	if !s.Agrees && len(s.Rated) > 0 {
		p.Blocks = append(p.Blocks, Block{Title: v.T("重新计价", "Rated again"),
			Table: storyTable(v, "rated", s.Rated)})
	}
	for i, also := range s.Also {
		p.Blocks = append(p.Blocks, Block{Title: v.F("在账期%s中", "Billed in cycle %s", also.Cycle),
			Table: storyTable(v, "also"+strconv.Itoa(i+1), also.Lines)})
	}
	if len(s.Sums) > 0 {
		p.Blocks = append(p.Blocks, Block{Title: v.T("该处全部计费", "All that is billed of it"),
			Table: sumTable(v, s.Sums)})
	}
	return p
}

// factOf shows one field of a record.
func factOf(v *View, f explain.Fact) Figure {
	out := Figure{Name: f.Name, Value: f.Value}
	if v.Words == nil {
		return out
	}
	if section := "fact " + f.Name; v.Words.Has(section) {
		out.Value = v.Say(section, f.Value)
	}
	if !strings.HasPrefix(f.Name, "x_") { // a column of the feed keeps its name
		out.Name = v.Say("fact", f.Name)
	}
	return out
}

// sayAll translates texts of a section to the view's language.
func sayAll(v *View, section string, list []string) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = v.Say(section, list[i])
	}
	return out
}

// stateOf describes the state of a record.
func stateOf(v *View, state string) string {
	texts := map[string]operation.Text{
		explain.StateRated:      {Zh: "用量记录", En: "usage record"},
		explain.StateWaiting:    {Zh: "用量记录，月末计价", En: "usage record, priced at the month's end"},
		explain.StateReplaced:   {Zh: "已被其他记录替换", En: "usage record that another one replaced"},
		explain.StateMonthEnd:   {Zh: "月末明细", En: "month-end line"},
		explain.StateOrder:      {Zh: "订单", En: "order"},
		explain.StateRefund:     {Zh: "退款", En: "refund of an order"},
		explain.StateAdjustment: {Zh: "人工调账", En: "manual adjustment"},
		explain.StateLate:       {Zh: "结账后到达的记录", En: "billed after its cycle was closed"},
		explain.StateDifference: {Zh: "迟到记录引起的差额", En: "what late records change of a closed month-end line"},
		explain.StateRerating:   {Zh: "重新计价的差额", En: "what re-rating changes of a closed cycle"},
		explain.StateCommitment: {Zh: "承诺用量的差额", En: "what later runs change of a commitment of a closed cycle"},
		explain.StateCosts:      {Zh: "成本文件的行", En: "rows of cost files"},
		explain.StateTax:        {Zh: "税", En: "tax"},
		explain.StateRestated:   {Zh: "成本文件更新的差额", En: "what another delivery of cost files changes"},
	}
	return cmp.Or(texts[state].In(v.Call.Language), state)
}

// feedBlock shows the rows of feed files from which the record came.
func feedBlock(v *View, s *explain.Story) Block {
	b := Block{ID: "feed", Title: v.T("来源文件与行", "Feed file and row")}
	for _, f := range s.Feeds {
		title := "inbox/" + f.File
		if f.Row > 0 {
			title += v.F(" 第%d行", " row %d", f.Row)
		}
		b.Records = append(b.Records, Record{Title: title, Note: v.Say("origin", f.Note), Text: f.Raw})
	}
	if s.Unread > 0 {
		b.Text = []string{v.F("该日的来源文件共%d MB：查找该行需要数秒。",
			"The feed files of the day have %d MB: to find the row takes seconds.", s.Unread/1_000_000)}
		b.Links = []Link{{Text: v.T("显示收到的行", "Show the row as it was received"),
			Href: v.Here("feed", "1") + "#feed"}}
	}
	return b
}

// stepBlock shows the calculation step by step.
func stepBlock(v *View, s *explain.Story) Block {
	b := Block{ID: "steps", Title: v.T("计算过程", "How it was calculated")}
	if len(s.Before) > 0 {
		b.Steps = append(b.Steps, Step{Title: v.T("之前", "Before"), Steps: sayAll(v, "step", s.Before)})
	}
	for _, part := range s.Parts {
		if s.Tier != 0 && part.Tier != s.Tier {
			continue
		}
		title := kindCell(v, part.Kind).Say()
		if part.Tier != 0 {
			title = v.F("第%d阶梯，", "Tier %d, ", part.Tier) + title
		}
		b.Steps = append(b.Steps, Step{Title: title, Steps: sayAll(v, "step", part.Steps)})
	}
	return b
}

// storyTable shows the lines of an explanation.
func storyTable(v *View, name string, lines []explain.Line) *Table {
	t := &Table{Name: name, Columns: []Column{
		{Name: "kind", Title: v.T("类型", "Kind")},
		{Name: "tier", Title: v.T("阶梯", "Tier"), Kind: Whole, Some: true, Spare: true},
		{Name: "usage_amount", Title: v.T("用量", "Usage"), Kind: Quantity, Spare: true},
		{Name: "free_resource_usage", Title: v.T("套餐内", "From package"), Kind: Quantity, Spare: true},
		{Name: "quantity", Title: v.T("计费量", "Billed quantity"), Kind: Quantity},
		{Name: "unit_price", Title: v.T("单价", "Unit price"), Kind: Quantity},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: Amount, Spare: true},
		{Name: "discount_id", Title: v.T("折扣编号", "Discount id"), Kind: Code, Spare: true},
		{Name: "truncated_amount", Title: v.T("抹零", "Truncated"), Kind: Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount},
		{Name: "coupon_amount", Title: v.T("代金券", "Coupons"), Kind: Amount, Spare: true},
		{Name: "stored_value_card_amount", Title: v.T("储值卡", "Stored value"), Kind: Amount, Spare: true},
		{Name: "flexipurchase_coupon_amount", Title: v.T("现金券", "Flexi coupons"), Kind: Amount, Spare: true},
		{Name: "cash_amount", Title: v.T("现金", "Cash"), Kind: Amount, Spare: true},
		{Name: "credit_amount", Title: v.T("信用", "Credit"), Kind: Amount, Spare: true},
		{Name: "debt_amount", Title: v.T("欠款", "Still owed"), Kind: Amount, Spare: true},
	}}
	for i := range lines {
		l := &lines[i]
		tier, paid := "", explain.Paid{Cash: l.Payment}
		if l.Tier != 0 {
			tier = strconv.Itoa(l.Tier)
		}
		if l.Paid != nil {
			paid = *l.Paid
		}
		t.Rows = append(t.Rows, []Cell{kindCell(v, l.Kind), {Text: tier}, QuantityCell(l.Usage),
			QuantityCell(l.Free), QuantityCell(l.Quantity),
			{Text: l.UnitPrice.String(), Shown: document.GroupedDigits(l.UnitPrice.Trim())}, v.Money(l.Official, ""),
			v.Money(l.Discount, ""), {Text: l.DiscountID}, v.Money(l.Truncated, ""), v.Money(l.Payment, ""),
			v.Money(paid.Coupon, ""), v.Money(paid.StoredValue, ""), v.Money(paid.Flexi, ""), v.Money(paid.Cash, ""),
			v.Money(paid.Credit, ""), v.Money(paid.Debt, "")})
	}
	return t
}

// sumTable shows the billed sums of a group.
func sumTable(v *View, sums []explain.Sum) *Table {
	t := &Table{Name: "postings", Columns: []Column{
		{Name: "posting", Title: v.T("入账", "Posting")},
		{Name: "usage_amount", Title: v.T("用量", "Usage"), Kind: Quantity},
		{Name: "free_resource_usage", Title: v.T("套餐内", "From package"), Kind: Quantity, Spare: true},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: Amount, Spare: true},
		{Name: "truncated_amount", Title: v.T("抹零", "Truncated"), Kind: Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount},
	}}
	for i := range sums {
		s := &sums[i]
		t.Rows = append(t.Rows, []Cell{{Text: s.What, Shown: v.Say("posting", s.What)},
			QuantityCell(s.Usage),
			QuantityCell(s.Free), v.Money(s.Official, ""), v.Money(s.Discount, ""), v.Money(s.Truncated, ""),
			v.Money(s.Payment, "")})
	}
	return t
}
