package day

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// About identifies a difference of a commitment. It is comparable.
type About struct {
	ID, Service string
	Windows     period.Span
}

// aboutPrefix begins the text of an About.
const aboutPrefix = "commitment "

// String returns the text of an About.
func (a About) String() string {
	return fmt.Sprintf("%s%s %s %q %q", aboutPrefix, a.Windows.From, a.Windows.To, a.Service, a.ID)
}

// ParseAboutCommitment reverses String.
func ParseAboutCommitment(text string) (a About, err error) {
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

// CommitmentDifference is what a re-rating changes of a commitment of a closed cycle.
type CommitmentDifference struct {
	About
	SKU      int32
	Customer int32
	Origin   period.Cycle
	state.Charge
}

// Again returns what the re-rating of a cycle changes of the commitments of a bucket's customers: their lines in the
// earliest open cycle as the next run makes them, less those that it has now. moved are differences that are in no file
// yet, by customer.
func (f *CommitmentFolder) Again(bucket int, origin period.Cycle,
	moved map[int32][]rating.CommitmentSpent) ([]CommitmentDifference, error) {
	customers := lake.ByBucket(f.State.Books, f.State.Buckets, f.State.Books.Commitments,
		func(c *books.Commitment) int32 { return c.Customer })[bucket]
	rerated, err := state.ReratedCycles(f.State.Txn, f.LateIn)
	if err != nil {
		return nil, err
	}
	rerated[origin] = true
	lines, err := f.closed(bucket, customers, rerated, moved)
	if err != nil {
		return nil, err
	}
	billed, err := f.source().Lines(bucket, f.LateIn, f.LateIn, func(int32) bool { return true },
		lake.CommitmentsDay)
	if err != nil {
		return nil, err
	}
	sums := make(map[CommitmentDifference]state.Charge)
	add := func(at CommitmentDifference, c *state.Charge, away bool) error {
		sum := sums[at]
		err := sum.Add(c, away)
		sums[at] = sum
		return err
	}
	for _, l := range lines {
		about := About{l.ID[len(state.CommitmentPrefix):], l.Service, period.Span{From: l.Start, To: l.End}}
		cycle, failed := period.ParseCycle(l.Origin)
		err = errors.Join(err, failed, add(CommitmentDifference{About: about, SKU: l.SKU, Customer: l.Customer,
			Origin: cycle},
			&state.Charge{Official: l.Official, Truncated: l.Truncated, Payment: l.Payment}, false))
	}
	for customer, counted := range billed {
		for i := range counted {
			if c := &counted[i]; c.By != "" && c.Cycle == f.LateIn && c.Origin < f.LateIn {
				of := f.billedOf(customer, c)
				at := CommitmentDifference{About: of.About, SKU: of.SKU, Customer: customer, Origin: c.Origin}
				err = errors.Join(err, add(at, &c.Charge, true))
			}
		}
	}
	var out []CommitmentDifference
	for at, sum := range sums {
		if at.Charge = sum; sum != (state.Charge{}) {
			out = append(out, at)
		}
	}
	return out, err
}
