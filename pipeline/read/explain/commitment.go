package explain

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// commitment explains the lines of a commitment: for each window, what was committed and what lines charge (§10.4).
func (e *explainer) commitment() error {
	e.story.State = StateMonthEnd
	cycle, first := e.cycle, true
	var err error
	if e.at.origin != e.at.cycle.String() {
		e.story.State = StateCommitment
		if cycle, err = period.ParseCycle(e.at.origin); err != nil {
			return err
		}
	}
	var own period.Span
	err = e.storedLines(lake.CommitmentsDay, &e.story.Stored, func(row rows.Row[tables.Line]) bool {
		if !e.ownLine(row) {
			return false
		}
		if first {
			own, first = period.Span{From: row.Time(tables.LineUsageStart), To: row.MaybeTime(tables.LineUsageEnd)},
				false
		}
		return true
	})
	if err != nil {
		return err
	}
	e.fact("commitment", e.at.id)
	e.fact("windows", own.String())
	src := &state.Commitments{Files: e.Snap, Base: e.Snap, Books: e.Books, Prices: e.prices}
	spent, err := src.Spent(e.bucket(), e.customer, cycle, e.cycle)
	if err != nil {
		return e.archived(err)
	}
	asOf, err := period.ParseInstant(e.Snap.Manifest.AsOf)
	if err != nil {
		return err
	}
	var steps []string
	lines, err := rating.CommitmentLines(e.prices, e.customer, cycle, spent, asOf, func(s rating.CommitmentStep) {
		if state.CommitmentID(s.Row) == e.at.id {
			steps = append(steps, s.String())
		}
	})
	if err != nil {
		return err
	}
	lines = slices.DeleteFunc(lines, func(l rating.CommitmentLine) bool { return state.CommitmentID(l.Row) != e.at.id })
	if e.story.State == StateCommitment {
		return commitmentDifference(e, steps, lines)
	}
	for i := range lines {
		charge, err := rating.CommitmentCharge(e.prices, &lines[i])
		if err != nil {
			return err
		}
		e.story.Parts = append(e.story.Parts, Part{0, charge.Kind.String(), append(steps,
			fmt.Sprintf("%s %s", charge.Kind, charge.Official.Trim()))})
		steps = nil
		e.story.Rated = append(e.story.Rated, ratedLine(e.Books, e.at.id, "", &charge, nil))
	}
	if len(steps) > 0 {
		e.story.Parts = append(e.story.Parts, Part{0, "commitment", steps})
	}
	return nil
}

// commitmentDifference explains a difference of a commitment, which is not rated again, by all that is billed of the
// commitment, and by what its windows are by today's books and the lines up to the cycle that bills it.
func commitmentDifference(e *explainer, steps []string, lines []rating.CommitmentLine) error {
	var now money.Amount
	for i := range lines {
		charge, err := rating.CommitmentCharge(e.prices, &lines[i])
		if err == nil {
			now, err = now.Add(charge.Official)
		}
		if err != nil {
			return err
		}
	}
	e.story.Before = append(e.story.Before, fmt.Sprintf("cycle %s was closed: its line of the commitment stays, and "+
		"what later runs change of it is billed in cycle %s", e.at.origin, e.at.cycle))
	if len(steps) > 0 {
		e.story.Parts = append(e.story.Parts, Part{0, "commitment", append(steps,
			fmt.Sprintf("by today's books and the lines up to cycle %s: %s", e.at.cycle, now.Trim()))})
	}
	return (&lateStory{ex: e}).sumsOfID()
}

// archived returns the location of archived lines if err reports that a commitment counts lines of an archived cycle.
func (e *explainer) archived(err error) error {
	gone := new(state.ArchivedError)
	if !errors.As(err, &gone) {
		return err
	}
	cycle, bad := period.ParseCycle(gone.Cycle)
	if bad != nil {
		return err
	}
	where := rows.HasCycle(e.Snap, lake.CycleOf(cycle))
	if where == nil { // the state has the cycle
		return err
	}
	return fmt.Errorf("%s counts lines of a cycle that is not in the lake: %w", e.at.id, where)
}
