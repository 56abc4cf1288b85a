package late

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// MeterOf is the meter that counts a record.
func MeterOf(b *books.Books, r *Record, region func(int32) string) Meter {
	return Meter{Origin: r.Origin, SKU: r.SKU, Scope: scopeOf(&b.Products[r.SKU], region(r.Region), r.Resource)}
}

// Owns reports whether a line at a place of the meter's customer and cycle is one of the period-level meter's.
func (m Meter) Owns(b *books.Books, p *Place) bool {
	if p.SKU != m.SKU {
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

// gatherRow is the position of a period-level row of records, which share a resource where the model has a line for
// each.
func gatherRow(b *books.Books, region, scope string, records []*Record) (position.Row, error) {
	first := records[0]
	p := &b.Products[first.SKU]
	row := position.Row{Kind: position.Gather, Key: p.SKU, Scope: scope, Region: region}
	if !p.MeterLines() || p.Meter == books.PerResource {
		row.Resource = string(first.Resource)
	}
	if row.Resource != "" {
		row.Name, row.Tag = string(first.Name), string(first.Tag)
	}
	draws := make(map[string]money.Quantity)
	for _, r := range records {
		counted := rating.Counted(p, r.Quantity, r.Withdrawn)
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

// drawsText is draws by package_id as positions hold them.
func drawsText(draws map[string]money.Quantity) string {
	var parts []string
	for id, q := range draws {
		parts = append(parts, id+"\x00"+q.Trim())
	}
	slices.Sort(parts)
	return strings.ReplaceAll(strings.Join(parts, ";"), "\x00", ":")
}

// Rate gives what the records of one period-level meter cost, as sums by place. records are those that count, in any
// order.
func Rate(b *books.Books, rater *rating.Rater, m Meter, customer int32, region func(int32) string,
	records []*Record) (Sums, error) {
	charges, about, err := Ends(b, rater, m, customer, region, records)
	if err != nil {
		return nil, err
	}
	sums := make(Sums)
	return sums, sums.AddCharges(b, customer, charges, about, m.Origin)
}

// Ends prices one period-level meter; a charge's Record is an index in what they are about.
func Ends(b *books.Books, rater *rating.Rater, m Meter, customer int32, region func(int32) string,
	records []*Record) (*line.Charges, []rating.Object, error) {
	var charges line.Charges
	if len(records) == 0 {
		return &charges, nil, nil
	}
	slices.SortFunc(records, (*Record).Before)
	if err := openMeter(b, rater, m, customer, region, records); err != nil {
		return nil, nil, err
	}
	var about []rating.Object
	if err := rater.CycleEnd(&charges, &about); err != nil {
		return nil, nil, err
	}
	return &charges, about, nil
}

// openMeter brings the rater to where the records leave their meter at the cycle's end.
func openMeter(b *books.Books, rater *rating.Rater, m Meter, customer int32, region func(int32) string,
	records []*Record) error {
	if !b.Products[m.SKU].Aggregation.Figure() {
		rows, err := gatherRows(b, m, region(records[0].Region), records)
		if err != nil {
			return err
		}
		return rater.Open(customer, m.Origin, rows)
	}
	if err := rater.Open(customer, m.Origin, nil); err != nil {
		return err
	}
	var none line.Charges
	for _, r := range records {
		if err := rater.Usage(&r.Record, 0, &none); err != nil {
			return err
		}
	}
	return nil
}

// gatherRows are the positions of a meter whose records are given in order.
func gatherRows(b *books.Books, m Meter, region string, records []*Record) ([]position.Row, error) {
	if b.Products[m.SKU].MeterLines() {
		row, err := gatherRow(b, region, m.Scope, records)
		return []position.Row{row}, err
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
	var rows []position.Row
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

// AddCharges adds period-level charges, whose Record is an index in about.
func (s Sums) AddCharges(b *books.Books, customer int32, charges *line.Charges, about []rating.Object,
	origin period.Cycle) error {
	for i := range charges.List {
		ch := &charges.List[i]
		o := &about[ch.Record]
		draws := make(map[string]money.SignedQuantity)
		for _, d := range charges.Draws[ch.DrawsFrom:ch.DrawsTo] {
			id := b.Packages[d.Package].ID
			sum, err := draws[id].Add(d.Quantity.Signed())
			if err != nil {
				return err
			}
			draws[id] = sum
		}
		at := Place{Origin: origin, Customer: customer, SKU: o.SKU, Region: o.Region, Resource: o.Resource}
		if err := s.At(at).Add(&Sum{ch.UsageAmount, ch.Free, ch.Official, ch.Discount, ch.Truncated, ch.Payment,
			draws}); err != nil {
			return err
		}
	}
	return nil
}
