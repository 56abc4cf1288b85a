package closed

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Meter names a meter of a closed cycle.
type Meter struct {
	Origin period.Cycle
	SKU    int32
	Scope  string // region, resource or "", depending on the product's meter
	// kind of its position, if it counts record by record; 0 = the meter of tiers, or a month-end meter
	Kind table.KindOfPosition
}

// Position is the kind of the position that holds the meter.
func (m Meter) Position() table.KindOfPosition {
	if m.Kind == 0 {
		return table.MeterPosition
	}
	return m.Kind
}

// As is the meter's counter of a kind of position.
func (m Meter) As(kind table.KindOfPosition) Meter {
	m.Kind = kind
	if kind == table.MeterPosition {
		m.Kind = 0
	}
	return m
}

// IsCounter reports whether a kind of position counts record by record.
func IsCounter(kind table.KindOfPosition) bool {
	return kind == table.MeterPosition || kind == table.MeasurePosition || kind == table.EventsPosition
}

// QuotaPeriod names one quota period of a package.
type QuotaPeriod struct {
	Package int32          // index in books.Packages
	Start   period.Instant // of the quota period
}

// State holds the positions of one customer's meters and packages. It requests each missing one once.
type State struct {
	Books  *books.Books
	Prices *tariff.Book
	Rater  *rating.Rater
	Region func(int32) string // names the numbers of Record.Region
	// Count returns the count of a meter after everything billed.
	Count func(customer int32, m Meter) (money.Quantity, error)
	// Drawn returns what was drawn in a quota period that lasts for the span.
	Drawn func(customer int32, f QuotaPeriod, span period.Span) (money.Quantity, error)

	customer     int32
	meters       map[Meter]money.Quantity
	quotaPeriods map[QuotaPeriod]money.Quantity // what was drawn
	changed      map[QuotaPeriod]bool
	rows         []table.PositionRow
}

// Open switches to a customer.
func (s *State) Open(customer int32) {
	s.customer = customer
	s.meters, s.quotaPeriods, s.changed = make(map[Meter]money.Quantity), make(map[QuotaPeriod]money.Quantity),
		make(map[QuotaPeriod]bool)
}

// Forget discards the quota periods, so that they are requested again.
func (s *State) Forget() {
	s.quotaPeriods, s.changed = make(map[QuotaPeriod]money.Quantity), make(map[QuotaPeriod]bool)
}

// SetMeters sets the positions of the meters.
func (s *State) SetMeters(counts map[Meter]money.Quantity) { s.meters = counts }

// Apply adds what an entry drew or gave back, without rating it. A reversed record of a product with a conversion gives
// back at most what it counts now (§10.2).
func (s *State) Apply(e *Entry) error {
	draws, err := s.applyMeasure(e)
	if err != nil {
		return err
	}
	return s.move(e, draws)
}

// move adds draws of an entry to what was drawn in their quota periods, or gives them back.
func (s *State) move(e *Entry, draws []table.PackageDraw) error {
	for _, d := range draws {
		if err := s.openPackage(d.Package, e.Start); err != nil {
			return err
		}
		f := QuotaPeriod{d.Package, s.Prices.QuotaPeriod(&s.Books.Packages[d.Package], e.Start).From}
		drawn, err := s.quotaPeriods[f], error(nil)
		if e.Reversal {
			drawn, err = drawn.Sub(d.Quantity.Min(drawn))
		} else {
			drawn, err = drawn.Add(d.Quantity)
		}
		if err != nil {
			return err
		}
		s.quotaPeriods[f], s.changed[f] = drawn, true
	}
	return nil
}

// applyMeasure updates the unconverted position of an entry's meter and returns the draws that count.
func (s *State) applyMeasure(e *Entry) ([]table.PackageDraw, error) {
	m, after, draws, err := s.measure(e)
	if m.Kind == table.MeasurePosition {
		s.meters[m] = after
	}
	return draws, err
}

// measure returns the unconverted position of an entry's meter after the entry, and the draws that count. Without a
// conversion it returns no meter.
func (s *State) measure(e *Entry) (m Meter, after money.Quantity, draws []table.PackageDraw, err error) {
	p := &s.Books.Products[e.SKU]
	if !slices.Contains(rating.Counters(p), table.MeasurePosition) {
		return m, after, e.Draws, nil
	}
	m = Meter{Origin: e.Origin, SKU: e.SKU, Scope: scopeOf(p, s.Region(e.Region), e.Resource),
		Kind: table.MeasurePosition}
	at, known := s.meters[m]
	if !known {
		if at, err = s.Count(s.customer, m); err != nil {
			return m, after, nil, err
		}
	}
	counted := rating.Counted(p, e.Quantity, e.Retracted)
	if !e.Reversal {
		after, err = at.Add(counted)
		return m, after, e.Draws, err
	}
	if after, err = at.Sub(counted); err != nil {
		return m, after, nil, err
	}
	draws, err = rating.ReturnedDraws(p, at, after, e.Draws)
	return m, after, draws, err
}

