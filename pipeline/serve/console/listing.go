package console

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Listing shows a table of the lake that is not divided by cycle.
type Listing struct {
	Def     *tables.Table
	Name    string   // of the table on the page
	Columns string   // names of columns, in order
	Order   string   // default order of the rows
	Owner   []string // columns with partners: a caller that is a partner sees only rows in which it is one of them
	Spare   []string // columns that the screen omits if they are empty
	Empty   OperationText
	Keep    func(rows.Row[tables.Any]) bool           // nil = all rows
	Link    func(rows.Row[tables.Any], string) string // address to which a cell of a column links; nil = none
}

// OperationText is a text in both languages.
type OperationText struct{ Zh, En string }

// titles returns the titles of columns of listings.
func titles() map[string]OperationText {
	return map[string]OperationText{
		"partner_id": {"伙伴", "Partner"}, "customer_id": {"客户", "Customer"}, "cycle": {"账期", "Cycle"},
		"programme_id": {"计划", "Programme"}, "period": {"周期", "Period"}, "claim_id": {"申报单", "Claim"},
		"heads": {"人数", "Heads"}, "quota_amount": {"额度", "Quota"}, "listed_amount": {"名单金额", "Listed"},
		"reserved_amount": {"占用", "Reserved"}, "claimed_amount": {"申报", "Claimed"},
		"approved_amount": {"批准", "Approved"}, "paid_amount": {"已付", "Paid"}, "state": {"状态", "State"},
		"until": {"期限", "Until"}, "withdrawal_id": {"提现单", "Withdrawal"}, "part": {"部分", "Part"},
		"source": {"来源", "Source"}, "route": {"路径", "Route"}, "recharge_id": {"充值", "Recharge"},
		"channel": {"渠道", "Channel"}, "amount": {"金额", "Amount"}, "requested": {"申请时间", "Requested"},
		"decided": {"处理时间", "Decided"}, "collected_amount": {"已代收", "Collected"},
		"unpaid_amount": {"未付", "Unpaid"}, "due_date": {"到期日", "Due"}, "age_days": {"逾期天数", "Days overdue"},
		"bucket": {"账龄", "Age"}, "issuer_id": {"开票方", "Issuer"}, "recipient_id": {"受票方", "Recipient"},
		"invoiceable_amount": {"可开票", "To invoice"}, "issued_amount": {"已开票", "Issued"},
		"returned_amount": {"已退回", "Returned"}, "credited_amount": {"已冲红", "Credited"},
		"left_amount": {"未开票", "Left"}, "invoice_id": {"发票", "Invoice"}, "number": {"号码", "Number"},
		"time": {"时间", "Time"}, "event": {"事件", "Event"}, "content": {"内容", "Content"},
		"coupon_id": {"代金券", "Coupon"}, "kind": {"类型", "Kind"}, "used": {"已用", "Used"},
		"taken_back": {"已收回", "Taken back"}, "expired": {"已过期", "Expired"}, "left": {"剩余", "Left"},
		"valid_from": {"生效", "Valid from"}, "valid_to": {"失效", "Valid to"}, "type": {"类型", "Type"},
		"id": {"编号", "Id"}, "left_after": {"之后剩余", "Left afterwards"}, "entry_id": {"分录", "Entry"},
		"counterparty_id": {"对方", "Counterparty"}, "balance_type": {"余额类型", "Balance"},
		"balance_after": {"之后余额", "Balance afterwards"}, "delivery": {"交付", "Delivery"},
		"rows": {"行数", "Rows"}, "rejected": {"拒收", "Rejected"}, "currency": {"币种", "Currency"},
		"cost_billed": {"账单成本", "Billed cost"}, "cost_effective": {"有效成本", "Effective cost"},
		"tolerated": {"容忍项", "Tolerated"}, "fault": {"失败原因", "Fault"},
	}
}

// kindOf returns how a column of the lake is shown.
func kindOf(c *tables.Column) Kind {
	switch c.Type {
	case tables.Amount:
		return Amount
	case tables.Quantity:
		return Quantity
	case tables.Cost:
		return Cost
	case tables.Whole, tables.Small:
		return Whole
	case tables.Time, tables.MaybeTime:
		return Time
	}
	if strings.HasSuffix(c.Name, "_id") || c.Name == "id" {
		return Code
	}
	return Text
}

