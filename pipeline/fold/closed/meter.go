package closed

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// MeterOf is the meter that counts a record.
func MeterOf(b *books.Books, r *Record, region func(int32) string) Meter {
	return Meter{Origin: r.Origin, SKU: r.SKU, Scope: scopeOf(&b.Products[r.SKU], region(r.Region), r.Resource)}
}

// MeterOfSubscriber is the meter that a row of subscribers.csv is about, in a cycle.
func MeterOfSubscriber(b *books.Books, s *books.Subscriber, origin period.Cycle) Meter {
	return Meter{Origin: origin, SKU: s.SKU, Scope: scopeOf(&b.Products[s.SKU], s.Region, []byte(s.Resource))}
}

// Owns reports whether a line at a place of the meter's customer and cycle is one of the meter's month-end lines.
func (m Meter) Owns(b *books.Books, p *Place) bool {
	if p.SKU != m.SKU || p.Fee != b.Products[m.SKU].FeeApart() {
		return false
	}
	switch b.Products[m.SKU].Meter {
	case books.PerRegion:
		return p.Region == m.Scope
	case books.PerResource:
		return p.Resource == m.Scope
	default:
		return true
	}
}

// gatherRow returns the position of a row of a period-level meter. If the model has a line per resource, the records
// share a resource.
func gatherRow(b *books.Books, region, scope string, records []*Record) (table.PositionRow, error) {
	first := records[0]
	p := &b.Products[first.SKU]
	row := table.PositionRow{Kind: table.GatherPosition, Key: p.SKU, Scope: scope, Region: region}
	if !p.MeterLines() || p.Meter == books.PerResource {
		row.Resource = string(first.Resource)
	}
	if row.Resource != "" {
		row.Name, row.Tag = string(first.Name), string(first.Tag)
	}
	draws := make(map[string]money.Quantity)
	for _, r := range records {
		counted := rating.Counted(p, r.Quantity, r.Retracted)
		var err error
		if p.Convert.IsZero() { // else the cycle's end counts from usage and free
			var rest money.Quantity
			if rest, err = counted.Sub(r.Free); err == nil {
				row.Count, err = row.Count.Add(rest)
			}
		}
		if err == nil {
			row.Usage, err = row.Usage.Add(counted)
		}
		if err == nil {
			row.Free, err = row.Free.Add(r.Free)
		}
		for _, d := range r.Draws {
			id := b.Packages[d.Package].ID
			if err == nil {
				draws[id], err = draws[id].Add(d.Quantity)
			}
		}
		if err != nil {
			return row, err
		}
	}
	row.Draws = drawsText(draws)
	return row, nil
}

// drawsText returns draws by package_id in the format of positions.
func drawsText(draws map[string]money.Quantity) string {
	var parts []string
	for id, q := range draws {
		parts = append(parts, id+"\x00"+q.Trim())
	}
	slices.Sort(parts)
	return strings.ReplaceAll(strings.Join(parts, ";"), "\x00", ":")
}

// Closing makes the month-end lines of a customer's meters, one meter at a time.
type Closing struct {
	Books    *books.Books
	Rater    *rating.Rater
	Region   func(int32) string // names the numbers of Record.Region
	Customer int32
	Counts   map[Meter]money.Quantity                   // of meters that count record by record
	Levels   []table.PositionRow                        // levels with which the cycle opens, of a time-weighted meter
	Part     func(Place, period.Instant) (Place, error) // see Folder.Part; for Product
}

// Rate returns what the records of one meter cost at the cycle's end, as sums by place. records are those that count,
// in any order.
func (c *Closing) Rate(m Meter, records []*Record) (Sums, error) {
	charges, about, err := c.Ends(m, records)
	if err != nil {
		return nil, err
	}
	sums := make(Sums)
	return sums, sums.AddCharges(c.Books, c.Customer, charges, about, m.Origin)
}

// Ends prices one meter at the cycle's end. The Record of a charge is an index in the returned objects.
func (c *Closing) Ends(m Meter, records []*Record) (*table.LineCharges, []rating.Object, error) {
	var charges table.LineCharges
	p := &c.Books.Products[m.SKU]
	if p.FeeAtZero { // a retraction does not count as a record of the meter
		records = slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r.Retracted })
	}
	if len(records) == 0 && !p.FeeAtZero && p.Aggregation != books.TimeWeighted {
		return &charges, nil, nil
	}
	slices.SortFunc(records, (*Record).Compare)
	if err := c.open(m, records); err != nil {
		return nil, nil, err
	}
	if p.FeeAtZero {
		c.Rater.Subscribe()
	}
	var about []rating.Object
	if err := c.Rater.CycleEnd(&charges, &about); err != nil {
		return nil, nil, err
	}
	if p.FeeAtZero { // subscribers may have other meters
		charges.List = slices.DeleteFunc(charges.List, func(ch table.Charge) bool {
			at := placeOf(c.Books, c.Customer, m.Origin, &about[ch.Record])
			return !m.Owns(c.Books, &at)
		})
	}
	return &charges, about, nil
}

