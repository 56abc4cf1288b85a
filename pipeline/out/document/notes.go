package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings"
)

// stateText says whether the amounts of a document are final.
func stateText(h *PageHeader) string {
	at := time.UnixMicro(int64(h.AsOf)).In(h.Zone.Location()).Format("2006-01-02 15:04 -07:00")
	switch {
	case h.Closed:
		return "The cycle is closed: its figures do not change. Late records are billed in an " +
			"open cycle."
	case h.MonthEnd:
		return fmt.Sprintf("Provisional, as of %s: figures can change until the month is closed.", at)
	}
	return fmt.Sprintf("Provisional, as of %s: the month is open, and its month-end lines (prices of the complete "+
		"month, percentiles, recurring charges, minimums and commitments) do not exist yet.", at)
}

// modeWords describes a rounding mode in words.
func modeWords(m money.Mode) string {
	switch m {
	case money.Truncate:
		return "truncated toward zero"
	case money.HalfUp:
		return "rounded half up"
	case money.Up:
		return "rounded up (away from zero)"
	}
	return "rounded half to even"
}

// notes returns the notes on objects without an annex.
func (l *leftOut) notes() []string {
	var out []string
	if l.count > 0 {
		out = append(out,
			fmt.Sprintf("The annexes show the %d links and groups with the largest amounts; %d more are omitted, "+
				"`tollbook bandwidth` shows each.", maxAnnexes, l.count))
	}
	if len(l.differs) > 0 {
		out = append(out, "Measured again with the current books, these have another quantity than was billed: "+
			strings.Join(l.differs, ", ")+".")
	}
	if len(l.gone) > 0 {
		out = append(out, "Without an annex, as books/links.csv no longer has them: "+strings.Join(l.gone, ", ")+".")
	}
	return out
}

// monthEndDay says where month-end charges are in the consumption by day.
const monthEndDay = "What is charged at the month's end is spread evenly over the days of the chart. In the list " +
	"of the consumption by day, it is on the cycle's first day and marked."

// notes creates the sentences at the end of bills and statements.
type notes struct {
	parties
	settings *settings.Settings
	ledger   bool // lines are paid from balances
}

func (s *Sources) notes(h *PageHeader) notes {
	return notes{s.parties(), s.Settings, ByLedger(s.Snap, h.Cycle, s.Settings.Payments)}
}

// bySettings says how the amounts that customers pay are rounded, and how lines are paid. For a closed cycle it uses
// only the lake: the settings of the close are not stored (COMPOSE-11). digits describes the rounding of lines.
func (n notes) bySettings(h *PageHeader, digits string) []string {
	if h.Closed {
		return []string{n.payments()}
	}
	return []string{n.rounding(digits), n.payments()}
}

// rounding describes how the amounts of lines become the amounts that customers pay (§4.2).
func (n notes) rounding(digits string) string {
	r := n.settings.Rounding
	if r.Grain == settings.Line {
		return fmt.Sprintf("Each usage line is %s to %s; truncated is the difference.", modeWords(r.Mode), digits)
	}
	return fmt.Sprintf("Lines keep 8 decimals; a customer's total of the cycle is %s to %s once.", modeWords(r.Mode),
		digits)
}

// payments describes how lines are paid (§6.3).
func (n notes) payments() string {
	if n.ledger {
		return "Lines are paid from coupons and balances in the order of time: stored value, flexi coupons, cash, " +
			"then credit; what none of them covers is debt."
	}
	return "Payments are not recorded: what coupons do not cover is to be paid."
}

