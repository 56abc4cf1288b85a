package closed

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// posting is a posted difference. Later books do not change it (§4.12).
type posting struct {
	Place
	Sum
	drawn       string
	partner     string
	association books.AssociationType
	asOf        period.Instant
	own, end    period.Instant // bounds of the part of the month; tables.Nothing = those of the closed cycle
	inAdvance   bool           // whether it is of a recurring charge in advance
}

// feeMark is stored as the draws of a difference of Place.Fee, which has none. Draws contain a colon.
const feeMark = "fee"

// mark returns what the table stores as draws: feeMark for a fee, the id for a recurring charge; both have no draws.
func (p *posting) mark() string {
	switch {
	case p.Fee:
		return feeMark
	case p.Charge != "":
		return p.Charge
	}
	return p.drawn
}

// takeMark decodes the result of mark.
func (p *posting) takeMark(b *books.Books) {
	switch {
	case p.drawn == feeMark:
		p.Fee, p.drawn = true, ""
	case b.Products[p.SKU].Model == books.Recurring:
		p.Charge, p.drawn = p.drawn, ""
	}
}

// poster posts the result of a re-rate into the open cycle of one bucket.
type poster struct {
	*Folder
	bucket int
}

// key names the files of a table of the bucket in the open cycle.
func (r *poster) key(table string) lake.FileKey {
	return state.CycleKey(table, r.LateIn, r.bucket)
}

// post posts the differences that a re-rate of origin found into the open cycle, and stores what later records depend
// on: the shifts of positions, and what records draw now.
func (r *poster) post(origin period.Cycle, differences []RerateDifference, shifts []state.PackageShift,
	redrawn map[Key]string) error {
	list, err := r.postings()
	if err != nil {
		return err
	}
	for i := range differences {
		if differences[i].Commitment != "" { // every run of the open cycle makes its line (FCOMMIT-2)
			continue
		}
		p := posting{Place: differences[i].Place, Sum: differences[i].Sum, drawn: differences[i].DrawsText(),
			asOf: r.AsOf}
		part, bounds := differences[i].Part, r.Books.Zone.Bounds(origin)
		p.partner, p.association = r.Books.PartnerAt(p.Customer, part.From)
		if p.own, p.end = part.From, part.To; p.own == bounds.From {
			p.own = tables.Nothing
		}
		if p.end == bounds.To {
			p.end = tables.Nothing
		}
		p.inAdvance = p.Charge != "" && !r.inArrears(&p.Place)
		list = append(list, p)
	}
	if err := r.Put(r.key("reratings"), r.table(list).Any()); err != nil {
		return err
	}
	if err := r.lines(list); err != nil {
		return err
	}
	if err := r.shifts(shifts); err != nil {
		return err
	}
	return r.draws(redrawn)
}

// inArrears reports whether the recurring charge of a place is in arrears in the books. A coupon can pay such a charge
// (§10.5).
func (r *poster) inArrears(p *Place) bool {
	charge := p.Charge[:strings.LastIndexByte(p.Charge, '/')]
	return slices.ContainsFunc(r.Books.Recurring.Of(p.Customer), func(row books.RecurringCharge) bool {
		return row.ID == charge && !row.Advance
	})
}

