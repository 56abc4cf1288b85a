package day

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Folder folds the days of one worker, one day of one bucket at a time.
type Folder struct {
	in    *state.Incoming
	Taken int // slices that were taken over since Use

	rater     *rating.Rater
	positions *state.PositionWriter
	refold    func(period.Cycle) bool // whether a cycle was rated with other books

	bucket  int
	date    period.Day
	cycle   period.Cycle
	v       *state.Verdicts
	opening *state.PositionReader
	before  bool // whether the opening positions are of an earlier cycle

	lines   *state.LineWriter
	usage   *rows.Writer[tables.Record]
	ident   *state.DuplicateIndex
	sums    *state.LineSumWriter
	charges tables.LineCharges
	record  rating.Record
	what    state.Consumption

	owed money.QuantityTotal // quantity of the records that lines of the day must hold

	prepared map[period.Day][]*Prepared // of the bucket, in order of their rows

	customer int32 // the open customer; -1 = none
	rows     []tables.PositionRow
	carried  []tables.PositionRow
	drawn    []byte
}

// New returns a folder of days for the buckets of one worker. refold reports whether a cycle was rated with books other
// than the run's.
func New(in *state.Incoming, rater *rating.Rater, refold func(period.Cycle) bool) *Folder {
	d := &Folder{in: in, rater: rater, refold: refold, positions: state.NewPositionWriter(in.Txn, in.Books)}
	d.usage, d.ident = rows.NewFileWriter(in.Txn, tables.Usage()), state.NewDuplicateIndex(in.State)
	d.sums = state.NewLineSumWriter(in.Books)
	return d
}

// Cycle folds the changed days of one cycle of a bucket. todo counts the new rows by day; touched is what changed books
// can touch; carried reports whether the cycle's opening positions changed. It returns the number of days folded and
// whether the cycle's closing positions changed.
func (d *Folder) Cycle(bucket int, cycle period.Cycle, todo map[period.Day]int64, touched *state.ChangePart,
	carried bool) (
	folded int, differs bool, err error) {
	fresh := make([]period.Day, 0, len(todo))
	rows := int64(0)
	for day, n := range todo {
		if day.Cycle() == cycle {
			fresh, rows = append(fresh, day), rows+n
		}
	}
	slices.Sort(fresh)
	v, err := d.in.Decide(bucket, cycle, fresh, rows, nil)
	if err != nil {
		return 0, false, err
	}
	days := d.in.Days(bucket, cycle, fresh...)
	dirty := carried
	for _, day := range days {
		_, isNew := slices.BinarySearch(fresh, day)
		_, hasDead := slices.BinarySearch(v.DeadDays, day)
		if !isNew && !hasDead && !dirty {
			if changed, err := d.booksChanged(bucket, day, touched); err != nil {
				return folded, false, err
			} else if !changed {
				continue
			}
		}
		unknown := len(d.in.Find(state.DayKey("ident", day, bucket))) == 0
		differs, err := d.foldDay(bucket, day, v, todo[day])
		if err != nil {
			return folded, false, err
		}
		// A day that was not there before has nothing to compare with: the next one opened with what an earlier day had
		// left.
		dirty = differs || unknown && dirty
		folded++
	}
	return folded, dirty && len(days) > 0 || carried && len(days) == 0, nil
}

// foldDay rates a day of the bucket again and puts its files into the next state. fresh counts the day's new rows. It
// reports whether the closing positions differ from those in the lake (FOLD-2).
func (d *Folder) foldDay(bucket int, day period.Day, v *state.Verdicts, fresh int64) (differs bool, err error) {
	d.bucket, d.date, d.cycle, d.v, d.customer = bucket, day, day.Cycle(), v, -1
	if d.opening, d.before, err = d.in.Opening.Day(bucket, day); err != nil {
		return false, err
	}
	defer d.opening.Close()
	old, err := state.OpenRecords(d.in.State, d.in.Find(state.DayKey("lines", day, bucket)),
		d.in.Find(state.DayKey("usage", day, bucket)))
	if err != nil {
		return false, err
	}
	defer old.Close()
	if err := d.start(fresh); err != nil {
		return false, err
	}
	if err := d.merge(old, fresh > 0); err != nil {
		return false, err
	}
	if err := d.closeCustomer(); err != nil {
		return false, err
	}
	if err := d.passUntil(state.AllCustomers); err != nil {
		return false, err
	}
	return d.finish()
}

// start directs the writers to the day's files. It reserves room in the index of identities for stored and new records.
func (d *Folder) start(fresh int64) error {
	records := fresh
	for _, e := range d.in.Find(state.DayKey("ident", d.date, d.bucket)) {
		records += e.Rows
	}
	key := state.DayKey("lines", d.date, d.bucket)
	if d.lines == nil {
		d.lines = state.NewLineWriter(d.in.State, key, tables.Nothing)
	} else {
		d.lines.Begin(key)
	}
	d.positions.Restart(state.DayKey("positions", d.date, d.bucket))
	d.usage.Restart(state.DayKey("usage", d.date, d.bucket))
	d.sums.Reset()
	d.owed = money.QuantityTotal{}
	return d.ident.Restart(records)
}

