package invoice_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/invoice"
)

func amount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// event parses an event of the vendor's invoices to acme: `2026-10-05 issue i1 n1 2026-09 600`, `2026-10-06 return i1`.
func event(t *testing.T, zone *period.Zone, id int, line string) invoice.Event {
	t.Helper()
	words := strings.Fields(line)
	kind, err := invoice.ParseKind(words[1])
	if err != nil {
		t.Fatal(err)
	}
	at, err := period.ParseValidity(words[0], zone)
	if err != nil {
		t.Fatal(err)
	}
	e := invoice.Event{
		ID:      fmt.Sprintf("e%02d", id),
		Kind:    kind,
		Invoice: words[2],
		Stamp:   account.Stamp{Time: at, Instant: at},
	}
	if kind.New() {
		e.Number, e.Amount = words[3], amount(t, words[5])
		e.Key = invoice.Key{Issuer: "vendor", Recipient: "acme"}
		if e.Key.Cycle, err = period.ParseCycle(words[4]); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func replay(t *testing.T, script string) string {
	t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	in := &invoice.Input{Zone: zone, Closed: func(c period.Cycle) bool { return c <= period.CycleOf(2026, 10) },
		Invoiceable: map[invoice.Key]money.Amount{
			{Cycle: period.CycleOf(2026, 9), Issuer: "vendor", Recipient: "acme"}:  amount(t, "1000"),
			{Cycle: period.CycleOf(2026, 10), Issuer: "vendor", Recipient: "acme"}: amount(t, "-50"),
			{Cycle: period.CycleOf(2026, 8), Issuer: "vendor", Recipient: "acme"}:  amount(t, "0"),
		}}
	var want []string
	for i, line := range strings.Split(strings.TrimSpace(script), "\n") {
		text, verdict, _ := strings.Cut(line, "->")
		in.Events = append(in.Events, event(t, zone, i, text))
		want = append(want, strings.TrimSpace(verdict))
	}
	out, err := invoice.Replay(in)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range out.Verdicts {
		if got := strings.TrimSpace(v.Why.String() + " " + v.Column + " " + v.Value); got != want[i] {
			t.Errorf("%s %s %s: %q, want %q", in.Events[i].ID, in.Events[i].Kind, in.Events[i].Invoice, got, want[i])
		}
	}
	text := describe(out)
	slices.Reverse(in.Events) // INV-1
	again, err := invoice.Replay(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(again); got != text {
		t.Errorf("with the events in reverse:\n%s\nnot:\n%s", got, text)
	}
	return text
}

// describe returns rows as text.
func describe(out *invoice.Result) string {
	var rows []string
	for _, r := range out.Rows {
		rows = append(rows, fmt.Sprintf("%s %s %s %s %s %s %s", r.Cycle, r.Invoiceable.Trim(), r.Issued.Trim(),
			r.Returned.Trim(), r.Credited.Trim(), r.Left.Trim(), r.State))
	}
	return strings.Join(rows, "\n")
}

// TestInvoices checks that 1000 can be invoiced: 600 and then 400, but not 500. After the first is returned, 600 are
// left (INV-2). A number is never reused (INV-3). A rejected event changes nothing (INV-4).
func TestInvoices(t *testing.T) {
	t.Parallel()
	got := replay(t, `
2026-10-05 issue i1 n1 2026-09 600 ->
2026-10-06 issue i1 n2 2026-09 1 -> conflict invoice_id i1
2026-10-06 issue i2 n1 2026-09 1 -> conflict number n1
2026-10-07 issue i2 n2 2026-09 500 -> over_invoiced amount 500
2026-10-08 issue i2 n2 2026-09 400 ->
2026-11-01 void i1 -> bad_state event issued
2026-11-02 return i1 ->
2026-11-03 return i1 -> bad_state event returned
2026-11-04 return i9 -> bad_state event none
2026-11-05 issue i3 n1 2026-09 1 -> conflict number n1`)
	if want := "2026-09 1000 1000 600 0 600 partly\n2026-10 -50 0 0 0 -50 credit_due"; got != want {
		t.Errorf("%s", got)
	}
}

// TestVoidAndCreditNote checks that an invoice can be voided in the month of its issue, and that a refund of 50 is a
// credit due until a credit note of 50 settles it.
func TestVoidAndCreditNote(t *testing.T) {
	t.Parallel()
	got := replay(t, `
2026-10-05 issue i1 n1 2026-09 1000 ->
2026-10-31 void i1 ->
2026-10-31 return i1 -> bad_state event voided
2026-11-05 issue i2 n2 2026-11 1 -> bad_state event open
2026-11-05 issue i2 n2 2026-08 1 -> over_invoiced amount 1
2026-11-05 issue i2 n2 2026-10 1 -> over_invoiced amount 1
2026-11-05 credit_note c1 n2 2026-09 1 -> over_invoiced amount 1
2026-11-06 credit_note c1 n2 2026-10 50.01 -> over_invoiced amount 50.01
2026-11-07 credit_note c1 n2 2026-10 50 ->
2026-11-08 return c1 -> bad_state event none`)
	if want := "2026-09 1000 1000 1000 0 1000 open\n2026-10 -50 0 0 50 0 settled"; got != want {
		t.Errorf("%s", got)
	}
}
