package accept

import (
	"cmp"

	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement"
)

// badPartner returns the failure of a partner that is not in the books (§3.20); an empty id is missing, not unknown.
func (k checks) badPartner(column, id string) *failure {
	if id != "" && k.books.Partner(id) < 0 {
		return &failure{column, reason.BadRow, id}
	}
	return nil
}

// badCycle returns the failure of a text in the column cycle that is not a cycle.
func badCycle(text string) *failure {
	if _, err := period.ParseCycle(text); err != nil && text != "" {
		return &failure{"cycle", reason.BadTime, text}
	}
	return nil
}

// transfer reads and checks row i of the transfers feed, and keeps it if it passes.
func (in *EventIntake) transfer(v *view, i int, file int32) (id string, bad *failure) {
	t := &TransferEvent{ID: v.text("transfer_id", i), From: v.text("from_partner_id", i),
		To: v.text("to_partner_id", i), Customer: v.text("customer_id", i), AsOf: in.AsOf,
		File: file, Row: v.batch.First + int64(i)}
	t.Amount, _ = v.amount("amount", i)
	cycle := v.text("cycle", i)
	if bad := cmp.Or(in.checks().badPartner("from_partner_id", t.From), in.checks().badPartner("to_partner_id", t.To),
		badCycle(cycle)); bad != nil {
		return t.ID, bad
	}
	from, to := in.Books.Partner(t.From), in.Books.Partner(t.To)
	if in.Books.Partners[from].Currency != in.Books.Partners[to].Currency {
		return t.ID, &failure{"to_partner_id", reason.BadRow, t.To}
	}
	t.Own, _ = period.ParseCycle(cycle) // badCycle has checked it
	if t.Customer != "" && in.Books.Customer(t.Customer) < 0 {
		return t.ID, &failure{"customer_id", reason.UnknownCustomer, t.Customer}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.transfers = append(in.transfers, t)
	return t.ID, nil
}

// badIncentiveWord returns the failure of a word that is not in its list, or of an unknown partner or programme
// (§3.20).
func (k checks) badIncentiveWord(event, partner, programme string) *failure {
	if bad := k.badPartner("partner_id", partner); bad != nil {
		return bad
	}
	if programme != "" && k.books.Programme(programme) < 0 {
		return &failure{"programme_id", reason.BadRow, programme}
	}
	if _, err := settlement.ParseEventKind(event); err != nil && event != "" {
		return &failure{"event", reason.BadRow, event}
	}
	return nil
}

// badPeriod returns the failure of a text in the column period that is neither a cycle nor a quarter like `2026-Q3`.
func badPeriod(text string) *failure {
	if _, err := settlement.ParsePeriod(text); err != nil && text != "" {
		return &failure{"period", reason.BadTime, text}
	}
	return nil
}

// incentive reads and checks row i of the incentive_events feed, and keeps it if it passes. Whether it fits the state
// of its incentive is decided later (EV-8).
func (in *EventIntake) incentive(v *view, i int, file int32) (id string, bad *failure) {
	e := &IncentiveEvent{ID: v.text("event_id", i), Partner: v.text("partner_id", i),
		Programme: v.text("programme_id", i), Period: v.text("period", i),
		Event: v.text("event", i), AsOf: in.AsOf, File: file, Row: v.batch.First + int64(i)}
	if bad := cmp.Or(in.checks().badIncentiveWord(e.Event, e.Partner, e.Programme), badPeriod(e.Period)); bad != nil {
		return e.ID, bad
	}
	if e.Time, _ = v.time("time", i); e.Time > in.Latest {
		return e.ID, &failure{"time", reason.Future, e.Time.String()}
	}
	e.From.Raw = string(v.batch.Raw(nil, i))
	in.mu.Lock()
	defer in.mu.Unlock()
	in.incentives = append(in.incentives, e)
	return e.ID, nil
}
