package pay

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// day is a day of a place being paid.
type day struct {
	pl      *bucketCycle
	w       *Worker
	opening *balanceReader
	lines   *lineStream
	happenings
	sums     *sums
	moved    bool
	customer string
	line     payment.Line
}

// happenings holds the lines and events of a day that are kept in memory.
type happenings struct {
	held     []*heldLine     // by customer and in the order of time
	events   []*accountEvent // by customer, instant and id
	reclaims []*Reclaim      // by customer and in their order
}

// payDay pays a day and puts its files into the next state.
func (pl *bucketCycle) payDay(date period.Day, held happenings) (err error) {
	w, name := pl.w, pl.keyDay(date)
	d := &day{pl: pl, w: w, happenings: held, sums: newSums()}
	if d.opening, err = openBalances(w, w.opening); err != nil {
		return err
	}
	defer d.opening.close()
	lines, has := pl.next[tableDay{tables.Lines().Name, name}]
	has = has && (pl.w.drawsOn(pl.at.Bucket, pl.spanOf(date)) || !holdsCash(lines))
	if d.lines, err = pl.openLines(lines, has, date == pl.endDay()); err != nil {
		return err
	}
	defer d.lines.close()
	w.lines.Restart(lines.FileKey)
	w.balances.Restart(pl.key(balancesTable, name))
	w.entries.Restart(pl.key(entriesTable, name))
	w.uses.Restart(pl.key(usesTable, name))
	for {
		ok, err := d.nextCustomer()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
	}
	if err := d.finishBalances(); err != nil {
		return err
	}
	if !has {
		return nil
	}
	return pl.replaceLines(lines, d.sums)
}

// spanOf returns the span in which the usage lines of a day are paid.
func (pl *bucketCycle) spanOf(date period.Day) period.Span {
	if date == pl.endDay() {
		return monthEnd(pl.bounds)
	}
	return pl.w.Books.Zone.DaySpan(date)
}

// monthEnd returns the span in which the month-end lines of a cycle are paid.
func monthEnd(cycle period.Span) period.Span { return period.Span{From: cycle.To - 1, To: cycle.To} }

// drawsOn reports whether anything other than cash can pay usage lines of a bucket in a span.
func (p *Payer) drawsOn(bucket int, span period.Span) bool {
	if p.Rules.Ledger {
		return true
	}
	for _, customer := range p.holders[bucket] {
		if p.coupons.InForce(customer, span) {
			return true
		}
	}
	return false
}

// Draws reports whether anything other than cash can pay usage lines of a bucket's day. If not, Pay does not write
// them. It must be called after Begin.
func (p *Payer) Draws(bucket int, day period.Day) bool {
	return p.drawsOn(bucket, p.Books.Zone.DaySpan(day))
}

// Writes reports whether Pay writes the lines of a day of an open cycle if they are rated again: something can be drawn
// on the day, and the live state has no lines that are likely to equal the rated ones (CASH-9). fresh reports whether
// the day has new records.
func (w *Worker) Writes(key lake.FileKey, fresh bool) bool {
	cycle, ok := key.Cycle.Period()
	if !ok {
		return false
	}
	var span period.Span
	if key.Day == lake.EndDay {
		span = monthEnd(w.Books.Zone.Bounds(cycle))
	} else if day, ok := key.Day.Calendar(); ok {
		span = w.Books.Zone.DaySpan(day)
	} else {
		return false
	}
	was, has := w.base[lake.Place{Cycle: cycle, Bucket: key.Bucket}][tableDay{key.Table, key.Day}]
	return (fresh || !has || !holdsCash(was)) && w.drawsOn(key.Bucket, span)
}

// holdsCash reports whether cash pays every line of a day's file completely. Only such a file is kept on a day on which
// nothing can be drawn: other files were paid by other coupons or rules (CASH-4). The sums of the file decide it, since
// except for cash no part of a usage line is negative.
func holdsCash(e lake.FileEntry) bool {
	cols := tables.Lines().Columns
	of := func(col tables.AmountColumn[tables.Line]) string {
		for _, s := range e.Sums {
			if s.Column == cols[col].Name {
				return s.Value
			}
		}
		return ""
	}
	return of(tables.LineCashAmount) == of(tables.LinePaymentAmount)
}

