package accept

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement"
)

// EventTerms are the inputs of decisions other than rows.
type EventTerms struct {
	Zone     *period.Zone
	Partners *settlement.Book
	Closed   []settlement.Incentive // of closed periods
	// BilledIn returns the cycle that bills an event of a time: its own, or the earliest open one.
	BilledIn func(period.Instant) period.Cycle
	Drop     func(file int32) bool                           // reports whether a file failed as a whole
	Source   func(file int32, row int64) (known EventSource) // where a row of the run first came from, without Raw
}

// row is an event with an id.
type row[P any] interface {
	Same(P) bool
	Origin() (id string, file int32, row int64)
}

// byIdentity groups rows by id, ascending; each group is sorted by file and row. Rows of dropped files are left out.
func byIdentity[P row[P]](list []P, drop func(int32) bool) [][]P {
	list = slices.DeleteFunc(slices.Clone(list), func(p P) bool {
		_, file, _ := p.Origin()
		return drop(file)
	})
	slices.SortFunc(list, func(a, b P) int {
		i, f, n := a.Origin()
		j, g, m := b.Origin()
		return cmp.Or(strings.Compare(i, j), cmp.Compare(f, g), cmp.Compare(n, m))
	})
	var out [][]P
	for len(list) > 0 {
		id, _, _ := list[0].Origin()
		n := 1
		for ; n < len(list); n++ {
			if other, _, _ := list[n].Origin(); other != id {
				break
			}
		}
		out, list = append(out, list[:n:n]), list[n:]
	}
	return out
}

// decideIdentities decides the rows whose identity an earlier run accepted, or that conflict with each other (§3.20).
// It returns the other groups as sound. column is the column of the id.
func decideIdentities[P row[P]](groups [][]P, known map[string]P, column string) (decided []EventDecision,
	sound [][]P) {
	for _, g := range groups {
		id, _, _ := g[0].Origin()
		first, accepted := known[id]
		if !accepted && !slices.ContainsFunc(g, func(p P) bool { return !p.Same(g[0]) }) {
			sound = append(sound, g)
			continue
		}
		for _, p := range g {
			_, file, row := p.Origin()
			d := EventDecision{File: file, Row: row, ID: id, Duplicate: true}
			if !accepted || !p.Same(first) {
				d = EventDecision{File: file, Row: row, ID: id, Why: reason.Conflict, Column: column, Value: id}
			}
			decided = append(decided, d)
		}
	}
	return decided, sound
}

// acceptFirst accepts the first row of a group of equal rows; the others are duplicates.
func acceptFirst[P row[P]](g []P) []EventDecision {
	out := make([]EventDecision, len(g))
	for i, p := range g {
		id, file, row := p.Origin()
		out[i] = EventDecision{File: file, Row: row, ID: id, Duplicate: i > 0}
	}
	return out
}

// AccountIDs returns the ids of the account events of this run.
func (in *EventIntake) AccountIDs() map[string]bool {
	ids := make(map[string]bool, len(in.accounts))
	for _, e := range in.accounts {
		ids[e.ID] = true
	}
	return ids
}

// HasMoney reports whether this run has events about partners' money.
func (in *EventIntake) HasMoney() bool { return len(in.money) > 0 || in.ledger.rows > 0 }

// decideAccounts decides the account events of the intake against each other and the book, and adds the accepted ones
// to the book. A replay decides later whether balances are sufficient (EV-7); until then they count as accepted.
func (b *EventBook) decideAccounts(in *EventIntake, t *EventTerms) []EventDecision {
	out, sound := decideIdentities(byIdentity(in.accounts, t.Drop), b.Accounts, "event_id")
	for _, g := range sound {
		e := g[0]
		e.TakeEffect(t.Zone, t.BilledIn(e.Time))
		if e.Takes() {
			from := t.Source(e.File, e.Row)
			from.Raw = e.From.Raw
			e.From = from
		}
		b.Accounts[e.ID] = e
		out = append(out, acceptFirst(g)...)
	}
	return out
}