// conserve checks that the day's lines hold exactly the quantities of its records.
func (d *Folder) conserve() error {
	if d.owed.Cmp(d.lines.Sum.Usage) != 0 {
		return &state.ConservationError{Where: fmt.Sprintf("%s, bucket %d", d.date, d.bucket),
			Used: d.owed.String(), Billed: d.lines.Sum.Usage.String()}
	}
	return nil
}

// finish ends the day's files and puts them into the next state.
func (d *Folder) finish() (differs bool, err error) {
	if err := d.conserve(); err != nil {
		return false, err
	}
	lines, err := d.lines.End()
	if err != nil {
		return false, err
	}
	closing, err := d.positions.Finish(nil)
	if err != nil {
		return false, err
	}
	ident, err := d.ident.Finish(state.DayKey("ident", d.date, d.bucket))
	if err != nil {
		return false, err
	}
	usage, err := d.usage.Finish(nil)
	if err != nil {
		return false, err
	}
	var sums []lake.FileEntry
	if !d.lines.Kept() {
		sums, err = rows.WriteFileIn(d.in.Memory, d.in.Txn, state.DayKey("sums", d.date, d.bucket), d.sums.Columns(),
			nil)
		if err != nil {
			return false, err
		}
	}
	had := d.in.Find(state.DayKey("positions", d.date, d.bucket))
	differs = len(had) != len(closing) || (len(had) == 1 && had[0].Hash != closing[0].Hash)
	if len(ident) == 0 {
		closing, differs = nil, true // without accepted records, no run would keep these positions up to date
	}
	for name, files := range map[string][]lake.FileEntry{"lines": lines, "positions": closing, "ident": ident,
		"usage": usage, "sums": sums} {
		if err := d.in.Replace(state.DayKey(name, d.date, d.bucket), files); err != nil {
			return false, err
		}
	}
	d.in.Tally.Lines += d.lines.Rows()
	return differs, nil
}

// merge passes every accepted record of the day to take, in order, and decides the new ones. It takes over slices of
// the day.
func (d *Folder) merge(accepted *state.AcceptedRecords, isNew bool) error {
	old, from := state.IncomingStream{RunSource: accepted}, accept.All.From
	if err := old.Next(); err != nil {
		return err
	}
	for _, p := range d.prepared[d.date] {
		if !isNew || old.Ok { // the lines of stored records would be between those of the slice
			break
		}
		rows := p.Range()
		if err := d.mergeRange(&old, isNew, accept.Range{From: from, To: rows.From}); err != nil {
			return err
		}
		from = rows.From
		if taken, err := d.takeOver(p); err != nil {
			return err
		} else if taken {
			from = rows.To
		}
	}
	return d.mergeRange(&old, isNew, accept.Range{From: from, To: accept.All.To})
}

// mergeRange is merge for new records of a range; it passes all stored ones.
func (d *Folder) mergeRange(old *state.IncomingStream, isNew bool, in accept.Range) error {
	var fresh state.IncomingStream
	if isNew {
		var err error
		if fresh.RunSource, err = d.in.UsageRange(d.bucket, d.date, in); err != nil {
			return err
		}
	}
	if err := fresh.Next(); err != nil {
		return err
	}
	var duplicates state.Duplicates
	for old.Ok || fresh.Ok {
		if old.Ok && (!fresh.Ok || old.Row.Compare(&fresh.Row) <= 0) {
			if err := d.known(old, &fresh, &duplicates); err != nil {
				return err
			}
			continue
		}
		if err := d.fresh(&fresh, &duplicates); err != nil {
			return err
		}
	}
	return nil
}

// known takes a record that an earlier run accepted; new rows equal to it are duplicates.
func (d *Folder) known(old, fresh *state.IncomingStream, t *state.Duplicates) error {
	old.Row.Seal(nil)
	t.Remember(&old.Row)
	for fresh.Ok && fresh.Row.Compare(&old.Row) == 0 {
		if t.Match(&fresh.Row) {
			d.in.Tally.Duplicate(fresh.Row.File)
		} else {
			d.in.Tally.Reject(&fresh.Row, reason.Conflict, "record_id", string(fresh.Row.ID))
		}
		if err := fresh.Next(); err != nil {
			return err
		}
	}
	if err := d.take(&old.Row, old.Row.Number == tables.Replaced); err != nil {
		return err
	}
	return old.Next()
}

// fresh decides a new row (§3.20): duplicate, conflict, replaces, accepted.
func (d *Folder) fresh(s *state.IncomingStream, t *state.Duplicates) error {
	r := &s.Row
	if t.Match(r) {
		d.in.Tally.Duplicate(r.File)
		return s.Next()
	}
	conflict, err := d.v.Conflicts(d.in.Seed(r.Customer), r)
	if err != nil {
		return err
	}
	if conflict {
		d.in.Tally.Reject(r, reason.Conflict, "record_id", string(r.ID))
		return s.Next()
	}
	if len(r.Replaces) > 0 {
		if why := d.v.Replaces[state.Identity{Customer: r.Customer, ID: string(r.ID)}]; why != reason.None {
			d.in.Tally.Reject(r, why, "replaces", string(r.Replaces))
			return s.Next()
		}
	}
	d.in.Tally.Accept(r, d.cycle)
	t.Remember(r)
	if err := d.take(r, false); err != nil {
		return err
	}
	return s.Next()
}