// finishBalances ends the files of balances and entries. A day without movements has none (CASH-2).
func (d *day) finishBalances() error {
	var closing []lake.FileEntry
	var err error
	if d.moved {
		closing, err = d.w.balances.Finish(nil)
	} else {
		err = d.w.balances.Abort()
	}
	if err != nil {
		return err
	}
	entries, err := d.w.entries.Finish(nil)
	if err != nil {
		return err
	}
	if len(closing) > 0 {
		d.w.opening = closing[0]
	}
	next := d.w.Txn.Next()
	if err := next.Replace(d.w.balances.Key(), closing...); err != nil {
		return err
	}
	if err := next.Replace(d.w.entries.Key(), entries...); err != nil || !d.w.Issued.Records && !d.hadUses() {
		return err
	}
	uses, err := d.w.uses.Finish(nil)
	if err != nil {
		return err
	}
	return next.Replace(d.w.uses.Key(), uses...)
}

// nextCustomer pays the next customer; false at the end.
func (d *day) nextCustomer() (bool, error) {
	id, ok := d.opening.customer, d.opening.ok
	first := func(other string, has bool) {
		if has && (!ok || other < id) {
			id, ok = other, true
		}
	}
	first(d.lines.customer, d.lines.ok)
	if len(d.held) > 0 {
		first(d.held[0].customer, true)
	}
	if len(d.events) > 0 {
		first(d.events[0].customer, true)
	}
	if len(d.reclaims) > 0 {
		first(d.reclaims[0].customer, true)
	}
	if !ok {
		return false, nil
	}
	rows, err := d.opening.take(id)
	if err != nil {
		return false, err
	}
	if d.customer = id; d.busy() {
		if rows, err = d.pay(rows); err != nil {
			return false, fmt.Errorf("pay customer %s in %s: %w", id, d.pl.at.Cycle, err)
		}
	}
	return true, addBalances(d.w.balances, id, d.currency(id), rows)
}

// currency returns the currency of a customer's balances. For a customer that the books no longer contain, it is that
// of the opening balances.
func (d *day) currency(id string) string {
	if code := d.w.Books.Customer(id); code >= 0 {
		return d.w.Books.CustomerCurrency(code).Code
	}
	return d.opening.currency
}

// hasLine, hasHeld and hasEvent report whether the current customer has more lines, held lines and events.
func (d *day) hasLine() bool  { return d.lines.ok && d.lines.customer == d.customer }
func (d *day) hasHeld() bool  { return len(d.held) > 0 && d.held[0].customer == d.customer }
func (d *day) hasEvent() bool { return len(d.events) > 0 && d.events[0].customer == d.customer }

func (d *day) busy() bool { return d.hasLine() || d.hasHeld() || d.hasEvent() || d.hasReclaim() }

// pay processes the current customer's lines and events of the day in the order of time (CASH-5) and returns the
// closing rows.
func (d *day) pay(rows []payment.Row) ([]payment.Row, error) {
	var coupons []books.Coupon
	if code := d.w.Books.Customer(d.customer); code >= 0 {
		coupons = d.w.coupons.Of(code)
		d.w.wallet.SetDigits(d.w.Books.CustomerCurrency(code).Digits)
	}
	if err := d.w.wallet.Open(coupons, rows); err != nil {
		return nil, err
	}
	for d.busy() {
		var err error
		switch {
		case d.reclaimFirst():
			err = d.reclaim()
		case d.eventFirst():
			err = d.payEvent()
		case d.heldFirst():
			err = d.payHeld()
		default:
			err = d.payLine()
		}
		if err != nil {
			return nil, err
		}
	}
	d.w.rows = d.w.wallet.Rows(d.w.rows[:0])
	return d.w.rows, nil
}

// eventFirst reports whether an account event comes next: events come before lines of the same instant.
func (d *day) eventFirst() bool {
	if !d.hasEvent() {
		return false
	}
	at := d.events[0].Instant
	return !(d.hasHeld() && d.held[0].instant < at || d.hasLine() && d.lines.instant() < at)
}

// heldFirst reports whether a held line comes before the next streamed one.
func (d *day) heldFirst() bool {
	if !d.hasHeld() || !d.hasLine() {
		return d.hasHeld()
	}
	spot, at := d.held[0].spot(), d.lines.instant()
	return spot.instant < at || spot.instant == at && spot.compare(d.lines.row) < 0
}

