package document

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Invoice is the invoice of what is not yet invoiced to a recipient for a closed cycle (§9.7). Amounts are in the
// header's currency. Invoiceable = Σ Services + Rounding + Tax; Left = Invoiceable − Issued + Returned + Credited.
type Invoice struct {
	Header      PageHeader
	Number      string // empty: a draft
	Issuer      Contact
	Recipient   Contact
	Role        string // of the recipient: customer, partner
	Issued, Due period.Day
	Content     string
	Services    []InvoiceService
	Rounding    money.AmountTotal
	Tax         money.Amount // added to prices
	Taxes       []Tax        // the parts of Tax. SellerID is not used
	Inclusive   bool         // prices include tax
	Included    []Tax        // included in prices, before coupons; of the issuer's lines
	Invoiceable money.Amount
	Before      InvoiceBefore
	Left        money.Amount // below 0: a credit to the recipient
	// Amounts of Invoiceable that are already paid, with all digits, and what rounding adds. Earlier invoices deduct
	// PaidBefore of it. Payable = Left − Σ Paid − PaidRounding + PaidBefore; if below 0, the issuer owes it.
	Paid         []LetterRow
	PaidRounding money.Amount
	PaidBefore   money.Amount
	Payable      money.Amount
}

// invoicePayment is what was paid of an invoice, as JSON.
type invoicePayment struct {
	Name   string       `json:"name"`
	Amount money.Amount `json:"amount"`
}

// InvoiceBefore has the sums of earlier events of the feed invoices.
type InvoiceBefore struct {
	Issued, Returned, Credited money.Amount
}

// Contact is a party with what books/parties.csv says about it.
type Contact struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	Country string `json:"country,omitempty"`
	TaxID   string `json:"tax_id,omitempty"`
	Email   string `json:"email,omitempty"`
	Bank    string `json:"bank,omitempty"`

	PurchaseOrder string `json:"purchase_order,omitempty"` // of a recipient

	TaxExempt    bool   `json:"tax_exempt,omitempty"` // of a recipient, if the invoice has no tax
	ExemptReason string `json:"exempt_reason,omitempty"`
}

// InvoiceService is the amount of a service, without the tax that is added to prices and before rounding.
type InvoiceService struct {
	Service string            `json:"service_type_code"`
	Name    string            `json:"service_type_name,omitempty"`
	Amount  money.AmountTotal `json:"amount"`
}

// invoiceJSON is an Invoice as JSON.
type invoiceJSON struct {
	Header      PageHeader        `json:"header"`
	Kind        string            `json:"kind"`
	Number      string            `json:"number,omitempty"`
	Issuer      Contact           `json:"issuer"`
	Recipient   Contact           `json:"recipient"`
	Issued      string            `json:"issued"`
	Due         string            `json:"due,omitempty"`
	Content     string            `json:"content"`
	Services    []InvoiceService  `json:"services"`
	Rounding    money.AmountTotal `json:"rounding_amount"` // amount before rounding less amount after it, as in tables (§4.2)
	Tax         money.Amount      `json:"tax_amount"`
	Taxes       []Tax             `json:"taxes,omitempty"`
	Included    []Tax             `json:"included_taxes,omitempty"`
	Invoiceable money.Amount      `json:"invoiceable_amount"`
	Before      money.Amount      `json:"issued_amount"`
	Returned    money.Amount      `json:"returned_amount"`
	Credited    money.Amount      `json:"credited_amount"`
	Left        money.Amount      `json:"left_amount"`
	Paid        []invoicePayment  `json:"paid,omitempty"`
	Payable     money.Amount      `json:"payable_amount"`
}

// JSONValue returns the value that MarshalJSON writes. Dates have the form 2026-10-05.
func (v Invoice) JSONValue() any {
	return invoiceJSON{v.Header, v.kind(), v.Number, v.Issuer, v.Recipient, v.Issued.String(), v.due(), v.Content,
		there(v.Services), negated(v.Rounding), v.Tax, v.Taxes, v.Included, v.Invoiceable, v.Before.Issued,
		v.Before.Returned, v.Before.Credited, v.Left, v.payments(), v.Payable}
}

// payments returns what is already paid, and the part of it that is not deducted here.
func (v *Invoice) payments() (list []invoicePayment) {
	for _, r := range v.Paid {
		list = append(list, invoicePayment{r.Name.English, r.Amount})
	}
	for _, r := range []invoicePayment{{"Rounding", v.PaidRounding},
		{"Deducted from earlier invoices", v.PaidBefore.Neg()}} {
		if !r.Amount.IsZero() {
			list = append(list, r)
		}
	}
	return list
}

