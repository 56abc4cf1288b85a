package pay

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// heldDays are the files whose lines can be paid at any instant of the cycle. They are held in memory (CASH-8).
var heldDays = [...]lake.Day{lake.EventsDay, lake.LateDay, lake.RerateDay, lake.ChargesDay,
	lake.CommitmentsDay, lake.CostsDay, lake.RestatedDay}

// heldFile is a file of heldDays.
type heldFile struct {
	entry lake.FileEntry
	cols  *parquet.Columns[tables.Line]
}

// heldLine is a line that is held.
type heldLine struct {
	row
	customer string
	instant  period.Instant
	day      period.Day
	manual   bool          // a manual adjustment: cash, no balance changes
	order    *accept.Order // nil = usage or manual adjustment
	base     *heldLine     // the base of a refund, if it is billed in the same cycle
	refunds  []*heldLine   // the refunds of an order or a charge
	behind   *heldLine     // the base, if it would come later: the line comes directly after it (CASH-5)
	charge   chargeKey     // set for a line of a recurring charge, a difference of one and a refund of one
	paid     row           // the base of a charge's refund, if it is billed in an earlier cycle
}

// spot returns the line whose position in the order of time applies to this line.
func (l *heldLine) spot() *heldLine {
	if l.behind != nil {
		return l.behind
	}
	return l
}

// before compares lines of a customer by the order of time.
func (l *heldLine) before(o *heldLine) int {
	a, b := l.spot(), o.spot()
	if a == b {
		return cmp.Compare(l.follows(), o.follows())
	}
	return cmp.Or(cmp.Compare(a.instant, b.instant), a.row.compare(b.row))
}

// follows is 1 for a line that comes directly after its base.
func (l *heldLine) follows() int {
	if l.behind != nil {
		return 1
	}
	return 0
}

// hold loads the held lines of a place and determines the days whose lines differ from the live state. For unchanged
// lines it takes over what paid them.
func (pl *bucketCycle) hold() error {
	orders, err := pl.w.orders.in(pl.at.Cycle)
	if err != nil {
		return err
	}
	if pl.inAdvance, err = pl.postedInAdvance(); err != nil {
		return err
	}
	byOrder := make(map[accept.OrderKey]*heldLine)
	for _, day := range heldDays {
		cols, e, err := batchOf(pl.w.bucketPayer, pl.next, day)
		if err != nil {
			return err
		}
		was, wasEntry, err := batchOf(pl.w.bucketPayer, pl.base, day)
		if err != nil {
			return err
		}
		var lines []*heldLine
		if cols != nil {
			pl.files = append(pl.files, &heldFile{e, cols})
			for i := range cols.N {
				lines = append(lines, pl.heldLine(row{cols, i}, day, orders))
			}
		}
		for _, l := range lines {
			if l.order != nil {
				byOrder[l.order.OrderKey] = l
			}
		}
		pl.held = append(pl.held, lines...)
		if e.Path != wasEntry.Path {
			pl.stale = true
			pl.match(lines, was, day, orders)
		}
	}
	for _, l := range pl.held {
		k := l.sale()
		if k != (sale{}) && (pl.moved[k] || pl.w.recharged[k.charge] || pl.w.resplit[k.order]) {
			pl.changed[l.day] = true
		}
	}
	for _, l := range pl.held {
		if l.isRefund() {
			pl.tie(l, byOrder[l.order.Base])
		}
	}
	if err := pl.tieCharges(); err != nil {
		return err
	}
	slices.SortStableFunc(pl.held, func(a, b *heldLine) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.customer, b.customer), a.before(b))
	})
	return nil
}

// heldLine returns a row of a held file.
func (pl *bucketCycle) heldLine(r row, day lake.Day, orders map[accept.OrderKey]*accept.Order) *heldLine {
	l := &heldLine{row: r, customer: r.word(tables.LineCustomerID), instant: r.instant()}
	if day == lake.EventsDay {
		l.order = orderOf(r, orders)
		l.manual = l.order == nil
	}
	l.charge = pl.w.chargeKey(r)
	l.day = pl.dayOf(l.instant)
	if pl.isMonthEnd(r, day) {
		l.day = pl.endDay() // paid after all others (§6.3)
	}
	return l
}

