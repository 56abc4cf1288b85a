package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Covers says how the covers of documents look.
type Covers struct {
	Branding *settings.Branding
	Issued   period.Day // overrides the style's date of issue if Dated
	Dated    bool
}

// composeCover creates a letter; nil = the branding does not name the issuer, and the document has no cover.
func composeCover(s *Sources, h *PageHeader, issuer, recipient PageParty) *Letter {
	if s.Covers == nil {
		return nil
	}
	style, ok := s.Covers.Branding.Style(s.parties().ownID(issuer.ID))
	if !ok {
		style, ok = s.Covers.Branding.Style(issuer.ID)
	}
	if !ok {
		return nil
	}
	l := &Letter{Draft: !h.Closed, Issuer: contact(s, issuer), Recipient: contact(s, recipient), Cycle: h.Cycle,
		Currency: h.Currency, Digits: h.Digits, Style: style, Issued: style.Issued(h.Cycle),
		Archived: ArchivedThrough(s.Snap)}
	if s.Covers.Dated {
		l.Issued = s.Covers.Issued
	}
	return l
}

// contact adds to a party what books/parties.csv says about it.
func contact(s *Sources, p PageParty) LetterContact {
	c := LetterContact{ID: p.ID, Name: cmp.Or(p.Name, p.ID)}
	at := s.Books.Money.PartyNamed(s.parties().ownID(p.ID))
	if at < 0 {
		at = s.Books.Money.PartyNamed(p.ID)
	}
	if at >= 0 {
		row := &s.Books.Money.Parties[at]
		c.Name = cmp.Or(row.LegalName, c.Name)
		c.Address, c.Country, c.TaxID, c.Email, c.Bank = row.Address, row.Country, row.TaxID, row.Email, row.Bank
		c.PurchaseOrder = row.PurchaseOrder
		if len(s.Books.Taxes) > 0 {
			c.TaxExempt, c.ExemptReason = row.TaxExempt, row.ExemptReason
		}
	}
	return c
}

// billCover creates the cover of a bill: the cost of each service, and how it is paid. The issuer is the seller of the
// lines (§9.7). A bill of several issuers has no cover, because each of them invoices its own lines.
func billCover(s *Sources, b *Bill, lines *query.PaidLines, ledger *query.PaidLedger) (*Letter, error) {
	if len(b.Issuers) != 1 {
		return nil, nil //nolint:nilnil // no cover, and no error
	}
	issuer := s.parties().partner(b.Issuers[0], b.Header.Cycle)
	l := composeCover(s, &b.Header, issuer, b.Customer)
	if l == nil {
		return nil, nil //nolint:nilnil // no cover, and no error
	}
	if len(b.Amounts.Taxes) > 0 {
		l.Recipient.OmitExemption()
	}
	services, err := serviceRows(b)
	if err != nil {
		return nil, err
	}
	services = append(services, addedTaxes(b.Amounts.Taxes)...)
	due := LetterRow{Name: LetterText{English: "Amount due", Chinese: "应付总额"}, Amount: b.Amounts.Due}
	table, err := RoundedTable(LetterText{English: "Service", Chinese: "服务"}, l.Digits, services, due)
	if err != nil {
		return nil, err
	}
	l.Tables, l.Payable = []LetterTable{table}, b.Amounts.Due
	if err := includedTaxes(l, b.Amounts.Taxes); err != nil {
		return nil, err
	}
	done, err := ledger.Bill(lines, b.Customer.ID, b.Issuers[0], b.Payments.Recorded)
	if err != nil {
		return nil, fmt.Errorf("cover of the bill of %s: %w", b.Customer.ID, err)
	}
	if err := settlePaid(s, b, l, due, &done); err != nil {
		return nil, err
	}
	l.Kind = LetterKindOf(b.Amounts.Due)
	return l, l.Check()
}

// ofNoService is query.OfNoService in both languages.
var ofNoService = LetterText{English: query.OfNoService, Chinese: "承诺用量"}

// serviceRows returns the payable amounts by service, in the order of the bill.
func serviceRows(b *Bill) ([]LetterRow, error) {
	var list []LetterRow
	last := ""
	for i := range b.Sections {
		sec := &b.Sections[i]
		if i == 0 || sec.Service != last {
			name := SameText(cmp.Or(sec.ServiceName, sec.Service))
			if sec.Service == "" {
				name = ofNoService
			}
			list = append(list, LetterRow{Name: name})
			last = sec.Service
		}
		var sum money.AmountTotal
		_ = sum.Add(list[len(list)-1].Amount)
		for k := range sec.Items {
			if err := sum.AddTotal(sec.Items[k].Payment); err != nil {
				return nil, fmt.Errorf("cover of the bill of %s: %w", b.Customer.ID, err)
			}
		}
		var err error
		if list[len(list)-1].Amount, err = sum.Amount(); err != nil {
			return nil, fmt.Errorf("cover of the bill of %s: %w", b.Customer.ID, err)
		}
	}
	return list, nil
}

