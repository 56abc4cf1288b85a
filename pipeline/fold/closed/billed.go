package closed

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// billedOf returns the sums of all lines billed of a period-level meter: month-end lines, late lines, lines of
// re-rating, and lines of the records that the close billed one by one.
func (s *Sources) billedOf(customer int32, m Meter) (Sums, error) {
	want := func(p *Place) bool { return p.Customer == customer && m.Owns(s.Step.Folder.Books, p) }
	out, err := s.billedLines(m.Origin, want)
	if err != nil {
		return nil, err
	}
	all, err := s.gather(MeterSet{customer, m.Origin})
	if err != nil || all[m] == nil || !all[m].lines {
		return out, err
	}
	usage, err := s.usageLines(MeterSet{customer, m.Origin})
	if err != nil {
		return nil, err
	}
	return out, out.addWhere(usage, want)
}

// billedLines returns the sums of the month-end lines, late lines and lines of re-rating of a closed cycle, at the
// places for which want is true.
func (s *Sources) billedLines(origin period.Cycle, want func(*Place) bool) (Sums, error) {
	if s.sums[origin] == nil {
		all := make(Sums)
		key := lake.FileKey{Table: "lines", Cycle: lake.CycleOf(origin), Day: lake.EndDay,
			Bucket: s.Step.Bucket}
		if err := s.Step.Folder.AddBilled(key, origin, all, nil); err != nil {
			return nil, err
		}
		for _, c := range s.Step.Folder.Opening.Cycles(s.Step.Cycle) {
			key := lake.FileKey{Table: "lines", Cycle: lake.CycleOf(c), Day: lake.LateDay,
				Bucket: s.Step.Bucket}
			if c < s.Step.Cycle {
				if err := s.Step.Folder.AddBilled(key, origin, all, nil); err != nil {
					return nil, err
				}
			}
			key.Day = lake.RerateDay
			if err := s.Step.Folder.AddBilled(key, origin, all, nil); err != nil {
				return nil, err
			}
		}
		s.sums[origin] = all
	}
	out := make(Sums)
	return out, out.addWhere(s.sums[origin], want)
}

// usageLines returns the sums of the lines that the close of a cycle made of a customer's single records.
func (s *Sources) usageLines(set MeterSet) (Sums, error) {
	if s.ofUsage[set] != nil {
		return s.ofUsage[set], nil
	}
	all := make(Sums)
	for _, e := range s.Step.Folder.FilesOf(set.Origin, s.Step.Bucket, "lines") {
		if _, ok := e.Day.Calendar(); !ok {
			continue
		}
		b := billedFile{Folder: s.Step.Folder, entry: e, origin: set.Origin,
			only: map[int32]bool{set.Customer: true}}
		if err := b.addTo(all); err != nil {
			return nil, err
		}
	}
	s.ofUsage[set] = all
	return all, nil
}

// BilledLine describes a line that AddBilled adds.
type BilledLine struct {
	Place
	Price    money.UnitPrice
	Discount string
}

// AddBilled adds the lines of a key's files that belong to a cycle. It calls note, if not nil, for each of them.
func (w *Folder) AddBilled(key lake.FileKey, origin period.Cycle, to Sums, note func(*BilledLine)) error {
	for _, e := range w.Find(key) {
		if err := w.AddBilledFile(e, origin, to, note); err != nil {
			return err
		}
	}
	return nil
}

// AddBilledFile is AddBilled for one file.
func (w *Folder) AddBilledFile(e lake.FileEntry, origin period.Cycle, to Sums, note func(*BilledLine)) error {
	b := billedFile{Folder: w, entry: e, origin: origin, note: note}
	return b.addTo(to)
}

