package run

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/reason"
)

// TurnsByFeed splits turns into runs of one feed.
func TurnsByFeed(list []accept.EventTurn) (out [][]accept.EventTurn) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Feed == list[0].Feed {
			n++
		}
		out, list = append(out, list[:n]), list[n:]
	}
	return out
}

// TurnedRejects is the effect of turns on rejects.
type TurnedRejects struct {
	gone    map[accept.RejectOrigin]bool // no longer rejected, or rejected for another reason
	stays   map[accept.RejectOrigin]bool // rejects in gone that are still rejected
	refused []accept.RejectRow
}

// NewTurnedRejects returns Rejects without turns.
func NewTurnedRejects() *TurnedRejects {
	return &TurnedRejects{gone: make(map[accept.RejectOrigin]bool), stays: make(map[accept.RejectOrigin]bool)}
}

// Add adds a turn.
func (t *TurnedRejects) Add(one *accept.EventTurn) {
	at := accept.RejectOrigin{Feed: one.Feed, Hash: one.From.Hash, Row: one.From.Row}
	if one.Was {
		t.gone[at] = true
	}
	if one.Is {
		t.refused = append(t.refused, rejectOf(one))
		t.stays[at] = one.Was
	}
}

// Ends reports whether an ended reject must be removed because its row is accepted. A reject that now has another
// reason stays ended, and is not an open reject.
func (t *TurnedRejects) Ends(x *accept.RejectRow) bool {
	at := x.Origin()
	if t.stays[at] {
		t.refused = slices.DeleteFunc(t.refused, func(y accept.RejectRow) bool { return y.Origin() == at })
	}
	return t.gone[at] && !t.stays[at]
}

// Apply removes gone rejects from open, and adds the refused ones. Ends must be called before, for all ended rejects.
func (t *TurnedRejects) Apply(open []accept.RejectRow) []accept.RejectRow {
	open = slices.DeleteFunc(open, func(x accept.RejectRow) bool { return t.gone[x.Origin()] })
	return append(open, t.refused...)
}

// rejectOf converts a row of an earlier run that is now refused to a reject.
func rejectOf(t *accept.EventTurn) accept.RejectRow {
	d := &t.Refusal
	x := accept.RejectRow{Feed: t.Feed, File: t.From.File, Row: t.From.Row, Column: d.Column, Reason: d.Why.String(),
		Value: d.Value, ID: d.ID, Raw: []byte(t.From.Raw), Hash: t.From.Hash, Header: t.From.Header}
	x.ShowAsRead()
	return x
}

// TurnNotes describes turns of one feed, and counts the reasons of rows that were accepted.
func TurnNotes(list []accept.EventTurn, reasons map[string]int64) (notes []string) {
	refused, restored := 0, 0
	for _, t := range list {
		switch {
		case t.Is && !t.Was:
			refused++
			reasons[t.Refusal.Why.String()]++
		case t.Was && !t.Is:
			restored++
		}
	}
	feedName, why := list[0].Feed, list[0].Refusal.Why
	if refused > 0 {
		notes = append(notes, fmt.Sprintf("%s: %s: %s", feedName, nowAre(refused, "accepted", "rejected"), why))
	}
	if restored > 0 {
		note := fmt.Sprintf("%s: %s", feedName, nowAre(restored, "rejected", "accepted"))
		if why != reason.None { // the reason of a partner's event in the earlier run is not known
			note += fmt.Sprintf(": no longer %s", why)
		}
		notes = append(notes, note)
	}
	return notes
}

// nowAre says how many rows of earlier runs changed.
func nowAre(n int, was, is string) string {
	if n == 1 {
		return fmt.Sprintf("1 row that an earlier run %s is now %s", was, is)
	}
	return fmt.Sprintf("%d rows that an earlier run %s are now %s", n, was, is)
}