// settlePaid adds what is already paid of the amount due. The amount to pay is rounded once (§4.2, §9.7).
func settlePaid(s *Sources, b *Bill, l *Letter, due LetterRow, done *query.PaidBill) error {
	rows := []LetterRow{due}
	for _, part := range Parts(done, s.partnerName(l.Cycle)) {
		rows = append(rows, LetterRow{Name: part.Name, Amount: part.Amount.Neg()})
	}
	if done.Open == b.Amounts.Payment || l.Archived != 0 {
		return nil // nothing is paid yet, or the payments are unknown (DEDUCT-2)
	}
	mode, err := RoundedBy(s.Snap, &b.Header, s.Settings.Rounding.Mode)
	if err != nil {
		return err
	}
	toPay := []money.Amount{done.Open.Cut(l.Digits, mode)}
	for _, t := range addedTaxes(b.Amounts.Taxes) { // no balance pays tax
		toPay = append(toPay, t.Amount)
	}
	sum, err := SumOf(toPay...)
	if err != nil {
		return fmt.Errorf("cover of the bill of %s: %w", b.Customer.ID, err)
	}
	table, err := RoundedTable(LetterText{English: "Payment", Chinese: "支付情况"}, l.Digits, rows,
		LetterRow{Name: LetterText{English: "To pay", Chinese: "应付金额"}, Amount: sum})
	if err != nil {
		return err
	}
	l.Tables, l.Payable = append(l.Tables, table), sum
	return nil
}

// statementCover creates the cover of a partner's statement, from its seller at the cycle's end: what the partner owes
// that seller, what the seller has received of it, and the net of the month. Other partners and incentives contribute
// to the net and are paid separately (§9.1).
func statementCover(s *Sources, st *Statement) (*Letter, error) {
	issuer := st.Header.Vendor
	if len(st.Sellers) > 0 {
		issuer = st.Sellers[0]
	}
	l := composeCover(s, &st.Header, issuer, st.Partner)
	if l == nil {
		return nil, nil //nolint:nilnil // no cover, and no error
	}
	l.Kind = StatementLetter
	owed, err := OwedTo(issuer.ID, st)
	if err != nil {
		return nil, fmt.Errorf("cover of the statement of %s: %w", st.Partner.ID, err)
	}
	sum, err := SumOf(owed.Own, owed.Resellers)
	if err != nil {
		return nil, fmt.Errorf("cover of the statement of %s: %w", st.Partner.ID, err)
	}
	total := LetterRow{Name: LetterText{English: "Owed to us", Chinese: "应付我方"}, Amount: sum}
	table, err := RoundedTable(LetterText{English: "Settlement", Chinese: "结算"}, l.Digits, []LetterRow{
		{Name: LetterText{English: "Your customers", Chinese: "直属客户应结算"}, Amount: owed.Own},
		{Name: LetterText{English: "Customers of your resellers", Chinese: "下级伙伴客户应结算"}, Amount: owed.Resellers},
	}, total)
	if err != nil {
		return nil, err
	}
	l.Tables, l.Payable = []LetterTable{table}, total.Amount
	taxes := taxesOwedTo(issuer.ID, st.Taxes)
	if len(taxes) > 0 {
		l.Recipient.OmitExemption()
	}
	withTax, err := statementTaxes(l, taxes, total)
	if err != nil {
		return nil, err
	}
	got, err := ReceivedBy(s.Snap, issuer.ID, st, s.Settings.Receivables.SetOff)
	if err != nil {
		return nil, err
	}
	if err := Deduct(l, &got, withTax); err != nil {
		return nil, err
	}
	if err := addNet(l, st, total); err != nil {
		return nil, err
	}
	return l, l.Check()
}

// taxesOwedTo returns the taxes on what a partner owes a seller.
func taxesOwedTo(seller string, list []Tax) []Tax {
	return slices.DeleteFunc(slices.Clone(list), func(t Tax) bool { return t.SellerID != seller })
}

// addNet adds the table of the net of the month, if other sellers or incentives contribute to it. It requests no
// payment.
func addNet(l *Letter, st *Statement, toUs LetterRow) error {
	sum := &st.Summary
	var others money.AmountTotal
	if err := errors.Join(others.AddTotal(sum.Owed), others.AddTotal(sum.Cost),
		others.Add(toUs.Amount.Neg())); err != nil {
		return fmt.Errorf("cover of the statement of %s: %w", st.Partner.ID, err)
	}
	rows, alone := []LetterRow{toUs}, true
	for _, r := range []struct {
		name  LetterText
		total money.AmountTotal
		less  bool
	}{
		{LetterText{English: "Owed to other sellers", Chinese: "应付其他销售方"}, others, false},
		{LetterText{English: "Revenue from your resellers", Chinese: "来自下级伙伴的收入"}, sum.Revenue, true},
		{LetterText{English: "Incentives", Chinese: "激励"}, sum.Incentives, true},
		{LetterText{English: "Claw-backs", Chinese: "激励扣回"}, sum.Clawbacks, false},
	} {
		amount, err := r.total.Amount()
		if err != nil {
			return fmt.Errorf("cover of the statement of %s: %w", st.Partner.ID, err)
		}
		if r.less {
			amount = amount.Neg()
		}
		rows, alone = append(rows, LetterRow{Name: r.name, Amount: amount}), alone && amount.IsZero()
	}
	if alone {
		return nil
	}
	net, err := sum.Net.Amount()
	if err != nil {
		return fmt.Errorf("cover of the statement of %s: %w", st.Partner.ID, err)
	}
	table, err := RoundedTable(LetterText{English: "Net of the month, for information", Chinese: "本月净额（仅供参考）"},
		l.Digits, rows, LetterRow{Name: LetterText{English: "Net", Chinese: "净额"},
			Amount: net.Cut(l.Digits, money.HalfEven)})
	l.Tables = append(l.Tables, table)
	return err
}
