package focus

import (
	"context"
	"errors"
	"math/big"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// AccountSum is what an issuer bills an account for a cycle.
type AccountSum struct {
	Billed *big.Int // in units of amountScale
	Lines  int64
}

// Owed is what the statements of a cycle say that an issuer bills each account: the payments of the customers that it
// invoices and what rounding took from them, what partners owe it, for the vendor also what distributors owe for their
// resellers, less incentives. It looks at statements and partner statements alone, at no line.
func (s *Source) Owed(ctx context.Context, cycle, issuer string) (map[string]*AccountSum, error) {
	m, err := s.maker(Request{Cycle: cycle, Issuer: issuer}, nil)
	if err != nil {
		return nil, err
	}
	o := &owed{maker: m, accounts: map[string]*AccountSum{}, vendor: m.issuer == settlement.Vendor, issuerID: issuer}
	if err := o.ofCustomers(ctx); err != nil {
		return nil, err
	}
	if err := o.ofPartners(ctx); err != nil {
		return nil, err
	}
	m.visit = func(r *Row) error {
		v := r.Billed.BigInt()
		o.add(r.Account.ID, v.Quo(v, power(costScale-amountScale)), 1, 0)
		return nil
	}
	return o.accounts, m.incentives()
}

// owed adds up what an issuer bills.
type owed struct {
	*maker
	accounts map[string]*AccountSum
	vendor   bool
	issuerID string
}

func (o *owed) add(account string, amount *big.Int, sign int, lines int64) {
	sum := o.accounts[account]
	if sum == nil {
		sum = &AccountSum{Billed: new(big.Int)}
		o.accounts[account] = sum
	}
	sum.Billed.Add(sum.Billed, new(big.Int).Mul(amount, big.NewInt(int64(sign))))
	sum.Lines += int64(sign) * lines
}

// ofCustomers adds the statements of customers.
func (o *owed) ofCustomers(ctx context.Context) (err error) {
	statements, err := rows.Statements(ctx, o.src.Snap, o.request.Cycle, "", o.src.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, statements.Close()) }()
	return statements.Each(func(row rows.Row) error {
		customer := row.Word(table.SCustomerID)
		if o.vendor {
			o.add(customer, amountIn(row, table.SPayment), 1, row.Whole(table.SLineCount))
		}
		if o.invoicer(customer) == o.issuer {
			o.add(customer, amountIn(row, table.SRounding), -1, 0)
		}
		return nil
	})
}

// ofPartners adds what partners owe the issuer, and takes from the vendor's what resellers bill.
func (o *owed) ofPartners(ctx context.Context) (err error) {
	partners, err := o.src.Statements(ctx, o.request.Cycle, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, partners.Close()) }()
	return partners.Each(func(row rows.Row) error {
		lines, customer := row.Whole(table.XLineCount), row.Word(table.XCustomerID)
		switch {
		case row.Word(table.XResellerID) != "":
			if o.vendor {
				o.add(row.Word(table.XPartnerID), amountIn(row, table.XCost), 1, lines)
			}
		case row.Word(table.XAssociationType) == resale:
			if row.Word(table.XSellerID) == o.issuerID {
				o.add(row.Word(table.XPartnerID), amountIn(row, table.XOwed), 1, lines)
			}
			if o.vendor {
				o.add(customer, amountIn(row, table.XPayment), -1, lines)
			} else if row.Word(table.XPartnerID) == o.issuerID {
				o.add(customer, amountIn(row, table.XPayment), 1, lines)
			}
		}
		return nil
	})
}

func amountIn(row rows.Row, col int) *big.Int { return decOf(row.Cols.C[col].Decs[row.I]).BigInt() }

// amountText is an amount with as many decimals as it needs.
func amountText(v *big.Int) (string, error) {
	total, err := fromBig(v)
	return string(appendDec(nil, total, amountScale)), err
}
