package state

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// CouponKey identifies a coupon in stored balances.
type CouponKey struct {
	ID   string
	From period.Instant // start of its validity
}

// CouponSpent holds the amounts of a coupon that were used and taken back.
type CouponSpent struct{ Used, TakenBack money.Amount }

// CouponsSpent reads the used and taken-back amounts of coupons from the latest balances file of each bucket.
func CouponsSpent(o rows.FileOpener, files []lake.FileEntry) (map[CouponKey]CouponSpent, error) {
	out := map[CouponKey]CouponSpent{}
	for _, e := range rows.LatestFiles(files, tables.Balances().Name) {
		err := rows.EachRow(o, e, tables.Balances(), nil, func(c *parquet.Columns[tables.Balance], i int) error {
			kind := c.Word(tables.BalanceBalance).At(i)
			used := kind == payment.CouponDrawn.String()
			if !used && kind != payment.CouponTaken.String() {
				return nil
			}
			d := c.Amount(tables.BalanceAmount).At(i)
			a, err := money.AmountFromRaw(d.Hi, d.Lo)
			if err != nil {
				return err
			}
			key := CouponKey{c.Word(tables.BalanceCouponID).At(i), c.MaybeTime(tables.BalanceValidFrom).At(i)}
			s := out[key]
			to := &s.TakenBack
			if used {
				to = &s.Used
			}
			*to, err = to.Add(a)
			out[key] = s
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
