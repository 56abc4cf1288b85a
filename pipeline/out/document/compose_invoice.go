package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// InvoiceTerms identify the invoice to compose.
type InvoiceTerms struct {
	Cycle  period.Cycle
	To     string     // the recipient's customer_id or partner_id
	From   string     // the issuer; "" = the only one
	Number string     // "" = a draft
	Issued period.Day // the date of issue; 0 = the day of the last run
}

// ComposeInvoice composes the invoice of what is not yet invoiced to a recipient for a closed cycle (§9.7). Errors:
// *rows.NoCycleError; *rows.NotFoundError if there is nothing to invoice, or if there are several issuers and none is
// named.
func ComposeInvoice(ctx context.Context, s *Sources, t *InvoiceTerms) (*Invoice, error) {
	header, err := s.header(t.Cycle)
	if gone := new(rows.ArchivedError); errors.As(err, &gone) {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("cycle %s is archived: the lake no longer has the services "+
			"that an invoice lists", t.Cycle),
			Do: "`tollbook export --table invoices --cycle " + t.Cycle.String() + "` shows what is left to invoice"}
	}
	if err != nil {
		return nil, err
	}
	v := &Invoice{Header: header, Number: t.Number, Issued: t.Issued, Content: s.Settings.Invoice.Content}
	in := invoicing{s}
	issuer, shared, err := in.invoiceable(v, t)
	if err != nil {
		return nil, err
	}
	if v.Issued == 0 {
		v.Issued = s.Books.Zone.Day(header.AsOf)
	}
	v.Due = v.Issued + period.Day(s.Settings.StatementDueDays)
	v.Issuer = in.invoiceContact(s.parties().partner(issuer, t.Cycle))
	// these are for documents addressed to the issuer
	v.Issuer.PurchaseOrder, v.Issuer.TaxExempt, v.Issuer.ExemptReason = "", false, ""
	var lines query.PaidLines
	if err := in.invoiceServices(ctx, v, t, issuer, &lines); err != nil {
		return nil, err
	}
	if err := in.invoiceTaxes(ctx, v, issuer, shared); err != nil {
		return nil, err
	}
	if len(v.Taxes)+len(v.Included) > 0 {
		v.Recipient.TaxExempt, v.Recipient.ExemptReason = false, ""
	}
	return v, in.invoicePaid(ctx, v, issuer, &lines)
}

// invoicing composes one invoice.
type invoicing struct{ src *Sources }

// invoiceServices adds up what the issuer sold the recipient: a customer, a partner, or one that is both.
func (s invoicing) invoiceServices(ctx context.Context, v *Invoice, t *InvoiceTerms, issuer string,
	lines *query.PaidLines) error {
	var err error
	customer, partner := s.src.Books.Customer(t.To) >= 0, s.src.Books.Partner(t.To)
	v.Role, v.Recipient = "customer", s.invoiceContact(s.src.parties().customer(t.To, t.Cycle))
	currency := s.src.Books.CustomerCurrencyOf(t.To)
	if partner >= 0 {
		v.Role, v.Recipient = "partner", s.invoiceContact(s.src.parties().partner(t.To, t.Cycle))
		currency = s.src.Books.PartnerCurrency(partner)
		err = s.partnerServices(ctx, v, issuer)
	}
	v.Header = inCurrency(v.Header, currency)
	if err == nil && (customer || partner < 0) {
		err = s.customerServices(ctx, v, issuer, lines)
	}
	return err
}

