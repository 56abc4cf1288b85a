package day

import (
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Unit is the new rows of a customer's day between two instants.
type Unit struct {
	Bucket   int            `json:"bucket"`
	Day      period.Day     `json:"day"`
	Customer int32          `json:"customer"` // index in books.Customers
	From     period.Instant `json:"from"`
	To       period.Instant `json:"to"` // period.Forever = up to the customer's last row
}

// Range is the unit's rows.
func (u *Unit) Range() accept.Range {
	return accept.Range{From: accept.RecordKey{Customer: u.Customer, Start: u.From},
		To: accept.RecordKey{Customer: u.Customer, Start: u.To}}
}

// Counted is what the rows of a unit add to counters that are at 0 before them.
type Counted struct {
	Unit
	Fit  bool             `json:"fit"` // whether the counters add up; else Adds is empty
	Adds []StoredPosition `json:"adds"`
}

// Slice is a unit to be rated before the rest of its bucket.
type Slice struct {
	Unit
	Opening []StoredPosition `json:"opening"` // what the customer's positions before the unit are expected to be
}

// Prepared is the result of a Slice. It is used if the bucket's fold comes to the same opening positions, and finds no
// conflict of the rows with others.
type Prepared struct {
	Slice
	Fit     bool                  `json:"fit"` // false: the bucket's fold rates the rows; the other fields are empty
	Closing []StoredPosition      `json:"closing"`
	Lines   state.IncomingFile    `json:"lines"` // of the lines (state.LineWriter.BeginApart)
	Marks   state.IncomingFile    `json:"marks"` // of the marks of the records (state.MarkWriter)
	Last    rows.LineSlot         `json:"last"`  // of the last line
	Sums    *state.LineSums       `json:"sums"`
	Owed    money.QuantityTotal   `json:"owed"` // quantity that the lines must hold
	Counts  *state.IncomingCounts `json:"counts"`
}

// apart returns what the decision about identities needs of the slice.
func (p *Prepared) apart() state.Apart { return state.Apart{Rows: p.Range(), Marks: p.Marks} }

// StoredPosition is a position in a message. Texts of feeds need not be UTF-8.
type StoredPosition struct {
	Kind     tables.KindOfPosition `json:"kind"`
	Key      string                `json:"key"`
	Scope    []byte                `json:"scope"`
	Resource []byte                `json:"resource"`
	Region   []byte                `json:"region"`
	Name     []byte                `json:"name"`
	Tag      []byte                `json:"tag"`
	Order    int64                 `json:"order"`
	Count    money.Quantity        `json:"count"`
	Usage    money.Quantity        `json:"usage"`
	Free     money.Quantity        `json:"free"`
	Draws    string                `json:"draws"`
	At       period.Instant        `json:"at"`
}

// Stored returns positions for a message.
func Stored(rows []tables.PositionRow) []StoredPosition {
	list := make([]StoredPosition, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		list = append(list, StoredPosition{r.Kind, r.Key, []byte(r.Scope), []byte(r.Resource), []byte(r.Region),
			[]byte(r.Name), []byte(r.Tag), r.Order, r.Count, r.Usage, r.Free, r.Draws, r.At})
	}
	return list
}

// Rows returns positions of a message.
func Rows(list []StoredPosition) []tables.PositionRow {
	rows := make([]tables.PositionRow, 0, len(list))
	for i := range list {
		s := &list[i]
		rows = append(rows, tables.PositionRow{Kind: s.Kind, Key: s.Key, Scope: string(s.Scope),
			Resource: string(s.Resource), Region: string(s.Region), Name: string(s.Name), Tag: string(s.Tag),
			Order: s.Order, Count: s.Count, Usage: s.Usage, Free: s.Free, Draws: s.Draws, At: s.At})
	}
	return rows
}

// maxPositions is the largest number of positions that a message has. A customer with more is not divided.
const maxPositions = 1 << 10

// Slicer counts and rates units, one at a time.
type Slicer struct {
	day  *Folder
	keep state.KeepFile
}

// NewSlicer returns a slicer for one worker. keep ends the files of slices.
func NewSlicer(in *state.Incoming, rater *rating.Rater, keep state.KeepFile) *Slicer {
	return &Slicer{New(in, rater, nil), keep}
}

// Count counts the rows of a unit.
func (s *Slicer) Count(ctx context.Context, u *Unit) (*Counted, error) {
	d, out := s.day, &Counted{Unit: *u, Adds: []StoredPosition{}}
	if err := d.rater.Open(u.Customer, u.Day.Cycle(), nil); err != nil {
		return nil, err
	}
	fit, err := s.each(ctx, u, func(r *accept.Record, duplicate bool) (bool, error) {
		return duplicate || d.price(r) == nil, nil // the bucket's fold finds the error again
	})
	if err != nil || !fit {
		return out, err
	}
	adds := d.rater.Positions(nil)
	if len(adds) > maxPositions ||
		slices.ContainsFunc(adds, func(r tables.PositionRow) bool { return !tables.PositionAdds(&r) }) {
		return out, nil
	}
	out.Fit, out.Adds = true, Stored(adds)
	return out, nil
}

// Rate rates the rows of a slice and writes their lines to a file.
func (s *Slicer) Rate(ctx context.Context, t *Slice) (out *Prepared, err error) {
	d := s.day
	out = &Prepared{Slice: *t, Closing: []StoredPosition{}, Counts: &state.IncomingCounts{}}
	d.bucket, d.date, d.cycle = t.Bucket, t.Day, t.Day.Cycle()
	if d.rater.Open(t.Customer, d.cycle, Rows(t.Opening)) != nil {
		return out, nil // the bucket's fold comes to other positions, or finds the error again
	}
	file, err := state.CreateMarkTemp(d.in.Txn, "lines")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Drop()) }()
	marks, err := state.NewMarkWriter(d.in.Txn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, marks.File.Drop()) }()
	key := state.DayKey("lines", d.date, d.bucket)
	if d.lines == nil {
		d.lines = state.NewLineWriter(d.in.State, key, tables.Nothing)
	}
	if err := d.lines.BeginApart(key, file); err != nil {
		return nil, err
	}
	d.owed, d.customer = money.QuantityTotal{}, t.Customer
	d.sums.Open(t.Customer)
	fit, err := s.each(ctx, &t.Unit, func(r *accept.Record, duplicate bool) (bool, error) {
		return s.take(r, duplicate, marks)
	})
	if err == nil {
		err = s.finish(out, fit, file, marks)
	}
	return out, err
}

