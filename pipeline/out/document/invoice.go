package document

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/typeset"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Invoice is what is left to invoice to a recipient for a closed cycle (§9.7). Amounts are in the header's currency.
// Invoiceable = Σ Services + Rounding + Tax; Left = Invoiceable − Issued + Returned + Credited.
type Invoice struct {
	Header      Header
	Number      string // empty: a draft
	Issuer      Contact
	Recipient   Contact
	Role        string // of the recipient: customer, partner
	Issued, Due period.Day
	Content     string
	Services    []InvoiceService
	Rounding    money.AmountTotal
	Tax         money.Amount // that is added to prices
	Taxes       []Tax        // what Tax consists of; none if it is a part of the recipient's. SellerID is not used
	Invoiceable money.Amount
	Before      InvoiceBefore
	Left        money.Amount // below 0: a credit that is due
}

// InvoiceBefore is what earlier events of the feed invoices came to.
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
}

// InvoiceService is what a service comes to, without tax and before rounding.
type InvoiceService struct {
	Service string            `json:"service_type_code"`
	Name    string            `json:"service_type_name,omitempty"`
	Amount  money.AmountTotal `json:"amount"`
}

// invoiceJSON is an Invoice as JSON.
type invoiceJSON struct {
	Header      Header            `json:"header"`
	Kind        string            `json:"kind"`
	Number      string            `json:"number,omitempty"`
	Issuer      Contact           `json:"issuer"`
	Recipient   Contact           `json:"recipient"`
	Issued      string            `json:"issued"`
	Due         string            `json:"due,omitempty"`
	Content     string            `json:"content"`
	Services    []InvoiceService  `json:"services"`
	Rounding    money.AmountTotal `json:"rounding_amount"`
	Tax         money.Amount      `json:"tax_amount"`
	Taxes       []Tax             `json:"taxes,omitempty"`
	Invoiceable money.Amount      `json:"invoiceable_amount"`
	Before      money.Amount      `json:"issued_amount"`
	Returned    money.Amount      `json:"returned_amount"`
	Credited    money.Amount      `json:"credited_amount"`
	Left        money.Amount      `json:"left_amount"`
}

// JSONValue is what MarshalJSON writes: dates are as 2026-10-05.
func (v Invoice) JSONValue() any {
	return invoiceJSON{v.Header, v.kind(), v.Number, v.Issuer, v.Recipient, v.Issued.String(), v.due(), v.Content,
		there(v.Services), v.Rounding, v.Tax, v.Taxes, v.Invoiceable, v.Before.Issued,
		v.Before.Returned, v.Before.Credited, v.Left}
}

// MarshalJSON gives the invoice with its kind and its dates.
func (v Invoice) MarshalJSON() ([]byte, error) { return json.Marshal(v.JSONValue()) }

// kind is what the document is.
func (v *Invoice) kind() string {
	if v.Left.Sign() < 0 {
		return "Credit note"
	}
	return "Invoice"
}

// due is the date until which the recipient pays; empty if there is nothing to pay.
func (v *Invoice) due() string {
	if v.Left.Sign() <= 0 {
		return ""
	}
	return v.Due.String()
}

// subject names the invoice in errors.
func (v *Invoice) subject() string {
	return fmt.Sprintf("invoice of %s to %s for %s", v.Issuer.ID, v.Recipient.ID, v.Header.Cycle)
}

// Check checks that the invoice adds up. The error is a *SumError.
func (v *Invoice) Check() error {
	if err := v.Header.check(); err != nil {
		return err
	}
	c := &sums{document: v.subject()}
	sum := v.Rounding
	for i := range v.Services {
		c.add(&sum, v.Services[i].Amount)
	}
	c.add(&sum, total(v.Tax))
	if len(v.Taxes) > 0 {
		c.same("tax", total(v.Tax), c.added(v.Taxes))
	}
	c.same("invoiceable", total(v.Invoiceable), sum)
	c.same("left", total(v.Left), c.of(total(v.Invoiceable), negated(total(v.Before.Issued)), total(v.Before.Returned),
		total(v.Before.Credited)))
	return c.err
}

