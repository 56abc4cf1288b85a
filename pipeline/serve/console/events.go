package console

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	orderlife "github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// orders shows a customer's orders of all cycles of the lake, and unpaid orders.
func orders(v *View) (*Page, error) {
	id := v.Call.Scope.Customer
	t := &Table{Name: "orders", Order: "-since", Empty: v.T("没有订单", "No orders"), Columns: []Column{
		{Name: "order", Title: v.T("订单", "Order"), Kind: Code},
		{Name: "status", Title: v.T("状态", "Status")},
		{Name: "since", Title: v.T("自", "Since"), Kind: Time},
		{Name: "pay_time", Title: v.T("支付时间", "Paid"), Kind: Time},
		{Name: "order_type", Title: v.T("类型", "Type")},
		{Name: "sku", Title: "SKU", Kind: Code},
		{Name: "resource_id", Title: v.T("资源", "Resource"), Kind: Code},
		{Name: "quantity", Title: v.T("数量", "Quantity"), Kind: Quantity},
		{Name: "period", Title: v.T("周期", "Period")},
		{Name: "effective_time", Title: v.T("生效", "Begins"), Kind: Time},
		{Name: "expire_time", Title: v.T("到期", "Ends"), Kind: Time},
		{Name: "base", Title: v.T("被退订单", "Takes back"), Kind: Code},
		{Name: "payer", Title: v.T("付款方", "Payer"), Kind: Code},
		{Name: "open_amount", Title: v.T("现在支付的金额", "To pay now"), Kind: Amount, Some: true,
			Spare: true},
	}}
	processing, err := unpaidOrders(v, t)
	if err != nil {
		return nil, err
	}
	bucket := lake.BucketOf(id, max(1, v.Call.State.Snap.Manifest.Buckets))
	for _, ref := range v.Call.State.Snap.Manifest.Cycles {
		files, err := v.Call.State.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		for _, e := range files {
			if e.Table != tables.Orders().Name || e.Bucket != bucket {
				continue
			}
			if err := ordersIn(v, t, ref.Cycle, e, processing); err != nil {
				return nil, err
			}
		}
	}
	return &Page{Title: v.F("%s的订单", "Orders of %s", Called(v, id)),
		Crumbs: Way(v, Link{Text: Called(v, id), Href: v.To("customer", "customer_id", id)}),
		Blocks: []Block{{Title: v.T("订单", "Orders"), Table: t}}}, nil
}

// unpaidOrders adds the customer's unpaid order lines, with what they would cost if they were paid at the last run. It
// returns since when paid lines are in processing.
func unpaidOrders(v *View, t *Table) (map[string]period.Instant, error) {
	lives, err := orderlife.OrderLives(v.Call.State.Snap, v.Call.State.Workspace.Books)
	if err != nil {
		return nil, err
	}
	at := v.Call.State.Now
	if text := v.Call.State.Snap.Manifest.AsOf; text != "" {
		if at, err = period.ParseInstant(text); err != nil {
			return nil, err
		}
	}
	processing := map[string]period.Instant{}
	for i := range lives {
		l := &lives[i]
		switch {
		case l.Customer != v.Call.Scope.Customer:
		case l.Status == accept.OrderProcessing:
			processing[l.ID()] = l.Since
		case !l.Paid && l.Order != nil:
			open := Cell{}
			if l.Open() {
				charge, priced, err := l.Price(v.Call.State.Prices.Ask(), at)
				if err != nil {
					return nil, err
				}
				if priced {
					open = v.Money(charge.Payment, "")
				}
			}
			t.Rows = append(t.Rows, unpaidRow(v, l, open))
		}
	}
	return processing, nil
}

// unpaidRow returns the row of an unpaid order line, which has no line to link to.
func unpaidRow(v *View, l *orderlife.OrderLife, open Cell) []Cell {
	o := l.Order
	base, effective, expire := "", Cell{}, Cell{}
	if o.Base.ID != "" {
		base = fmt.Sprintf("%s/%d", o.Base.ID, o.Base.Line)
	}
	if o.Effective > o.PayTime { // otherwise it begins with the payment
		effective = v.Time(o.Effective)
	}
	if o.Expire != period.Forever {
		expire = v.Time(o.Expire)
	}
	return []Cell{{Text: l.ID()}, v.Word(l.Status), v.Time(l.Since), {}, v.Word(o.Type.String()),
		{Text: o.SKUText}, {Text: o.Resource},
		{Text: o.Quantity.String(), Shown: document.GroupedDigits(o.Quantity.Trim())},
		{Text: termText(v, o.PeriodType, o.PeriodNum)}, effective, expire, {Text: base}, {Text: o.Payer}, open}
}

// termText says for how many periods an order is.
func termText(v *View, unit string, number int64) string {
	if unit == "" {
		return ""
	}
	return strconv.FormatInt(number, 10) + " " + v.Word(unit).Say()
}

