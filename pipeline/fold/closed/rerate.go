package closed

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// RerateDifference is the change of the lines of one place by re-rating a closed cycle (§4.12).
type RerateDifference struct {
	Place
	Sum
	Part period.Span // of the month; its first instant gives partner, terms and tax (LATE-9)
	Why  []string    // what changed in the place's lines: see Reasons
}

// Reasons for a difference that can be seen in its lines.
const (
	ReasonPackage  = "package"  // packages were drawn differently
	ReasonPrice    = "price"    // a unit price changed
	ReasonDiscount = "discount" // a discount changed
	ReasonQuantity = "quantity" // tiers, measured bandwidth or the division into places changed
	ReasonOther    = "other"    // none of these: rounding, or the rate of a discount
)

// RerateBucket rates one bucket of a closed cycle again (§4.12). It returns the differences from everything that is
// billed of it, in order of place, and whether anything changed. With post it writes them permanently to the open cycle
// as lines, and stores the new counts of meters and packages.
func RerateBucket(ctx context.Context, late *Folder, bucket int, origin period.Cycle,
	post bool) (list []RerateDifference,
	changed bool, err error) {
	r := &rerating{late: late, bucket: bucket, origin: origin}
	if list, err = r.run(ctx); err != nil {
		return nil, false, err
	}
	if list, err = r.commitments(list); err != nil {
		return nil, false, err
	}
	changed = len(list)+len(r.shifts)+len(r.redrawn) > 0 || r.differed
	if post && changed {
		err = (&poster{r.late, r.bucket}).post(r.origin, list, r.shifts, r.redrawn)
	}
	return list, changed, err
}

// rerating rates one bucket of a closed cycle again.
type rerating struct {
	late         *Folder
	bucket       int
	origin       period.Cycle
	step         *Step // the state of late records
	now          Sums
	marks        map[Place]*marks
	openAt       map[int32][]tables.PositionRow // by customer: opening positions of the cycle
	rows         map[int32][]tables.PositionRow // by customer: positions after what is rated so far
	apart        map[int32]bool                 // customers that are rated record by record
	owed         map[int32]money.QuantityTotal  // by customer: quantity used
	differs      map[int32]bool                 // customers whose records draw differently than billed
	differed     bool                           // late records were billed by differences of products (LATE-7)
	drawn        []byte
	shifts       []state.PackageShift
	redrawn      map[Key]string
	kept         map[keptPackage][]state.ClosedBook
	reratedDraws []reratedDraws // of all re-rates so far, in order of the cycle in which they were posted

	replacedBy map[Key]*Row // late record that replaced a record
	subscribed []int32      // customers of the bucket with rows of subscribers.csv
}

// marks holds the prices and discounts of a place's lines, now and as billed, each once.
type marks struct {
	prices    [2][]money.UnitPrice
	discounts [2][]string
}

func (m *marks) note(side int, price money.UnitPrice, discount string) {
	if list := &m.prices[side]; !slices.Contains(*list, price) {
		*list = append(*list, price)
	}
	if list := &m.discounts[side]; !slices.Contains(*list, discount) {
		*list = append(*list, discount)
	}
}

// same reports whether two lists have the same members.
func same[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x T) bool { return !slices.Contains(b, x) })
}

func (r *rerating) run(ctx context.Context) ([]RerateDifference, error) {
	r.now, r.marks = make(Sums), make(map[Place]*marks)
	r.differs = make(map[int32]bool)
	r.redrawn, r.owed = make(map[Key]string), make(map[int32]money.QuantityTotal)
	r.step = &Step{Folder: r.late, Bucket: r.bucket, Cycle: r.late.LateIn}
	r.subscribed = lake.ByBucket(r.late.Books, r.late.Buckets, r.late.Books.Subscribers,
		func(s *books.Subscriber) int32 { return s.Customer })[r.bucket]
	for _, do := range []func() error{r.step.Load, r.samples, r.openCycle, r.own, r.ends, r.differing, r.byRecord,
		r.levels, r.charges, r.bandwidth, r.conserve} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := do(); err != nil {
			return nil, err
		}
	}
	billed, err := r.billed()
	if err != nil {
		return nil, err
	}
	r.dropUnused(billed)
	if err := Differences(r.now, billed); err != nil {
		return nil, err
	}
	var out []RerateDifference
	for _, p := range r.now.Places() {
		part, err := r.late.Span(p)
		if err != nil {
			return nil, err
		}
		out = append(out, RerateDifference{p, *r.now[p], part, r.why(p, r.now[p])})
	}
	return out, nil
}