// payEvent applies an account event.
func (d *day) payEvent() error {
	e := d.events[0]
	d.events = d.events[1:]
	kind, err := payment.ParseEventType(e.Type)
	if err != nil {
		return fmt.Errorf("account event %s: %w", e.ID, err)
	}
	balance, err := payment.ParseBalance(e.Balance)
	if err != nil {
		return fmt.Errorf("account event %s: %w", e.ID, err)
	}
	applied, err := d.w.wallet.Apply(&payment.Event{Type: kind, Balance: balance, Amount: e.Amount})
	if err != nil {
		return fmt.Errorf("account event %s: %w", e.ID, err)
	}
	e.Refused = !applied
	return d.note(e.Instant, []byte(e.ID))
}

// note stores the movements of the last payment.
func (d *day) note(at period.Instant, id []byte) error {
	list := d.w.wallet.Entries()
	d.moved = d.moved || len(list) > 0
	monthEnd := int32(0)
	if d.lines.end {
		monthEnd = 1
	}
	return addEntries(d.w.entries, d.customer, at, id, list, monthEnd)
}

// payLine pays the next streamed line.
func (d *day) payLine() error {
	s := d.lines
	l := &d.line
	l.Instant, l.Service, l.SKU = s.instant(), s.word(tables.LineServiceTypeCode),
		s.skus[s.cols.Word(tables.LineSKU).Code(s.i)]
	l.Discounted = s.word(tables.LineDiscountID) != ""
	if s.commercial != nil {
		l.Commercial = s.holds(s.commercial[s.cols.Word(tables.LineDiscountID).Code(s.i)])
	}
	var err error
	if l.Payment, err = s.amount(tables.LinePaymentAmount); err != nil {
		return err
	}
	if err := d.payAs(l, s.row); err != nil {
		return err
	}
	if err := d.sums.add(d.customer, s.row); err != nil {
		return err
	}
	return s.advance()
}

// payAs pays a line and writes what paid it into its columns.
func (d *day) payAs(l *payment.Line, r row) error {
	split, err := d.w.wallet.Pay(l)
	if err != nil {
		return fmt.Errorf("line %s: %w", r.text(tables.LineID), err)
	}
	d.moved = d.moved || !split.Coupon.IsZero()
	r.setSplit(&split)
	if !split.Coupon.IsZero() {
		if err := d.noteUses(l.Instant, r.text(tables.LineID)); err != nil {
			return err
		}
	}
	return d.note(l.Instant, r.text(tables.LineID))
}

// payHeld pays the next held line.
func (d *day) payHeld() error {
	h := d.held[0]
	d.held = d.held[1:]
	was, err := h.split()
	if err != nil {
		return err
	}
	l := &payment.Line{Instant: h.instant, Service: h.word(tables.LineServiceTypeCode),
		SKU:        d.w.Books.SKU(h.word(tables.LineSKU)),
		Discounted: h.word(tables.LineDiscountID) != ""}
	l.Commercial = h.holds(d.w.commercial[h.word(tables.LineDiscountID)])
	if l.Payment, err = h.amount(tables.LinePaymentAmount); err != nil {
		return err
	}
	switch {
	case h.manual:
		split := payment.Split{}
		split.Parts[payment.Cash] = l.Payment
		h.setSplit(&split)
		return nil
	case h.isRefund():
		return d.refund(h, l)
	case h.order != nil:
		l.Order, l.Named, l.Partner = true, h.order.Coupons, byPartner(h.order)
	}
	// It draws no coupon, so that all of it can be refunded (§10.5).
	if h.inAdvance() || h.isChargeRefund() || d.pl.inAdvance[h.charge] {
		l.Order = true
	}
	if h.isChargeRefund() {
		return d.refundCharge(h, l)
	}
	if err := d.payAs(l, h.row); err != nil || h.order == nil && h.charge == (chargeKey{}) {
		return err
	}
	if now, err := h.split(); err != nil || now == was {
		return err
	}
	if d.w.chargeResplit(h); h.order != nil {
		d.w.resplit[h.order.OrderKey] = true
	}
	for _, refund := range h.refunds {
		d.pl.changed[refund.day] = true
	}
	return nil
}

