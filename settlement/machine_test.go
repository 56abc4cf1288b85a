package settlement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

func TestPeriods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, first, last, next string }{
		{"2026-09", "2026-09", "2026-09", "2026-10"},
		{"2026-12", "2026-12", "2026-12", "2027-01"},
		{"2026-Q1", "2026-01", "2026-03", "2026-Q2"},
		{"2026-Q3", "2026-07", "2026-09", "2026-Q4"},
		{"2026-Q4", "2026-10", "2026-12", "2027-Q1"},
	} {
		p, err := settlement.ParsePeriod(c.text)
		if err != nil || p.String() != c.text || p.First.String() != c.first || p.Last().String() != c.last ||
			p.Next().String() != c.next {
			t.Errorf("%s: %s, %s to %s, then %s, %v", c.text, p, p.First, p.Last(), p.Next(), err)
		}
		for cycle := p.First; cycle <= p.Last(); cycle++ {
			if settlement.PeriodOf(cycle, p.Quarter) != p {
				t.Errorf("%s is not in %s", cycle, p)
			}
		}
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-Q0", "2026-Q5", "2026-Q", "2026-Q11", "2026-q1", "26-Q1",
		"2026-Q1 ", "2026-1"} {
		if p, err := settlement.ParsePeriod(text); err == nil {
			t.Errorf("%q was read as %s", text, p)
		}
	}
}

func FuzzParsePeriod(f *testing.F) {
	for _, text := range []string{"2026-09", "2026-Q3", "2026-Q5", "9999-Q4", "0000-01", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := settlement.ParsePeriod(text)
		if err != nil {
			return
		}
		if p.String() != text || p != settlement.PeriodOf(p.First, p.Quarter) {
			t.Errorf("%q was read as %s", text, p)
		}
	})
}

// TestMachine checks the states of incentives. September closes at the end of Sunday, 4 October. 5 to 7 October are
// holidays and Saturday the 10th is a working day, so the working days are 8 9 10 12 13 14 15 16 19 20 21 22 23 26 27,
// of which the 27th is the 15th. Invariant: SET-9.
func TestMachine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, period, steps string }{
		{"void after the 15th working day", "2026-09", `
			2026-09-30 23:59  estimated
			2026-10-04 23:59  estimated
			2026-10-05        to_confirm
			2026-10-27 23:59  to_confirm
			2026-10-28        void
			2026-10-28 confirm  void !`},
		{"confirmed in the last minute", "2026-09", `
			2026-10-27 23:59 confirm  to_confirm
			2026-10-28        payable
			2026-10-28 confirm  payable !
			2026-10-28 dispute  payable !`},
		{"paid after the quarter", "2026-10", `
			2026-11-04 23:59  estimated
			2026-11-05 confirm  to_confirm
			2026-11-06 confirm  confirmed !
			2026-11-06 dispute  confirmed !
			2026-12-31 23:59 apply_payment  confirmed !
			2027-01-01        payable
			2027-01-02 apply_payment  payable
			2027-01-03 reject  paying
			2027-01-03        payable
			2027-01-04 apply_payment  payable
			2027-01-05 paid  paying
			2027-01-05        paid
			2029-01-01 reject  paid !
			2029-01-01        paid`},
		{"too early", "2026-09", `
			2026-10-04 23:59 confirm  estimated !
			2026-10-05 paid  to_confirm !
			2026-10-05 apply_payment  to_confirm !
			2026-10-05 reject  to_confirm !
			2026-10-06        to_confirm`},
		{"a dispute stops the clock", "2026-09", `
			2026-10-08 dispute  to_confirm
			2026-12-01        disputed
			2026-12-01 dispute  disputed !
			2026-12-01 confirm  disputed
			2026-12-01        payable`},
		{"a dispute rejected", "2026-09", `
			2026-10-08 dispute  to_confirm
			2026-10-09 reject  disputed
			2026-10-09 confirm  void !`},
		{"confirmed after the payout time", "2026-11", `
			2026-12-08 dispute  to_confirm
			2026-12-30        disputed
			2027-02-01 confirm  disputed
			2027-02-01        payable`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			runMachine(t, holidays(t), c.period, c.steps)
		})
	}
}

