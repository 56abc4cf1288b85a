package compose

import (
	"cmp"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/pipeline/out/letter"
	"github.com/tollbook/tollbook/schemas/branding"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Covers says how the covers of documents look.
type Covers struct {
	Branding *branding.Branding
	Issued   period.Day // overrides the style's date of issue if Dated
	Dated    bool
}

// cover begins a letter; nil = the branding does not name the issuer, and the document has no cover.
func cover(s *Sources, h *layout.Header, issuer, recipient layout.Party) *letter.Letter {
	if s.Covers == nil {
		return nil
	}
	style, ok := s.Covers.Branding.Style(issuer.ID)
	if !ok {
		return nil
	}
	l := &letter.Letter{Draft: !h.Closed, Issuer: contact(s, issuer), Recipient: contact(s, recipient), Cycle: h.Cycle,
		Currency: h.Currency, Digits: h.Digits, Style: style, Issued: style.Issued(h.Cycle)}
	if s.Covers.Dated {
		l.Issued = s.Covers.Issued
	}
	return l
}

// contact is a party with what books/parties.csv says about it.
func contact(s *Sources, p layout.Party) letter.Contact {
	c := letter.Contact{ID: p.ID, Name: cmp.Or(p.Name, p.ID)}
	if at := s.Books.Money.PartyNamed(p.ID); at >= 0 {
		row := &s.Books.Money.Parties[at]
		c.Name = cmp.Or(row.LegalName, c.Name)
		c.Address, c.Country, c.TaxID, c.Email, c.Bank = row.Address, row.Country, row.TaxID, row.Email, row.Bank
		c.PurchaseOrder = row.PurchaseOrder
	}
	return c
}

// billCover is the cover of a bill: what each service costs, and how it is paid.
func billCover(s *Sources, b *document.Bill) (*letter.Letter, error) {
	issuer := b.Header.Vendor
	if b.Partner.ID != "" {
		issuer = b.Partner
	}
	l := cover(s, &b.Header, issuer, b.Customer)
	if l == nil {
		return nil, nil //nolint:nilnil // no cover, and no error
	}
	services, err := serviceRows(b)
	if err != nil {
		return nil, err
	}
	services = append(services, addedTaxes(b.Amounts.Taxes)...)
	due := letter.Row{Name: letter.Text{English: "Amount due", Chinese: "应付总额"}, Amount: b.Amounts.Due}
	table, err := letter.Rounded(letter.Text{English: "Service", Chinese: "服务"}, l.Digits, services, due)
	if err != nil {
		return nil, err
	}
	l.Tables, l.Payable = []letter.Table{table}, b.Amounts.Due
	if err := includedTaxes(l, b.Amounts.Taxes); err != nil {
		return nil, err
	}
	if err := settlePaid(s, b, l, due); err != nil {
		return nil, err
	}
	if l.Kind = letter.Invoice; l.Payable.Sign() < 0 {
		l.Kind = letter.CreditNote
	}
	return l, l.Check()
}

// serviceRows are the payable amounts by service, in the order of the bill.
func serviceRows(b *document.Bill) ([]letter.Row, error) {
	var list []letter.Row
	last := ""
	for i := range b.Sections {
		sec := &b.Sections[i]
		if i == 0 || sec.Service != last {
			list = append(list, letter.Row{Name: letter.Same(cmp.Or(sec.ServiceName, sec.Service))})
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

// settlePaid adds how much of the amount due is paid already: by coupons, and with settings payments: ledger by the
// customer's balances. Without ledger mode cash is what the customer is asked to pay, and credit what is still owed.
func settlePaid(s *Sources, b *document.Bill, l *letter.Letter, due letter.Row) error {
	p := &b.Payments
	paid := []letter.Row{
		{Name: letter.Text{English: "Paid with coupons", Chinese: "代金券支付"}, Amount: p.Coupon.Neg()},
		{Name: letter.Text{English: "Paid with flexi coupons", Chinese: "现金券支付"}, Amount: p.Flexi.Neg()},
		{Name: letter.Text{English: "Paid with stored value", Chinese: "储值卡支付"}, Amount: p.StoredValue.Neg()},
	}
	open, err := p.Credit.Add(p.Debt)
	if err != nil {
		return fmt.Errorf("cover of the bill of %s: %w", b.Customer.ID, err)
	}
	if s.Settings.Payments == settings.Ledger {
		paid = append(paid, letter.Row{Name: letter.Text{English: "Paid from the cash balance", Chinese: "现金余额支付"},
			Amount: p.Cash.Neg()})
	} else if open, err = open.Add(p.Cash); err != nil {
		return fmt.Errorf("cover of the bill of %s: %w", b.Customer.ID, err)
	}
	if open == b.Amounts.Payment {
		return nil // nothing is paid yet
	}
	for _, t := range addedTaxes(b.Amounts.Taxes) { // no balance pays tax
		if open, err = open.Add(t.Amount); err != nil {
			return fmt.Errorf("cover of the bill of %s: %w", b.Customer.ID, err)
		}
	}
	toPay := letter.Row{Name: letter.Text{English: "To pay", Chinese: "应付金额"},
		Amount: open.Cut(l.Digits, money.HalfEven)}
	table, err := letter.Rounded(letter.Text{English: "Payment", Chinese: "支付情况"}, l.Digits,
		append([]letter.Row{due}, paid...), toPay)
	if err != nil {
		return err
	}
	l.Tables, l.Payable = append(l.Tables, table), toPay.Amount
	return nil
}

// statementCover is the cover of a partner's statement, from its first seller.
func statementCover(s *Sources, st *document.Statement) (*letter.Letter, error) {
	issuer := st.Header.Vendor
	if len(st.Sellers) > 0 {
		issuer = st.Sellers[0]
	}
	l := cover(s, &st.Header, issuer, st.Partner)
	if l == nil {
		return nil, nil //nolint:nilnil // no cover, and no error
	}
	l.Kind = letter.Statement
	sum := &st.Summary
	var rows []letter.Row
	for _, r := range []struct {
		name  letter.Text
		total money.AmountTotal
		less  bool
	}{
		{letter.Text{English: "Your customers", Chinese: "直属客户应结算"}, sum.Owed, false},
		{letter.Text{English: "Customers of your resellers", Chinese: "下级伙伴客户应结算"}, sum.Cost, false},
		{letter.Text{English: "Revenue from your resellers", Chinese: "来自下级伙伴的收入"}, sum.Revenue, true},
		{letter.Text{English: "Incentives", Chinese: "激励"}, sum.Incentives, true},
		{letter.Text{English: "Claw-backs", Chinese: "激励扣回"}, sum.Clawbacks, false},
	} {
		amount, err := r.total.Amount()
		if err != nil {
			return nil, fmt.Errorf("cover of the statement of %s: %w", st.Partner.ID, err)
		}
		if r.less {
			amount = amount.Neg()
		}
		rows = append(rows, letter.Row{Name: r.name, Amount: amount})
	}
	net, err := sum.Net.Amount()
	if err != nil {
		return nil, fmt.Errorf("cover of the statement of %s: %w", st.Partner.ID, err)
	}
	total := letter.Row{Name: letter.Text{English: "Net", Chinese: "净额"}, Amount: net.Cut(l.Digits, money.HalfEven)}
	table, err := letter.Rounded(letter.Text{English: "Settlement", Chinese: "结算"}, l.Digits, rows, total)
	if err != nil {
		return nil, err
	}
	l.Tables, l.Payable = []letter.Table{table}, total.Amount
	if err := statementTaxes(l, st.Taxes, total); err != nil {
		return nil, err
	}
	return l, l.Check()
}