// refund calculates the refund of an unsubscribe (CASH-6) and pays it back to the balances that paid its base.
func (d *day) refund(h *heldLine, l *payment.Line) error {
	base, err := d.baseOf(h)
	if err != nil {
		return err
	}
	o := base.order
	charge, _, err := ordering.Refund(&ordering.PaidOrder{Type: o.Type, PayTime: o.PayTime, Effective: o.Effective,
		Expire:   o.Expire,
		Official: base.official, Payment: base.payment, Coupons: base.split.Coupon}, h.order.PayTime,
		d.w.Refunds.In(d.w.Books.CustomerCurrencyOf(d.customer)))
	if err != nil {
		return fmt.Errorf("line %s: %w", h.text(tables.LineID), err)
	}
	for col, a := range map[tables.AmountColumn[tables.Line]]money.Amount{tables.LineOfficialAmount: charge.Official,
		tables.LineOfficialDiscountAmount: charge.Discount, tables.LinePaymentAmount: charge.Payment} {
		h.setAmount(col, a)
	}
	if charge.Payment.Sign() > 0 { // reverses a change that had a negative payment
		l.Payment, l.Order, l.Partner = charge.Payment, true, byPartner(o)
		return d.payAs(l, h.row)
	}
	split, err := d.w.wallet.Refund(&base.split, charge.Payment.Neg(), byPartner(o))
	if err != nil {
		return fmt.Errorf("line %s: %w", h.text(tables.LineID), err)
	}
	h.setSplit(&split)
	return d.note(h.instant, h.text(tables.LineID))
}

// baseOf returns what a refund needs to know of its base, in this cycle or an earlier one.
func (d *day) baseOf(h *heldLine) (*baseLine, error) {
	if h.base != nil {
		return paidAs(h.base.order, h.base.row)
	}
	return d.w.orders.before(h.order.Base, d.pl.at.Cycle)
}

// lineStream reads the lines of a day. It writes each row group to the worker's line writer when all of it is paid.
type lineStream struct {
	row
	w        *Worker
	file     *rows.Reader[tables.Line] // nil = rated lines, which are in no file
	next     func() (*parquet.Columns[tables.Line], error)
	ok       bool // false at the end
	customer string
	skus     []int32 // by dictionary code of the current row group
	// when a discount is commercial, by dictionary code of the current row group; nil if no coupon needs it
	commercial [][]period.Span
	at         period.Instant
	end        bool // month-end lines: all of them at one instant
}

// openLines starts at the first line of a day; without an entry there are none. end marks month-end lines.
func (pl *bucketCycle) openLines(e lake.FileEntry, has, end bool) (*lineStream, error) {
	s := &lineStream{w: pl.w, row: row{i: -1}, end: end}
	if !has {
		return s, nil
	}
	if s.end {
		s.at = pl.bounds.To - 1
	}
	if state.IsRated(e) {
		s.next = pl.w.rated.Open(e.FileKey).Next
		return s, s.advance()
	}
	f, err := rows.OpenFile(pl.w.Txn, e, tables.Lines(), nil)
	if err != nil {
		return nil, err
	}
	s.file, s.next = f, f.Next
	return s, s.advance()
}

func (s *lineStream) close() { _ = s.file.Close() } // opened for reading

// advance moves to the next line.
func (s *lineStream) advance() error {
	s.i++
	for s.cols == nil || s.i >= s.cols.N {
		if s.cols != nil {
			if err := s.w.lines.Write(s.cols); err != nil {
				return err
			}
		}
		cols, err := s.next()
		if err != nil {
			return err
		}
		if s.cols, s.ok, s.i = cols, cols != nil, 0; !s.ok {
			return nil
		}
		s.group(cols)
	}
	s.customer = s.word(tables.LineCustomerID)
	if !s.end {
		s.at = s.row.instant()
	}
	return nil
}

// group looks up the skus of a row group.
func (s *lineStream) group(cols *parquet.Columns[tables.Line]) {
	s.skus = s.skus[:0]
	for _, id := range cols.Word(tables.LineSKU).Dict() {
		s.skus = append(s.skus, s.w.Books.SKU(id))
	}
	if s.w.commercial == nil {
		return
	}
	s.commercial = s.commercial[:0]
	for _, id := range cols.Word(tables.LineDiscountID).Dict() {
		s.commercial = append(s.commercial, s.w.commercial[id])
	}
}

// instant is when the line is paid.
func (s *lineStream) instant() period.Instant { return s.at }
