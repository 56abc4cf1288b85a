package bss

import (
	"cmp"
	"context"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// Values of revenue_expense_type.
const (
	Revenue = "REVENUE"
	Expense = "EXPENSE"
)

// Balances are a customer's balances except coupons; a balance without any change is missing.
type Balances map[payment.RowKind]money.Amount

// BalancesOf reads a customer's balances as of the last run.
func BalancesOf(ctx context.Context, c *operation.Call, customer string) (Balances, error) {
	e, ok, err := latestBalances(c, BucketOf(c, customer))
	if err != nil || !ok {
		return nil, err
	}
	out := Balances{}
	return out, rows.Groups(ctx, c.State.Snap, e, rows.Scan[tables.Balance]{Table: tables.Balances()},
		func(batch *parquet.Columns[tables.Balance]) error {
			for i := range batch.N {
				r := rows.Row[tables.Balance]{Cols: batch, I: i}
				if r.Word(tables.BalanceCustomerID) != customer {
					continue
				}
				kind, err := payment.ParseRowKind(r.Word(tables.BalanceBalance))
				if err != nil {
					return err
				}
				if kind.OfCoupon() {
					continue
				}
				if out[kind], err = r.Amount(tables.BalanceAmount); err != nil {
					return err
				}
			}
			return nil
		})
}

// latestBalances returns the file of a bucket's balances of the last paid day.
func latestBalances(c *operation.Call, bucket int) (last lake.FileEntry, ok bool, err error) {
	for _, ref := range c.State.Snap.Manifest.Cycles {
		files, err := c.State.Snap.Files(ref.Cycle)
		if err != nil {
			return last, false, err
		}
		for _, e := range files {
			if e.Table == tables.Balances().Name && e.Bucket == bucket &&
				(!ok || cmp.Or(e.Cycle.Compare(last.Cycle), e.Day.Compare(last.Day)) >= 0) {
				last, ok = e, true
			}
		}
	}
	return last, ok, nil
}

// Values of balance_type.
const (
	CashAccount   = "BALANCE_TYPE_DEBIT"
	CreditAccount = "BALANCE_TYPE_CREDIT"
)

// CouponType returns the vendor's number of a coupon's kind.
func CouponType(kind string) int {
	switch kind {
	case "cash_coupon":
		return 4
	case "pickup":
		return 3
	}
	return 1
}
