package focus

import (
	"context"
	"errors"
	"math/big"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// Expected is what the statements of a cycle say that an issuer's invoices come to: the payments of the customers that it invoices and
// what rounding took from them, what partners owe it, for the vendor also what distributors owe for their resellers, less incentives. It
// looks at statements and partner statements alone, at no line. The text has as many decimals as it needs.
func (s *Source) Expected(ctx context.Context, cycle, issuer string) (_ string, err error) {
	m, err := s.maker(Request{Cycle: cycle, Issuer: issuer}, nil)
	if err != nil {
		return "", err
	}
	sum := new(big.Int)
	add := func(row rows.Row, col, sign int) {
		v := decOf(row.Cols.C[col].Decs[row.I]).BigInt()
		sum.Add(sum, v.Mul(v, big.NewInt(int64(sign))))
	}
	vendor := m.issuer == settlement.Vendor
	statements, err := rows.Statements(ctx, s.Snap, cycle, "", s.Limits)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, statements.Close()) }()
	err = statements.Each(func(row rows.Row) error {
		if vendor {
			add(row, table.SPayment, 1)
		}
		if m.invoicer(row.Word(table.SCustomerID)) == m.issuer {
			add(row, table.SRounding, -1)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	partners, err := s.Statements(ctx, cycle, "")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, partners.Close()) }()
	err = partners.Each(func(row rows.Row) error {
		resold := row.Word(table.XAssociationType) == resale
		switch {
		case row.Word(table.XResellerID) != "":
			if vendor {
				add(row, table.XCost, 1)
			}
		case resold:
			if row.Word(table.XSellerID) == issuer {
				add(row, table.XOwed, 1)
			}
			if vendor {
				add(row, table.XPayment, -1)
			} else if row.Word(table.XPartnerID) == issuer {
				add(row, table.XPayment, 1)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	m.visit = func(r *Row) error {
		v := r.Billed.BigInt()
		sum.Add(sum, v.Quo(v, power(costScale-amountScale)))
		return nil
	}
	if err := m.incentives(); err != nil {
		return "", err
	}
	total, err := fromBig(sum)
	return string(appendDec(nil, total, amountScale)), err
}