// take rates a row of a slice.
func (s *Slicer) take(r *accept.Record, duplicate bool, marks *state.MarkWriter) (fit bool, err error) {
	d := s.day
	if duplicate {
		d.in.Tally.Duplicate(r.File)
		return true, nil
	}
	if d.price(r) != nil {
		return false, nil // the bucket's fold finds the error again
	}
	d.in.Tally.Accept(r, d.cycle)
	if err := marks.Add(r.Marks(d.in.Seed(r.Customer))); err != nil {
		return false, err
	}
	return true, errors.Join(d.owe(r), d.write(r))
}

// finish ends the files of a slice, and keeps them if it is fit.
func (s *Slicer) finish(out *Prepared, fit bool, file *state.MarkTemp, marks *state.MarkWriter) error {
	d := s.day
	counts := d.in.Tally.Leave()
	last, ends, err := d.lines.EndApart()
	if err != nil {
		return err
	}
	closing := d.rater.Positions(nil)
	if !fit || !ends || len(closing) > maxPositions {
		return nil
	}
	if out.Lines, err = file.Keep(s.keep, "lines"); err != nil {
		return err
	}
	if out.Marks, err = marks.Finish(s.keep); err != nil {
		return err
	}
	sums := d.lines.Sum
	out.Fit, out.Closing, out.Last, out.Sums, out.Owed, out.Counts = true, Stored(closing), last, &sums, d.owed, counts
	return nil
}

// each passes the rows of a unit to take until one is not fit to be rated before the rest of its bucket: a record that
// replaces another or comes with several contents, and a product of which more is stored than lines.
func (s *Slicer) each(ctx context.Context, u *Unit, take func(r *accept.Record, duplicate bool) (bool,
	error)) (fit bool,
	err error) {
	const often = 1 << 16 // rows after which the context is looked at
	d := s.day
	defer func() { err = errors.Join(err, d.in.Drop()) }()
	rows, err := d.in.UsageRange(u.Bucket, u.Day, u.Range())
	if err != nil {
		return false, err
	}
	var row accept.Record
	var before state.Duplicates
	for n := 0; ; n++ {
		if n%often == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		ok, err := rows.Next(&row)
		if err != nil || !ok {
			return err == nil, err
		}
		duplicate := before.Match(&row)
		if !duplicate && before.Same(&row) || len(row.Replaces) > 0 || d.in.Books.Products[row.SKU].Kept() ||
			books.HasOwn(row.Tag) {
			return false, nil
		}
		if fit, err := take(&row, duplicate); err != nil || !fit {
			return false, err
		}
		if !duplicate {
			before.Remember(&row)
		}
	}
}
