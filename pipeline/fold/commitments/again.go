package commitments

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake/linefile"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/commitment"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// About identifies a difference of a commitment. It is comparable.
type About struct {
	ID, Service string
	Windows     period.Span
}

// aboutPrefix begins the text of an About. Draws of packages, which share its column, end with a digit.
const aboutPrefix = "commitment "

// withLate ends the text of a difference that counts late lines.
const withLate = " late"

// PostedText returns the text that table reratings stores for a difference, from the text of its About and whether it
// counts late lines.
func PostedText(about string, late bool) string {
	if late {
		return about + withLate
	}
	return about
}

// ParsePostedText reverses PostedText.
func ParsePostedText(text string) (about string, late bool) { return strings.CutSuffix(text, withLate) }

// String returns the text of an About.
func (a About) String() string {
	return fmt.Sprintf("%s%s %s %q %q", aboutPrefix, a.Windows.From, a.Windows.To, a.Service, a.ID)
}

// IsAbout reports whether a text is that of an About, with or without PostedText.
func IsAbout(text string) bool {
	text, _ = ParsePostedText(text)
	return strings.HasPrefix(text, aboutPrefix) && strings.HasSuffix(text, `"`)
}

// ParseAbout reverses String.
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

// scoped is the key by which the charges of a commitment are compared: its windows, and the scope of the charge.
type scoped struct {
	About
	SKU int32
}

func (s scoped) compare(o scoped) int {
	return cmp.Or(cmp.Compare(s.ID, o.ID), cmp.Compare(s.Windows.From, o.Windows.From),
		cmp.Compare(s.Windows.To, o.Windows.To), cmp.Compare(s.Service, o.Service), cmp.Compare(s.SKU, o.SKU))
}

// Change is the result of re-rating for a commitment of a closed cycle.
type Change struct {
	scoped
	Customer int32
	Origin   period.Cycle
	Due      measure.Charge // minus all that closed cycles billed: the line of the earliest open cycle
	Differs  measure.Charge // minus what the earliest open cycle billed too
	Late     bool           // it counts late lines, which may be reversed
}

// Moves reports whether the change differs from everything that was billed.
func (c *Change) Moves() bool { return c.Differs != (measure.Charge{}) }

// spent returns what other commitments count of a change.
func (c *Change) spent() commitment.Spent {
	return commitment.Spent{At: c.Windows.To - 1, SKU: c.SKU, Service: c.Service, Payment: c.Differs.Payment, By: c.ID}
}

// Again calculates the commitments of a bucket's customers for a closed cycle again, and those of later closed cycles
// that count the changes. It returns the differences from all that was billed (FCOMMIT-5). moved are differences that
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
	customers = append(customers, place.ByBucket(f.State.Books, f.State.Buckets, f.State.Books.Commitments,
		func(c *books.Commitment) int32 { return c.Customer })[bucket]...)
	for i := range posted {
		customers = append(customers, posted[i].Customer)
	}
	slices.Sort(customers)
	var out []Change
	for _, customer := range slices.Compact(customers) {
		r := customerReplay{Folder: f, bucket: bucket, customer: customer, late: late[customer], posted: posted,
			moved: slices.Clone(moved[customer])}
		wanted := anyRow
		if onlyTouched {
			if wanted, err = r.touched(origin); err != nil {
				return nil, err
			}
		}
		if err := r.cycle(origin, wanted, true); err != nil {
			return nil, err
		}
		r.count = r.touches(func(c *measure.Counted) bool { return c.Costs && c.Origin == origin })
		for _, cycle := range r.count.cycles() {
			if cycle <= origin {
				continue
			}
			if err := r.cycle(cycle, func(c *books.Commitment) bool { return r.count[c][cycle] }, false); err != nil {
				return nil, err
			}
		}
		out = append(out, r.out...)
	}
	return out, nil
}

// customerReplay calculates the commitments of one customer again.
type customerReplay struct {
	*Folder
	bucket   int
	customer int32
	late     []measure.Counted  // see lateLines
	posted   []posting          // of the bucket
	moved    []commitment.Spent // in no file yet
	count    touchedRows        // of later cycles that count what changed
	out      []Change
}

// touches returns the rows that count what changed, or one of the selected late lines, by the cycles in which their
// windows end.
func (r *customerReplay) touches(wanted func(*measure.Counted) bool) touchedRows {
	changed := slices.Clone(r.moved)
	for i := range r.late {
		if wanted(&r.late[i]) {
			changed = append(changed, r.late[i].Spent)
		}
	}
	return commitment.Touched(r.State.Prices, r.customer, changed, r.LateIn-1)
}

// touched returns which rows count a line of a cycle, or what changed.
func (r *customerReplay) touched(cycle period.Cycle) (func(*books.Commitment) bool, error) {
	lines, err := r.source().Lines(r.bucket, cycle, r.LateIn, func(c int32) bool { return c == r.customer })
	return r.counting(r.customer, cycle, lines[r.customer], r.moved), err
}