// invoiceable finds the row of table invoices and its issuer. shared reports that there are other issuers too.
func (s invoicing) invoiceable(v *Invoice, t *InvoiceTerms) (issuer string, shared bool, err error) {
	var issuers []string
	err = query.EachCouponRow(s.src.Snap, tables.Invoices(), func(r rows.Row[tables.Invoice]) error {
		from := r.Word(tables.InvoiceIssuerID)
		if r.Word(tables.InvoiceCycle) != t.Cycle.String() || r.Word(tables.InvoiceRecipientID) != t.To {
			return nil
		}
		if issuers = append(issuers, from); t.From != "" &&
			from != settlement.SellerID(t.From, s.src.Settings.Vendor.ID) {
			return nil
		}
		issuer = from
		for i, to := range []*money.Amount{&v.Invoiceable, &v.Before.Issued, &v.Before.Returned, &v.Before.Credited,
			&v.Left} {
			a, err := r.Amount(tables.InvoiceAmounts()[i])
			if err != nil {
				return err
			}
			*to = a
		}
		return nil
	})
	kept, failed := query.CouponsKept(s.src.Snap)
	named := strings.Join(issuers, ", ")
	switch err = errors.Join(err, failed); {
	case err != nil:
		return "", false, err
	case !v.Header.Closed:
		return "", false, &rows.NotFoundError{
			What: fmt.Sprintf("cycle %s is open: nothing can be invoiced for it", t.Cycle),
			Do:   "close the cycle first: `tollbook close --cycle " + t.Cycle.String() + "`"}
	case issuer == "" && !kept:
		return "", false, &rows.NotFoundError{What: "invoices are not kept in this workspace",
			Do: "add books/parties.csv with the parties' names and addresses, then `tollbook run nightly`"}
	case issuer == "" && t.From != "" && len(issuers) > 0:
		return "", false, &rows.NotFoundError{What: fmt.Sprintf("%s has nothing to invoice to %s for %s", t.From, t.To,
			t.Cycle), Do: "issuers: " + named}
	case issuer == "":
		return "", false, &rows.NotFoundError{What: fmt.Sprintf("nothing can be invoiced to %q for %s", t.To, t.Cycle),
			Do: "`tollbook export --table invoices --cycle " + t.Cycle.String() + "` lists issuers and recipients"}
	case t.From == "" && len(issuers) > 1:
		return "", false, &rows.NotFoundError{
			What: fmt.Sprintf("several issuers have something to invoice to %s for %s", t.To, t.Cycle),
			Do:   "name one with --from: " + named}
	}
	return issuer, len(issuers) > 1, nil
}

// invoiceContact is a party with its legal name and address.
func (s invoicing) invoiceContact(p PageParty) Contact {
	return Contact(contact(s.src, p))
}

