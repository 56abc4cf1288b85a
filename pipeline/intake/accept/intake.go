package accept

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// EventReject is called for a row of a batch that fails on its own.
type EventReject func(index int, column string, why reason.Reason, value, id string) error

// EventIntake collects the events of a run's feed files that pass on their own. Several goroutines may use it.
type EventIntake struct {
	Books  *books.Books
	Prices *tariff.Book
	AsOf   period.Instant
	Latest period.Instant // a time after it is `future`
	Money  MoneyWords
	Temp   rows.Temp // for rows of LedgerFeed that do not fit in memory
	// SortBytes is the limit in bytes for sorting such rows in memory; 0 = the default of package rows.
	SortBytes int

	mu          sync.Mutex
	orders      []*Order
	statuses    []*OrderStep
	adjustments []*AdjustmentEvent
	accounts    []*Account
	transfers   []*TransferEvent
	incentives  []*IncentiveEvent
	money       []*MoneyEvent
	ledger      ledgerRows
	book        *EventBook
}

// EventBook returns the accepted events after the intake's rows were decided; nil before.
func (in *EventIntake) Book() *EventBook { return in.book }

// checks checks a row by itself, with books and prices but without other rows.
type checks struct {
	books  *books.Books
	prices *tariff.Book
	latest period.Instant // a time after it is `future`
}

// checks returns the checks for the intake's rows.
func (in *EventIntake) checks() checks { return checks{in.Books, in.Prices, in.Latest} }

// rules define how rows of one feed are read.
type rules struct {
	read func(v *view, i int, file int32) (id string, bad *failure) // reads a row without a fault
	id   func(texts map[string]string, f *feed.Fault) string        // returns the id of a row with one, if readable
	// earlier returns a failure that precedes a fault in a column: words that are not in their lists precede all
	// columns, other checks of this package belong to their columns.
	earlier func(texts map[string]string, f *feed.Fault) *failure
}

// rulesOf returns the rules of a feed.
func (in *EventIntake) rulesOf(name string) rules {
	id := func(column string) func(map[string]string, *feed.Fault) string {
		return func(texts map[string]string, _ *feed.Fault) string { return texts[column] }
	}
	switch name {
	case "orders":
		return rules{in.order, orderID, in.checks().earlierInOrder}
	case "accounts":
		return rules{in.account, id("event_id"), in.checks().earlierInAccount}
	case "transfers":
		return rules{in.transfer, id("transfer_id"), in.checks().earlierInTransfer}
	case "incentive_events":
		return rules{in.incentive, id("event_id"), in.checks().earlierInIncentive}
	}
	if f := formOf(name); f != nil {
		return rules{read: in.moneyRow(f)}
	}
	return rules{in.adjustment, id("adjustment_id"), in.checks().earlierInAdjustment}
}

// view gives access to a batch of an event feed by column name.
type view struct {
	batch *feed.Batch
	spec  *feed.Spec
}

func (v *view) col(name string) arrow.Array { return v.batch.Rows.Column(v.spec.Column(name)) }

// text returns a cell of a Text or Word column; empty if it has no value.
func (v *view) text(name string, i int) string {
	switch c := v.col(name).(type) {
	case *array.String:
		if c.IsValid(i) {
			return string([]byte(c.Value(i)))
		}
	case *array.Dictionary:
		if c.IsValid(i) {
			return string([]byte(c.Dictionary().(*array.String).Value(c.GetValueIndex(i))))
		}
	}
	return ""
}

func (v *view) whole(name string, i int) (int64, bool) {
	c, ok := v.col(name).(*array.Int64)
	if !ok || c.IsNull(i) {
		return 0, false
	}
	return c.Value(i), true
}

func (v *view) time(name string, i int) (period.Instant, bool) {
	c, ok := v.col(name).(*array.Timestamp)
	if !ok || c.IsNull(i) {
		return 0, false
	}
	return period.Instant(c.Value(i)), true
}