// holidays returns a house with one monthly programme and the holidays of October.
func holidays(t *testing.T) *house {
	h := newHouse(t)
	for text, not := range map[string]bool{"2026-10-05": true, "2026-10-06": true, "2026-10-07": true,
		"2026-10-10": false} {
		h.b.NonWorking[must(period.ParseDay(text))] = not
	}
	h.b.Programmes = []books.Programme{{ID: "p", Valid: h.span(".."), ConfirmWithinDays: 15, PayoutQuarterly: true,
		LapseAfterDays: -1}}
	return h
}

// runMachine moves a period of res-2 through steps "time [event] current state [!]"; ! means that the event is refused.
func runMachine(t *testing.T, h *house, name, steps string) {
	t.Helper()
	m := h.book().Machine(0, resTwo, must(settlement.ParsePeriod(name)))
	for step := range strings.Lines(strings.TrimSpace(steps)) {
		left, right, _ := strings.Cut(strings.TrimSpace(step), "  ")
		want := strings.TrimSpace(right)
		words := strings.Fields(left)
		var event string
		if last := words[len(words)-1]; len(words) > 1 && !strings.Contains(last, ":") {
			event, words = last, words[:len(words)-1]
		}
		at := h.at(strings.Join(words, " "))
		got := m.At(at).String()
		if event != "" {
			met, fits := m.Apply(must(settlement.ParseEventKind(event)), at)
			if got = met.String(); !fits {
				got += " !"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", strings.TrimSpace(left), got, want)
		}
	}
}

// TestLapse checks that a partner that left on 20 October loses everything that is not being paid 30 days later.
func TestLapse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rows, steps string }{
		{"to confirm", "..,2026-10-20", `
			2026-11-18 23:59  disputed
			2026-11-19        void
			2026-11-19 confirm  void !`},
		{"on its way", "..,2026-10-20", `
			2026-10-21 confirm  disputed
			2026-11-01 apply_payment  payable
			2027-06-01        paying
			2027-06-02 reject  paying
			2027-06-02        void`},
		{"left before it could confirm", "..,2026-08-01", `
			2026-10-04 23:59  estimated
			2026-10-05  void`},
		{"left under a later row", "..2026-10-01,;2026-10-01..,2026-10-20", `
			2026-11-18 23:59  disputed
			2026-11-19        void`},
		{"came back", "..2026-08-01,2026-08-01;2026-12-01..,", `
			2027-11-19        disputed`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.b.Programmes = []books.Programme{{ID: "p", Valid: h.span(".."), ConfirmWithinDays: -1,
				LapseAfterDays: 30}}
			h.b.Partners[resTwo].Rows = nil
			for _, row := range strings.Split(c.rows, ";") {
				valid, left, _ := strings.Cut(row, ",")
				r := books.PartnerRow{Kind: books.Reseller, Parent: -1, Valid: h.span(valid), LeftOn: period.Forever}
				if left != "" {
					r.LeftOn = h.at(left)
				}
				h.b.Partners[resTwo].Rows = append(h.b.Partners[resTwo].Rows, r)
			}
			steps := c.steps
			if strings.Contains(steps, "disputed") {
				steps = "2026-10-05 dispute  to_confirm" + steps
			}
			runMachine(t, h, "2026-09", steps)
		})
	}
}

