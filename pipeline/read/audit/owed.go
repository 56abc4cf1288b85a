package audit

import (
	"context"
	"errors"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// tiesDebt identifies what a partner owes for a cycle.
type tiesDebt struct{ cycle, partner string }

// Sale identifies what an issuer sells to a recipient in a cycle.
type Sale struct{ Cycle, Issuer, Recipient string }

// Sales are the payments less coupons of customers for lines of closed cycles (§9.7).
type Sales map[Sale]*money.AmountTotal

// Line adds a line of a cycle. It reads customer_id, partner_id, association_type, payment_amount and coupon_amount.
func (s Sales) Line(cycle string, row rows.Row[tables.Line]) error {
	of := Sale{cycle, tiesVendor, row.Word(tables.LineCustomerID)}
	if row.Word(tables.LineAssociationType) == "2" {
		of.Issuer = row.Word(tables.LinePartnerID)
	}
	payment, err := row.Amount(tables.LinePaymentAmount)
	coupons, couponsErr := row.Amount(tables.LineCouponAmount)
	sum := sums[Sale](s).at(of)
	return errors.Join(err, couponsErr, sum.Add(payment), sum.Add(coupons.Neg()))
}

// Add adds other sales.
func (s Sales) Add(o Sales) error {
	for of, sum := range o {
		if err := sums[Sale](s).at(of).AddTotal(*sum); err != nil {
			return err
		}
	}
	return nil
}

// settled holds what the partner statements of closed cycles charge.
type settled struct {
	debts    sums[tiesDebt] // owed_amount and cost_amount
	sold     sums[Sale]     // by seller and partner
	services sums[service]  // the same, by service
	closed   map[string]lake.CycleRef
}

// service identifies what a partner owes a seller for a service.
type service struct {
	Sale
	code string
}

// settled adds up the partner statements of closed cycles.
func (a *Audit) settled(ctx context.Context) (*settled, error) {
	s := &settled{sums[tiesDebt]{}, sums[Sale]{}, sums[service]{}, map[string]lake.CycleRef{}}
	columns := tables.Columns(tables.PartnerStatementPartnerID, tables.PartnerStatementSellerID,
		tables.PartnerStatementServiceTypeCode, tables.PartnerStatementOwedAmount, tables.PartnerStatementCostAmount)
	for _, ref := range a.Snap.Manifest.Cycles {
		if ref.State != lake.CycleClosed {
			continue
		}
		cycle := ref.Cycle.String()
		s.closed[cycle] = ref
		files, err := a.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		err = eachOf(ctx, a, files, tables.PartnerStatements(), columns,
			func(row rows.Row[tables.PartnerStatement]) error {
				partner, seller := row.Word(tables.PartnerStatementPartnerID), row.Word(tables.PartnerStatementSellerID)
				owed, cost := tables.PartnerStatementOwedAmount, tables.PartnerStatementCostAmount
				err := addColumns(s.debts, tiesDebt{cycle, partner}, row, owed, cost)
				if seller == "" {
					return err
				}
				return errors.Join(err, addColumns(s.sold, Sale{cycle, seller, partner}, row, owed),
					addColumns(s.sold, Sale{cycle, tiesVendor, partner}, row, cost),
					addColumns(s.services, service{Sale{cycle, seller, partner},
						row.Word(tables.PartnerStatementServiceTypeCode)}, row, owed, cost))
			})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// facts are the facts of closed cycles.
type facts struct {
	owed, collected sums[tiesDebt]
	invoiceable     sums[Sale]
	parts           map[Sale][]money.Amount // the facts of invoiceable without tax
	tax             sums[tiesDebt]          // by recipient
	closed          map[string]bool         // by cycle
	paid            map[string]bool         // ids of payments of incentives
}

// facts reads partner_facts.
func (a *Audit) facts(ctx context.Context) (*facts, error) {
	f := &facts{owed: sums[tiesDebt]{}, collected: sums[tiesDebt]{}, invoiceable: sums[Sale]{},
		parts: map[Sale][]money.Amount{}, tax: sums[tiesDebt]{}, closed: map[string]bool{},
		paid: map[string]bool{}}
	return f, each(ctx, a, tables.PartnerFacts(), nil, func(row rows.Row[tables.PartnerFact]) error {
		cycle, partner := row.Word(tables.PartnerFactCycle), row.Word(tables.PartnerFactPartnerID)
		amount, err := row.Amount(tables.PartnerFactAmount)
		if err != nil {
			return err
		}
		switch row.Word(tables.PartnerFactKind) {
		case "closed":
			f.closed[cycle] = true
		case "owed":
			return f.owed.add(tiesDebt{cycle, partner}, amount)
		case "incentive":
			f.paid[string(row.Text(tables.PartnerFactID))] = true
		case tables.FactCollected:
			return f.collected.add(tiesDebt{cycle, partner}, amount)
		case tables.FactInvoiceable:
			of := Sale{cycle, partner, row.Word(tables.PartnerFactOtherID)}
			if string(row.Text(tables.PartnerFactID)) == tables.FactTax {
				err = f.tax.add(tiesDebt{cycle, of.Recipient}, amount)
			} else {
				f.parts[of] = append(f.parts[of], amount)
			}
			return errors.Join(err, f.invoiceable.add(of, amount))
		}
		return nil
	})
}
