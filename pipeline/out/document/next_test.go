package document

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// TestNext checks a quarterly programme with five days to confirm and a lapse of 30 days. 2026-Q3 closes at the end of
// Sunday, 4 October, so Friday the 9th is the last day to confirm. Partner gone left on 12 September, so its incentives
// lapse on 12 October. Invariant: COMPOSE-7.
func TestNext(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) period.Instant {
		if text == "" {
			return 0
		}
		v, err := period.ParseInstant(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	always := period.Always()
	b := &books.Books{Zone: zone, NonWorking: map[period.Day]bool{}, Partners: []books.Partner{
		{ID: "gone", Rows: []books.PartnerRow{{Kind: books.Reseller, Parent: -1, Valid: always,
			LeftOn: at("2026-09-12T00:00:00Z")}}},
		{ID: "here", Rows: []books.PartnerRow{{Kind: books.Reseller, Parent: -1, Valid: always,
			LeftOn: period.Forever}}},
	}, Programmes: []books.Programme{
		{ID: "open", Valid: always, AssociationTypes: []books.AssociationType{books.Resale}, ConfirmWithinDays: -1,
			LapseAfterDays: -1},
		{ID: "quarter", Valid: always, AssociationTypes: []books.AssociationType{books.Resale}, Quarterly: true,
			PayoutQuarterly: true, ConfirmWithinDays: 5, LapseAfterDays: 30},
	}}
	book, err := settlement.Compile(b, settlement.Rules{CloseDay: 4, CloseMinute: 24 * 60})
	if err != nil {
		t.Fatal(err)
	}
	const open, quarter, gone, here = 0, 1, 0, 1
	for _, tt := range []struct {
		programme, partner int32
		period             string
		state              settlement.State
		deadline, next     string
	}{
		{quarter, here, "2026-Q3", settlement.Estimated, "2026-10-05T00:00:00Z", "to confirm"},
		{quarter, here, "2026-Q3", settlement.ToConfirm, "2026-10-10T00:00:00Z",
			"void without a confirmation or a dispute"},
		{quarter, gone, "2026-Q3", settlement.ToConfirm, "2026-10-10T00:00:00Z",
			"void without a confirmation or a dispute"},
		{quarter, here, "2026-Q3", settlement.Confirmed, "2026-10-01T00:00:00Z", "payable"},
		{quarter, here, "2026-Q3", settlement.Disputed, "", "waits for the dispute to be settled: confirm or reject"},
		{quarter, gone, "2026-Q3", settlement.Disputed, "2026-10-12T00:00:00Z", "void, because the partner has left"},
		{quarter, here, "2026-Q3", settlement.Payable, "", "waits for an application for payment"},
		{quarter, gone, "2026-Q3", settlement.Payable, "2026-10-12T00:00:00Z", "void, because the partner has left"},
		{quarter, gone, "2026-Q3", settlement.Paying, "", "waits for the payment"},
		{quarter, gone, "2026-Q3", settlement.Paid, "", ""},
		{quarter, here, "2026-Q3", settlement.Void, "", ""},
		{open, here, "2026-08", settlement.ToConfirm, "", "waits for a confirmation or a dispute"},
		// a closed period that the programme no longer has
		{open, here, "2026-Q3", settlement.ToConfirm, "", "waits for a confirmation or a dispute"},
	} {
		p, err := settlement.ParsePeriod(tt.period)
		if err != nil {
			t.Fatal(err)
		}
		deadline, text := next(book.Machine(tt.programme, tt.partner, p), tt.state)
		if deadline != at(tt.deadline) || text != tt.next {
			t.Errorf("programme %d, partner %d, %s, %s: %s %q, want %s %q", tt.programme, tt.partner, tt.period,
				tt.state, deadline, text, tt.deadline, tt.next)
		}
	}
}
