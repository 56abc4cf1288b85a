package commitments

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/lake/linefile"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/commitment"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// About is what a difference of a commitment is about. It is comparable.
type About struct {
	ID, Service string
	Windows     period.Span
}

// aboutPrefix begins the text of what a difference is about. Draws of packages end with a digit.
const aboutPrefix = "commitment "

// String is the text that the table reratings holds.
func (a About) String() string {
	return fmt.Sprintf("%s%s %s %q %q", aboutPrefix, a.Windows.From, a.Windows.To, a.Service, a.ID)
}

// IsAbout reports whether a text is one of an About.
func IsAbout(text string) bool {
	return strings.HasPrefix(text, aboutPrefix) && strings.HasSuffix(text, `"`)
}

// ParseAbout reads what String wrote.
func ParseAbout(text string) (a About, err error) {
	var from, to string
	if _, err := fmt.Sscanf(text, aboutPrefix+"%s %s %q %q", &from, &to, &a.Service, &a.ID); err != nil {
		return a, fmt.Errorf("read %q of reratings: %w", text, err)
	}
	if a.Windows.From, err = period.ParseInstant(from); err == nil {
		a.Windows.To, err = period.ParseInstant(to)
	}
	return a, err
}

// Change is what re-rating makes of a commitment of a closed cycle.
type Change struct {
	About
	Customer, SKU int32
	Origin        period.Cycle
	Due           measure.Charge // less all that closed cycles billed: the line of the earliest open cycle
	Differs       measure.Charge // less what the earliest open cycle billed too
}

// Moves reports whether the change is one to all that was billed.
func (c *Change) Moves() bool { return c.Differs != (measure.Charge{}) }

// spent is what a change counts for other commitments.
func (c *Change) spent() commitment.Spent {
	return commitment.Spent{At: c.Windows.To - 1, SKU: c.SKU, Service: c.Service, Payment: c.Differs.Payment, By: c.ID}
}

// Again calculates the commitments of a bucket's customers for a closed cycle again, and those of later closed cycles
// that count what has moved, and returns what differs from all that was billed (FCOMMIT-5). moved are differences that
// are in no file yet, by customer. With onlyTouched, only the commitments of the cycle that count a line of it or of an
// earlier one are owed.
func (f *Folder) Again(bucket int, origin period.Cycle, moved map[int32][]commitment.Spent,
	onlyTouched bool) ([]Change, error) {
	billed, err := f.source().Lines(bucket, origin, f.LateIn, func(int32) bool { return true },
		manifest.CommitmentsDay)
	if err != nil {
		return nil, err
	}
	late, err := f.lateLines(bucket, func(int32) bool { return true })
	if err != nil {
		return nil, err
	}
	posted, err := f.postings(bucket, f.LateIn)
	if err != nil {
		return nil, err
	}
	customers := slices.Collect(maps.Keys(billed))
	customers = append(customers, place.ByBucket(f.Books, f.Buckets, f.Books.Commitments,
		func(c *books.Commitment) int32 { return c.Customer })[bucket]...)
	for i := range posted {
		customers = append(customers, posted[i].Customer)
	}
	slices.Sort(customers)
	var out []Change
	for _, customer := range slices.Compact(customers) {
		a := again{Folder: f, bucket: bucket, customer: customer, late: late[customer], posted: posted,
			moved: slices.Clone(moved[customer])}
		wanted := func(*books.Commitment) bool { return true }
		if onlyTouched {
			if wanted, err = a.touched(origin); err != nil {
				return nil, err
			}
		}
		if err := a.cycle(origin, wanted, true); err != nil {
			return nil, err
		}
		touched := a.touches(func(c *measure.Counted) bool { return c.Costs && c.Origin == origin })
		for _, cycle := range cyclesOf(touched) {
			if cycle <= origin {
				continue
			}
			is := func(c *books.Commitment) bool { return touched[c][cycle] }
			if err := a.cycle(cycle, is, false); err != nil {
				return nil, err
			}
		}
		out = append(out, a.out...)
	}
	return out, nil
}

// again calculates the commitments of a customer again.
type again struct {
	*Folder
	bucket   int
	customer int32
	late     []measure.Counted  // see lateLines
	posted   []posting          // of the bucket
	moved    []commitment.Spent // that is in no file yet
	out      []Change
}

