package compose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/pipeline/read/coupons"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// InvoiceTerms say which invoice is composed.
type InvoiceTerms struct {
	Cycle  period.Cycle
	To     string     // the recipient: a customer_id or partner_id
	From   string     // the issuer; "" = the only one
	Number string     // "" = a draft
	Issued period.Day // the date of issue; 0 = the day of the last run
}

// Invoice composes what is left to invoice to a recipient for a closed cycle (§9.7). Errors: *rows.NoCycleError;
// *rows.NotFoundError if there is nothing to invoice, or if several issuers have something and none is named.
func Invoice(ctx context.Context, s *Sources, t *InvoiceTerms) (*document.Invoice, error) {
	header, err := s.header(t.Cycle)
	if gone := new(rows.ArchivedError); errors.As(err, &gone) {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("cycle %s is archived: the lake no longer has the services "+
			"that an invoice lists", t.Cycle),
			Do: "`tollbook export --table invoices --cycle " + t.Cycle.String() + "` shows what is left to invoice"}
	}
	if err != nil {
		return nil, err
	}
	v := &document.Invoice{Header: header, Number: t.Number, Issued: t.Issued, Content: s.Settings.Invoice.Content}
	issuer, shared, err := s.invoiceable(v, t)
	if err != nil {
		return nil, err
	}
	if v.Issued == 0 {
		v.Issued = s.Books.Zone.Day(header.AsOf)
	}
	v.Due = v.Issued + period.Day(s.Settings.StatementDueDays)
	v.Issuer = s.invoiceContact(s.parties().partner(issuer, t.Cycle))
	v.Issuer.PurchaseOrder = "" // that of documents to it
	if code := s.Books.Partner(t.To); code >= 0 {
		v.Role, v.Recipient = "partner", s.invoiceContact(s.parties().partner(t.To, t.Cycle))
		v.Header = inCurrency(header, s.Books.PartnerCurrency(code))
		err = s.partnerServices(ctx, v, issuer)
	} else {
		v.Role, v.Recipient = "customer", s.invoiceContact(s.parties().customer(t.To, t.Cycle))
		v.Header = inCurrency(header, s.Books.CustomerCurrencyOf(t.To))
		err = s.customerServices(ctx, v, issuer)
	}
	if err != nil {
		return nil, err
	}
	return v, s.invoiceTaxes(ctx, v, issuer, shared)
}

// invoiceable finds the row of table invoices and its issuer. shared: the recipient has other issuers too.
func (s *Sources) invoiceable(v *document.Invoice, t *InvoiceTerms) (issuer string, shared bool, err error) {
	var issuers []string
	err = coupons.Each(s.Snap, tables.Invoices(), func(r rows.Row[tables.Invoice]) error {
		from := r.Word(tables.InvoiceIssuerID)
		if r.Word(tables.InvoiceCycle) != t.Cycle.String() || r.Word(tables.InvoiceRecipientID) != t.To {
			return nil
		}
		if issuers = append(issuers, from); t.From != "" &&
			from != settlement.SellerID(t.From, s.Settings.Vendor.ID) {
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
	facts, failed := s.Snap.Find(coupons.Key(tables.PartnerFacts().Table))
	named := strings.Join(issuers, ", ")
	switch err = errors.Join(err, failed); {
	case err != nil:
		return "", false, err
	case !v.Header.Closed:
		return "", false, &rows.NotFoundError{
			What: fmt.Sprintf("cycle %s is open: nothing can be invoiced for it", t.Cycle),
			Do:   "close the cycle first: `tollbook close --cycle " + t.Cycle.String() + "`"}
	case issuer == "" && len(facts) == 0:
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
func (s *Sources) invoiceContact(p layout.Party) document.Contact {
	return document.Contact(contact(s, p))
}

// customerServices adds up what the issuer sold the customer, without coupons.
func (s *Sources) customerServices(ctx context.Context, v *document.Invoice, issuer string) (err error) {
	list, err := rows.Lines(ctx, s.Snap, manifest.CycleOf(v.Header.Cycle), v.Recipient.ID, tables.Columns(
		tables.LinePartnerID, tables.LineAssociationType, tables.LineServiceTypeCode, tables.LinePaymentAmount,
		tables.LineCouponAmount),
		s.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(func(row rows.Row[tables.Line]) error {
		if sellerOf(row) != issuer {
			return nil
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

// partnerServices adds up what the partner owes the issuer: for its own customers, and to the vendor for the customers
// of its resellers.
func (s *Sources) partnerServices(ctx context.Context, v *document.Invoice, issuer string) error {
	return s.eachRow(ctx, v.Header.Cycle, v.Recipient.ID, func(r *settlement.Row,
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

// invoiceService is the row of a service, made on first use, in the order of their codes.
func (s *Sources) invoiceService(v *document.Invoice, service string) *document.InvoiceService {
	at, found := slices.BinarySearchFunc(v.Services, service, func(one document.InvoiceService, code string) int {
		return strings.Compare(one.Service, code)
	})
	if !found {
		v.Services = slices.Insert(v.Services, at, document.InvoiceService{Service: service,
			Name: s.parties().serviceName(service)})
	}
	return &v.Services[at]
}

// invoiceTaxes adds the tax that prices do not include, and the rounding: what is left of the invoiceable amount. The
// taxes of a customer that several issuers share are one sum.
func (s *Sources) invoiceTaxes(ctx context.Context, v *document.Invoice, issuer string, shared bool) error {
	v.Services = slices.DeleteFunc(v.Services, func(one document.InvoiceService) bool {
		return one.Amount == money.AmountTotal{}
	})
	var sum money.AmountTotal
	for i := range v.Services {
		if err := sum.AddTotal(v.Services[i].Amount); err != nil {
			return err
		}
	}
	exact, err := sum.Amount()
	if err != nil {
		return err
	}
	net := exact
	if v.Role == "customer" { // what partners owe is rounded row by row
		net = exact.Cut(v.Header.Digits, s.Settings.Rounding.Mode)
	}
	rounding, err := net.Sub(exact)
	if err != nil {
		return err
	}
	if v.Tax, err = v.Invoiceable.Sub(net); err != nil {
		return err
	}
	if err := v.Rounding.Add(rounding); err != nil || v.Tax.IsZero() || shared && v.Role == "customer" {
		return err
	}
	v.Taxes, err = s.taxesTo(ctx, v, issuer)
	return err
}

// taxesTo are the taxes of the recipient's statement that prices do not include; of a partner's those of the issuer.
func (s *Sources) taxesTo(ctx context.Context, v *document.Invoice, issuer string) ([]document.Tax, error) {
	customer, partner := v.Recipient.ID, ""
	if v.Role == "partner" {
		customer, partner = "", v.Recipient.ID
	}
	rowsOf, err := s.Reader().Taxes(ctx, manifest.CycleOf(v.Header.Cycle), customer, partner)
	if err != nil {
		return nil, err
	}
	var list []rows.Tax
	err = rowsOf.Each(func(row rows.Row[tables.Tax]) error {
		t, err := rows.TaxAt(row)
		list = append(list, t)
		return err
	})
	if err = errors.Join(err, rowsOf.Close()); err != nil {
		return nil, err
	}
	out := s.taxes(list)
	out = slices.DeleteFunc(out, func(t document.Tax) bool {
		return t.Included() || v.Role == "partner" && t.SellerID != issuer
	})
	for i := range out {
		out[i].SellerID = ""
	}
	return out, nil
}