// postings reads what was posted into the open cycle before, in order of posting.
func (r *poster) postings() ([]posting, error) {
	var out []posting
	for _, e := range r.Find(r.key("reratings")) {
		err := rows.EachRow(r.Txn, e, tables.Reratings(), nil, func(cols *parquet.Columns[tables.Rerating],
			i int) error {
			p := posting{
				drawn:       string(cols.Text(tables.ReratingPackageDraws).At(i)),
				partner:     cols.Word(tables.ReratingPartnerID).At(i),
				association: books.AssociationOf(cols.Word(tables.ReratingAssociationType).At(i)),
				asOf:        cols.Time(tables.ReratingAsOf).At(i),
				own:         cols.MaybeTime(tables.ReratingOwnTime).At(i),
				end:         cols.MaybeTime(tables.ReratingUsageEnd).At(i),
				inAdvance:   cols.Small(tables.ReratingInAdvance).At(i) == 1,
			}
			var err error
			if p.Customer, err = r.Names().Customer(cols.Word(tables.ReratingCustomerID).At(i)); err != nil {
				return err
			}
			if p.SKU, err = r.sku(cols.Word(tables.ReratingSKU).At(i)); err != nil {
				return err
			}
			if p.Origin, err = period.ParseCycle(cols.Word(tables.ReratingOriginCycle).At(i)); err != nil {
				return err
			}
			p.Region, p.Resource = cols.Word(tables.ReratingRegionCode).At(i),
				string(cols.Text(tables.ReratingResourceID).At(i))
			p.takeMark(r.Books)
			err = ReadSums(cols, i, &p.Sum, sumColumns)
			out = append(out, p)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sku returns the product of a name; the name is empty for a commitment of several products.
func (r *poster) sku(name string) (int32, error) {
	if name == "" {
		return tariff.NoOne, nil
	}
	return r.Names().SKU(name)
}

// sumColumns are the columns of a posting's sum.
var sumColumns = SumColumns[tables.Rerating]{
	Quantities: [...]tables.QuantityColumn[tables.Rerating]{tables.ReratingUsageAmount,
		tables.ReratingFreeResourceUsage},
	Amounts: [...]tables.AmountColumn[tables.Rerating]{tables.ReratingOfficialAmount,
		tables.ReratingOfficialDiscountAmount, tables.ReratingTruncatedAmount, tables.ReratingPaymentAmount},
}

// table returns postings in their stored form.
func (r *poster) table(list []posting) *parquet.Columns[tables.Rerating] {
	out := parquet.NewColumns(tables.Reratings())
	for i := range list {
		p := &list[i]
		out.Word(tables.ReratingCustomerID).Add(r.Books.Customers[p.Customer].ID)
		out.Word(tables.ReratingOriginCycle).Add(p.Origin.String())
		sku := ""
		if p.SKU >= 0 {
			sku = r.Books.Products[p.SKU].SKU
		}
		out.Word(tables.ReratingSKU).Add(sku)
		out.Word(tables.ReratingRegionCode).Add(p.Region)
		out.Text(tables.ReratingResourceID).Add(p.Resource)
		out.Word(tables.ReratingPartnerID).Add(p.partner)
		out.Word(tables.ReratingAssociationType).Add(p.association.Word())
		for k, q := range [...]money.QuantityTotal{p.Used, p.Free} {
			out.Quantity(sumColumns.Quantities[k]).Add(q.Raw())
		}
		for k, a := range [...]money.Amount{p.Official, p.Discount, p.Truncated, p.Payment} {
			out.Amount(sumColumns.Amounts[k]).Add(a.Raw())
		}
		out.Text(tables.ReratingPackageDraws).Add(p.mark())
		out.Time(tables.ReratingAsOf).Add(p.asOf)
		out.MaybeTime(tables.ReratingOwnTime).Add(p.own)
		out.MaybeTime(tables.ReratingUsageEnd).Add(p.end)
		inAdvance := int32(0)
		if p.inAdvance {
			inAdvance = 1
		}
		out.Small(tables.ReratingInAdvance).Add(inAdvance)
		out.N++
	}
	return out
}

// lines writes the lines of all postings of the bucket.
func (r *poster) lines(list []posting) error {
	var lines []*rows.Line
	for i := range list {
		p := &list[i]
		part := r.Books.Zone.Bounds(p.Origin)
		if p.own != tables.Nothing {
			part.From = p.own
		}
		if p.end != tables.Nothing {
			part.To = p.end
		}
		l, err := DifferenceLine(r.Books, p.Place, part, &p.Sum, r.LateIn, p.asOf)
		if err != nil {
			return err
		}
		l.Partner, l.Association, l.Draws = p.partner, p.association, p.drawn
		lines = append(lines, l)
	}
	key := r.key("lines")
	key.Day = lake.RerateDay
	files, err := rows.WriteLines(r.Txn, r.Books, key, lines)
	if err != nil {
		return err
	}
	for k, list := range files {
		if err := r.Replace(k, list); err != nil {
			return err
		}
	}
	return nil
}

// shifts adds the shifts to those that apply from the open cycle on.
func (r *poster) shifts(list []state.PackageShift) error {
	all, err := r.Opening.Shifts(r.bucket, r.LateIn, state.Anyone)
	if err != nil {
		return err
	}
	out, err := state.ShiftTable(r.Books, append(all, list...))
	if err != nil {
		return err
	}
	return r.Put(r.key("shifts"), out.Any())
}

// draws adds what records draw now to the results of earlier re-rates in the open cycle.
func (r *poster) draws(redrawn map[Key]string) error {
	all := make(map[Key]string)
	step := Step{Folder: r.Folder, Bucket: r.bucket, Cycle: r.LateIn}
	if err := step.RedrawnIn(r.LateIn, all); err != nil {
		return err
	}
	maps.Copy(all, redrawn)
	out := parquet.NewColumns(tables.Redraws())
	for _, key := range slices.SortedFunc(maps.Keys(all), func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Origin, b.Origin), strings.Compare(a.ID, b.ID))
	}) {
		state.AddDraws(out, r.Books.Customers[key.Customer].ID, key.Origin, key.ID, all[key])
	}
	return r.Put(r.key("redraws"), out.Any())
}