// Write checks the invoice and writes it in a format. Errors: *SumError, and what w gives.
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

// page puts the invoice's parts together.
func (v *Invoice) page() *page {
	p := &page{header: &v.Header, kind: v.kind(), role: v.Role, subject: Party{v.Recipient.ID, v.Recipient.Name}}
	p.facts = []Figure{{"Number", cmp.Or(v.Number, "none: a draft")},
		{"Issuer", Party{v.Issuer.ID, v.Issuer.Name}.full()}, {"Recipient", p.subject.full()},
		{"Issued", v.Issued.String()}, {"Due", v.due()}, {"Content", v.Content}}
	p.facts = slices.DeleteFunc(p.facts, func(f Figure) bool { return f.Value == "" })
	p.headline = Figure{"To pay", v.Header.Currency + " " + typeset.Grouped(v.Left.StringFixed(v.Header.Digits))}
	if v.Left.Sign() < 0 {
		p.headline = Figure{"Credit", v.Header.Currency + " " +
			typeset.Grouped(v.Left.Neg().StringFixed(v.Header.Digits))}
	}
	p.parts = append(p.parts, v.partiesPart(), v.servicePart(),
		taxPart(v.Taxes, "Tax that is added to prices."), v.amountPart())
	p.parts = slices.DeleteFunc(p.parts, func(p *part) bool { return p == nil })
	return p
}

// partiesPart is who invoices whom, with the bank that is paid to.
func (v *Invoice) partiesPart() *part {
	type party struct {
		role string
		*Contact
	}
	return &part{name: "parties", title: "Parties", where: inSheet | inPrint, cols: []column{
		{name: "party", title: "Party"},
		{name: "id", title: "Id"}, {name: "name", title: "Name"}, {name: "address", title: "Address"},
		{name: "country", title: "Country"}, {name: "tax_id", title: "Tax id"}, {name: "email", title: "E-mail"},
		{name: "bank", title: "Bank"}, {name: "purchase_order", title: "Purchase order"}},
		rows: listed([]party{{"issuer", &v.Issuer}, {"recipient", &v.Recipient}}, func(p *party) []cell {
			return []cell{word(p.role), word(p.ID), word(p.Name), word(p.Address), word(p.Country), word(p.TaxID),
				word(p.Email), word(p.Bank), word(p.PurchaseOrder)}
		})}
}

// servicePart is what each service comes to.
func (v *Invoice) servicePart() *part {
	return &part{name: "services", title: "Services", where: inSheet | inPrint,
		about: []string{"Without tax, before rounding."},
		cols: []column{{name: "service_type_name", title: "Service"},
			{name: "service_type_code", title: "Code", code: true},
			{name: "amount", title: "Amount", kind: amount, sum: true, keep: true}},
		rows: listed(v.Services, func(s *InvoiceService) []cell {
			return []cell{word(s.Name), word(s.Service), sumCell(s.Amount)}
		})}
}

// amountPart is how services, taxes and earlier invoices come to what is left.
func (v *Invoice) amountPart() *part {
	var services money.AmountTotal
	for i := range v.Services {
		_ = services.AddTotal(v.Services[i].Amount) // Check has added them
	}
	list := []entry{{name: "Services", amount: services}}
	if v.Rounding != (money.AmountTotal{}) {
		list = append(list, entry{name: "Rounding", amount: v.Rounding})
	}
	for i := range v.Taxes {
		list = append(list, entry{name: v.Taxes[i].Label(), amount: total(v.Taxes[i].Amount)})
	}
	if len(v.Taxes) == 0 && !v.Tax.IsZero() {
		list = append(list, entry{name: "Tax", amount: total(v.Tax)})
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
	return &part{name: "amounts", title: "Amounts", where: inSheet | inPrint, cols: []column{
		{name: "name", title: "Name"},
		{name: "amount", title: "Amount", kind: amount, keep: true}}, rows: listed(list, entryCells)}
}