// ForgetMetersBut discards the meters of all cycles except one, so that they are requested again.
func (s *State) ForgetMetersBut(origin period.Cycle) {
	maps.DeleteFunc(s.meters, func(m Meter, _ money.Quantity) bool { return m.Origin != origin })
}

// Meters returns the meters that entries changed, with their counts.
func (s *State) Meters() map[Meter]money.Quantity { return s.meters }

// QuotaPeriods returns the quota periods that entries drew on or gave back to, with the quantity drawn.
func (s *State) QuotaPeriods() map[QuotaPeriod]money.Quantity {
	out := make(map[QuotaPeriod]money.Quantity, len(s.changed))
	for f := range s.changed {
		out[f] = s.quotaPeriods[f]
	}
	return out
}

// scopeOf is the part of a record that distinguishes a product's meters (§4.5).
func scopeOf(p *books.Product, region string, resource []byte) string {
	switch p.Meter {
	case books.PerRegion:
		return region
	case books.PerResource:
		return string(resource)
	default:
		return ""
	}
}

// Take rates or reverses one entry of the open customer and appends its lines to out. It sets the Draws of a record to
// what it draws.
func (s *State) Take(e *Entry, out *table.LineCharges) error {
	p := &s.Books.Products[e.SKU]
	m := Meter{Origin: e.Origin, SKU: e.SKU, Scope: scopeOf(p, s.Region(e.Region), e.Resource)}
	if err := s.open(e, p, m); err != nil {
		return err
	}
	from := len(out.Draws)
	if e.Reversal {
		if err := s.Rater.Reverse(&e.Record.Record, e.Free, e.Draws, 0, out); err != nil {
			return err
		}
	} else {
		if err := s.Rater.Usage(&e.Record.Record, 0, out); err != nil {
			return err
		}
		if err := e.Draw(out.Draws[from:]); err != nil {
			return err
		}
	}
	return s.close(e, p, m)
}

// open gives the rater the positions on which the entry's rating depends.
func (s *State) open(e *Entry, p *books.Product, m Meter) error {
	s.rows = s.rows[:0]
	for _, kind := range rating.Counters(p) {
		if err := s.openMeter(p, m.As(kind)); err != nil {
			return err
		}
	}
	if p.PeriodLevel() && e.Reversal && !p.Replayed() {
		row, err := gatherRow(s.Books, s.Region(e.Region), m.Scope, []*Record{e.Record})
		if err != nil {
			return err
		}
		s.rows = append(s.rows, row)
	}
	from, to := s.Books.Packages.Range(s.customer)
	for i := from; i < to; i++ {
		if err := s.openPackage(int32(i), e.Start); err != nil {
			return err
		}
	}
	return s.Rater.Open(s.customer, e.Origin, s.rows)
}

func (s *State) openMeter(p *books.Product, m Meter) error {
	count, known := s.meters[m]
	if !known {
		var err error
		if count, err = s.Count(s.customer, m); err != nil {
			return err
		}
	}
	if count.IsZero() {
		return nil
	}
	s.rows = append(s.rows, meterRow(p, m, count))
	return nil
}

// meterRow is the position of a meter that counts record by record.
func meterRow(p *books.Product, m Meter, count money.Quantity) table.PositionRow {
	row := table.PositionRow{Kind: m.Position(), Key: p.SKU, Scope: m.Scope, Count: count}
	if p.Meter == books.PerResource {
		row.Resource = m.Scope
	}
	return row
}

// openPackage adds the quota period of the row to which draws at t from its package belong.
func (s *State) openPackage(code int32, t period.Instant) error {
	p := &s.Books.Packages[code]
	if s.Books.Packages.At(p.Customer, p.ID, t) != code {
		return nil
	}
	span := s.Prices.QuotaPeriod(p, t)
	f := QuotaPeriod{code, span.From}
	drawn, known := s.quotaPeriods[f]
	if !known {
		var err error
		if drawn, err = s.Drawn(s.customer, f, span); err != nil {
			return err
		}
		s.quotaPeriods[f] = drawn
	}
	if !drawn.IsZero() {
		s.rows = append(s.rows, rating.PackageRow(p, drawn, f.Start))
	}
	return nil
}

// close reads the meter and the packages after the entry from the rater.
func (s *State) close(e *Entry, p *books.Product, m Meter) error {
	for _, kind := range rating.Counters(p) {
		s.meters[m.As(kind)] = money.Quantity{}
	}
	s.rows = s.Rater.Positions(s.rows[:0])
	for i := range s.rows {
		row := &s.rows[i]
		switch row.Kind {
		case table.MeterPosition, table.MeasurePosition, table.EventsPosition:
			s.meters[m.As(row.Kind)] = row.Count
		case table.PackagePosition:
			code := s.Books.Packages.At(s.customer, row.Key, e.Start)
			if code < 0 {
				continue
			}
			f := QuotaPeriod{code, row.At}
			drawn, err := rating.DrawnOf(&s.Books.Packages[code], row)
			if err != nil {
				return err
			}
			if s.quotaPeriods[f] != drawn {
				s.quotaPeriods[f], s.changed[f] = drawn, true
			}
		}
	}
	return nil
}
