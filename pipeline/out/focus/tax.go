package focus

import (
	"context"
	"errors"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// addedTaxes are the taxes that a cycle adds to the prices of customers (§10.6).
type addedTaxes struct {
	rows  *ahead
	parts customerParts
}

// customerParts has the issuers for the customers of resellers.
type customerParts struct {
	sole  map[string]string             // the only issuer of a customer's lines
	parts map[string][]settle.IssuedTax // taxes of customers with several issuers
}

// openTaxes opens the taxes of customers; it returns nil if the cycle has none.
func (m *maker) openTaxes(ctx context.Context) (*addedTaxes, error) {
	list, err := rows.TaxesOfCustomers(ctx, m.src.Snap, m.request.Cycle, m.src.Limits)
	if err != nil || list == nil {
		return nil, err
	}
	parts, err := m.customerParts(ctx)
	if err != nil {
		return nil, errors.Join(err, list.Close())
	}
	return &addedTaxes{&ahead{rows: list.Any(), customer: tables.TaxBuyerID.Any()}, parts}, nil
}

// ahead returns the reader by customer.
func (a *addedTaxes) ahead() *ahead {
	if a == nil {
		return nil
	}
	return a.rows
}

func (a *addedTaxes) close() error {
	if a == nil {
		return nil
	}
	return a.rows.rows.Close()
}

// customerParts finds the sellers to customers of resellers, and divides the taxes of those with several issuers.
func (m *maker) customerParts(ctx context.Context) (p customerParts, err error) {
	type seller struct {
		id    string // the only reseller
		more  bool   // there are several resellers
		lines int64  // resold
	}
	files, err := m.src.Snap.Files(m.request.Cycle)
	if err != nil || !slices.ContainsFunc(files, func(e lake.FileEntry) bool {
		return e.Table == tables.Taxes().Name && e.Bucket != lake.NoBucket
	}) {
		return p, err
	}
	sellers := map[string]*seller{}
	statements, err := m.src.Statements(ctx, m.request.Cycle, "")
	if err != nil {
		return p, err
	}
	err = statements.Each(func(row rows.Row[tables.PartnerStatement]) error {
		if row.Word(tables.PartnerStatementResellerID) != "" ||
			row.Word(tables.PartnerStatementAssociationType) != resale {
			return nil
		}
		customer, partner := row.Word(tables.PartnerStatementCustomerID), row.Word(tables.PartnerStatementPartnerID)
		s := sellers[customer]
		if s == nil {
			s = &seller{id: partner}
			sellers[customer] = s
		}
		s.more = s.more || s.id != partner
		s.lines += row.Whole(tables.PartnerStatementLineCount)
		return nil
	})
	if err := errors.Join(err, statements.Close()); err != nil || len(sellers) == 0 {
		return p, err
	}
	p.sole, p.parts = map[string]string{}, map[string][]settle.IssuedTax{}
	shared := map[string]bool{}
	err = rows.EachStatement(ctx, m.src.Snap, m.request.Cycle, "", m.src.Limits, func(st *rows.Statement) error {
		s := sellers[st.CustomerID]
		switch {
		case s == nil:
		case s.more || st.Lines > s.lines:
			shared[st.CustomerID] = true
		default:
			p.sole[st.CustomerID] = s.id
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	issued, err := settle.TaxesByIssuer(m.src.Snap, files, shared)
	if err != nil {
		return p, err
	}
	for customer := range shared {
		p.parts[customer] = nil
	}
	for i := range issued {
		p.parts[issued[i].Customer] = append(p.parts[issued[i].Customer], issued[i])
	}
	return p, nil
}

// issuer returns the only issuer of a customer's lines; ok is false if there are several.
func (p *customerParts) issuer(customer string) (id string, ok bool) {
	if _, shared := p.parts[customer]; shared {
		return "", false
	}
	if id, resold := p.sole[customer]; resold {
		return id, true
	}
	return settlement.VendorID, true
}

// taxesOf composes the rows of a customer's taxes on the issuer's invoices.
func (m *maker) taxesOf(a *addedTaxes, customer string) error {
	if a == nil {
		return nil
	}
	issuer, sole := a.parts.issuer(customer)
	err := a.rows.each(customer, func(any rows.Row[tables.Any]) error {
		row := rows.As[tables.Tax](any)
		if !sole || issuer != m.request.Issuer || !settle.TaxAdded(row.Cols, row.I) {
			return nil
		}
		t, err := rows.TaxAt(row)
		if err != nil {
			return err
		}
		return m.tax(m.names.customer(customer), customer, t.TaxID, t.Rate, t.Amount)
	})
	if err != nil {
		return err
	}
	parts := a.parts.parts[customer]
	for i := range parts {
		if t := &parts[i]; t.Issuer == m.request.Issuer {
			if err := m.tax(m.names.customer(customer), customer, t.ID, t.Rate, t.Tax); err != nil {
				return err
			}
		}
	}
	return nil
}

// tax composes the row of a tax.
func (m *maker) tax(account Party, customer, id string, rate money.Rate, tax money.Amount) error {
	if tax.IsZero() {
		return nil
	}
	hi, lo := tax.Raw()
	amount, err := Upscale(decimal128.New(hi, lo), costScale-amountScale)
	if err != nil {
		return err
	}
	r := m.begin(account, "")
	r.Product, r.Category, r.Frequency, r.What, r.Line = billing(), taxCategory, oneTime, taxKind, id
	r.Description = "Tax " + m.names.tax(id) + ", rate " + rate.Trim()
	r.Start, r.End, r.Customer = m.set.Bounds.From, m.set.Bounds.To, customer
	r.Billed, r.Effective, r.List, r.Contracted = amount, amount, amount, amount
	return m.emit(r)
}

// partnerTaxes composes the rows of the taxes of partners' statements.
func (m *maker) partnerTaxes(ctx context.Context) error {
	return m.eachPartnerTax(ctx, func(partner string, t *rows.Tax) error {
		return m.tax(m.names.partnerNamed(partner), "", t.TaxID, t.Rate, t.Amount)
	})
}

// eachPartnerTax visits the taxes that are added to what partners owe the issuer.
func (m *maker) eachPartnerTax(ctx context.Context, visit func(partner string, t *rows.Tax) error) (err error) {
	list, err := m.src.PartnerTaxes(ctx, m.request.Cycle)
	if err != nil || list == nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(func(row rows.Row[tables.Tax]) error {
		if row.Word(tables.TaxSellerID) != m.request.Issuer || !settle.TaxAdded(row.Cols, row.I) {
			return nil
		}
		t, err := rows.TaxAt(row)
		if err != nil {
			return err
		}
		return visit(row.Word(tables.TaxBuyerID), &t)
	})
}
