package day

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/period"
)

// Use sets the slices of the next bucket that were rated before, in order of day and rows.
func (d *Folder) Use(list []*Prepared) {
	d.prepared = make(map[period.Day][]*Prepared)
	days := make(map[period.Day][]state.Apart)
	for _, p := range list {
		if p.Fit {
			d.prepared[p.Day] = append(d.prepared[p.Day], p)
			days[p.Day] = append(days[p.Day], p.apart())
		}
	}
	d.in.SetApart(days)
	d.Taken = 0
}

// takeOver takes the lines and positions of a slice that was rated before, if rating its rows now would give the same
// (invariant 4). Else it does nothing.
func (d *Folder) takeOver(p *Prepared) (taken bool, err error) {
	if d.lines.Kept() || d.customer != p.Customer || !d.lines.Slots.Ends(p.Customer, p.From) ||
		d.v.Replaced(p.Customer) {
		return false, nil
	}
	d.rows = d.rater.Positions(d.rows[:0])
	if !slices.Equal(d.rows, Rows(p.Opening)) {
		return false, nil
	}
	if conflict, err := state.Conflicting(d.in, d.v, d.bucket, d.date, p.apart()); conflict || err != nil {
		return false, err
	}
	if err := d.append(p); err != nil {
		return false, err
	}
	err = state.EachMark(d.in.Txn, p.Marks, func(m accept.Marks) error {
		return d.ident.Add(m.Identity)
	})
	if err != nil {
		return false, err
	}
	d.Taken++
	return true, errors.Join(d.owed.AddTotal(p.Owed), d.sums.AddAll(p.Sums), d.in.Tally.Take(p.Counts),
		d.rater.Open(p.Customer, d.cycle, Rows(p.Closing)))
}

// append appends the lines of a slice.
func (d *Folder) append(p *Prepared) (err error) {
	f, err := p.Lines.Open(d.in.Txn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return d.lines.Append(f, f.Size(), &state.LineSlice{Customer: p.Customer, Last: p.Last, Sums: p.Sums})
}
