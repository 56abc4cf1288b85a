package state

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ChargedMeasures finds what was charged for parts of recurring charges in advance, in one state of the lake (MEAS-6).
type ChargedMeasures struct {
	Files  lake.FileSet
	Base   *lake.Snapshot // determines what is closed and archived
	Books  *books.Books
	Prices *tariff.Book // of Books
	Bucket int
	Billed func(period.Cycle) bool // whether a cycle's stored charges apply instead of those of the books
	Until  period.Cycle            // the last cycle whose differences of re-rating count

	known map[period.Cycle]map[chargeOf][]MeasuredBase // by cycle of the charge
}

// chargeOf identifies the lines of a part of a charge.
type chargeOf struct{ customer, id string }

// MeasuredBase is what was charged for a part of a recurring charge: the base of its refund.
type MeasuredBase struct {
	SKU              int32
	Region, Resource string
	Official         money.Amount
	Payment          money.Amount
	Discount         string // discount_id
	Partner          string // empty = none
	Association      books.AssociationType
	At               period.Instant // instant of the first line with a positive payment; 0 = none

	sku string
}

// Of returns what was charged for a part, in order of sku, region and resource. It is empty if a closed cycle did not
// charge it. A cycle before the first closed one billed nothing itself: the books determine what it charged, unless a
// re-rating posted it.
func (s *ChargedMeasures) Of(p *rating.RecurringPart) (out []MeasuredBase, err error) {
	cycle := s.Books.Zone.Cycle(p.Span.From)
	if !s.Billed(cycle) {
		return s.priced(p)
	}
	if s.known[cycle] == nil {
		if err := s.load(cycle); err != nil {
			return nil, err
		}
	}
	if s.known[cycle] == nil { // what it billed is no longer in the lake
		return s.priced(p)
	}
	billed, err := byPlace(s.known[cycle][chargeOf{s.Books.Customers[p.Row.Customer].ID, p.ID}])
	if err != nil {
		return nil, err
	}
	if len(billed) == 0 && s.beforeFirst(cycle) {
		return s.priced(p)
	}
	for _, b := range billed {
		if b.SKU, err = (Names{Books: s.Books}).SKU(b.sku); err != nil {
			return nil, err
		}
		own := b.SKU == p.Row.SKU && b.Region == p.Row.Region && b.Resource == p.Row.Resource
		if own || !b.Payment.IsZero() {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b MeasuredBase) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Resource, b.Resource))
	})
	return out, nil
}