// cycle calculates the selected rows for a cycle; with all, what other rows billed for it is no longer due.
func (r *customerReplay) cycle(cycle period.Cycle, wanted func(*books.Commitment) bool, all bool) error {
	src := r.source()
	first := min(cycle, commitment.From(r.State.Prices, r.customer, cycle))
	if src.LeftSince(first) {
		return nil // FCOMMIT-4
	}
	lines, err := src.Lines(r.bucket, first, r.LateIn, func(c int32) bool { return c == r.customer })
	if err != nil {
		return err
	}
	counted, spent := lines[r.customer], slices.Clone(r.moved)
	rows := r.State.Books.Commitments.Of(r.customer)
	if !all {
		spans, err := r.billedSpans(r.customer, cycle, counted, r.posted)
		if err != nil {
			return err
		}
		r.count.spanned(rows, cycle, spans, r.owing(r.customer, cycle, counted))
	}
	own := func(c *measure.Counted) bool { // whose line is replaced
		taken := all
		for i := range rows {
			taken = taken || wanted(&rows[i]) && rows[i].ID == c.By && rows[i].Valid.Overlaps(c.Windows)
		}
		return taken && c.By != "" && c.Origin == cycle
	}
	for i := range counted {
		if c := &counted[i]; !own(c) {
			spent = append(spent, c.Spent)
		}
	}
	now, err := commitment.Again(r.State.Prices, r.customer, cycle, spent, r.AsOf, wanted)
	if err != nil {
		return err
	}
	sums := make(map[scoped]*Change)
	at := func(of scoped) *Change {
		if sums[of] == nil {
			sums[of] = &Change{scoped: of, Customer: r.customer, Origin: cycle}
		}
		return sums[of]
	}
	for i := range now {
		l := &now[i]
		charge, err := chargeOf(r.State.Prices, l)
		if err != nil {
			return err
		}
		if err := at(r.due(l)).add(&charge, false, true); err != nil {
			return err
		}
	}
	for i := range counted {
		c := &counted[i]
		if !own(c) {
			continue
		}
		if err := at(r.billedOf(r.customer, c)).add(&c.Charge, true, c.Cycle < r.LateIn); err != nil {
			return err
		}
	}
	for i := range r.posted {
		if p := &r.posted[i]; all && p.Customer == r.customer && p.Origin == cycle {
			at(p.scoped) // it may have no line
		}
	}
	return r.take(sums)
}

// add adds a charge to the difference and, if closed, to what is due minus closed cycles.
func (c *Change) add(o *measure.Charge, away, closed bool) error {
	if err := c.Differs.Add(o, away); err != nil || !closed {
		return err
	}
	return c.Due.Add(o, away)
}

// take takes over the differences, and results without a difference that must be posted: those caused by late lines,
// which no longer count if the commitment's row was removed.
func (r *customerReplay) take(sums map[scoped]*Change) error {
	recalculated := r.touches(func(*measure.Counted) bool { return true })
	var list []Change
	for _, c := range sums {
		c.Late = r.replaced(c, recalculated)
		if c.Moves() || r.postedOf(c) != c.Due && !c.Late {
			list = append(list, *c)
		}
	}
	slices.SortFunc(list, func(x, y Change) int { return x.compare(y.scoped) })
	for i := range list {
		if list[i].Moves() {
			r.moved = append(r.moved, list[i].spent())
		}
	}
	r.out = append(r.out, list...)
	return nil
}

// postedOf returns what an earlier re-rating posted for a change.
func (r *customerReplay) postedOf(c *Change) (sum measure.Charge) {
	for i := range r.posted {
		if p := &r.posted[i]; p.Customer == c.Customer && p.Origin == c.Origin && p.scoped == c.scoped {
			return p.Due
		}
	}
	return sum
}

// posting is a difference of a commitment that re-rating posted into an open cycle.
type posting struct {
	Change
	asOf        period.Instant
	own         period.Instant // tables.Nothing = posted by an earlier version, without the partner
	partner     string
	association books.AssociationType
}

// postings reads what re-rating posted into a cycle (FCOMMIT-5).
func (f *Folder) postings(bucket int, cycle period.Cycle) (out []posting, err error) {
	key := state.CycleKey(tables.Reratings().Name, cycle, bucket)
	for _, e := range f.State.Find(key) {
		err := tablefile.Each(f.State.Txn, e, tables.Reratings(), nil, func(cols *parquet.Columns[tables.Rerating],
			i int) (err error) {
			text := string(cols.Text(tables.ReratingPackageDraws).At(i))
			if !IsAbout(text) {
				return nil
			}
			p := posting{asOf: cols.Time(tables.ReratingAsOf).At(i), own: cols.MaybeTime(tables.ReratingOwnTime).At(i),
				partner:     cols.Word(tables.ReratingPartnerID).At(i),
				association: books.AssociationOf(cols.Word(tables.ReratingAssociationType).At(i))}
			p.SKU = tariff.NoOne
			text, p.Late = ParsePostedText(text)
			if p.About, err = ParseAbout(text); err != nil {
				return err
			}
			if p.Customer, err = f.State.Names().Customer(cols.Word(tables.ReratingCustomerID).At(i)); err != nil {
				return err
			}
			if sku := cols.Word(tables.ReratingSKU).At(i); sku != "" {
				if p.SKU, err = f.State.Names().SKU(sku); err != nil {
					return err
				}
				p.Service = f.State.Books.Products[p.SKU].ServiceTypeCode
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
func (f *Folder) replaced(c *Change, touched touchedRows) bool {
	return touched.bills(f.State.Books.Commitments.Of(c.Customer), c.Origin, billedSpan{c.ID, c.Windows})
}

// postedLine is the line of a posted difference.
func (f *Folder) postedLine(p *posting) *linefile.Line {
	l := f.difference(p.Customer, p.scoped, p.Origin, &p.Due)
	if p.own != tables.Nothing {
		l.Partner, l.Association = p.partner, p.association
	}
	l.Instant = f.paidPosting(p)
	return l
}

// paidPosting returns when a posted difference is paid.
func (f *Folder) paidPosting(p *posting) period.Instant {
	return min(p.asOf, f.State.Books.Zone.Bounds(f.LateIn).To-1)
}
