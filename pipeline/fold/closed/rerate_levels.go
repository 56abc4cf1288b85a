package closed

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/table"
)

// levels prices the time-weighted meters of the cycle from its records and its opening levels after everything billed
// (§10.1).
func (r *rerating) levels() error {
	if !r.late.Books.HasLevels() {
		return nil
	}
	src := &Sources{Step: r.step, Shifted: r.late.LateIn}
	if err := src.Prepare(nil); err != nil {
		return err
	}
	customers := r.levelCustomers(src)
	byMeter, err := r.levelRecords(customers)
	if err != nil {
		return err
	}
	for _, customer := range slices.Sorted(maps.Keys(customers)) {
		rows, err := src.Levels(customer, r.origin)
		if err != nil {
			return err
		}
		open := make(map[Meter][]table.PositionRow)
		meters := byMeter[customer]
		if meters == nil {
			meters = make(map[Meter][]*Record)
		}
		for _, row := range rows {
			if m, ok := MeterOfLevel(r.late.Books, &row, r.origin); ok {
				open[m] = append(open[m], row)
				list(meters, m)
			}
		}
		subscribers := r.late.Books.Subscribers.Of(customer)
		for i := range subscribers {
			m := MeterOfSubscriber(r.late.Books, &subscribers[i], r.origin)
			if r.late.Books.Products[m.SKU].Aggregation == books.TimeWeighted {
				list(meters, m)
			}
		}
		for _, m := range slices.SortedFunc(maps.Keys(meters), CompareMeters) {
			closing := Closing{Books: r.late.Books, Rater: r.late.Rater, Region: r.late.Regions.Name,
				Customer: customer, Levels: open[m]}
			charges, about, err := closing.Ends(m, meters[m])
			if err == nil {
				err = r.chargeEnds(customer, charges, about)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// list adds a meter, with or without records, to those that are priced.
func list(meters map[Meter][]*Record, m Meter) {
	if _, known := meters[m]; !known {
		meters[m] = nil
	}
}

// levelCustomers returns the customers that may have a level in the cycle.
func (r *rerating) levelCustomers(src *Sources) map[int32]bool {
	out := maps.Clone(r.apart)
	for _, positions := range []map[int32][]table.PositionRow{r.openAt, r.rows} {
		for customer, rows := range positions {
			if slices.ContainsFunc(rows, func(row table.PositionRow) bool {
				sku := r.late.Books.SKU(row.Key)
				return row.Kind == table.LevelPosition || row.Kind == table.GatherPosition && sku >= 0 &&
					r.late.Books.Products[sku].Aggregation == books.TimeWeighted
			}) {
				out[customer] = true
			}
		}
	}
	for _, customer := range slices.Concat(src.LevelCustomers(r.origin), r.subscribed) {
		out[customer] = true
	}
	return out
}

// levelRecords returns the records of the cycle that set levels, as billed: those of the close and late ones, without
// those that billed late records replaced.
func (r *rerating) levelRecords(customers map[int32]bool) (map[int32]map[Meter][]*Record, error) {
	replaced := make(map[Key]bool)
	for _, one := range r.step.All {
		if one.Replaces != "" && one.Billed < r.late.LateIn {
			replaced[one.Target()] = true
		}
	}
	out := make(map[int32]map[Meter][]*Record)
	add := func(one *Record) {
		if replaced[one.Key()] || one.Origin != r.origin || !IsLevel(r.late.Books, &one.Record) {
			return
		}
		if out[one.Customer] == nil {
			out[one.Customer] = make(map[Meter][]*Record)
		}
		m := MeterOf(r.late.Books, one, r.late.Regions.Name)
		out[one.Customer][m] = append(out[one.Customer][m], one)
	}
	closed, err := ClosedRecords(r.late.State, r.bucket, r.origin, customers, func(row *accept.Record) bool {
		return r.late.Books.Products[row.SKU].Aggregation == books.TimeWeighted
	})
	for _, one := range closed {
		add(one)
	}
	for _, one := range r.step.All {
		if one.Billed < r.late.LateIn {
			add(&one.Record)
		}
	}
	return out, err
}
