package run

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// partnerTotals returns the control totals of partners' money: the row count and the stored sums of each table. It
// checks those that must agree (§6.6). A state without these tables has none.
func (t *TotalsState) partnerTotals() ([]lake.TableTotal, error) {
	var list []lake.TableTotal
	sums := map[string]*tableSums{}
	for _, def := range tables.PartnerMoneyTotals() {
		s := newTableSums()
		sums[def.Name] = s
		for _, e := range t.Txn.Next().Entries.Find(partner.Key(tables.Untyped(def))) {
			if err := s.addAll(e.Rows, e.Sums); err != nil {
				return nil, fmt.Errorf("%s: %w", e.Path, err)
			}
		}
		if s.rows > 0 {
			list = append(list, s.totals(def.Name+".")...)
		}
	}
	for _, one := range [...]struct {
		left, right string
		plus        []string
	}{
		{"coupons.amount", "used, taken back, expired and left",
			[]string{"coupons.used", "coupons.taken_back", "coupons.expired", "coupons.left"}},
		{"partner_accounts.frozen", "withdrawals that are not decided",
			[]string{"withdrawals.requested", "withdrawals.approved"}},
	} {
		var sum money.AmountTotal
		for _, name := range one.plus {
			a, err := totalNamed(sums, name)
			if err == nil {
				err = sum.AddTotal(a)
			}
			if err != nil {
				return nil, err
			}
		}
		left, err := totalNamed(sums, one.left)
		if err != nil {
			return nil, err
		}
		if left.Cmp(sum) != 0 {
			return nil, &TotalsError{Name: one.left, Left: left.String(), Right: sum.String() + " " + one.right}
		}
	}
	return list, nil
}

// totalNamed is a sum of a table by name, table.sum; 0 if the table has no file.
func totalNamed(sums map[string]*tableSums, name string) (out money.AmountTotal, err error) {
	table, column, _ := strings.Cut(name, ".")
	return out, out.UnmarshalText([]byte(sums[table].text(column)))
}