// ordersIn adds the customer's orders of one file. processing has since when order lines are in processing; the others
// are completed.
func ordersIn(v *View, t *Table, cycle lake.Cycle, e lake.FileEntry,
	processing map[string]period.Instant) (
	err error) {
	list, err := rows.FileOf(v.Call.State.Snap, e, tables.Orders(), nil,
		rows.Filter[tables.Order]{Column: tables.OrderCustomerID,
			Word: v.Call.Scope.Customer})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(func(row rows.Row[tables.Order]) error {
		q, err := row.Quantity(tables.OrderQuantity)
		order := fmt.Sprintf("%s/%d", row.Text(tables.OrderOrderID), row.Whole(tables.OrderOrderLine))
		base, status, since := "", accept.OrderCompleted, row.Time(tables.OrderPayTime)
		if len(row.Text(tables.OrderBaseOrderID)) > 0 {
			base = fmt.Sprintf("%s/%d", row.Text(tables.OrderBaseOrderID), row.Whole(tables.OrderBaseOrderLine))
		}
		if at, is := processing[order]; is {
			status, since = accept.OrderProcessing, at
		}
		t.Rows = append(t.Rows, []Cell{
			{Text: order,
				Href: v.Link("line", "id", order, "customer_id", v.Call.Scope.Customer, "cycle", cycle.String())},
			v.Word(status), v.Time(since), v.Time(row.Time(tables.OrderPayTime)),
			v.Word(row.Word(tables.OrderOrderType)),
			{Text: row.Word(tables.OrderSKU)},
			{Text: string(row.Text(tables.OrderResourceID))}, QuantityCell(q),
			{Text: termText(v, row.Word(tables.OrderPeriodType), row.Whole(tables.OrderPeriodNum))},
			v.Time(row.Time(tables.OrderEffectiveTime)), v.Time(row.MaybeTime(tables.OrderExpireTime)), {Text: base},
			{Text: row.Word(tables.OrderPayer)}, {}})
		return err
	})
}

// account shows the movements of a customer's balances in a cycle.
func account(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	id := v.Call.Scope.Customer
	state, _ := StateText(v, lake.CycleOf(cycle))
	p := &Page{Title: v.F("%s的账户，%s", "Account of %s, %s", Called(v, id), cycle), Lead: state,
		Crumbs: Way(v, Link{Text: Called(v, id), Href: v.To("customer", "customer_id", id)}),
		Tabs:   Months(v, cycle.String())}
	if v.Call.State.Workspace.Settings.Payments != settings.Ledger {
		p.Notes = append(p.Notes, Note{Text: v.T(
			"设置payments不是ledger：没有账户流水，所有明细按现金支付。",
			"The setting payments is not ledger: there are no accounts, and every line counts as paid in cash.")})
		return p, nil
	}
	t := &Table{Name: "entries", Empty: v.T("没有流水", "No movements"), Columns: []Column{
		{Name: "time", Title: v.T("时间", "Time"), Kind: Time},
		{Name: "id", Title: v.T("编号", "Id"), Kind: Code},
		{Name: "type", Title: v.T("类型", "Type")},
		{Name: "balance_type", Title: v.T("余额类型", "Balance")},
		{Name: "amount", Title: v.T("变动", "Amount"), Kind: Amount},
		{Name: "balance_after", Title: v.T("余额", "Balance after"), Kind: Amount},
	}}
	err = eachEntry(v, lake.CycleOf(cycle), id, func(row rows.Row[tables.AccountEntry]) error {
		amount, err := row.Amount(tables.AccountEntryAmount)
		after, wrong := row.Amount(tables.AccountEntryBalanceAfter)
		kind, entry, href := row.Word(tables.AccountEntryType), string(row.Text(tables.AccountEntryID)), ""
		if kind == "consume" || kind == "refund" { // of a line; other kinds are events
			href = v.Link("line", "id", entry, "customer_id", id, "cycle", cycle.String())
		}
		t.Rows = append(t.Rows, []Cell{v.Time(row.Time(tables.AccountEntryTime)), {Text: entry, Href: href},
			v.Word(kind),
			v.Word(row.Word(tables.AccountEntryBalanceType)), Linked(v, amount, href), v.Money(after, "")})
		return errors.Join(err, wrong)
	})
	p.Blocks = append(p.Blocks, Block{Title: v.T("流水", "Movements"), Table: t})
	return p, err
}

// eachEntry visits the movements of a customer's balances in order.
func eachEntry(v *View, cycle lake.Cycle, customer string,
	visit func(rows.Row[tables.AccountEntry]) error) (err error) {
	list, err := rows.Accounts(v.Request.Context(), v.Call.State.Snap, cycle, customer, rows.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(visit)
}
