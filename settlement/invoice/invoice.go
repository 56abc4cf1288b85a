package invoice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
)

// Kind is the kind of an event of an invoice (§9.7).
type Kind uint8

// The kinds of events.
const (
	Issue Kind = iota
	Return
	Void
	CreditNote
)

var kindWords = [...]string{"issue", "return", "void", "credit_note"}

// String is the event's word in the feed.
func (k Kind) String() string { return kindWords[k] }

// ParseKind parses an event's word.
func ParseKind(word string) (Kind, error) {
	if at := slices.Index(kindWords[:], word); at >= 0 {
		return Kind(at), nil
	}
	return 0, fmt.Errorf("event %q: not one of %s", word, strings.Join(kindWords[:], ", "))
}

// New reports whether the event makes a new invoice or credit note; other events name an existing one.
func (k Kind) New() bool { return k == Issue || k == CreditNote }

// Key identifies what can be invoiced. Issuer and recipient are ids.
type Key struct {
	Cycle             period.Cycle
	Issuer, Recipient string
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), strings.Compare(a.Issuer, b.Issuer),
		strings.Compare(a.Recipient, b.Recipient))
}

// Event is an accepted row of the feed invoices.
type Event struct {
	account.Stamp
	ID      string
	Kind    Kind
	Invoice string
	Number  string       // set for a new one
	Key     Key          // set for a new one
	Amount  money.Amount // set for a new one
}

func compareEvents(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.Instant, b.Instant), cmp.Compare(a.Time, b.Time), strings.Compare(a.ID, b.ID))
}

// State is the state of a row of the table invoices.
type State uint8

// The states.
const (
	Open State = iota
	Partly
	Full
	CreditDue
	Settled
)

var stateWords = [...]string{"open", "partly", "full", "credit_due", "settled"}

// String is the state's word in tables and messages.
func (s State) String() string { return stateWords[s] }

// Row is a row of the table invoices.
type Row struct {
	Key
	Invoiceable, Issued, Returned, Credited, Left money.Amount
	State                                         State
}

// Input holds all inputs of invoices.
type Input struct {
	Zone        *period.Zone
	Invoiceable map[Key]money.Amount // of closed cycles; 0 = none
	Closed      func(period.Cycle) bool
	Events      []Event
}

// Result holds the invoices after all events.
type Result struct {
	Verdicts []account.Verdict // of the events, in their order in Input
	Rows     []Row             // in the order of the table
}

// document is an invoice or a credit note.
type document struct {
	event *Event
	back  Kind // Return or Void if it was returned or voided; else Issue
}

type number struct{ issuer, number string }

type replay struct {
	in        *Input
	rows      map[Key]*Row
	documents map[string]*document
	numbers   map[number]bool
}

// Replay decides the events and computes what is left to invoice.
func Replay(in *Input) (*Result, error) {
	r := &replay{in: in, rows: map[Key]*Row{}, documents: map[string]*document{}, numbers: map[number]bool{}}
	for key, amount := range in.Invoiceable {
		if !amount.IsZero() {
			r.rows[key] = &Row{Key: key, Invoiceable: amount, Left: amount}
		}
	}
	order := make([]int, len(in.Events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareEvents(&in.Events[a], &in.Events[b]) })
	out := &Result{Verdicts: make([]account.Verdict, len(in.Events))}
	for _, i := range order {
		e := &in.Events[i]
		out.Verdicts[i] = e.Past
		if !e.Final {
			out.Verdicts[i] = r.check(e)
		}
		if !out.Verdicts[i].Accepted() {
			continue
		}
		if err := r.apply(e); err != nil {
			return nil, fmt.Errorf("invoice event %s: %w", e.ID, err)
		}
	}
	for _, row := range r.rows {
		if !row.Invoiceable.IsZero() {
			row.State = row.state()
			out.Rows = append(out.Rows, *row)
		}
	}
	slices.SortFunc(out.Rows, func(a, b Row) int { return compareKeys(a.Key, b.Key) })
	return out, nil
}

// state returns the state of the row.
func (r *Row) state() State {
	switch {
	case r.Invoiceable.Sign() < 0 && r.Left.Sign() < 0:
		return CreditDue
	case r.Invoiceable.Sign() < 0:
		return Settled
	case r.Issued == r.Returned:
		return Open
	case r.Left.Sign() > 0:
		return Partly
	default:
		return Full
	}
}

// check returns the verdict on an event.
func (r *replay) check(e *Event) account.Verdict {
	if !e.Kind.New() {
		return r.checkBack(e)
	}
	row := r.rows[e.Key]
	switch {
	case r.documents[e.Invoice] != nil:
		return account.IDConflict("invoice_id", e.Invoice)
	case r.numbers[number{e.Key.Issuer, e.Number}]:
		return account.IDConflict("number", e.Number)
	case !r.in.Closed(e.Key.Cycle):
		return account.BadState("event", "open")
	case row == nil,
		e.Kind == Issue && e.Amount.Cmp(row.Left) > 0,
		e.Kind == CreditNote && e.Amount.Cmp(row.Left.Neg()) > 0:
		return account.AboveInvoiced(e.Amount)
	}
	return account.Verdict{}
}

// checkBack returns the verdict on an event that returns or voids an invoice.
func (r *replay) checkBack(e *Event) account.Verdict {
	d := r.documents[e.Invoice]
	switch {
	case d == nil || d.event.Kind != Issue:
		return account.BadState("event", "none")
	case d.back == Return:
		return account.BadState("event", "returned")
	case d.back == Void:
		return account.BadState("event", "voided")
	case e.Kind == Void && r.in.Zone.Cycle(e.Time) != r.in.Zone.Cycle(d.event.Time):
		return account.BadState("event", "issued")
	}
	return account.Verdict{}
}

// apply applies a counting event.
func (r *replay) apply(e *Event) (err error) {
	d := r.documents[e.Invoice]
	if e.Kind.New() {
		d = &document{event: e}
		r.documents[e.Invoice] = d
		r.numbers[number{e.Key.Issuer, e.Number}] = true
	}
	if d == nil {
		return nil // a final event of an invoice that is not in the lake
	}
	row := r.rows[d.event.Key]
	if row == nil { // a final event, but nothing can be invoiced for its key now
		row = &Row{Key: d.event.Key}
		r.rows[row.Key] = row
	}
	a := d.event.Amount
	switch e.Kind {
	case Issue:
		row.Issued, err = row.Issued.Add(a)
		a = a.Neg()
	case CreditNote:
		row.Credited, err = row.Credited.Add(a)
	default:
		d.back = e.Kind
		row.Returned, err = row.Returned.Add(a)
	}
	if err != nil {
		return err
	}
	row.Left, err = row.Left.Add(a)
	return err
}