// byPlace adds up, by sku, region and resource, what was charged for a part. The partner is that of the first line.
func byPlace(billed []MeasuredBase) (out []MeasuredBase, err error) {
	for _, b := range billed {
		at := slices.IndexFunc(out, func(o MeasuredBase) bool {
			return o.sku == b.sku && o.Region == b.Region && o.Resource == b.Resource
		})
		if at < 0 {
			out = append(out, b)
			continue
		}
		known := &out[at]
		known.Discount = cmp.Or(known.Discount, b.Discount)
		if known.At == 0 || b.At != 0 && b.At < known.At {
			known.At = b.At
		}
		if known.Official, err = known.Official.Add(b.Official); err == nil {
			known.Payment, err = known.Payment.Add(b.Payment)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// beforeFirst reports whether a cycle is before the first one that was closed.
func (s *ChargedMeasures) beforeFirst(cycle period.Cycle) bool {
	for _, ref := range s.Base.Manifest.Cycles {
		if ref.State == lake.CycleClosed {
			return cycle < ref.Period()
		}
	}
	return true
}

// priced returns what a part costs by the books.
func (s *ChargedMeasures) priced(p *rating.RecurringPart) ([]MeasuredBase, error) {
	c, err := rating.RecurringPrice(s.Prices, p, nil)
	if err != nil {
		return nil, err
	}
	b := MeasuredBase{SKU: p.Row.SKU, Region: p.Row.Region, Resource: p.Row.Resource, Official: c.Official,
		Payment: c.Payment}
	if c.DiscountID >= 0 {
		b.Discount = s.Books.Discounts[c.DiscountID].ID
	}
	b.Partner, b.Association = s.Books.PartnerAt(p.Row.Customer, p.Span.From)
	return []MeasuredBase{b}, nil
}

// load reads what a cycle charged, and what re-ratings of it posted later.
func (s *ChargedMeasures) load(cycle period.Cycle) error {
	files, err := s.Files.Find(lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(cycle),
		Day: lake.ChargesDay, Bucket: s.Bucket})
	if err != nil {
		return err
	}
	to := make(map[chargeOf][]MeasuredBase)
	for _, e := range files {
		if err := s.lines(e, to); err != nil {
			return err
		}
	}
	for _, c := range s.Files.Cycles() {
		if c <= cycle || c > s.Until {
			continue
		}
		files, err := s.Files.Find(lake.FileKey{Table: tables.Reratings().Name, Cycle: lake.CycleOf(c),
			Bucket: s.Bucket})
		if err != nil {
			return err
		}
		for _, e := range files {
			if err := s.differences(e, cycle, to); err != nil {
				return err
			}
		}
	}
	if s.known == nil {
		s.known = make(map[period.Cycle]map[chargeOf][]MeasuredBase)
	}
	s.known[cycle] = to
	return nil
}

// lines adds the lines of a file. A refund in the cycle of its charge is no longer charged.
func (s *ChargedMeasures) lines(e lake.FileEntry, to map[chargeOf][]MeasuredBase) error {
	cols := tables.Columns(tables.LineCustomerID, tables.LineID, tables.LineSKU, tables.LineRegionCode,
		tables.LineResourceID, tables.LineDiscountID, tables.LineOfficialAmount, tables.LinePaymentAmount,
		tables.LinePartnerID, tables.LineAssociationType, tables.LineUsageStart, tables.LineInstant)
	return rows.EachRow(s.Files, e, tables.Lines(), cols, func(c *parquet.Columns[tables.Line], i int) error {
		b := MeasuredBase{sku: c.Word(tables.LineSKU).At(i), Region: c.Word(tables.LineRegionCode).At(i),
			Resource: string(c.Text(tables.LineResourceID).At(i)), Discount: c.Word(tables.LineDiscountID).At(i),
			Partner:     c.Word(tables.LinePartnerID).At(i),
			Association: books.AssociationOf(c.Word(tables.LineAssociationType).At(i))}
		err := b.read(c.Amount(tables.LineOfficialAmount).At(i), c.Amount(tables.LinePaymentAmount).At(i),
			rows.Instant(c, i))
		of := chargeOf{c.Word(tables.LineCustomerID).At(i), string(c.Text(tables.LineID).At(i))}
		to[of] = append(to[of], b)
		return err
	})
}

// differences adds the differences of a cycle's charges that re-ratings posted.
func (s *ChargedMeasures) differences(e lake.FileEntry, cycle period.Cycle, to map[chargeOf][]MeasuredBase) error {
	cols := tables.Columns(tables.ReratingCustomerID, tables.ReratingOriginCycle, tables.ReratingSKU,
		tables.ReratingRegionCode, tables.ReratingResourceID, tables.ReratingPackageDraws,
		tables.ReratingOfficialAmount, tables.ReratingPaymentAmount, tables.ReratingPartnerID,
		tables.ReratingAssociationType, tables.ReratingAsOf)
	return rows.EachRow(s.Files, e, tables.Reratings(), cols, func(c *parquet.Columns[tables.Rerating], i int) error {
		b := MeasuredBase{sku: c.Word(tables.ReratingSKU).At(i), Region: c.Word(tables.ReratingRegionCode).At(i),
			Resource:    string(c.Text(tables.ReratingResourceID).At(i)),
			Partner:     c.Word(tables.ReratingPartnerID).At(i),
			Association: books.AssociationOf(c.Word(tables.ReratingAssociationType).At(i))}
		sku := s.Books.SKU(b.sku)
		if c.Word(tables.ReratingOriginCycle).At(i) != cycle.String() || sku < 0 ||
			s.Books.Products[sku].Model != books.Recurring {
			return nil
		}
		billed, _ := e.Cycle.Period()
		err := b.read(c.Amount(tables.ReratingOfficialAmount).At(i), c.Amount(tables.ReratingPaymentAmount).At(i),
			accept.LateInstant(s.Books.Zone, billed, c.Time(tables.ReratingAsOf).At(i)))
		id := string(c.Text(tables.ReratingPackageDraws).At(i)) // for a recurring charge the line's id
		of := chargeOf{c.Word(tables.ReratingCustomerID).At(i), id}
		to[of] = append(to[of], b)
		return err
	})
}

// read sets amounts from columns, of a line with an instant.
func (b *MeasuredBase) read(official, payment parquet.Dec, instant period.Instant) (err error) {
	if b.Official, err = money.AmountFromRaw(official.Hi, official.Lo); err != nil {
		return err
	}
	if b.Payment, err = money.AmountFromRaw(payment.Hi, payment.Lo); b.Payment.Sign() > 0 {
		b.At = instant
	}
	return err
}

// Back returns the refund of what was charged for a part.
func (s *ChargedMeasures) Back(p *rating.RecurringPart, b *MeasuredBase) (tables.Charge, error) {
	return rating.RecurringBack(s.Prices, p, &tables.Charge{Official: b.Official, Payment: b.Payment})
}
