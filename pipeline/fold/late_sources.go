package fold

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/fold/codes"
	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/fold/opening"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lateSources is what the late records of a bucket need to know of what is billed.
type lateSources struct {
	*lateStep
	own     map[late.Key]*late.Record // records of closed cycles that late ones take the place of
	behind  []opening.Left            // of closed cycles, in order of the cycle they were billed in
	shifts  []opening.Shift           // that hold, in order of the cycle they hold from
	shifted period.Cycle              // up to which shifts hold
	closing map[meterSet]map[late.Meter]counted
	waiting map[meterSet]map[late.Meter][]*late.Record
	sums    map[period.Cycle]late.Sums
}

// counted is a meter's count as billing left it in a cycle.
type counted struct {
	count money.Quantity
	in    period.Cycle
}

// meterSet is a customer's meters of a cycle.
type meterSet struct {
	customer int32
	origin   period.Cycle
}

// prepare reads what is asked for often: the billed records that late ones take the place of, and what late records
// billed in closed cycles left behind.
func (s *lateSources) prepare(rows []*late.Record) error {
	s.own = make(map[late.Key]*late.Record)
	s.closing = make(map[meterSet]map[late.Meter]counted)
	s.waiting = make(map[meterSet]map[late.Meter][]*late.Record)
	s.sums = make(map[period.Cycle]late.Sums)
	wanted := make(map[period.Cycle]map[late.Key]bool)
	for _, r := range rows {
		if r.Replaces == "" || s.all[r.Target()] != nil {
			continue
		}
		if wanted[r.Origin] == nil {
			wanted[r.Origin] = make(map[late.Key]bool)
		}
		wanted[r.Origin][r.Target()] = true
	}
	for origin, keys := range wanted {
		if err := s.readBilled(origin, keys); err != nil {
			return err
		}
	}
	for _, c := range s.w.opening.Cycles(s.cycle) {
		if c <= s.shifted {
			list, err := s.w.opening.Shifts(s.bucket, c, opening.Anyone)
			if err != nil {
				return err
			}
			s.shifts = append(s.shifts, list...)
		}
		if c == s.cycle {
			continue
		}
		list, err := s.w.opening.LeftIn(s.bucket, c, opening.Anyone)
		if err != nil {
			return err
		}
		s.behind = append(s.behind, list...)
	}
	return nil
}

// billed finds the billed record that a late one takes the place of.
func (s *lateSources) billed(key late.Key) (*late.Record, error) {
	if r := s.all[key]; r != nil {
		return &r.Record, nil
	}
	if r := s.own[key]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("record %q of customer %s in %s: a late record replaces it, and it is not there", key.ID,
		s.w.Books.Customers[key.Customer].ID, key.Origin)
}

