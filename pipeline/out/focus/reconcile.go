package focus

import (
	"context"
	"errors"
	"math/big"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// AccountKey identifies a billed account. Currency is empty in a cycle of one currency.
type AccountKey struct{ ID, Currency string }

// AccountSum is what an issuer bills an account for a cycle.
type AccountSum struct {
	Billed *big.Int // in units of 10⁻⁸ (money.AmountScale)
	Lines  int64
}

// Owed returns what an issuer bills each account, by the statements of a cycle: the payments of the customers that it
// invoices, with rounding and added tax; what partners owe it and, for the vendor, what distributors owe for their
// resellers, with added tax, less incentives. It reads lines only to divide the tax of customers with several issuers.
func (s *Source) Owed(ctx context.Context, cycle lake.Cycle, issuer string) (map[AccountKey]*AccountSum, error) {
	m, err := s.maker(Request{Cycle: cycle, Issuer: issuer}, nil)
	if err != nil {
		return nil, err
	}
	o, err := m.newOwed()
	if err != nil {
		return nil, err
	}
	for _, add := range []func(context.Context) error{o.ofCustomers, o.ofPartners, o.taxOfPartners} {
		if err := add(ctx); err != nil {
			return nil, err
		}
	}
	m.visit = func(r *Row) error {
		v := r.Billed.BigInt()
		o.add(r.Account, v.Quo(v, Power(costScale-amountScale)), 1, 0)
		return nil
	}
	return o.accounts, m.incentives()
}

// owed adds up what an issuer bills.
type owed struct {
	maker    *maker
	accounts map[AccountKey]*AccountSum
	vendor   bool
	mixed    bool // the cycle has several currencies
	issuerID string

	partnersOnly bool // customers are omitted
}

func (m *maker) newOwed() (*owed, error) {
	o := &owed{maker: m, accounts: map[AccountKey]*AccountSum{}, vendor: m.issuer == settlement.Vendor,
		issuerID: m.request.Issuer}
	var err error
	o.mixed, err = m.src.HasCurrencies(m.request.Cycle)
	return o, err
}

// key returns the key of an account.
func (o *owed) key(account Party) AccountKey {
	if o.mixed {
		return AccountKey{account.ID, account.Currency}
	}
	return AccountKey{ID: account.ID}
}

// sumOf returns the sum of an account, and creates it if it is missing.
func sumOf(sums map[AccountKey]*AccountSum, key AccountKey) *AccountSum {
	sum := sums[key]
	if sum == nil {
		sum = &AccountSum{Billed: new(big.Int)}
		sums[key] = sum
	}
	return sum
}

func (o *owed) add(account Party, amount *big.Int, sign int, lines int64) {
	if o.partnersOnly && account.Type != ofPartner {
		return
	}
	sum := sumOf(o.accounts, o.key(account))
	sum.Billed.Add(sum.Billed, new(big.Int).Mul(amount, big.NewInt(int64(sign))))
	sum.Lines += int64(sign) * lines
}

// ofCustomers adds the statements of customers.
func (o *owed) ofCustomers(ctx context.Context) (err error) {
	statements, err := rows.Statements(ctx, o.maker.src.Snap, o.maker.request.Cycle, "", o.maker.src.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, statements.Close()) }()
	parts, err := o.maker.customerParts(ctx)
	if err != nil {
		return err
	}
	return statements.Each(func(row rows.Row[table.Statement]) error {
		customer := row.Word(table.StatementCustomerID)
		o.taxOf(customer, &parts, row)
		if o.vendor {
			o.add(o.maker.names.customer(customer), amountIn(row, table.StatementPaymentAmount), 1,
				row.Whole(table.StatementLineCount))
		}
		if o.maker.names.invoicer(customer) == o.maker.issuer {
			o.add(o.maker.names.customer(customer), amountIn(row, table.StatementRoundingAmount), -1, 0)
		}
		return nil
	})
}

// ofPartners adds what partners owe the issuer, and subtracts from the vendor's sums what resellers bill.
func (o *owed) ofPartners(ctx context.Context) (err error) {
	partners, err := o.maker.src.Statements(ctx, o.maker.request.Cycle, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, partners.Close()) }()
	return partners.Each(func(row rows.Row[table.PartnerStatement]) error {
		lines, customer := row.Whole(table.PartnerStatementLineCount), row.Word(table.PartnerStatementCustomerID)
		switch {
		case row.Word(table.PartnerStatementResellerID) != "":
			if o.vendor {
				o.add(o.maker.names.partnerNamed(row.Word(table.PartnerStatementPartnerID)), amountIn(row,
					table.PartnerStatementCostAmount), 1, lines)
			}
		case row.Word(table.PartnerStatementAssociationType) == resale:
			if row.Word(table.PartnerStatementSellerID) == o.issuerID {
				o.add(o.maker.names.partnerNamed(row.Word(table.PartnerStatementPartnerID)), amountIn(row,
					table.PartnerStatementOwedAmount), 1, lines)
			}
			if o.vendor {
				o.add(o.maker.names.customer(customer), amountIn(row, table.PartnerStatementPaymentAmount), -1, lines)
			} else if row.Word(table.PartnerStatementPartnerID) == o.issuerID {
				o.add(o.maker.names.customer(customer), amountIn(row, table.PartnerStatementPaymentAmount), 1, lines)
			}
		}
		return nil
	})
}

// taxOf adds the tax of a customer that is added to prices: the amount due is the rounded total plus that tax.
func (o *owed) taxOf(customer string, parts *customerParts, row rows.Row[table.Statement]) {
	tax := new(big.Int).Sub(amountIn(row, table.StatementDueAmount), amountIn(row,
		table.StatementPaymentAmount))
	tax.Add(tax, amountIn(row, table.StatementRoundingAmount))
	if issuer, sole := parts.issuer(customer); sole {
		if issuer == o.issuerID && tax.Sign() != 0 {
			o.add(o.maker.names.customer(customer), tax, 1, 0)
		}
		return
	}
	for _, t := range parts.parts[customer] {
		if t.Issuer == o.issuerID {
			hi, lo := t.Tax.Raw()
			o.add(o.maker.names.customer(customer), decOf(parquet.Dec{Hi: hi, Lo: lo}).BigInt(), 1, 0)
		}
	}
}

// taxOfPartners adds the tax of partners' statements.
func (o *owed) taxOfPartners(ctx context.Context) error {
	return o.maker.eachPartnerTax(ctx, func(partner string, t *rows.Tax) error {
		hi, lo := t.Amount.Raw()
		o.add(o.maker.names.partnerNamed(partner), decOf(parquet.Dec{Hi: hi, Lo: lo}).BigInt(), 1, 0)
		return nil
	})
}

func amountIn[T any](row rows.Row[T], col table.AmountColumn[T]) *big.Int {
	return decOf(row.Cols.Amount(col).At(row.I)).BigInt()
}

// AmountText formats an amount in units of 10⁻⁸ with as many decimals as it needs. It fails if the amount has more than
// 38 digits.
func AmountText(v *big.Int) (string, error) {
	total, err := FromBig(v)
	return string(AppendDec(nil, total, amountScale)), err
}