// TestDeadlines checks deadlines by settings. The close time's calendar day is that of the settings, at noon and at
// 24:00. Without a limit of working days nothing becomes void. A clock change does not move a deadline off midnight.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		day, minute, within     int
		closes, deadline, zones string
	}{
		{4, 24 * 60, 1, "2026-10-04T16:00:00Z", "2026-10-05T16:00:00Z", "Asia/Shanghai"}, // a full Monday the 5th
		{2, 12 * 60, 1, "2026-10-02T04:00:00Z", "2026-10-05T16:00:00Z", "Asia/Shanghai"}, // from Friday noon to Monday
		{2, 24 * 60, 1, "2026-10-02T16:00:00Z", "2026-10-05T16:00:00Z", "Asia/Shanghai"},
		// from Thursday 00:00: Friday, Monday
		{1, 0, 2, "2026-09-30T16:00:00Z", "2026-10-05T16:00:00Z", "Asia/Shanghai"},
		{2, 0, 20, "2026-10-02T04:00:00Z", "2026-10-31T04:00:00Z", "America/New_York"}, // ends with the 30th
		// ends with Monday, 2 November, in winter time
		{2, 0, 21, "2026-10-02T04:00:00Z", "2026-11-03T05:00:00Z", "America/New_York"},
		{4, 24 * 60, -1, "2026-10-04T16:00:00Z", period.Forever.String(), "Asia/Shanghai"},
	} {
		h := newHouse(t)
		h.b.Zone = must(period.LoadZone(c.zones))
		h.rules = settlement.Rules{CloseDay: c.day, CloseMinute: c.minute}
		h.b.Programmes = []books.Programme{{ID: "p", Valid: h.span(".."), ConfirmWithinDays: c.within,
			LapseAfterDays: -1}}
		m := h.book().Machine(0, resTwo, must(settlement.ParsePeriod("2026-09")))
		if m.Closes.String() != c.closes || m.Deadline.String() != c.deadline {
			t.Errorf("%+v: closes %s, deadline %s", c, m.Closes, m.Deadline)
		}
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.b.Programmes = []books.Programme{
		{ID: "few", Valid: h.span("2026-01-01..2026-08-15"), Partners: []int32{distA, resTwo}, Quarterly: true,
			ConfirmWithinDays: -1, LapseAfterDays: -1},
		{ID: "many", Valid: h.span(".."), ConfirmWithinDays: -1, LapseAfterDays: -1},
	}
	var events []settlement.Event
	var want []string
	for i, c := range []struct {
		id                 string
		partner, programme int32
		period             string
		kind               settlement.EventKind
		at, verdict        string
	}{
		{"e3", distA, 0, "2026-Q3", settlement.Confirm, "2026-10-06", "disputed true"}, // after e1, though given first
		{"e1", distA, 0, "2026-Q3", settlement.Dispute, "2026-10-06", "to_confirm true"},
		{"e2", distA, 0, "2026-Q3", settlement.Dispute, "2026-10-06", "disputed false"},
		{"f1", distB, 0, "2026-Q3", settlement.Confirm, "2026-10-06", "none false"},      // not one of its partners
		{"f2", distA, 0, "2026-Q4", settlement.Confirm, "2027-02-06", "none false"},      // ended in August
		{"f3", distA, 0, "2026-09", settlement.Confirm, "2026-10-06", "none false"},      // has quarters
		{"f4", distB, 1, "2026-Q3", settlement.Confirm, "2026-10-06", "none false"},      // has months
		{"f5", distB, 1, "2026-09", settlement.Confirm, "2026-10-06", "to_confirm true"}, // whatever it earned
		{"f6", distB, 1, "2030-09", settlement.Confirm, "2026-10-06", "estimated false"},
		{"e4", distA, 0, "2026-Q3", settlement.ApplyPayment, "2026-10-07", "payable true"},
		{"f7", distA, 0, "2025-Q4", settlement.Confirm, "2026-10-06", "none false"},
		{"g1", distB, 0, "2026-Q2", settlement.Confirm, "2026-07-06", "to_confirm true"},       // of a closed period
		{"g2", distA, 0, "2025-Q3", settlement.ApplyPayment, "2026-10-06", "to_confirm false"}, // also
	} {
		p := must(settlement.ParsePeriod(c.period))
		events = append(events, settlement.Event{ID: c.id, Partner: c.partner, Programme: c.programme, Period: p,
			Kind: c.kind, Time: h.at(c.at)})
		want = append(want, fmt.Sprint(i, " ", c.verdict))
	}
	closed := []settlement.Incentive{{Partner: distB, Programme: 0, Period: must(settlement.ParsePeriod("2026-Q2"))},
		{Partner: distA, Programme: 0, Period: must(settlement.ParsePeriod("2025-Q3"))}}
	var got []string
	for i, v := range h.book().Decide(events, closed) {
		got = append(got, fmt.Sprint(i, " ", v.Met, " ", v.Accepted))
	}
	same(t, "verdicts", got, want)
}

func TestWords(t *testing.T) {
	t.Parallel()
	for s := settlement.NoState; s <= settlement.Void; s++ {
		if got, err := settlement.ParseState(s.String()); got != s || err != nil {
			t.Error(s, got, err)
		}
	}
	for k := settlement.Confirm; k <= settlement.Reject; k++ {
		if got, err := settlement.ParseEventKind(k.String()); got != k || err != nil {
			t.Error(k, got, err)
		}
	}
	if _, err := settlement.ParseState("lapsed"); err == nil {
		t.Error("lapsed is no state")
	}
	if _, err := settlement.ParseEventKind("Confirm"); err == nil {
		t.Error("words are in lower case")
	}
}