// MarshalJSON writes the invoice with its kind and its dates.
func (v Invoice) MarshalJSON() ([]byte, error) { return json.Marshal(v.JSONValue()) }

// kind returns the kind of the document: invoice or credit note.
func (v *Invoice) kind() string {
	if v.Left.Sign() < 0 {
		return "Credit note"
	}
	return "Invoice"
}

// due returns the date by which the recipient must pay; empty if there is nothing to pay.
func (v *Invoice) due() string {
	if v.Payable.Sign() <= 0 {
		return ""
	}
	return v.Due.String()
}

// toCustomer reports whether the recipient is a customer: coupons pay a part of its lines.
func (v *Invoice) toCustomer() bool { return v.Role == "customer" }

// subject names the invoice in errors.
func (v *Invoice) subject() string {
	return fmt.Sprintf("invoice of %s to %s for %s", v.Issuer.ID, v.Recipient.ID, v.Header.Cycle)
}

// Check checks that the invoice adds up. The error is a *SumError.
func (v *Invoice) Check() error {
	if err := v.Header.Check(); err != nil {
		return err
	}
	c := &sums{document: v.subject()}
	sum := v.Rounding
	for i := range v.Services {
		c.add(&sum, v.Services[i].Amount)
	}
	c.add(&sum, total(v.Tax))
	c.same("tax", total(v.Tax), c.added(v.Taxes))
	c.rounded(v.Rounding, v.Services, v.Header.Digits)
	c.same("invoiceable", total(v.Invoiceable), sum)
	c.same("left", total(v.Left), c.of(total(v.Invoiceable), negated(total(v.Before.Issued)), total(v.Before.Returned),
		total(v.Before.Credited)))
	parts := []money.AmountTotal{total(v.Left)}
	for _, r := range v.payments() {
		parts = append(parts, total(r.Amount.Neg()))
	}
	c.same("payable", total(v.Payable), c.of(parts...))
	return c.err
}

// rounded checks that rounding changes the sum of services by less than a unit of the currency.
func (s *sums) rounded(rounding money.AmountTotal, services []InvoiceService, digits int) {
	a, err := rounding.Amount()
	if s.err != nil || err == nil && a.Cut(digits, money.Truncate).IsZero() {
		return
	}
	var sum money.AmountTotal
	for i := range services {
		s.add(&sum, services[i].Amount)
	}
	s.same("amount without added tax", s.of(sum, rounding), sum)
}

// Write checks the invoice and writes it in a format. Errors: *SumError, and those of w.
func (v *Invoice) Write(w io.Writer, f Format, o Options) error {
	if err := v.Check(); err != nil {
		return err
	}
	d := writers{json: v, pages: v.page}
	if err := d.write(w, f, o); err != nil {
		return fmt.Errorf("write %s as %s: %w", v.subject(), f, err)
	}
	return nil
}

// page returns the invoice's page with all parts.
func (v *Invoice) page() *Page {
	p := &Page{Header: &v.Header, Kind: v.kind(), Role: v.Role,
		Subject: PageParty{ID: v.Recipient.ID, Name: v.Recipient.Name}}
	p.Facts = []PageFigure{{Name: "Number", Value: cmp.Or(v.Number, "none: a draft")},
		{Name: "Issuer", Value: PageParty{ID: v.Issuer.ID, Name: v.Issuer.Name}.Full()},
		{Name: "Recipient", Value: p.Subject.Full()},
		{Name: "Exempt from tax", Value: v.exempt()},
		{Name: "Issued", Value: v.Issued.String()}, {Name: "Due", Value: v.due()}, {Name: "Content", Value: v.Content}}
	p.Facts = slices.DeleteFunc(p.Facts, func(f PageFigure) bool { return f.Value == "" })
	p.Headline = PageFigure{Name: "To pay",
		Value: v.Header.Currency + " " + GroupedDigits(v.Payable.StringFixed(v.Header.Digits))}
	if v.Payable.Sign() < 0 {
		p.Headline = PageFigure{Name: "Credit", Value: v.Header.Currency + " " +
			GroupedDigits(v.Payable.Neg().StringFixed(v.Header.Digits))}
	}
	p.Parts = append(p.Parts, v.partiesPart(), v.servicePart(),
		v.taxPart(), v.amountPart())
	p.Parts = slices.DeleteFunc(p.Parts, func(p *PagePart) bool { return p == nil })
	return p
}