var billedColumns = tables.Columns(tables.LineCycle, tables.LineOriginCycle, tables.LineCustomerID, tables.LineSKU,
	tables.LineRegionCode,
	tables.LineResourceID,
	tables.LineUsageAmount, tables.LineFreeResourceUsage, tables.LineOfficialAmount, tables.LineOfficialDiscountAmount,
	tables.LineTruncatedAmount, tables.LinePaymentAmount,
	tables.LinePackageDraws, tables.LineUnitPrice, tables.LineDiscountID, tables.LineTier, tables.LinePriceList,
	tables.LineKind, tables.LineUsageStart, tables.LineOwnTime)

// billedFile reads the lines of one file that belong to a cycle.
type billedFile struct {
	*Folder
	entry  lake.FileEntry
	origin period.Cycle
	only   map[int32]bool    // customers; nil = all
	note   func(*BilledLine) // called for each line; may be nil
	priced map[Place]bool    // places of month-end lines at which meters have a quantity to price; nil = not read
}

// hasCharges reports whether the file can have lines of recurring charges. No other file has them.
func (b *billedFile) hasCharges() bool {
	return b.entry.Day == lake.ChargesDay || b.entry.Day == lake.RerateDay
}

// addTo adds the lines to the sums of their places.
func (b *billedFile) addTo(to Sums) error {
	columns := billedColumns
	if b.hasCharges() {
		columns = append(slices.Clip(columns), tables.LineID.Of())
	}
	f, err := rows.OpenFile(b.Txn, b.entry, tables.Lines(), columns)
	if err != nil {
		return err
	}
	defer f.Close()
	at := rows.Cursor[tables.Line]{Reader: f}
	if b.only != nil {
		at.Pass = state.WithoutCustomers(b.State, b.only, tables.LineCustomerID)
	}
	var customers, skus state.CodeList
	for {
		ok, fresh, err := at.Next()
		if err != nil || !ok {
			return err
		}
		cols, i := at.Cols, at.At
		if fresh {
			if err := customers.Fill(cols.Word(tables.LineCustomerID).Dict(), b.Names().Customer); err != nil {
				return err
			}
			if err := skus.Fill(cols.Word(tables.LineSKU).Dict(), b.Names().SKU); err != nil {
				return err
			}
		}
		customer, sku := customers[cols.Word(tables.LineCustomerID).Code(i)], skus[cols.Word(tables.LineSKU).Code(i)]
		if customer < 0 || sku < 0 { // the books lack them
			continue
		}
		if b.only != nil && !b.only[customer] || originOf(cols, i) != b.origin.String() {
			continue
		}
		if err := b.add(to, customer, sku, cols, i); err != nil {
			return err
		}
	}
}

// originOf is the cycle that a line belongs to.
func originOf(cols *parquet.Columns[tables.Line], i int) string {
	if own := cols.Word(tables.LineOriginCycle).At(i); own != "" {
		return own
	}
	return cols.Word(tables.LineCycle).At(i)
}

// add adds one line.
func (b *billedFile) add(to Sums, customer, sku int32, cols *parquet.Columns[tables.Line], i int) error {
	sum, err := sumOf(cols, i)
	if err != nil {
		return err
	}
	p := Place{
		Origin:   b.origin,
		Customer: customer,
		SKU:      sku,
		Region:   cols.Word(tables.LineRegionCode).At(i),
		Resource: string(cols.Text(tables.LineResourceID).At(i)),
	}
	if b.hasCharges() && b.Books.Products[p.SKU].Model == books.Recurring {
		p.Charge = string(cols.Text(tables.LineID).At(i))
	}
	if p.Fee, err = b.feeAtZero(p, cols, i); err != nil {
		return err
	}
	if p, err = b.Part(p, rows.OwnTime(cols, i)); err != nil {
		return err
	}
	if err := to.At(p).Add(sum); err != nil {
		return err
	}
	if b.note == nil {
		return nil
	}
	d := cols.Quantity(tables.LineUnitPrice).At(i)
	price, err := money.UnitPriceFromRaw(d.Hi, d.Lo)
	if err != nil {
		return err
	}
	b.note(&BilledLine{Place: p, Price: price, Discount: cols.Word(tables.LineDiscountID).At(i)})
	return nil
}