// openCycle reads the positions that the cycle opened with.
func (r *rerating) openCycle() error {
	r.openAt, r.rows, r.apart = make(map[int32][]tables.PositionRow), make(map[int32][]tables.PositionRow), make(
		map[int32]bool)
	for key, one := range r.step.All {
		if key.Origin == r.origin && one.Billed < r.late.LateIn {
			r.apart[key.Customer] = true
		}
	}
	if err := r.moved(); err != nil {
		return err
	}
	o, earlier, err := r.late.Opening.Day(r.bucket, r.origin.First())
	if err != nil {
		return err
	}
	defer o.Close()
	for earlier && o.Customer >= 0 {
		customer := o.Customer
		rows, err := o.Take()
		if err != nil {
			return err
		}
		r.openAt[customer] = rating.NextCycle(r.late.Prices, nil, rows, customer, r.origin)
	}
	maps.Copy(r.rows, r.openAt)
	return nil
}

// moved finds the customers whose records or positions an earlier re-rating changed, including of another cycle: the
// change may have to be reversed, and what records draw depends on it.
func (r *rerating) moved() error {
	for key := range r.step.ReratedDraws {
		r.apart[key.Customer] = true
	}
	for _, c := range r.late.Opening.Cycles(r.late.LateIn) {
		list, err := r.late.Opening.Shifts(r.bucket, c, state.Anyone)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].Origin == r.origin {
				r.apart[list[i].Customer] = true
			}
		}
		left, err := r.late.Opening.LeftIn(r.bucket, c, state.Anyone)
		if err != nil {
			return err
		}
		r.differed = r.differed || slices.ContainsFunc(left, func(l state.LeftOver) bool {
			return l.Kind == tables.OtherwisePosition && l.Origin == r.origin.String()
		})
	}
	return nil
}