// exempt says why the recipient is exempt from tax; "" = it is not.
func (v *Invoice) exempt() string {
	if v.Recipient.TaxExempt {
		return cmp.Or(v.Recipient.ExemptReason, "yes")
	}
	return ""
}

// partiesPart returns the issuer and the recipient, with the issuer's bank account.
func (v *Invoice) partiesPart() *PagePart {
	type party struct {
		role string
		*Contact
	}
	return &PagePart{Name: "parties", Title: "Parties", Where: InSheet | InPrint,
		Cols: []PageColumn{
			{Name: "party", Title: "Party"},
			{Name: "id", Title: "Id"}, {Name: "name", Title: "Name", Kind: Named},
			{Name: "address", Title: "Address", Kind: Named},
			{Name: "country", Title: "Country"}, {Name: "tax_id", Title: "Tax id"}, {Name: "email", Title: "E-mail"},
			{Name: "bank", Title: "Bank", Kind: Named}, {Name: "purchase_order", Title: "Purchase order"}},
		Rows: ListedCells([]party{{"issuer", &v.Issuer}, {"recipient", &v.Recipient}}, func(p *party) []PageCell {
			return []PageCell{WordCell(p.role), WordCell(p.ID), WordCell(p.Name), WordCell(p.Address),
				WordCell(p.Country), WordCell(p.TaxID),
				WordCell(p.Email), WordCell(p.Bank), WordCell(p.PurchaseOrder)}
		})}
}

// taxPart returns the taxes that are added to prices, or else those that prices include.
func (v *Invoice) taxPart() *PagePart {
	if len(v.Included) > 0 {
		return taxPart(slices.Concat(v.Taxes, v.Included), "Tax that prices include, before coupons.")
	}
	about := "Tax that is added to prices."
	if v.toCustomer() {
		about = "Tax that is added to prices, before coupons are deducted."
	}
	return taxPart(v.Taxes, about)
}

// servicePart returns the amount of each service.
func (v *Invoice) servicePart() *PagePart {
	about := "Without tax, before rounding."
	if v.Inclusive {
		about = "Prices include tax. Before rounding."
	}
	list := []string{about}
	if v.toCustomer() {
		list = append(list, "Amounts that coupons paid are deducted.")
	}
	return &PagePart{Name: "services", Title: "Services", Where: InSheet | InPrint,
		About: list,
		Cols: []PageColumn{{Name: "service_type_name", Title: "Service", Kind: Named},
			{Name: "service_type_code", Title: "Code", Code: true},
			{Name: "amount", Title: "Amount", Kind: Amount, Sum: true, Keep: true}},
		Rows: ListedCells(v.Services, func(s *InvoiceService) []PageCell {
			return []PageCell{WordCell(s.Name), WordCell(s.Service), SumCell(s.Amount)}
		})}
}

// amountPart returns the calculation from services, taxes and earlier invoices to the amount left.
func (v *Invoice) amountPart() *PagePart {
	var services money.AmountTotal
	for i := range v.Services {
		_ = services.AddTotal(v.Services[i].Amount) // no error: Check has added them
	}
	list := []entry{{name: "Services", amount: services}}
	if v.Rounding != (money.AmountTotal{}) {
		list = append(list, entry{name: "Rounding", amount: v.Rounding})
	}
	for i := range v.Taxes {
		list = append(list, entry{name: v.Taxes[i].Label(), amount: total(v.Taxes[i].Amount)})
	}
	list = append(list, entry{name: "Can be invoiced", amount: total(v.Invoiceable), above: len(list)})
	for _, e := range []entry{{name: "Invoiced before", amount: negated(total(v.Before.Issued))},
		{name: "Returned and voided", amount: total(v.Before.Returned)},
		{name: "Credited", amount: total(v.Before.Credited)}} {
		if e.amount != (money.AmountTotal{}) {
			list = append(list, e)
		}
	}
	list = append(list, entry{name: "Left", amount: total(v.Left)})
	for _, r := range v.payments() {
		list = append(list, entry{name: r.Name, amount: total(r.Amount.Neg())})
	}
	if len(v.payments()) > 0 {
		list = append(list, entry{name: "To pay", amount: total(v.Payable)})
	}
	return &PagePart{Name: "amounts", Title: "Amounts", Where: InSheet | InPrint,
		Cols: []PageColumn{
			{Name: "name", Title: "Name"},
			{Name: "amount", Title: "Amount", Kind: Amount, Keep: true}}, Rows: ListedCells(list, entryCells)}
}