// take counts, stores and rates one accepted record.
func (d *Folder) take(r *accept.Record, replaced bool) error {
	if err := d.ident.Add(accept.Identity(d.in.Seed(r.Customer), r.ID)); err != nil {
		return err
	}
	dead := replaced
	if len(d.v.Dead) > 0 && d.v.Dead[state.Identity{Customer: r.Customer, ID: string(r.ID)}] {
		dead = true
		if err := d.in.Tally.Replaced.AddSigned(r.Signed()); err != nil {
			return err
		}
	}
	if dead {
		state.KeepRecord(d.in.State, d.usage.Cols, r, true, nil)
		return d.usage.Added()
	}
	if r.Customer != d.customer {
		if err := d.openCustomer(r.Customer); err != nil {
			return err
		}
	}
	if err := d.rate(r); err != nil {
		return err
	}
	if len(r.Replaces) > 0 || d.in.Books.Products[r.SKU].Kept() || books.HasOwn(r.Tag) {
		d.drawn = tables.AppendDraws(d.drawn[:0], d.in.Books.Packages, d.charges.Draws)
		state.KeepRecord(d.in.State, d.usage.Cols, r, false, d.drawn)
	}
	return d.usage.Added()
}

// owe adds what the day's lines must hold of a rated record: its quantity, or what is counted instead.
func (d *Folder) owe(r *accept.Record) error {
	switch p := &d.in.Books.Products[r.SKU]; {
	case p.PeriodLevel():
		return nil
	case rating.Summed(p):
		return d.owed.Add(r.Quantity)
	}
	return d.owed.Add(d.rater.Used())
}

// rate prices a record and writes its lines.
func (d *Folder) rate(r *accept.Record) error {
	if err := d.price(r); err != nil {
		if r.File == accept.FromLake { // for a row of the lake, Number is the status
			return err
		}
		return tariff.FromRow(err, r.File, r.Number)
	}
	if err := d.owe(r); err != nil {
		return err
	}
	return d.write(r)
}

// price prices a record.
func (d *Folder) price(r *accept.Record) error {
	d.charges.Reset()
	d.record = rating.Record{SKU: r.SKU, Region: r.Region, Resource: r.Resource, ID: r.ID, Name: r.Name, Tag: r.Tag,
		Start: r.Start, End: r.End, Quantity: r.Quantity, Negative: r.Negative, Retracted: r.Retracted()}
	return d.rater.Usage(&d.record, 0, &d.charges)
}

// write writes the lines of the record that was priced.
func (d *Folder) write(r *accept.Record) error {
	d.what = state.Consumption{Customer: r.Customer, SKU: r.SKU, RegionCode: r.Region, ID: r.ID, Resource: r.Resource,
		Name: r.Name, Tag: r.Tag, Start: r.Start, End: r.End, Instant: r.Start}
	for i := range d.charges.List {
		ch := &d.charges.List[i]
		if err := d.lines.Add(&d.what, ch, d.charges.Draws); err != nil {
			return err
		}
		if err := d.sums.Add(ch); err != nil {
			return err
		}
	}
	return nil
}

// openCustomer copies the positions of the customers before it and opens the rater at its own.
func (d *Folder) openCustomer(customer int32) error {
	if err := d.closeCustomer(); err != nil {
		return err
	}
	if err := d.passUntil(customer); err != nil {
		return err
	}
	d.customer = customer
	rows, err := d.positionsOf(customer)
	if err != nil {
		return err
	}
	d.sums.Open(customer)
	return d.rater.Open(customer, d.cycle, rows)
}

// positionsOf takes the customer's opening rows, if it is the next customer of the reader.
func (d *Folder) positionsOf(customer int32) ([]tables.PositionRow, error) {
	if d.opening.Customer != customer {
		return nil, nil
	}
	rows, err := d.opening.Take()
	if err != nil || !d.before {
		return rows, err
	}
	d.carried = rating.NextCycle(d.in.Prices, d.carried[:0], rows, customer, d.cycle)
	return d.carried, nil
}

// passUntil copies the positions of the customers before customer, which have no records.
func (d *Folder) passUntil(customer int32) error {
	if d.opening.Carries() {
		return d.opening.Carry(d.positions, customer)
	}
	for d.opening.Customer >= 0 && d.opening.Customer < customer {
		who := d.opening.Customer
		rows, err := d.positionsOf(who)
		if err != nil {
			return err
		}
		if err := d.positions.Add(who, rows); err != nil {
			return err
		}
	}
	return nil
}

// closeCustomer writes the open customer's closing positions and sums.
func (d *Folder) closeCustomer() error {
	if d.customer < 0 {
		return nil
	}
	d.rows = d.rater.Positions(d.rows[:0])
	if err := d.positions.Add(d.customer, d.rows); err != nil {
		return err
	}
	d.sums.Close()
	d.customer = -1
	return nil
}