// touches are the rows that count what has moved, or one of the late lines that are wanted, by the cycles in which their
// windows end.
func (a *again) touches(wanted func(*measure.Counted) bool) map[*books.Commitment]map[period.Cycle]bool {
	changed := slices.Clone(a.moved)
	for i := range a.late {
		if wanted(&a.late[i]) {
			changed = append(changed, a.late[i].Spent)
		}
	}
	return commitment.Touched(a.Prices, a.customer, changed, a.LateIn-1)
}

// touched are the rows of which a window that ends in a cycle counts a line of it or of an earlier one. The lines of
// cost files do not count: they make no month before the first closed one owe.
func (a *again) touched(cycle period.Cycle) (func(*books.Commitment) bool, error) {
	lines, err := a.source().Lines(a.bucket, cycle, a.LateIn, func(c int32) bool { return c == a.customer })
	if err != nil {
		return nil, err
	}
	spent := slices.Clone(a.moved)
	for i := range lines[a.customer] {
		if c := &lines[a.customer][i]; c.By == "" && c.Origin <= cycle && !c.Costs {
			spent = append(spent, c.Spent)
		}
	}
	rows := commitment.Touched(a.Prices, a.customer, spent, a.LateIn-1)
	return func(c *books.Commitment) bool { return rows[c][cycle] }, nil
}

// cycle calculates the rows that are wanted for a cycle; with all, what other rows billed for it is no longer due.
func (a *again) cycle(cycle period.Cycle, wanted func(*books.Commitment) bool, all bool) error {
	src := a.source()
	first := min(cycle, commitment.From(a.Prices, a.customer, cycle))
	if src.LeftSince(first) {
		return nil // FCOMMIT-4
	}
	lines, err := src.Lines(a.bucket, first, a.LateIn, func(c int32) bool { return c == a.customer })
	if err != nil {
		return err
	}
	counted, spent := lines[a.customer], slices.Clone(a.moved)
	for i := range counted {
		if c := &counted[i]; c.By == "" || c.Origin != cycle {
			spent = append(spent, c.Spent)
		}
	}
	now, err := commitment.Lines(a.Prices, a.customer, cycle, spent, a.AsOf, nil)
	if err != nil {
		return err
	}
	sums := make(map[About]*Change)
	at := func(about About, sku int32) *Change {
		if sums[about] == nil {
			sums[about] = &Change{About: about, Customer: a.customer, SKU: sku, Origin: cycle}
		}
		return sums[about]
	}
	for i := range now {
		l := &now[i]
		if !wanted(l.Row) {
			continue
		}
		charge, err := commitment.Charge(a.Prices, l)
		if err != nil {
			return err
		}
		one := measure.Charge{Official: charge.Official, Truncated: charge.Truncated, Payment: charge.Payment}
		c := at(About{l.Row.ID, commitment.Service(a.Prices, l.Row), l.Bounds}, l.Row.SKU)
		if err := c.add(&one, false, true); err != nil {
			return err
		}
	}
	rows := a.Books.Commitments.Of(a.customer)
	for i := range counted {
		c := &counted[i]
		own := all
		for j := range rows {
			own = own || wanted(&rows[j]) && rows[j].ID == c.By && rows[j].Valid.Overlaps(c.Windows)
		}
		if c.By == "" || c.Origin != cycle || !own {
			continue
		}
		to := at(About{c.By, c.Service, c.Windows}, c.SKU)
		if err := to.add(&c.Charge, true, c.Cycle < a.LateIn); err != nil {
			return err
		}
	}
	for i := range a.posted {
		if p := &a.posted[i]; all && p.Customer == a.customer && p.Origin == cycle {
			at(p.About, p.SKU) // which may have no line
		}
	}
	return a.take(sums)
}

// add adds a charge to what differs, and to what is due less closed cycles.
func (c *Change) add(o *measure.Charge, away, closed bool) error {
	if err := c.Differs.Add(o, away); err != nil || !closed {
		return err
	}
	return c.Due.Add(o, away)
}