// own rates the records that the close billed for customers that need not be rated record by record.
func (r *rerating) own() error {
	for _, day := range r.late.Days(r.bucket, r.origin) {
		accepted, err := state.OpenRecords(r.late.State, r.late.Find(state.DayKey("lines", day, r.bucket)),
			r.late.Find(state.DayKey("usage", day, r.bucket)), tables.LinePackageDraws.Of())
		if err != nil {
			return err
		}
		err = r.ownDay(accepted)
		accepted.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rerating) ownDay(accepted *state.AcceptedRecords) error {
	old := state.IncomingStream{RunSource: accepted}
	customer := int32(-1)
	leave := func() {
		if customer >= 0 {
			r.rows[customer] = r.late.Rater.Positions(nil)
		}
		customer = -1
	}
	var charges tables.LineCharges
	for {
		if err := old.Next(); err != nil {
			return err
		}
		if !old.Ok {
			leave()
			return nil
		}
		row := &old.Row
		if row.Number == tables.Replaced || r.apart[row.Customer] {
			continue
		}
		if row.Customer != customer {
			leave()
			customer = row.Customer
			if err := r.late.Rater.Open(customer, r.origin, r.rows[customer]); err != nil {
				return err
			}
		}
		charges.Reset()
		record := NewRecord(row, r.origin, 0)
		if err := r.late.Rater.Usage(&record.Record, 0, &charges); err != nil {
			return err
		}
		r.drawn = tables.AppendDraws(r.drawn[:0], r.late.Books.Packages, charges.Draws)
		if !bytes.Equal(r.drawn, accepted.Drew()) {
			r.differs[customer] = true
		}
		if rating.Summed(&r.late.Books.Products[row.SKU]) {
			owed := r.owed[customer]
			if err := owed.Add(row.Quantity); err != nil {
				return err
			}
			r.owed[customer] = owed
		}
		if err := r.charge(&record, &charges, false); err != nil {
			return err
		}
	}
}

// charge adds what a record costs to its place.
func (r *rerating) charge(rec *Record, charges *tables.LineCharges, reversal bool) error {
	at, err := r.late.Part(Place{Origin: r.origin, Customer: rec.Customer, SKU: rec.SKU,
		Region: r.late.Regions.Name(rec.Region), Resource: string(rec.Resource)}, rec.Start)
	if err != nil {
		return err
	}
	for i := range charges.List {
		ch := &charges.List[i]
		drew := charges.Draws[ch.DrawsFrom:ch.DrawsTo]
		if err := r.now.Charge(r.late.Books, at, ch, drew, reversal); err != nil {
			return err
		}
		r.mark(at).note(0, ch.UnitPrice, r.discount(ch))
	}
	return nil
}

func (r *rerating) mark(p Place) *marks {
	m := r.marks[p]
	if m == nil {
		m = &marks{}
		r.marks[p] = m
	}
	return m
}

func (r *rerating) discount(ch *tables.Charge) string {
	if ch.DiscountID < 0 {
		return ""
	}
	return r.late.Books.Discounts[ch.DiscountID].ID
}

// ends prices the period-level meters of these customers.
func (r *rerating) ends() error {
	for _, customer := range r.subscribed {
		if _, known := r.rows[customer]; !known {
			r.rows[customer] = r.openAt[customer]
		}
	}
	for customer, rows := range r.rows {
		if r.apart[customer] || len(r.late.Books.Subscribers.Of(customer)) == 0 &&
			!slices.ContainsFunc(rows, func(p tables.PositionRow) bool { return p.Kind == tables.GatherPosition }) {
			continue
		}
		if err := r.late.Rater.Open(customer, r.origin, rows); err != nil {
			return err
		}
		r.late.Rater.Subscribe()
		var charges tables.LineCharges
		var about []rating.Object
		if err := r.late.Rater.CycleEnd(&charges, &about); err != nil {
			return err
		}
		charges.List = slices.DeleteFunc(charges.List, func(ch tables.Charge) bool { // see levels
			return r.late.Books.Products[about[ch.Record].SKU].Aggregation == books.TimeWeighted
		})
		if err := r.chargeEnds(customer, &charges, about); err != nil {
			return err
		}
	}
	return nil
}

func (r *rerating) chargeEnds(customer int32, charges *tables.LineCharges, about []rating.Object) error {
	for i := range charges.List {
		ch := &charges.List[i]
		o := &about[ch.Record]
		at := Place{Origin: r.origin, Customer: customer, SKU: o.SKU, Region: o.Region, Resource: o.Resource,
			Fee: r.late.Books.Products[o.SKU].FeeApart()}
		r.mark(at).note(0, ch.UnitPrice, r.discount(ch))
	}
	return r.now.AddCharges(r.late.Books, customer, charges, about, r.origin)
}

// differing finds the customers whose meters or packages end the cycle with other positions than billed. They are rated
// record by record, because later records depend on the positions.
func (r *rerating) differing() error {
	o, err := r.late.Opening.CycleEnd(r.bucket, r.origin)
	if err != nil {
		return err
	}
	defer o.Close()
	closing := make(map[int32][]tables.PositionRow)
	for o.Customer >= 0 {
		customer := o.Customer
		rows, err := o.Take()
		if err != nil {
			return err
		}
		closing[customer] = slices.Clone(rows)
	}
	drop := make(map[int32]bool)
	for customer, rows := range r.rows {
		// A customer without records in the cycle has the positions it opened with.
		same := slices.Equal(rows, closing[customer]) || slices.Equal(rows, r.openAt[customer])
		if !r.apart[customer] && (r.differs[customer] || !same) {
			drop[customer], r.apart[customer] = true, true
		}
	}
	maps.DeleteFunc(r.owed, func(c int32, _ money.QuantityTotal) bool { return drop[c] })
	maps.DeleteFunc(r.now, func(p Place, _ *Sum) bool { return drop[p.Customer] })
	maps.DeleteFunc(r.marks, func(p Place, _ *marks) bool { return drop[p.Customer] })
	return nil
}

// samples reads the late samples that are already billed; those of the open cycle are not part of the re-rate.
func (r *rerating) samples() error { return r.step.LoadSamples(r.late.LateIn - 1) }

// bandwidth measures and prices every billing object of the cycle with the samples that are billed.
func (r *rerating) bandwidth() error {
	list, err := r.late.Measured.MeasureWith(r.bucket, r.origin, r.sampled(), r.step.Samples.All)
	if err != nil {
		return err
	}
	for i := range list {
		var charges tables.LineCharges
		list[i].Record = 0
		if err := r.late.Prices.PercentileCharges(&list[i].Bandwidth, nil, &charges); err != nil {
			return err
		}
		if err := r.chargeEnds(list[i].Customer, &charges,
			[]rating.Object{{SKU: list[i].SKU, Region: list[i].Region, Resource: list[i].Object}}); err != nil {
			return err
		}
	}
	return nil
}

// conserve checks that the quantity rated now equals the quantity used.
func (r *rerating) conserve() error {
	var used, owed money.QuantityTotal
	for _, q := range r.owed {
		if err := owed.AddTotal(q); err != nil {
			return err
		}
	}
	for p, sum := range r.now {
		if r.late.IsBandwidth(p.SKU) || !rating.Summed(&r.late.Books.Products[p.SKU]) {
			continue
		}
		if err := used.AddTotal(sum.Used); err != nil {
			return err
		}
	}
	if used.Cmp(owed) != 0 {
		return &state.ConservationError{Where: fmt.Sprintf("rating %s again, bucket %d", r.origin, r.bucket),
			Used: owed.String(), Billed: used.String()}
	}
	return nil
}

// billed adds up everything that is billed of the cycle: its lines, late lines in closed cycles, and posted
// differences.
func (r *rerating) billed() (Sums, error) {
	sums := make(Sums)
	for _, e := range r.late.FilesOf(r.origin, r.bucket, "lines") {
		if e.Day.IsPosted() && e.Day != lake.ChargesDay {
			continue
		}
		if err := r.late.AddBilledFile(e, r.origin, sums, r.noteBilled); err != nil {
			return nil, err
		}
	}
	for _, c := range r.late.Opening.Cycles(r.late.LateIn) {
		key := lake.FileKey{Table: "lines", Cycle: lake.CycleOf(c), Day: lake.LateDay, Bucket: r.bucket}
		if c < r.late.LateIn {
			if err := r.late.AddBilled(key, r.origin, sums, r.noteBilled); err != nil {
				return nil, err
			}
		}
		key.Day = lake.RerateDay
		if err := r.late.AddBilled(key, r.origin, sums, nil); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

func (r *rerating) noteBilled(l *BilledLine) {
	r.mark(l.Place).note(1, l.Price, l.Discount)
}

// why returns what differs in a place's lines.
func (r *rerating) why(p Place, sum *Sum) []string {
	var out []string
	m := r.mark(p)
	if !sum.Free.IsZero() {
		out = append(out, ReasonPackage)
	}
	if !same(m.prices[0], m.prices[1]) {
		out = append(out, ReasonPrice)
	}
	if !sameDiscounts(m.discounts[0], m.discounts[1]) {
		out = append(out, ReasonDiscount)
	}
	if !sum.Used.IsZero() {
		out = append(out, ReasonQuantity)
	}
	if out == nil {
		out = []string{ReasonOther}
	}
	return out
}

// sameDiscounts reports whether lines before and now have the same discounts. A side without lines has none, as lines
// without a discount.
func sameDiscounts(a, b []string) bool {
	return same(a, b) || len(a)+len(b) == 1 && slices.Concat(a, b)[0] == ""
}