// readBilled reads records of a closed cycle from its lines and its usage table.
func (s *lateSources) readBilled(origin period.Cycle, keys map[late.Key]bool) error {
	customers := make(map[int32]bool)
	for k := range keys {
		customers[k.Customer] = true
	}
	err := s.w.eachLine(origin, s.bucket, customers, func(l *lineRecords) error {
		c, i := l.Cols.C, l.At
		key := late.Key{
			Customer: l.customers[c[tables.LCustomerID].Codes[i]],
			Origin:   origin,
			ID:       string(c[tables.LID].Text(i)),
		}
		if !keys[key] {
			return nil
		}
		if r := s.own[key]; r != nil {
			q, err := amountOf(l.Cols, i)
			if err != nil {
				return err
			}
			r.Quantity, err = r.Quantity.Add(q)
			return err
		}
		var row sorting.Row
		if err := l.take(&row); err != nil {
			return err
		}
		r := lateRecord(&row, origin, 0)
		s.own[key] = &r
		return r.ReadDraws(s.w.Books, string(c[tables.LPackageDraws].Text(i)))
	})
	if err != nil {
		return err
	}
	err = s.w.eachUsage(origin, s.bucket, customers, func(t *tableRecords, row *sorting.Row) error {
		key := late.Key{Customer: row.Customer, Origin: origin, ID: string(row.ID)}
		if !keys[key] || row.Number != tables.Counted {
			return nil
		}
		r, err := s.w.fromRow(t, row, origin)
		s.own[key] = r
		return err
	})
	if err != nil {
		return err
	}
	for key := range keys {
		if r := s.own[key]; r != nil {
			if err := s.redraw(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachLine visits the usage lines of some customers in a cycle, days in order.
func (w *worker) eachLine(cycle period.Cycle, bucket int, customers map[int32]bool,
	visit func(*lineRecords) error) error {
	for _, e := range w.filesOf(cycle.String(), bucket, "lines") {
		if _, err := period.ParseDay(e.Day); err != nil {
			continue
		}
		if err := w.eachLineOf(e, customers, visit); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) eachLineOf(e lake.FileEntry, customers map[int32]bool, visit func(*lineRecords) error) error {
	f, err := tablefile.Open(w.Txn, e, tables.Lines(), append([]int{tables.LPackageDraws}, lineColumns...))
	if err != nil {
		return err
	}
	defer f.Close()
	l := &lineRecords{Cursor: tablefile.Cursor{Reader: f, Pass: w.without(customers, tables.LCustomerID)},
		names: &w.names}
	for {
		if err := l.step(); err != nil || l.ended {
			return err
		}
		if !customers[l.customers[l.Cols.C[tables.LCustomerID].Codes[l.At]]] {
			continue
		}
		if err := visit(l); err != nil {
			return err
		}
	}
}

// without reports of row groups whether none of the customers can be in them.
func (w *worker) without(customers map[int32]bool, col int) func(*tablefile.Reader) bool {
	return func(f *tablefile.Reader) bool {
		low, high, ok := f.Bounds(col)
		if !ok {
			return false
		}
		for c := range customers {
			if id := w.Books.Customers[c].ID; id >= low && id <= high {
				return false
			}
		}
		return true
	}
}

// eachUsage visits the rows of the usage table of some customers in a cycle, days in order.
func (w *worker) eachUsage(cycle period.Cycle, bucket int, customers map[int32]bool,
	visit func(*tableRecords, *sorting.Row) error) error {
	for _, e := range w.filesOf(cycle.String(), bucket, "usage") {
		if err := w.eachUsageOf(e, customers, visit); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) eachUsageOf(
	e lake.FileEntry,
	customers map[int32]bool,
	visit func(*tableRecords, *sorting.Row) error,
) error {
	f, err := tablefile.Open(w.Txn, e, tables.Usage(), nil)
	if err != nil {
		return err
	}
	defer f.Close()
	t := &tableRecords{Cursor: tablefile.Cursor{Reader: f, Pass: w.without(customers, tables.UCustomerID)},
		names: &w.names}
	var row sorting.Row
	for {
		ok, err := t.Next(&row)
		if err != nil || !ok {
			return err
		}
		if !customers[row.Customer] {
			continue
		}
		if err := visit(t, &row); err != nil {
			return err
		}
	}
}

// count is where what is billed has left a meter that counts record by record.
func (s *lateSources) count(customer int32, m late.Meter) (money.Quantity, error) {
	set := meterSet{customer, m.Origin}
	if s.closing[set] == nil {
		counts, err := s.counts(set)
		if err != nil {
			return money.Quantity{}, err
		}
		s.closing[set] = counts
	}
	at := s.closing[set][m]
	count := at.count
	for i := range s.shifts {
		h := &s.shifts[i]
		if h.Customer == customer && h.Kind == m.Position() && h.Origin == m.Origin && h.Billed > at.in &&
			h.Scope == m.Scope &&
			h.Key == s.w.Books.Products[m.SKU].SKU {
			var err error
			if count, err = opening.Moved(count, h.By); err != nil {
				return count, err
			}
		}
	}
	return count, nil
}

// counts are a customer's meters of a closed cycle as its closing positions and late records have left them.
func (s *lateSources) counts(set meterSet) (map[late.Meter]counted, error) {
	counts := make(map[late.Meter]counted)
	add := func(row *position.Row, in period.Cycle) {
		if sku := s.w.Books.SKU(row.Key); late.IsCounter(row.Kind) && sku >= 0 {
			m := late.Meter{Origin: set.origin, SKU: sku, Scope: row.Scope}
			counts[m.As(row.Kind)] = counted{row.Count, in}
		}
	}
	rows, last, err := s.w.opening.Before(set.customer, set.origin.Last()+1, set.origin)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if last.In(set.origin) {
			add(&rows[i], set.origin)
		}
	}
	for i := range s.behind {
		if p := &s.behind[i]; p.Customer == set.customer && p.Origin == set.origin.String() {
			add(&p.Row, p.Billed)
		}
	}
	return counts, nil
}

// drawn is what billed records drew from a filling that lasts for the span. A filling that goes on into the cycle
// stands in what the cycle opens with; that of another ended with what was drawn on the day it ended, or where late
// records billed since have left it. Shifts since then come on top.
func (s *lateSources) drawn(customer int32, f late.QuotaPeriod, span period.Span) (money.Quantity, error) {
	drawn, in, err := s.drawnIn(customer, f, span)
	for i := range s.shifts {
		h := &s.shifts[i]
		row := h.Row()
		if err == nil && h.Customer == customer && h.Billed > in && h.At == f.Start &&
			opening.PackageOf(s.w.Books, customer, &row) == f.Package {
			drawn, err = opening.Moved(drawn, h.By)
		}
	}
	return drawn, err
}

// drawnIn is drawn with the shifts up to a cycle.
func (s *lateSources) drawnIn(customer int32, f late.QuotaPeriod, span period.Span) (drawn money.Quantity,
	in period.Cycle, err error) {
	p := &s.w.Books.Packages[f.Package]
	zone := s.w.Books.Zone
	end := min(span.To, p.Valid.To, zone.Bounds(s.cycle).From)
	for i := len(s.behind) - 1; i >= 0; i-- {
		one := &s.behind[i]
		if one.Customer == customer && one.At == f.Start &&
			opening.PackageOf(s.w.Books, customer, &one.Row) == f.Package &&
			zone.Bounds(one.Billed).From >= end {
			drawn, err = rating.DrawnOf(p, &one.Row)
			return drawn, one.Billed, err
		}
	}
	day := zone.Day(end)
	// a filling that ends with a cycle holds the shifts of that cycle, not of the next
	in = min(zone.Cycle(end-1), s.cycle-1)
	drawn, err = s.drawnBefore(day, in, customer, f)
	if err != nil || zone.Start(day) == end {
		return drawn, in, err
	}
	more, err := s.drawnOn(day, customer, f, period.Span{From: f.Start, To: end})
	if err == nil {
		drawn, err = drawn.Add(more)
	}
	return drawn, in, err
}

// drawnBefore is what was drawn from a filling before a day begins, with what late records billed up to a cycle drew.
func (s *lateSources) drawnBefore(
	day period.Day,
	upTo period.Cycle,
	customer int32,
	f late.QuotaPeriod,
) (money.Quantity, error) {
	rows, _, err := s.w.opening.Before(customer, day, upTo)
	for i := range rows {
		if rows[i].At == f.Start && opening.PackageOf(s.w.Books, customer, &rows[i]) == f.Package {
			return rating.DrawnOf(&s.w.Books.Packages[f.Package], &rows[i])
		}
	}
	return money.Quantity{}, err
}

// drawnOn is what records of a day that began in a span drew from a package.
func (s *lateSources) drawnOn(day period.Day, customer int32, f late.QuotaPeriod, span period.Span) (sum money.Quantity,
	err error) {
	only := map[int32]bool{customer: true}
	add := func(r *late.Record) error {
		for _, d := range r.Draws {
			if d.Package == f.Package && span.Holds(r.Start) {
				if sum, err = sum.Add(d.Quantity); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, e := range s.w.find(dayKey("lines", day, s.bucket)) {
		err := s.w.eachLineOf(e, only, func(l *lineRecords) error {
			text := l.Cols.C[tables.LPackageDraws].Text(l.At)
			if len(text) == 0 {
				return nil
			}
			r := &late.Record{Customer: customer}
			r.Start = period.Instant(l.Cols.C[tables.LUsageStart].Ints[l.At])
			if err := r.ReadDraws(s.w.Books, string(text)); err != nil {
				return err
			}
			return add(r)
		})
		if err != nil {
			return sum, err
		}
	}
	for _, e := range s.w.find(dayKey("usage", day, s.bucket)) {
		err := s.w.eachUsageOf(e, only, func(t *tableRecords, row *sorting.Row) error {
			if row.Number != tables.Counted || !s.w.Books.Products[row.SKU].PeriodLevel() {
				return nil
			}
			r, err := s.w.fromRow(t, row, day.Cycle())
			if err != nil {
				return err
			}
			return add(r)
		})
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// counted are the records of a period-level meter that count, late ones too.
func (s *lateSources) counted(customer int32, m late.Meter) ([]*late.Record, error) {
	set := meterSet{customer, m.Origin}
	if s.waiting[set] == nil {
		byMeter := make(map[late.Meter][]*late.Record)
		add := func(r *late.Record) {
			if !s.replaced[r.Key()] && s.w.Books.Products[r.SKU].PeriodLevel() {
				of := late.MeterOf(s.w.Books, r, s.w.Scanned.Regions.Name)
				byMeter[of] = append(byMeter[of], r)
			}
		}
		err := s.w.eachUsage(m.Origin, s.bucket, map[int32]bool{customer: true},
			func(t *tableRecords, row *sorting.Row) error {
				if row.Number != tables.Counted {
					return nil
				}
				r, err := s.w.fromRow(t, row, m.Origin)
				if err == nil {
					err = s.redraw(r)
				}
				if err == nil {
					add(r)
				}
				return err
			})
		if err != nil {
			return nil, err
		}
		for key, r := range s.all {
			if key.Customer == customer && key.Origin == m.Origin {
				add(&r.Record)
			}
		}
		s.waiting[set] = byMeter
	}
	return s.waiting[set][m], nil
}

// billedLines are the sums of what was billed of a closed cycle's month-end lines, late differences and re-rates
// included, at the places that are wanted.
func (s *lateSources) billedLines(origin period.Cycle, want func(*late.Place) bool) (late.Sums, error) {
	if s.sums[origin] == nil {
		all := make(late.Sums)
		key := lake.FileKey{Table: "lines", Cycle: origin.String(), Day: EndDay, Bucket: s.bucket}
		if err := s.w.addBilled(key, origin, all, nil); err != nil {
			return nil, err
		}
		for _, c := range s.w.opening.Cycles(s.cycle) {
			key := lake.FileKey{Table: "lines", Cycle: c.String(), Day: lake.LateDay, Bucket: s.bucket}
			if c < s.cycle {
				if err := s.w.addBilled(key, origin, all, nil); err != nil {
					return nil, err
				}
			}
			key.Day = lake.RerateDay
			if err := s.w.addBilled(key, origin, all, nil); err != nil {
				return nil, err
			}
		}
		s.sums[origin] = all
	}
	out := make(late.Sums)
	for p, sum := range s.sums[origin] {
		if want(&p) {
			out[p] = sum
		}
	}
	return out, nil
}

// addBilled adds the lines of a key that belong to a cycle. note, if there is one, is told of the price and discount of
// each.
func (w *worker) addBilled(key lake.FileKey, origin period.Cycle, to late.Sums,
	note func(late.Place, string, string)) error {
	for _, e := range w.find(key) {
		if err := w.addBilledFile(e, origin, to, note); err != nil {
			return err
		}
	}
	return nil
}

var billedColumns = []int{tables.LCycle, tables.LOriginCycle, tables.LCustomerID, tables.LSKU, tables.LRegionCode,
	tables.LResourceID,
	tables.LUsageAmount, tables.LFreeResourceUsage, tables.LOfficialAmount, tables.LDiscountAmount,
	tables.LTruncatedAmount, tables.LPaymentAmount,
	tables.LPackageDraws, tables.LUnitPrice, tables.LDiscountID}

func (w *worker) addBilledFile(
	e lake.FileEntry,
	origin period.Cycle,
	to late.Sums,
	note func(late.Place, string, string),
) error {
	f, err := tablefile.Open(w.Txn, e, tables.Lines(), billedColumns)
	if err != nil {
		return err
	}
	defer f.Close()
	var customers, skus codes.List
	for {
		cols, err := f.Next()
		if err != nil || cols == nil {
			return err
		}
		if err := customers.Fill(cols.C[tables.LCustomerID].Dict, w.names.Customer); err != nil {
			return err
		}
		if err := skus.Fill(cols.C[tables.LSKU].Dict, w.names.SKU); err != nil {
			return err
		}
		for i := range cols.N {
			c := cols.C
			own := c[tables.LOriginCycle].Word(i)
			if own == "" {
				own = c[tables.LCycle].Word(i)
			}
			if own != origin.String() {
				continue
			}
			sum, err := sumOf(cols.C, i)
			if err != nil {
				return err
			}
			p := late.Place{
				Origin:   origin,
				Customer: customers[c[tables.LCustomerID].Codes[i]],
				SKU:      skus[c[tables.LSKU].Codes[i]],
				Region:   c[tables.LRegionCode].Word(i),
				Resource: string(c[tables.LResourceID].Text(i)),
			}
			if err := to.At(p).Add(sum); err != nil {
				return err
			}
			if note == nil {
				continue
			}
			d := c[tables.LUnitPrice].Decs[i]
			price, err := money.UnitPriceFromRaw(d.Hi, d.Lo)
			if err != nil {
				return err
			}
			note(p, price.String(), c[tables.LDiscountID].Word(i))
		}
	}
}