// sale identifies an order, or the charge for a part of a recurring charge, with its refunds; zero = neither.
type sale struct {
	order  accept.OrderKey
	charge chargeKey
}

// sale identifies the sale that the line bills or refunds. If a line of a sale is new or gone, or paid otherwise, a
// refund can follow another base, or none. The days of all its lines are then paid again (CASH-11): the live state may
// have paid the refund on any of them.
func (l *heldLine) sale() sale {
	switch {
	case l.charge != chargeKey{}:
		return sale{charge: l.charge.base()}
	case l.isRefund():
		return sale{order: l.order.Base}
	case l.order != nil:
		return sale{order: l.order.OrderKey}
	}
	return sale{}
}

// isMonthEnd reports whether a row of a held file is a month-end line: one of a commitment, or of all cost files of a
// product.
func (pl *bucketCycle) isMonthEnd(r row, day lake.Day) bool {
	switch day {
	case lake.CommitmentsDay:
		return r.word(tables.LineOriginCycle) == ""
	case lake.CostsDay:
		return tables.IsMonthEndID(string(r.text(tables.LineID)), pl.at.Cycle, r.word(tables.LineSKU))
	}
	return false
}

// tie links a refund to its base. The refund is paid after it.
func (pl *bucketCycle) tie(l, base *heldLine) {
	if base == nil {
		return
	}
	l.base, base.refunds = base, append(base.refunds, l)
	if base.instant == l.instant && base.row.compare(l.row) > 0 {
		l.behind = base
	}
}

// match compares lines with those of the live state. A line that was there takes over what paid it; the days of all
// other lines are marked as changed.
func (pl *bucketCycle) match(lines []*heldLine, was *parquet.Columns[tables.Line], day lake.Day,
	orders map[accept.OrderKey]*accept.Order) {
	known := make(map[string][]*heldLine)
	if was != nil {
		for i := range was.N {
			l := pl.heldLine(row{was, i}, day, orders)
			key := string(l.rated())
			known[key] = append(known[key], l)
		}
	}
	for _, l := range lines {
		key := string(l.rated())
		list := known[key]
		if len(list) == 0 {
			pl.changed[l.day], pl.moved[l.sale()] = true, true
			if l.order != nil {
				pl.w.resplit[l.order.OrderKey] = true
			}
			pl.w.chargeResplit(l)
			continue
		}
		l.takeOver(list[0])
		known[key] = list[1:]
	}
	for _, list := range known {
		for _, l := range list {
			pl.changed[l.day], pl.moved[l.sale()] = true, true
			pl.w.chargeResplit(l)
		}
	}
}

// paidColumns are the columns of the line that payment writes. For an unsubscribe they include its amounts (CASH-6).
func (l *heldLine) paidColumns() []tables.AmountColumn[tables.Line] {
	cols := append(partColumns[:], tables.LineCouponAmount, tables.LineCountedCouponAmount)
	if l.isRefund() {
		cols = append(cols, tables.LineOfficialAmount, tables.LineOfficialDiscountAmount, tables.LinePaymentAmount)
	}
	return cols
}

// inAdvance reports whether the line is of a recurring charge in advance: it is paid at its first instant.
func (l *heldLine) inAdvance() bool {
	return l.word(tables.LineDay) == lake.ChargesDay.String() &&
		l.cols.MaybeTime(tables.LineInstant).At(l.i) == tables.Nothing
}

// isRefund reports whether the line is of an unsubscribe.
func (l *heldLine) isRefund() bool { return l.order != nil && l.order.Type == ordering.Unsubscribe }

// takeOver copies what paid the line from the same line of the live state.
func (l *heldLine) takeOver(was *heldLine) {
	for _, col := range l.paidColumns() {
		l.cols.Amount(col).All()[l.i] = was.cols.Amount(col).At(was.i)
	}
}