// customerServices adds up what the issuer sold the customer, without coupons, and what paid all issuers' lines.
func (s invoicing) customerServices(ctx context.Context, v *Invoice, issuer string, lines *query.PaidLines) (
	err error) {
	list, err := rows.Lines(ctx, s.src.Snap, lake.CycleOf(v.Header.Cycle), v.Recipient.ID,
		append(tables.Columns(tables.LinePartnerID, tables.LineAssociationType, tables.LineServiceTypeCode,
			tables.LinePaymentAmount), query.PaidColumns()...), s.src.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(func(row rows.Row[tables.Line]) error {
		seller := sellerOf(row)
		if err := lines.Add(seller, v.Header.Cycle, row); err != nil || seller != issuer {
			return err
		}
		payment, err := row.Amount(tables.LinePaymentAmount)
		coupon, wrong := row.Amount(tables.LineCouponAmount)
		if err = errors.Join(err, wrong); err != nil {
			return err
		}
		to := s.invoiceService(v, row.Word(tables.LineServiceTypeCode))
		return errors.Join(to.Amount.Add(payment), to.Amount.Add(coupon.Neg()))
	})
}

// partnerServices adds up what the partner owes the issuer for its own customers and, if the issuer is the vendor, for
// the customers of its resellers.
func (s invoicing) partnerServices(ctx context.Context, v *Invoice, issuer string) error {
	return s.src.eachRow(ctx, v.Header.Cycle, v.Recipient.ID, func(r *settlement.Row,
		row rows.Row[tables.PartnerStatement]) error {
		to := s.invoiceService(v, r.Service)
		var err error
		if row.Word(tables.PartnerStatementSellerID) == issuer {
			err = to.Amount.Add(r.Owed)
		}
		if issuer == settlement.VendorID {
			err = errors.Join(err, to.Amount.Add(r.Cost))
		}
		return err
	})
}

// invoiceService returns the row of a service and creates it on first use, in the order of their codes.
func (s invoicing) invoiceService(v *Invoice, service string) *InvoiceService {
	at, found := slices.BinarySearchFunc(v.Services, service, func(one InvoiceService, code string) int {
		return strings.Compare(one.Service, code)
	})
	if !found {
		v.Services = slices.Insert(v.Services, at, InvoiceService{Service: service,
			Name: s.src.parties().serviceName(service)})
	}
	return &v.Services[at]
}

// invoiceTaxes adds taxes and the rounding, from what the close stored of the invoice: its amount without added tax,
// and that tax.
func (s invoicing) invoiceTaxes(ctx context.Context, v *Invoice, issuer string, shared bool) error {
	v.Services = slices.DeleteFunc(v.Services, func(one InvoiceService) bool {
		return one.Amount == money.AmountTotal{}
	})
	var sum, net, tax money.AmountTotal
	for i := range v.Services {
		if err := sum.AddTotal(v.Services[i].Amount); err != nil {
			return err
		}
	}
	err := s.invoiceParts(v, issuer, &net, &tax)
	exact, wrong := sum.Amount()
	if err = errors.Join(err, wrong); err != nil {
		return err
	}
	if err := errors.Join(v.Rounding.AddTotal(net), v.Rounding.Add(exact.Neg())); err != nil {
		return err
	}
	if v.Tax, err = tax.Amount(); err != nil {
		return err
	}
	return s.taxesTo(ctx, v, issuer, shared)
}

// invoiceParts adds up what the close stored of an invoice.
func (s invoicing) invoiceParts(v *Invoice, issuer string, net, tax *money.AmountTotal) error {
	return query.EachCouponRow(s.src.Snap, tables.PartnerFacts(), func(r rows.Row[tables.PartnerFact]) error {
		if r.Word(tables.PartnerFactKind) != tables.FactInvoiceable || r.Word(tables.PartnerFactPartnerID) != issuer ||
			r.Word(tables.PartnerFactOtherID) != v.Recipient.ID ||
			r.Word(tables.PartnerFactCycle) != v.Header.Cycle.String() {
			return nil
		}
		a, err := r.Amount(tables.PartnerFactAmount)
		if err != nil {
			return err
		}
		if string(r.Text(tables.PartnerFactID)) == tables.FactTax {
			return tax.Add(a)
		}
		return net.Add(a)
	})
}

// taxesTo adds the taxes of the recipient's statements: of a customer of several issuers the parts that belong to the
// issuer's lines, of a partner what it is taxed on the rows of the issuer.
func (s invoicing) taxesTo(ctx context.Context, v *Invoice, issuer string, shared bool) (err error) {
	cycle, to := lake.CycleOf(v.Header.Cycle), v.Recipient.ID
	var found, owed []rows.Tax
	if shared {
		found, err = settle.TaxesOfIssuer(s.src.Snap, cycle, to, issuer)
	} else {
		found, err = rows.CustomerTaxes(ctx, s.src.Snap, cycle, to, s.src.Limits)
	}
	if err == nil && v.Role == "partner" {
		owed, err = s.src.Reader().TaxesOf(ctx, cycle, to)
		found = append(found, slices.DeleteFunc(owed, func(t rows.Tax) bool { return t.SellerID != issuer })...)
	}
	if err != nil {
		return err
	}
	for _, t := range s.src.taxes(found) {
		t.SellerID = ""
		v.Inclusive = v.Inclusive || t.Included()
		to := &v.Taxes
		if t.Included() {
			to = &v.Included
		}
		*to = append(*to, t)
	}
	return nil
}