// statement returns the sentences below a partner's statement.
func (n notes) statement(st *Statement, u *used, left *leftOut) []string {
	notes := []string{stateText(&st.Header)}
	if slices.ContainsFunc(st.Rows, func(r Row) bool { return r.AssociationType == Resale }) {
		notes = append(notes,
			fmt.Sprintf("The owed amount is one sum per row, of each line's official or payable amount times the "+
				"rate of "+
				"the term in force at its own time, "+
				"rounded half up to %s once; a line without a term counts with its payable amount.",
				money.DecimalsText(st.Header.Digits)))
	}
	if slices.ContainsFunc(st.Rows, func(r Row) bool { return r.AssociationType == Referral }) {
		notes = append(notes, "Nothing is owed for referred customers: they pay the vendor.")
	}
	converted := slices.ContainsFunc(st.Rows, func(r Row) bool { return r.Currency != "" })
	digits := money.DecimalsText(st.Header.Digits)
	if converted {
		digits = "the digits of the customer's currency"
	}
	notes = append(notes, n.bySettings(&st.Header, digits)...)
	if slices.ContainsFunc(st.Rows, func(r Row) bool { return r.Sign == "-" }) {
		notes = append(notes,
			"Rows of sign - are refunds and corrections. They lower the performance of the period's incentives; what "+
				"falls below 0 is carried into the next period if the programme says so.")
	}
	if slices.ContainsFunc(st.Incentives, func(i Incentive) bool { return i.State == "void" }) {
		notes = append(notes, "Void incentives are no part of the net.")
	}
	if st.Header.Closed && slices.ContainsFunc(st.Incentives, func(i Incentive) bool {
		return i.Counts && i.State != "paid"
	}) {
		notes = append(notes, "The states of incentives change after the close; one that becomes void no longer "+
			"counts in the net.")
	}
	if converted {
		notes = append(notes, "Customers have other currencies than the partner. Each row is converted exactly at the "+
			"rate that it names, and rounded once; the performance of a line is rounded to 8 decimals. The "+
			"consumption by day is omitted: amounts of several currencies have no sum.")
	}
	if u.differs {
		notes = append(notes,
			"The consumption by day is omitted: with the current books, the lines do not add up to the rows that "+
				"were stored "+
				"when the cycle was closed.")
	} else if u.monthEnd && len(st.Usage) > 0 {
		notes = append(notes, monthEndDay)
	}
	return append(notes, left.notes()...)
}

// bill returns the sentences below a customer's bill.
func (n notes) bill(b *Bill, g *gathered, left *leftOut) []string {
	notes := append([]string{stateText(&b.Header)}, n.bySettings(&b.Header, money.DecimalsText(b.Header.Digits))...)
	notes = append(notes, n.servedBy(b)...)
	if len(b.Issuers) > 1 {
		notes = append(notes, severalIssuers)
	}
	if b.Amounts.Tax != nil {
		notes = append(notes, n.taxes(b)...)
	}
	if g.late > 0 {
		notes = append(notes,
			"Lines with another cycle of origin belong to that cycle, which was closed when they were accepted or "+
				"rated again.")
	}
	if g.monthEnd {
		notes = append(notes, monthEndDay)
	}
	return append(notes, left.notes()...)
}

// toCustomer returns the sentences below a bill that its customer needs.
func (n notes) toCustomer(b *Bill, g *gathered, left *leftOut) []string {
	var notes []string
	if !b.Header.Closed {
		notes = append(notes, "Provisional: amounts can still change.")
	}
	notes = append(notes, n.servedBy(b)...)
	if len(b.Issuers) > 1 {
		notes = append(notes, severalIssuers)
	}
	if b.Amounts.Tax != nil {
		notes = append(notes, n.taxes(b)...)
	}
	if g.late > 0 {
		notes = append(notes, "The origin of an amount of an earlier month is that month.")
	}
	if left.count > 0 {
		notes = append(notes, fmt.Sprintf("The annexes show the %d links and groups with the largest amounts; %d more "+
			"are omitted.", maxAnnexes, left.count))
	}
	return slices.DeleteFunc(notes, func(text string) bool { return text == noCountry })
}

// severalIssuers is the note on a bill that has no cover because of several issuers.
const severalIssuers = "Several issuers sold to the customer in the cycle. Each invoices its own lines."

// servedBy names the customer's partners if they changed within the cycle. It returns nothing for a closed cycle: the
// associations of the close are not stored (COMPOSE-11).
func (n notes) servedBy(b *Bill) []string {
	if b.Header.Closed {
		return nil
	}
	code := n.books.Customer(b.Customer.ID)
	bounds := b.Header.Zone.Bounds(b.Header.Cycle)
	var list []string
	for i := range n.books.Associations {
		a := &n.books.Associations[i]
		if a.Customer != code || !a.Valid.Overlaps(bounds) {
			continue
		}
		p := n.parties.partner(n.books.Partners[a.Partner].ID, b.Header.Cycle)
		how := "referred by "
		if a.Type == books.Resale {
			how = "customer of "
		}
		text := how + cmp.Or(p.Name, p.ID)
		if a.Valid.From > bounds.From {
			text += " from " + b.Header.Zone.Day(a.Valid.From).String()
		}
		if a.Valid.To < bounds.To {
			text += " to " + b.Header.Zone.Day(a.Valid.To-1).String()
		}
		list = append(list, text)
	}
	if len(list) < 2 {
		return nil
	}
	return []string{"In the cycle the customer was " + strings.Join(list, ", then ") + "."}
}