// decideTransfers decides the transfers of the intake and adds the accepted ones to the book.
func (b *EventBook) decideTransfers(in *EventIntake, t *EventTerms) []EventDecision {
	out, sound := decideIdentities(byIdentity(in.transfers, t.Drop), b.Transfers, "transfer_id")
	for _, g := range sound {
		g[0].Cycle = t.BilledIn(t.Zone.Bounds(g[0].Own).From)
		b.Transfers[g[0].ID] = g[0]
		out = append(out, acceptFirst(g)...)
	}
	return out
}

// decideIncentives decides the incentive events of the intake by identity and adds the accepted ones to the book. Then
// it decides whether each event in the book fits the state of its incentive (EV-8).
func (b *EventBook) decideIncentives(in *EventIntake, t *EventTerms) []EventDecision {
	out, sound := decideIdentities(byIdentity(in.incentives, t.Drop), b.Incentives, "event_id")
	for _, g := range sound {
		e := g[0]
		raw := e.From.Raw
		e.From = t.Source(e.File, e.Row)
		e.From.Raw = raw
		b.Incentives[e.ID] = e
		out = append(out, acceptFirst(g)...)
	}
	b.live(in.Books, t)
	for i, d := range out {
		if e := b.Incentives[d.ID]; e != nil && e.Refused && e.File == d.File && e.Row == d.Row {
			out[i] = e.Refusal()
		}
	}
	return out
}

// conclude makes verdicts final if accounts of a closed cycle depend on them (EV-8). A payment in a closed cycle
// settles its incentive: known events keep their verdicts, and the state for new ones is paid. A payment that was
// rejected stays rejected.
func (b *EventBook) conclude() {
	type incentive struct{ partner, programme, period string }
	of := func(e *IncentiveEvent) incentive { return incentive{e.Partner, e.Programme, e.Period} }
	settled := make(map[incentive]bool)
	for id := range b.Payments {
		switch e := b.Incentives[id]; {
		case e == nil:
		case e.Refused:
			e.Final = true
		default:
			settled[of(e)] = true
		}
	}
	for _, e := range b.Incentives {
		if !settled[of(e)] {
			continue
		}
		e.Final = true
		if e.File >= 0 {
			e.Refused, e.Met = true, settlement.Paid.String()
		}
	}
}

// live applies all incentive events in order and records those of earlier runs whose verdict changed.
func (b *EventBook) live(bk *books.Books, t *EventTerms) {
	var list []*IncentiveEvent
	var happen []settlement.Event
	b.conclude()
	for _, id := range slices.Sorted(maps.Keys(b.Incentives)) {
		e := b.Incentives[id]
		if e.Final {
			continue
		}
		if it, ok := e.Happens(bk); ok {
			list, happen = append(list, e), append(happen, it)
			continue
		}
		b.judge(e, settlement.Verdict{}) // its partner or programme is no longer in the books
	}
	for i, v := range t.Partners.Decide(happen, t.Closed) {
		b.judge(list[i], v)
	}
}

// judge applies a verdict to an incentive event.
func (b *EventBook) judge(e *IncentiveEvent, v settlement.Verdict) {
	was, met := e.Refused, e.Met
	e.Refused, e.Met = !v.Accepted, ""
	if e.Refused {
		e.Met = v.Met.String()
	}
	if e.File < 0 && (was != e.Refused || met != e.Met) {
		b.Turned = append(b.Turned, EventTurn{"incentive_events", e.From, was, e.Refused, e.Refusal()})
	}
}

// EventTurn is a change of the decision on a row of an earlier run.
type EventTurn struct {
	Feed    string
	From    EventSource
	Was, Is bool          // whether it counted as rejected before, and counts so now
	Refusal EventDecision // why it is rejected, if Is
}
