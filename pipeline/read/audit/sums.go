package audit

import (
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sumsOf compares the rows and sums in the manifest's entry of a file with the counted ones.
func (v *verifier) sumsOf(e lake.FileEntry, s *columnSums) {
	if e.Rows != s.Rows {
		v.differ(Contents, "%s: %d rows, the manifest has %d", e.Path, s.Rows, e.Rows)
	}
	for _, one := range e.Sums {
		col := s.Def.Index(one.Column)
		if rows.CurrencyOfSum(one) != "" {
			continue // see currenciesOf
		}
		if col < 0 {
			v.differ(Contents, "%s: the manifest has a sum of %s, which is not a column", e.Path, one.Column)
			continue
		}
		if got := s.Totals[col].String(); got != one.Value {
			v.differ(Contents, "%s: Σ %s is %s, the manifest has %s", e.Path, one.Column, got, one.Value)
		}
	}
}

// currenciesOf compares the sums per currency that the manifest has of a file of statements (§10.7).
func (v *verifier) currenciesOf(e lake.FileEntry, def *tables.Table, byMoney map[string]*columnSums) {
	stored := make(map[string]bool)
	for _, one := range e.Sums {
		currency := rows.CurrencyOfSum(one)
		if currency == "" {
			continue
		}
		stored[currency] = true
		name, _, _ := strings.Cut(one.Column, ".")
		col, sums := def.Index(name), byMoney[currency]
		if sums == nil {
			sums = newSums(def)
		}
		if col < 0 || sums.Totals[col].String() != one.Value {
			v.differ(Contents, "%s: Σ %s in %s differs from the manifest, which has %s", e.Path, name, currency,
				one.Value)
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(byMoney)) {
		if currency != "" && !stored[currency] {
			v.differ(Contents, "%s: statements in %s, and the manifest has no sums of them", e.Path, currency)
		}
	}
}
