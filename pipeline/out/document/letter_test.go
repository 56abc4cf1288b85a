package document

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

func amount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func letterRow(t *testing.T, name, text string) LetterRow {
	t.Helper()
	return LetterRow{SameText(name), amount(t, text)}
}

// style returns the style that a branding.yaml with these keys gives the issuer `vendor`.
func style(t *testing.T, keys string) *settings.BrandingStyle {
	t.Helper()
	b, err := settings.LoadBranding(fstest.MapFS{settings.BrandingFile: {Data: []byte("vendor: {" + keys + "}\n")}},
		func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	s, _ := b.Style("vendor")
	return s
}

// TestRounded tests LETTER-1. Rows are rounded half to even, rows of 0 are left out, and a row Rounding makes the sum
// exact.
func TestRounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows []string
		sum  string
		want []string
	}{
		{[]string{"3.333", "3.3334"}, "6.67", []string{"3.33", "3.33", "0.01", "6.67"}},
		{[]string{"0.125", "0.135"}, "0.26", []string{"0.12", "0.14", "0.26"}},
		{[]string{"0.115", "0.115"}, "0.23", []string{"0.12", "0.12", "-0.01", "0.23"}},
		{[]string{"1.00", "0", "0.001"}, "1.00", []string{"1.00", "1.00"}},
		{[]string{"-5.00"}, "-5.00", []string{"-5.00", "-5.00"}},
	} {
		var rows []LetterRow
		for _, text := range c.rows {
			rows = append(rows, letterRow(t, text, text))
		}
		table, err := RoundedTable(SameText("Service"), 2, rows, letterRow(t, "Due", c.sum))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range table.Rows {
			got = append(got, r.Amount.StringFixed(2))
		}
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%v to %s: %v, want %v", c.rows, c.sum, got, c.want)
		}
		if err := (&Letter{Digits: 2, Tables: []LetterTable{table}}).Check(); err != nil {
			t.Errorf("%v: %v", c.rows, err)
		}
	}
}

// TestCheckRefuses tests LETTER-1. A table that does not add up, or that has more digits than the currency, is refused.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for want, table := range map[string]LetterTable{
		"Due is 3.00000000, its rows add up to 3.01000000": {Rows: []LetterRow{letterRow(t, "a", "1"),
			letterRow(t, "b", "2.01"),
			letterRow(t, "Due", "3")}},
		"a is 1.00100000, with more than 2 decimals": {Rows: []LetterRow{letterRow(t, "a", "1.001"),
			letterRow(t, "Due", "1.001")}},
	} {
		l := &Letter{Digits: 2, Recipient: LetterContact{ID: "acme"}, Style: style(t, ""), Tables: []LetterTable{table}}
		if _, err := l.HTML(strings.Clone); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// letter returns an invoice of 10.00.
func letter(t *testing.T) *Letter {
	t.Helper()
	return &Letter{Issuer: LetterContact{ID: "vendor", Name: "Example <Cloud>", Bank: "IBAN 1"},
		Recipient: LetterContact{ID: "acme", Name: "Acme & Sons", TaxID: "DE9"},
		Cycle:     period.CycleOf(2026, 9), Currency: "CNY", Digits: 2,
		Style:  style(t, "instructions: within <30> days"),
		Issued: period.DayOf(2026, 10, 1),
		Tables: []LetterTable{{Title: SameText("Service"), Rows: []LetterRow{letterRow(t, "ecs", "10"),
			letterRow(t, "Due", "10")}}},
		Payable: amount(t, "10")}
}

// page returns the HTML of a letter.
func page(t *testing.T, l *Letter) string {
	t.Helper()
	html, err := l.HTML(strings.Clone)
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

// TestPage checks that an invoice has the parties, number, dates and account, and that text is escaped (LETTER-4).
func TestPage(t *testing.T) {
	t.Parallel()
	got := page(t, letter(t))
	for _, want := range []string{"Example &lt;Cloud&gt;", "Acme &amp; Sons", "INV-2026-09-acme", "2026-10-31",
		"CNY 10.00", "Account: IBAN 1", "within &lt;30&gt; days", "Reference: INV-2026-09-acme"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestPaymentLink checks that an invoice has the purchase order, a link with number, amount and currency, and the
// footer, and that a document without a payment has no link.
func TestPaymentLink(t *testing.T) {
	t.Parallel()
	const keys = `payment_link: "https://pay.example.com/?n={number}&a={amount}&c={currency}", footer: "Register <HRB> 1"`
	l := letter(t)
	l.Recipient.ID, l.Recipient.PurchaseOrder, l.Style = "a&b", "PO <7>", style(t, keys)
	got := page(t, l)
	for _, want := range []string{"<dt>Purchase order</dt><dd><bdi>PO &lt;7&gt;</bdi></dd>",
		`<a href="https://pay.example.com/?n=INV-2026-09-a%26b&amp;a=10.00&amp;c=CNY">Pay online</a>`,
		"<footer><bdi>Register &lt;HRB&gt; 1</bdi></footer>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	l.Draft = true
	if got := page(t, l); strings.Contains(got, "pay.example.com") || !strings.Contains(got, "HRB") {
		t.Errorf("a draft has a link, or no footer:\n%s", got)
	}
}

// TestNothingToPay tests LETTER-2 and LETTER-3. Drafts have no number. Neither drafts nor credits request a payment.
func TestNothingToPay(t *testing.T) {
	t.Parallel()
	draft := letter(t)
	draft.Draft = true
	credit := letter(t)
	credit.Kind, credit.Payable = CreditNote, amount(t, "-10")
	credit.Tables[0].Rows = []LetterRow{letterRow(t, "ecs", "-10"), letterRow(t, "Due", "-10")}
	paid := letter(t)
	paid.Payable = amount(t, "0")
	partner := letter(t)
	partner.Kind, partner.Payable, partner.Style = StatementLetter, amount(t, "-10"), style(t, "language: zh")
	for _, c := range []struct {
		l          *Letter
		want, none string
	}{
		{draft, "Not for payment", "INV-2026-09-acme"},
		{credit, "We credit CNY 10.00 to you", "Due date"},
		{paid, "Nothing is to be paid.", "Due date"},
		{partner, "我方将向贵方支付 CNY 10.00", "付款期限"},
	} {
		got := page(t, c.l)
		if !strings.Contains(got, c.want) || strings.Contains(got, c.none) || strings.Contains(got, "IBAN") {
			t.Errorf("want %s, not %s and no account:\n%s", c.want, c.none, got)
		}
	}
}