func (v *view) decimal(name string, i int) (hi int64, lo uint64, ok bool) {
	c, is := v.col(name).(*array.Decimal128)
	if !is || c.IsNull(i) {
		return 0, 0, false
	}
	n := c.Value(i)
	return n.HighBits(), n.LowBits(), true
}

// amount returns a cell of an Amount column, whose range the reader has checked.
func (v *view) amount(name string, i int) (money.Amount, bool) {
	hi, lo, ok := v.decimal(name, i)
	a, _ := money.AmountFromRaw(hi, lo)
	return a, ok
}

// failure is why a row fails on its own.
type failure struct {
	column string
	why    reason.Reason
	value  string
}

// Batch reads a batch of an event feed. fields returns a faulty row's texts by column.
func (in *EventIntake) Batch(spec *feed.Spec, b *feed.Batch, file int32, fields func(i int) map[string]string,
	reject EventReject) error {
	if spec.Name == LedgerFeed {
		in.beginLedger()
	}
	v := &view{b, spec}
	rules, form := in.rulesOf(spec.Name), formOf(spec.Name)
	fault := 0
	for i := range b.Len() {
		var bad *failure
		var id string
		if fault < len(b.Faults) && b.Faults[fault].Index == i {
			f := b.Faults[fault]
			fault++
			texts := fields(i)
			if form != nil {
				if id, bad = in.faultyMoney(form, b, file, texts, &f); bad == nil {
					continue
				}
				if err := reject(i, bad.column, bad.why, bad.value, id); err != nil {
					return err
				}
				continue
			}
			bad, id = &failure{f.Column, f.Reason, f.Value}, rules.id(texts, &f)
			if f.Column != "" && f.Reason != reason.BadRow {
				bad = cmp.Or(rules.earlier(texts, &f), bad)
			}
		} else {
			id, bad = rules.read(v, i, file)
		}
		if bad == nil {
			continue
		}
		if err := reject(i, bad.column, bad.why, bad.value, id); err != nil {
			return err
		}
	}
	return in.ledgerError()
}

// orderID builds an order line's identity from its texts. A line number that cannot be parsed is kept as given. One
// that is not a text, or is given twice, is left out.
func orderID(texts map[string]string, f *feed.Fault) string {
	id, line := texts["order_id"], texts["order_line"]
	if id == "" || f.Column == "order_line" && f.Reason == reason.BadRow {
		return id
	}
	if line == "" {
		line = "1"
	}
	if n, ok := feed.ParseWhole(line); ok {
		line = strconv.FormatInt(n, 10)
	}
	id += "/" + line
	if status := texts["status"]; status != "" {
		id += "/" + status
	}
	return id
}

// earlierInOrder is rules.earlier for orders: some columns need a value only in some orders.
func (k checks) earlierInOrder(texts map[string]string, f *feed.Fault) *failure {
	if bad := k.badWord(texts["order_type"], texts["period_type"], texts["payer"], texts["customer_id"]); bad != nil {
		return bad
	}
	status := texts["status"]
	if bad := badStatus(status); bad != nil {
		return bad
	}
	spec := feed.OrdersSpec()
	kind, err := ordering.ParseOrderType(texts["order_type"])
	for i := range spec.Column(f.Column) {
		name := spec.Columns[i].Name
		if err == nil && texts[name] == "" && needs(kind, status, name) {
			return &failure{name, reason.MissingValue, ""}
		}
		if n, ok := feed.ParseWhole(texts[name]); ok && name == "period_num" && n < 1 {
			return &failure{name, reason.OutOfRange, texts[name]}
		}
	}
	return k.tooFine(spec, "official_amount", texts, f)
}

// earlierInAccount is rules.earlier for account events.
func (k checks) earlierInAccount(texts map[string]string, f *feed.Fault) *failure {
	if bad := badAccountWord(texts["type"], texts["balance_type"]); bad != nil {
		return bad
	}
	return k.tooFine(feed.AccountsSpec(), "amount", texts, f)
}

