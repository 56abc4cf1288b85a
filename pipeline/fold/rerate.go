package fold

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/fold/opening"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Difference is what re-rating a closed cycle makes of the lines of one place (§4.12).
type Difference struct {
	late.Place
	late.Sum
	Why []string // what of the place's lines is another: see Reasons
}

// Reasons a difference may have, as far as lines tell them.
const (
	ReasonPackage  = "package"  // another part was taken from prepaid packages
	ReasonPrice    = "price"    // a unit price is another
	ReasonDiscount = "discount" // a discount is another
	ReasonQuantity = "quantity" // tiers, measured bandwidth or places are cut another way
	ReasonOther    = "other"    // none of these: rounding, or the rate of a discount
)

// Rerate rates the usage and bandwidth of a closed cycle again with the folder's books (§4.12) and returns the
// differences to all that is billed of it, in order of place. With post it puts them into LateIn as lines, once and for
// all, and notes where meters and packages stand from now on; post tells the buckets in which that changed anything.
func (f *Folder) Rerate(ctx context.Context, origin period.Cycle, post bool) (list []Difference, posted map[int]bool,
	err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, f.Workers))
	posted = make(map[int]bool)
	for bucket := range f.Buckets {
		group.Go(func() error {
			w := f.newWorker()
			r := &rerating{w: w, bucket: bucket, origin: origin}
			differences, err := r.run(ctx)
			if err != nil {
				return err
			}
			changed := len(differences) > 0 || len(r.shifts) > 0 || len(r.redrawn) > 0
			if post && changed {
				if err := r.post(differences); err != nil {
					return err
				}
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			list = append(list, differences...)
			if changed {
				posted[bucket] = true
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(list, func(a, b Difference) int { return a.Place.Compare(b.Place) })
	return list, posted, nil
}

// rerating rates one bucket of a closed cycle again.
type rerating struct {
	w            *worker
	bucket       int
	origin       period.Cycle
	step         *lateStep // what is known of late records
	now          late.Sums
	marks        map[late.Place]*marks
	openAt       map[int32][]position.Row      // by customer, as the cycle opened
	rows         map[int32][]position.Row      // by customer, as far as the cycle is rated
	apart        map[int32]bool                // customers who are rated record by record
	owed         map[int32]money.QuantityTotal // by customer: what was used
	differs      map[int32]bool                // customers whose records draw other than they were billed
	drawn        []byte
	shifts       []opening.Shift
	redrawn      map[late.Key]string
	reratedDraws []reratedDraws // by all re-rates so far, in order of the cycle they were posted in

	replacedBy map[late.Key]*lateRow // what took a record's place after the close
}

// marks are the prices and discounts of a place's lines, now and as billed.
type marks struct{ prices, discounts [2]map[string]bool }

func (m *marks) note(side int, price, discount string) {
	for _, x := range [...]struct {
		set  *map[string]bool
		word string
	}{{&m.prices[side], price}, {&m.discounts[side], discount}} {
		if *x.set == nil {
			*x.set = make(map[string]bool)
		}
		(*x.set)[x.word] = true
	}
}

func (r *rerating) run(ctx context.Context) ([]Difference, error) {
	r.now, r.marks = make(late.Sums), make(map[late.Place]*marks)
	r.differs = make(map[int32]bool)
	r.redrawn, r.owed = make(map[late.Key]string), make(map[int32]money.QuantityTotal)
	r.step = &lateStep{w: r.w, bucket: r.bucket, cycle: r.w.LateIn}
	for _, do := range []func() error{r.step.load, r.samples, r.openCycle, r.own, r.ends, r.differing, r.byRecord,
		r.bandwidth, r.conserve} {
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
	sums, err := late.Differences(r.now, billed)
	if err != nil {
		return nil, err
	}
	var out []Difference
	for _, p := range sums.Places() {
		out = append(out, Difference{p, *sums[p], r.why(p, sums[p])})
	}
	return out, nil
}

// openCycle reads the positions that the cycle opened with.
func (r *rerating) openCycle() error {
	r.openAt, r.rows, r.apart = make(map[int32][]position.Row), make(map[int32][]position.Row), make(map[int32]bool)
	for key, one := range r.step.all {
		if key.Origin == r.origin && one.billed < r.w.LateIn {
			r.apart[key.Customer] = true
		}
	}
	if err := r.moved(); err != nil {
		return err
	}
	o, earlier, err := r.w.opening.Day(r.bucket, r.origin.First())
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
		r.openAt[customer] = r.w.Prices.NextCycle(nil, rows, customer, r.origin)
	}
	maps.Copy(r.rows, r.openAt)
	return nil
}

// moved finds the customers whose records or positions an earlier re-rating moved, of another cycle too: it may have to
// be taken back, and what records draw depends on it.
func (r *rerating) moved() error {
	for key := range r.step.reratedDraws {
		r.apart[key.Customer] = true
	}
	for _, c := range r.w.opening.Cycles(r.w.LateIn) {
		list, err := r.w.opening.Shifts(r.bucket, c, opening.Anyone)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].Origin == r.origin {
				r.apart[list[i].Customer] = true
			}
		}
	}
	return nil
}

// own rates the records that the close billed, of customers who need not be rated record by record.
func (r *rerating) own() error {
	for _, day := range r.w.daysOf(r.bucket, r.origin, nil) {
		accepted, err := openAccepted(r.w.Txn, &r.w.names, r.w.find(dayKey("lines", day, r.bucket)),
			r.w.find(dayKey("usage", day, r.bucket)), tables.LPackageDraws)
		if err != nil {
			return err
		}
		err = r.ownDay(accepted)
		accepted.close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rerating) ownDay(accepted *accepted) error {
	old := stream{Source: accepted}
	customer := int32(-1)
	leave := func() {
		if customer >= 0 {
			r.rows[customer] = r.w.rater.Positions(nil)
		}
		customer = -1
	}
	var charges line.Charges
	for {
		if err := old.next(); err != nil {
			return err
		}
		if !old.ok {
			leave()
			return nil
		}
		row := &old.row
		if row.Number == tables.Replaced || r.apart[row.Customer] {
			continue
		}
		if row.Customer != customer {
			leave()
			customer = row.Customer
			if err := r.w.rater.Open(customer, r.origin, r.rows[customer]); err != nil {
				return err
			}
		}
		charges.Reset()
		record := lateRecord(row, r.origin, 0)
		if err := r.w.rater.Usage(&record.Record, 0, &charges); err != nil {
			return err
		}
		if r.drawn = appendDraws(r.drawn[:0], r.w.Books, charges.Draws); !bytes.Equal(r.drawn, accepted.drew()) {
			r.differs[customer] = true
		}
		if rating.Summed(&r.w.Books.Products[row.SKU]) {
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
func (r *rerating) charge(rec *late.Record, charges *line.Charges, reversal bool) error {
	at := late.Place{Origin: r.origin, Customer: rec.Customer, SKU: rec.SKU,
		Region: r.w.Scanned.Regions.Name(rec.Region), Resource: string(rec.Resource)}
	for i := range charges.List {
		ch := &charges.List[i]
		draws := make(map[string]money.SignedQuantity)
		for _, d := range charges.Draws[ch.DrawsFrom:ch.DrawsTo] {
			q := d.Quantity.Signed()
			if reversal {
				q = q.Neg()
			}
			id := r.w.Books.Packages[d.Package].ID
			sum, err := draws[id].Add(q)
			if err != nil {
				return err
			}
			draws[id] = sum
		}
		sum := &late.Sum{Used: ch.UsageAmount, Free: ch.Free, Official: ch.Official, Discount: ch.Discount,
			Truncated: ch.Truncated, Payment: ch.Payment, Draws: draws}
		if err := r.now.At(at).Add(sum); err != nil {
			return err
		}
		r.mark(at).note(0, ch.UnitPrice.String(), r.discount(ch))
	}
	return nil
}

func (r *rerating) mark(p late.Place) *marks {
	if r.marks[p] == nil {
		r.marks[p] = &marks{}
	}
	return r.marks[p]
}

func (r *rerating) discount(ch *line.Charge) string {
	if ch.DiscountID < 0 {
		return ""
	}
	return r.w.Books.Discounts[ch.DiscountID].ID
}

// ends prices the period-level meters of the same customers.
func (r *rerating) ends() error {
	for customer, rows := range r.rows {
		if r.apart[customer] || !slices.ContainsFunc(rows, func(p position.Row) bool {
			return p.Kind == position.Gather
		}) {
			continue
		}
		if err := r.w.rater.Open(customer, r.origin, rows); err != nil {
			return err
		}
		var charges line.Charges
		var about []rating.Object
		if err := r.w.rater.CycleEnd(&charges, &about); err != nil {
			return err
		}
		if err := r.chargeEnds(customer, &charges, about); err != nil {
			return err
		}
	}
	return nil
}

func (r *rerating) chargeEnds(customer int32, charges *line.Charges, about []rating.Object) error {
	for i := range charges.List {
		ch := &charges.List[i]
		o := &about[ch.Record]
		at := late.Place{Origin: r.origin, Customer: customer, SKU: o.SKU, Region: o.Region, Resource: o.Resource}
		r.mark(at).note(0, ch.UnitPrice.String(), r.discount(ch))
	}
	return r.now.AddCharges(r.w.Books, customer, charges, about, r.origin)
}

// differing finds the customers whose meters or packages end the cycle elsewhere than they were billed: they are rated
// record by record, for what comes later depends on it.
func (r *rerating) differing() error {
	o, err := r.w.opening.CycleEnd(r.bucket, r.origin)
	if err != nil {
		return err
	}
	defer o.Close()
	closing := make(map[int32][]position.Row)
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
	maps.DeleteFunc(r.now, func(p late.Place, _ *late.Sum) bool { return drop[p.Customer] })
	maps.DeleteFunc(r.marks, func(p late.Place, _ *marks) bool { return drop[p.Customer] })
	return nil
}

// samples reads the late samples that are billed: those of the open cycle are none of what is rated again.
func (r *rerating) samples() error { return r.step.loadSamples(r.w.LateIn - 1) }

// bandwidth measures and prices every billing object of the cycle, with the samples that count by what is billed.
func (r *rerating) bandwidth() error {
	list, err := r.w.measureWith(r.bucket, r.origin, nil, r.step.samples.all)
	if err != nil {
		return err
	}
	for i := range list {
		var charges line.Charges
		list[i].Record = 0
		if err := r.w.Prices.PercentileCharges(&list[i].Bandwidth, nil, &charges); err != nil {
			return err
		}
		if err := r.chargeEnds(list[i].Customer, &charges,
			[]rating.Object{{SKU: list[i].SKU, Region: list[i].Region, Resource: list[i].object}}); err != nil {
			return err
		}
	}
	return nil
}

// conserve checks that what is rated now is what was used.
func (r *rerating) conserve() error {
	var used, owed money.QuantityTotal
	for _, q := range r.owed {
		if err := owed.AddTotal(q); err != nil {
			return err
		}
	}
	for p, sum := range r.now {
		if r.w.isBandwidth(p.SKU) || !rating.Summed(&r.w.Books.Products[p.SKU]) {
			continue
		}
		if err := used.AddSigned(sum.Used); err != nil {
			return err
		}
	}
	if used.Cmp(owed) != 0 {
		return &ConservationError{fmt.Sprintf("rating %s again, bucket %d", r.origin, r.bucket), owed.String(),
			used.String()}
	}
	return nil
}

// billed adds up all that is billed of the cycle: its lines, late ones in closed cycles, and what re-rates posted.
func (r *rerating) billed() (late.Sums, error) {
	sums := make(late.Sums)
	for _, e := range r.w.filesOf(r.origin.String(), r.bucket, "lines") {
		if e.Day == lake.EventsDay || e.Day == lake.LateDay || e.Day == lake.RerateDay {
			continue
		}
		if err := r.w.addBilledFile(e, r.origin, sums, r.noteBilled); err != nil {
			return nil, err
		}
	}
	for _, c := range r.w.opening.Cycles(r.w.LateIn) {
		key := lake.FileKey{Table: "lines", Cycle: c.String(), Day: lake.LateDay, Bucket: r.bucket}
		if c < r.w.LateIn {
			if err := r.w.addBilled(key, r.origin, sums, r.noteBilled); err != nil {
				return nil, err
			}
		}
		key.Day = lake.RerateDay
		if err := r.w.addBilled(key, r.origin, sums, nil); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

func (r *rerating) noteBilled(p late.Place, price, discount string) {
	r.mark(p).note(1, price, discount)
}

// why tells what of a place's lines is another.
func (r *rerating) why(p late.Place, sum *late.Sum) []string {
	var out []string
	m := r.mark(p)
	if !sum.Free.IsZero() {
		out = append(out, ReasonPackage)
	}
	if !maps.Equal(m.prices[0], m.prices[1]) {
		out = append(out, ReasonPrice)
	}
	if !maps.Equal(m.discounts[0], m.discounts[1]) {
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
