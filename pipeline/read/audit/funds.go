package audit

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// fundPeriod identifies the quota of a marketing fund or the list of a headcount fund.
type fundPeriod struct{ partner, programme, period string }

// fundSum identifies an amount of a quota or of its claims.
type fundSum struct {
	fundPeriod
	column tables.AmountColumn[tables.Fund]
}

// funds checks that the reserved, claimed, approved and paid amounts of each quota equal those of its claims, and that
// the claims that were requested are in funds.
func (b *tiesBalance) funds(ctx context.Context) error {
	quotas, claims, missing := sums[fundSum]{}, sums[fundSum]{}, b.events.claims
	columns := []tables.AmountColumn[tables.Fund]{tables.FundReservedAmount, tables.FundClaimedAmount,
		tables.FundApprovedAmount, tables.FundPaidAmount}
	err := each(ctx, b.Audit, tables.Funds(), nil, func(row rows.Row[tables.Fund]) error {
		of := fundPeriod{row.Word(tables.FundPartnerID), row.Word(tables.FundProgrammeID), row.Word(tables.FundPeriod)}
		id := string(row.Text(tables.FundClaimID))
		delete(missing, claim{of.partner, of.programme, of.period, id})
		quota, err := row.Amount(tables.FundQuotaAmount)
		if err != nil || id == "" && quota.IsZero() {
			return err // a list
		}
		to := claims
		if id == "" {
			to = quotas
		}
		for _, column := range columns {
			if err := addColumns(to, fundSum{of, column}, row, column); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for of, sum := range quotas {
		if want := claims.of(of); *sum != want {
			b.Differ("fund %s of partner %s, %s: %s: %s, its claims say %s", of.programme, of.partner, of.period,
				tables.Funds().Columns[of.column].Name, sum, want)
		}
	}
	for of := range missing {
		b.Differ("fund %s of partner %s, %s: claim %s was requested, and is not in funds", of.programme, of.partner,
			of.period, of.id)
	}
	return nil
}