// earlierInAdjustment is rules.earlier for adjustments.
func (k checks) earlierInAdjustment(texts map[string]string, f *feed.Fault) *failure {
	if text := texts["bill_detail_type"]; text != "" {
		if n, ok := feed.ParseWhole(text); !ok || !isDetail(n) {
			return &failure{"bill_detail_type", reason.BadRow, text}
		}
	}
	return k.tooFine(feed.AdjustmentsSpec(), "amount", texts, f)
}

// isDetail reports whether a bill_detail_type is allowed for an adjustment (§3.19).
func isDetail(n int64) bool { return n == 9 || n == 16 }

// tooFine returns the failure of an amount with more digits than the currency, if this precedes the fault: a fault in a
// later column, or in the range of the amount itself (§3.20).
func (k checks) tooFine(spec *feed.Spec, column string, texts map[string]string, f *feed.Fault) *failure {
	text := texts[column]
	if !comesBefore(spec, column, f.Column) && (column != f.Column || f.Reason != reason.OutOfRange) {
		return nil
	}
	_, err := money.ParseAmount(text)
	wrong := new(money.ParseError)
	if errors.As(err, &wrong) && wrong.Kind != money.OutOfRange {
		return nil
	}
	if _, decimals, _ := strings.Cut(text, "."); len(strings.TrimRight(decimals, "0")) >
		k.books.CustomerCurrencyOf(texts["customer_id"]).Digits {
		return &failure{column, reason.BadDecimal, text}
	}
	return nil
}

// earlierInTransfer is rules.earlier for transfers.
func (k checks) earlierInTransfer(texts map[string]string, f *feed.Fault) *failure {
	bad := cmp.Or(k.badPartner("from_partner_id", texts["from_partner_id"]),
		k.badPartner("to_partner_id", texts["to_partner_id"]))
	if bad == nil && comesBefore(feed.TransfersSpec(), "cycle", f.Column) {
		bad = badCycle(texts["cycle"])
	}
	return bad
}

// earlierInIncentive is rules.earlier for incentive events.
func (k checks) earlierInIncentive(texts map[string]string, f *feed.Fault) *failure {
	bad := k.badIncentiveWord(texts["event"], texts["partner_id"], texts["programme_id"])
	if bad == nil && comesBefore(feed.IncentiveEventsSpec(), "period", f.Column) {
		bad = badPeriod(texts["period"])
	}
	return bad
}

// comesBefore reports whether a column is checked before another one.
func comesBefore(spec *feed.Spec, column, other string) bool {
	return spec.Column(column) < spec.Column(other)
}

// badWord returns the failure of a word outside its list (§3.20), or of a payer with another currency than the customer
// (§10.7).
func (k checks) badWord(kind, periodType, payer, customer string) *failure {
	if _, err := ordering.ParseOrderType(kind); err != nil && kind != "" {
		return &failure{"order_type", reason.BadRow, kind}
	}
	if periodType != "" && !slices.Contains([]string{"hour", "day", "month", "year", "one_off"}, periodType) {
		return &failure{"period_type", reason.BadRow, periodType}
	}
	if payer == "" || payer == PayerCustomer {
		return nil
	}
	partner, buyer := k.books.Partner(payer), k.books.Customer(customer)
	if partner < 0 || buyer >= 0 && k.books.Partners[partner].Currency != k.books.Customers[buyer].Currency {
		return &failure{"payer", reason.BadRow, payer}
	}
	return nil
}