// take takes over what differs, and what has to be posted although nothing differs: late lines made it, and without its
// row they make it no more.
func (a *again) take(sums map[About]*Change) error {
	recalculated := a.touches(func(*measure.Counted) bool { return true })
	var list []Change
	for _, c := range sums {
		if c.Moves() || a.postedOf(c) != c.Due && !a.replaced(c, recalculated) {
			list = append(list, *c)
		}
	}
	slices.SortFunc(list, func(x, y Change) int {
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Windows.From, y.Windows.From),
			cmp.Compare(x.Windows.To, y.Windows.To), cmp.Compare(x.Service, y.Service))
	})
	for i := range list {
		if list[i].Moves() {
			a.moved = append(a.moved, list[i].spent())
		}
	}
	a.out = append(a.out, list...)
	return nil
}

// postedOf is what an earlier re-rating posted of a change.
func (a *again) postedOf(c *Change) (sum measure.Charge) {
	for i := range a.posted {
		if p := &a.posted[i]; p.Customer == c.Customer && p.Origin == c.Origin && p.About == c.About {
			return p.Due
		}
	}
	return sum
}

// posting is a difference of a commitment that re-rating posted into an open cycle.
type posting struct {
	Change
	asOf        period.Instant
	own         period.Instant // tables.Nothing = an earlier build posted it, without the partner
	partner     string
	association books.AssociationType
}

// postings reads what re-rating posted into a cycle (FCOMMIT-5).
func (f *Folder) postings(bucket int, cycle period.Cycle) (out []posting, err error) {
	key := manifest.FileKey{Table: tables.Reratings().Name, Cycle: manifest.CycleOf(cycle), Bucket: bucket}
	for _, e := range f.Find(key) {
		err := tablefile.Each(f.Txn, e, tables.Reratings(), nil, func(cols *parquet.Columns[tables.Rerating],
			i int) (err error) {
			text := string(cols.Text(tables.ReratingPackageDraws).At(i))
			if !IsAbout(text) {
				return nil
			}
			p := posting{asOf: cols.Time(tables.ReratingAsOf).At(i), own: cols.MaybeTime(tables.ReratingOwnTime).At(i),
				partner:     cols.Word(tables.ReratingPartnerID).At(i),
				association: books.AssociationOf(cols.Word(tables.ReratingAssociationType).At(i))}
			p.SKU = tariff.NoOne
			if p.About, err = ParseAbout(text); err != nil {
				return err
			}
			if p.Customer, err = f.Names().Customer(cols.Word(tables.ReratingCustomerID).At(i)); err != nil {
				return err
			}
			if sku := cols.Word(tables.ReratingSKU).At(i); sku != "" {
				if p.SKU, err = f.Names().SKU(sku); err != nil {
					return err
				}
			}
			if p.Origin, err = period.ParseCycle(cols.Word(tables.ReratingOriginCycle).At(i)); err != nil {
				return err
			}
			for col, to := range map[tables.AmountColumn[tables.Rerating]]*money.Amount{
				tables.ReratingOfficialAmount:  &p.Due.Official,
				tables.ReratingTruncatedAmount: &p.Due.Truncated, tables.ReratingPaymentAmount: &p.Due.Payment} {
				d := cols.Amount(col).At(i)
				if *to, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
					return err
				}
			}
			out = append(out, p)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// replaced reports whether a posted difference is calculated again, because a touched row has its windows.
func (f *Folder) replaced(c *Change, touched map[*books.Commitment]map[period.Cycle]bool) bool {
	rows := f.Books.Commitments.Of(c.Customer)
	for i := range rows {
		if row := &rows[i]; row.ID == c.ID && touched[row][c.Origin] && row.Valid.Overlaps(c.Windows) {
			return true
		}
	}
	return false
}

// postedLine is the line of a posted difference.
func (f *Folder) postedLine(p *posting) *linefile.Line {
	row := &books.Commitment{ID: p.ID, Customer: p.Customer, SKU: p.SKU, Service: p.Service}
	if p.Service == "" {
		row.Service = "*"
	}
	l := f.begin(row, p.Windows, f.Books.Zone.Bounds(p.Origin).From)
	if p.own != tables.Nothing {
		l.Partner, l.Association = p.partner, p.association
	}
	l.Charge = line.Charge{Official: p.Due.Official, Truncated: p.Due.Truncated, Payment: p.Due.Payment, DiscountID: -1,
		Version: -1, Kind: line.Adjustment}
	l.Detail, l.TradeID, l.Origin = detailLate, f.LateIn.String(), p.Origin.String()
	l.Instant = min(p.asOf, f.Books.Zone.Bounds(f.LateIn).To-1)
	return l
}