// LooseTable converts a listing to a table of a page.
func LooseTable(v *View, l *Listing) (*Table, error) {
	t := &Table{Name: l.Name, Order: l.Order, Empty: v.T(l.Empty.Zh, l.Empty.En)}
	words := titles()
	var cols []int
	for name := range strings.FieldsSeq(l.Columns) {
		at := l.Def.Index(name)
		cols = append(cols, at)
		t.Columns = append(t.Columns, Column{Name: name, Title: v.T(words[name].Zh, words[name].En),
			Kind: kindOf(&l.Def.Columns[at]), Spare: slices.Contains(l.Spare, name)})
	}
	var codes []string // of the rows, if there are several currencies
	err := query.EachCouponRow(v.Call.State.Snap, tables.Untyped(l.Def), func(r rows.Row[tables.Any]) error {
		if !l.Mine(v, r) || l.Keep != nil && !l.Keep(r) {
			return nil
		}
		code := CurrencyOfRow(v, r)
		codes = append(codes, code)
		row := make([]Cell, len(cols))
		for i, col := range cols {
			var err error
			if row[i], err = cellOf(v, r, col, code); err != nil {
				return err
			}
			if l.Link != nil && row[i].Text != "" {
				row[i].Href = l.Link(r, l.Def.Columns[col].Name)
			}
			if slices.Contains(wordColumns(), l.Def.Columns[col].Name) {
				row[i].Shown = v.Word(row[i].Text).Shown
			}
		}
		t.Rows = append(t.Rows, row)
		return nil
	})
	first := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Kind == Amount })
	if v.Mixed() && first >= 0 && l.Def.Index("currency") < 0 {
		WithColumn(t, t.Columns[first].Name, Column{Name: "currency", Title: v.T("币种", "Currency")},
			func(row int) Cell { return Cell{Text: codes[row]} })
	}
	return t, err
}

// wordColumns returns the columns of listings whose values are words of a list.
func wordColumns() []string {
	return []string{"state", "kind", "type", "event", "balance_type", "bucket"}
}

// Mine reports whether the call may see a row.
func (l *Listing) Mine(v *View, r rows.Row[tables.Any]) bool {
	if v.Call.Scope.Nothing && l.Owner != nil {
		return false
	}
	if v.Call.Scope.Partner == "" || l.Owner == nil {
		return true
	}
	return slices.ContainsFunc(l.Owner, func(name string) bool {
		return r.Word(tables.WordColumn[tables.Any](l.Def.Index(name))) == v.Call.Scope.Partner
	})
}

// cellOf returns the cell of a value of the lake; currency is that of amounts.
func cellOf(v *View, r rows.Row[tables.Any], col int, currency string) (Cell, error) {
	switch r.Cols.Def.Columns[col].Type {
	case tables.Word:
		return Cell{Text: r.Word(tables.WordColumn[tables.Any](col))}, nil
	case tables.Text:
		return Cell{Text: string(r.Text(tables.TextColumn[tables.Any](col)))}, nil
	case tables.Amount:
		a, err := r.Amount(tables.AmountColumn[tables.Any](col))
		return v.MoneyIn(a, currency, ""), err
	case tables.Quantity:
		q, err := r.Quantity(tables.QuantityColumn[tables.Any](col))
		return QuantityCell(q), err
	case tables.Cost:
		c, err := r.Cost(tables.CostColumn[tables.Any](col))
		return CostCell(v, c), err
	case tables.Whole:
		n := strconv.FormatInt(r.Whole(tables.WholeColumn[tables.Any](col)), 10)
		return Cell{Text: n, Shown: document.GroupedDigits(n)}, nil
	case tables.Small:
		return Cell{Text: strconv.Itoa(r.Small(tables.SmallColumn[tables.Any](col)))}, nil
	}
	if t := r.Time(tables.TimeColumn[tables.Any](col)); t != period.Forever && t != period.Past {
		return v.Time(t), nil
	}
	return Cell{}, nil
}