// rated encodes all columns of a line that payment does not write. Equal lines have equal bytes.
func (l *heldLine) rated() []byte {
	skip := l.paidColumns()
	var out []byte
	for k := range l.cols.Def.Columns {
		if slices.Contains(skip, tables.AmountColumn[tables.Line](k)) {
			continue
		}
		c := l.cols.Col(tables.ColumnOf[tables.Line](k))
		switch l.cols.Def.Columns[k].Type {
		case tables.Word:
			out = appendText(out, []byte(c.Word(l.i)))
		case tables.Text:
			out = appendText(out, c.Text(l.i))
		case tables.Small:
			out = binary.BigEndian.AppendUint32(out, uint32(c.Codes[l.i]))
		case tables.Amount, tables.Quantity, tables.Cost:
			out = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(out, uint64(c.Decs[l.i].Hi)),
				c.Decs[l.i].Lo)
		default:
			out = binary.BigEndian.AppendUint64(out, uint64(c.Ints[l.i]))
		}
	}
	return out
}

func appendText(dst, text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// writeHeld writes the held files with what paid their lines.
func (pl *bucketCycle) writeHeld() error {
	for _, f := range pl.files {
		s := newSums()
		for i := range f.cols.N {
			r := row{f.cols, i}
			if err := s.add(r.word(tables.LineCustomerID), r); err != nil {
				return err
			}
		}
		pl.w.lines.Restart(f.entry.FileKey)
		if err := pl.w.lines.Write(f.cols); err != nil {
			return err
		}
		if err := pl.replaceLines(f.entry, s); err != nil {
			return err
		}
	}
	return nil
}

// replaceLines finishes the file of lines being written, which replaces another one, and writes its sums.
func (pl *bucketCycle) replaceLines(rated lake.FileEntry, s *sums) error {
	if err := s.close(); err != nil {
		return err
	}
	files, err := pl.w.lines.Finish(s.of(rated.Sums))
	if err != nil {
		return err
	}
	if err := pl.w.Txn.Next().Replace(rated.FileKey, files...); err != nil {
		return err
	}
	pl.lines += rated.Rows
	key := rated.FileKey
	key.Table = tables.Sums().Name
	return rows.PutFile(pl.w.Txn, key, s.cols, nil)
}

// accountEvent is one account event of the place.
type accountEvent struct {
	*accept.Account
	customer string
	day      period.Day
	key      string // all that a replay depends on
}

// loadAccountEvents loads the account events of a place and marks the days whose events differ from the live state.
func (pl *bucketCycle) loadAccountEvents() error {
	load := func(files dayFiles) (list []*accountEvent, err error) {
		e, ok := files[tableDay{table: tables.AccountEvents().Name}]
		if !ok {
			return nil, nil
		}
		err = accept.EachAccount(pl.w.Txn, e, pl.w.Books, nil, func(x *accept.Account) {
			list = append(list, pl.accountEvent(x))
		})
		return list, err
	}
	var err error
	if pl.events, err = load(pl.next); err != nil {
		return err
	}
	was, err := load(pl.base)
	if err != nil {
		return err
	}
	known := make(map[string]*accountEvent, len(was))
	for _, e := range was {
		known[e.key] = e
	}
	for _, e := range pl.events {
		if known[e.key] == nil {
			pl.changed[e.day] = true
		}
		delete(known, e.key)
	}
	for _, e := range known {
		pl.changed[e.day] = true
	}
	slices.SortFunc(pl.events, func(a, b *accountEvent) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.customer, b.customer), a.Compare(b.Account))
	})
	return nil
}

func (pl *bucketCycle) accountEvent(x *accept.Account) *accountEvent {
	customer := pl.w.Books.Customers[x.Customer].ID
	var key []byte
	for _, text := range []string{customer, x.ID, x.Type, x.Balance, x.Amount.String(), x.Instant.String()} {
		key = appendText(key, []byte(text))
	}
	return &accountEvent{x, customer, pl.dayOf(x.Instant), string(key)}
}