// needs reports whether an order of a type must have a value in a column that is optional in other orders. A step must
// describe the order only before it is paid.
func needs(kind ordering.OrderType, status, column string) bool {
	switch column {
	case "pay_time":
		return status == ""
	case "status_time":
		return status != ""
	}
	if status != "" && !DescribesOrder(status) {
		return false
	}
	switch column {
	case "sku", "region_code", "resource_id", "quantity":
		return kind != ordering.Unsubscribe
	case "period_type", "period_num":
		return kind != ordering.Unsubscribe && kind != ordering.Change
	case "base_order_id":
		return kind == ordering.Unsubscribe
	case "official_amount":
		return kind == ordering.Change
	}
	return false
}

// order reads and checks row i of the orders feed, and keeps it if it passes.
func (in *EventIntake) order(v *view, i int, file int32) (id string, bad *failure) {
	o := &Order{File: file, Row: v.batch.First + int64(i), AsOf: in.AsOf, SKU: -1}
	o.ID, o.Line = v.text("order_id", i), 1
	if n, ok := v.whole("order_line", i); ok {
		o.Line = n
	}
	id = o.ID + "/" + strconv.FormatInt(o.Line, 10)
	kind := v.text("order_type", i)
	if bad := in.checks().badWord(kind, v.text("period_type", i), v.text("payer", i),
		v.text("customer_id", i)); bad != nil {
		return id, bad
	}
	if status := v.text("status", i); status != "" {
		return in.status(v, i, o, status)
	}
	o.Type, _ = ordering.ParseOrderType(kind) // badWord has checked it
	if bad := readOrder(o, v, i, "", in.Books.CustomerCurrencyOf(v.text("customer_id", i)).Digits); bad != nil {
		return id, bad
	}
	if bad := in.checks().checkOrder(o, v, i, ""); bad != nil {
		return id, bad
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.orders = append(in.orders, o)
	return id, nil
}

// readOrder copies the cells that checks or lines need, column by column. digits are those of the currency. For a step
// in the order's life, the time of the step is stored as the pay time.
func readOrder(o *Order, v *view, i int, status string, digits int) *failure {
	for _, c := range v.spec.Columns {
		if needs(o.Type, status, c.Name) && v.col(c.Name).IsNull(i) {
			return &failure{c.Name, reason.MissingValue, ""}
		}
		switch c.Name {
		case "period_num":
			if n, ok := v.whole(c.Name, i); ok && n < 1 {
				return &failure{c.Name, reason.OutOfRange, strconv.FormatInt(n, 10)}
			}
		case "official_amount":
			if bad := official(o, v, i, digits); bad != nil {
				return bad
			}
		}
	}
	o.SKUText, o.Region, o.Resource = v.text("sku", i), v.text("region_code", i), v.text("resource_id", i)
	if hi, lo, ok := v.decimal("quantity", i); ok {
		o.Quantity, _ = money.QuantityFromRaw(hi, lo) // the reader has checked the range
	}
	o.PeriodType = v.text("period_type", i)
	o.PeriodNum, _ = v.whole("period_num", i)
	o.PayTime, _ = v.time(timeColumn(status), i)
	o.Effective, o.Expire = o.PayTime, period.Forever
	if t, ok := v.time("effective_time", i); ok {
		o.Effective = t
	}
	if t, ok := v.time("expire_time", i); ok {
		o.Expire = t
	}
	o.Base = OrderKey{ID: v.text("base_order_id", i)}
	if o.Base.ID != "" {
		o.Base.Line = 1
		if n, ok := v.whole("base_order_line", i); ok {
			o.Base.Line = n
		}
	}
	if o.Payer = v.text("payer", i); o.Payer == "" {
		o.Payer = PayerCustomer
	}
	o.Discount, o.Coupons = v.text("discount_id", i), v.text("coupon_ids", i)
	return nil
}

// official copies the amount that is given by the order.
func official(o *Order, v *view, i, digits int) *failure {
	o.Official, o.HasOfficial = v.amount("official_amount", i)
	if o.HasOfficial && (finer(o.Official, digits) || o.Official.Sign() < 0 && o.Type != ordering.Change) {
		return &failure{"official_amount", reason.BadDecimal, o.Official.Trim()}
	}
	return nil
}

// finer reports whether an amount has more digits than the currency (§3.15, §3.16, §3.19).
func finer(a money.Amount, digits int) bool { return a.Td(digits) != a }

// timeColumn returns the column with the effective time of a row of the orders feed.
func timeColumn(status string) string {
	if status == "" {
		return "pay_time"
	}
	return "status_time"
}

// checkOrder applies the checks of §3.20 that need the books.
func (k checks) checkOrder(o *Order, v *view, i int, status string) *failure {
	switch {
	case o.Expire <= o.Effective && (status == "" || DescribesOrder(status)):
		return &failure{"expire_time", reason.EndBeforeStart, o.Expire.String()}
	case o.PayTime > k.latest:
		return &failure{timeColumn(status), reason.Future, o.PayTime.String()}
	}
	if bad := k.checkCustomer(v.text("customer_id", i), o.PayTime, &o.Customer); bad != nil {
		return bad
	}
	if status != "" && !DescribesOrder(status) {
		return nil
	}
	return k.checkProduct(o)
}

// checkProduct checks for unknown_sku, wrong_feed and no_price. An unsubscribe need not name its product; a name is
// checked but not used, because the product of the base counts (§4.9).
func (k checks) checkProduct(o *Order) *failure {
	refund := o.Type == ordering.Unsubscribe
	if refund && o.SKUText == "" {
		return nil
	}
	sku := k.books.SKU(o.SKUText)
	if sku < 0 {
		return &failure{"sku", reason.UnknownSKU, o.SKUText}
	}
	if k.books.Products[sku].Model != books.Subscription {
		return &failure{"sku", reason.WrongFeed, o.SKUText}
	}
	if refund {
		return nil
	}
	o.SKU = sku
	if !ordering.Priced(k.prices, o.Rated()) {
		return &failure{"sku", reason.NoPrice, o.SKUText}
	}
	return nil
}

// checkCustomer checks for unknown_customer and closed_account.
func (k checks) checkCustomer(id string, t period.Instant, code *int32) *failure {
	*code = k.books.Customer(id)
	if *code < 0 || t < k.books.Customers[*code].Rows[0].Valid.From {
		return &failure{"customer_id", reason.UnknownCustomer, id}
	}
	if _, ok := k.books.CustomerRowAt(*code, t); !ok {
		return &failure{"customer_id", reason.ClosedAccount, id}
	}
	return nil
}

// adjustment reads and checks row i of the adjustments feed, and keeps it if it passes.
func (in *EventIntake) adjustment(v *view, i int, file int32) (id string, bad *failure) {
	a := &AdjustmentEvent{ID: v.text("adjustment_id", i), File: file, Row: v.batch.First + int64(i), AsOf: in.AsOf,
		Note: v.text("note", i)}
	a.Detail, _ = v.whole("bill_detail_type", i)
	if !isDetail(a.Detail) {
		return a.ID, &failure{"bill_detail_type", reason.BadRow, fmt.Sprint(a.Detail)}
	}
	a.Time, _ = v.time("time", i)
	a.Amount, _ = v.amount("amount", i)
	if finer(a.Amount, in.Books.CustomerCurrencyOf(v.text("customer_id", i)).Digits) {
		return a.ID, &failure{"amount", reason.BadDecimal, a.Amount.Trim()}
	}
	if a.Time > in.Latest {
		return a.ID, &failure{"time", reason.Future, a.Time.String()}
	}
	if bad := in.checks().checkCustomer(v.text("customer_id", i), a.Time, &a.Customer); bad != nil {
		return a.ID, bad
	}
	sku := v.text("sku", i)
	if a.SKU = in.Books.SKU(sku); a.SKU < 0 {
		return a.ID, &failure{"sku", reason.UnknownSKU, sku}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.adjustments = append(in.adjustments, a)
	return a.ID, nil
}