// open sets the rater to the meter's state at the cycle's end, after the records.
func (c *Closing) open(m Meter, records []*Record) error {
	p := &c.Books.Products[m.SKU]
	if p.FeeApart() {
		var rows []table.PositionRow
		if len(records) > 0 {
			rows = append(rows, noted(p, c.Region(records[0].Region), m.Scope, records[0]))
		}
		if count := c.Counts[m]; !count.IsZero() {
			rows = append(rows, meterRow(p, m, count))
		}
		return c.Rater.Open(c.Customer, m.Origin, rows)
	}
	if len(records) == 0 {
		return c.Rater.Open(c.Customer, m.Origin, c.Levels)
	}
	if !p.Replayed() {
		rows, err := gatherRows(c.Books, m, c.Region(records[0].Region), records)
		if err != nil {
			return err
		}
		return c.Rater.Open(c.Customer, m.Origin, rows)
	}
	if err := c.Rater.Open(c.Customer, m.Origin, c.Levels); err != nil {
		return err
	}
	var none table.LineCharges
	for _, r := range records {
		if err := c.Rater.Usage(&r.Record, 0, &none); err != nil {
			return err
		}
	}
	return nil
}

// noted is the position of a meter that is billed record by record and may owe a fee at zero.
func noted(p *books.Product, region, scope string, first *Record) table.PositionRow {
	row := table.PositionRow{Kind: table.GatherPosition, Key: p.SKU, Scope: scope, Region: region}
	if p.Meter == books.PerResource {
		row.Resource, row.Name, row.Tag = string(first.Resource), string(first.Name), string(first.Tag)
	}
	return row
}

// gatherRows are the positions of a meter whose records are given in order.
func gatherRows(b *books.Books, m Meter, region string, records []*Record) ([]table.PositionRow, error) {
	if b.Products[m.SKU].MeterLines() {
		row, err := gatherRow(b, region, m.Scope, records)
		return []table.PositionRow{row}, err
	}
	byResource := make(map[string][]*Record)
	var order []string
	for _, r := range records {
		resource := string(r.Resource)
		if byResource[resource] == nil {
			order = append(order, resource)
		}
		byResource[resource] = append(byResource[resource], r)
	}
	var rows []table.PositionRow
	for i, resource := range order {
		row, err := gatherRow(b, region, m.Scope, byResource[resource])
		if err != nil {
			return nil, err
		}
		row.Order = int64(i)
		rows = append(rows, row)
	}
	return rows, nil
}

// AddCharges adds period-level charges. The Record of a charge is an index in about.
func (s Sums) AddCharges(b *books.Books, customer int32, charges *table.LineCharges, about []rating.Object,
	origin period.Cycle) error {
	for i := range charges.List {
		ch := &charges.List[i]
		at := placeOf(b, customer, origin, &about[ch.Record])
		if err := s.Charge(b, at, ch, charges.Draws[ch.DrawsFrom:ch.DrawsTo], false); err != nil {
			return err
		}
	}
	return nil
}

// Charge adds a charge and its draws at a place; those of a reversal are given back.
func (s Sums) Charge(b *books.Books, at Place, ch *table.Charge, drew []table.PackageDraw, reversal bool) error {
	var draws map[string]money.SignedQuantity
	for _, d := range drew {
		if draws == nil {
			draws = make(map[string]money.SignedQuantity, len(drew))
		}
		q := d.Quantity.Signed()
		if reversal {
			q = q.Neg()
		}
		id := b.Packages[d.Package].ID
		sum, err := draws[id].Add(q)
		if err != nil {
			return err
		}
		draws[id] = sum
	}
	return s.At(at).Add(&Sum{ch.UsageAmount.Total(), ch.Free.Total(), ch.Official, ch.Discount, ch.Truncated,
		ch.Payment, draws})
}

// placeOf is the place of a month-end line.
func placeOf(b *books.Books, customer int32, origin period.Cycle, o *rating.Object) Place {
	return Place{Origin: origin, Customer: customer, SKU: o.SKU, Region: o.Region, Resource: o.Resource,
		Fee: b.Products[o.SKU].FeeApart()}
}
