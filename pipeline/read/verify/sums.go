package verify

import (
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// columnSums are sums over decimal columns of one table, exact.
type columnSums struct {
	def    *tables.Table
	rows   int64
	totals []money.Total // by column; of others unused
}

// scaleOf is the scale of a decimal column; ok is false for any other.
func scaleOf(t tables.Type) (scale int, ok bool) {
	switch t {
	case tables.Amount, tables.Quantity, tables.Cost:
		return t.Scale(), true
	}
	return 0, false
}

func newColumnSums(def *tables.Table) *columnSums {
	s := &columnSums{def: def, totals: make([]money.Total, len(def.Columns))}
	for i, c := range def.Columns {
		if scale, ok := scaleOf(c.Type); ok {
			if t, err := money.NewTotal(scale); err == nil { // both scales are in range
				s.totals[i] = t
			}
		}
	}
	return s
}

// add adds a row's values of the given columns.
func (s *columnSums) add(row rows.Row[tables.Any], cols tables.List[tables.Any]) error {
	s.rows++
	for _, col := range cols {
		d := row.Cols.Col(col).Decs[row.I]
		if err := s.totals[col].Add(d.Hi, d.Lo); err != nil {
			return err
		}
	}
	return nil
}

// merge adds other sums.
func (s *columnSums) merge(o *columnSums, cols tables.List[tables.Any]) error {
	s.rows += o.rows
	for _, col := range cols {
		hi, lo := o.totals[col].Raw()
		if err := s.totals[col].Add(hi, lo); err != nil {
			return err
		}
	}
	return nil
}

// decimals are a table's decimal columns that are sums of lines.
func decimals[T any](def tables.Def[T], leave ...tables.ColumnOf[T]) tables.List[T] {
	var cols tables.List[T]
	for i, c := range def.All() {
		if _, ok := scaleOf(def.Columns[i].Type); ok && !slices.Contains(leave, c) {
			cols = append(cols, c)
		}
	}
	return cols
}

// sumsOf compares what the manifest keeps of a file with what was counted.
func (v *verifier) sumsOf(e manifest.FileEntry, s *columnSums) {
	if e.Rows != s.rows {
		v.differ(Contents, "%s: %d rows, the manifest has %d", e.Path, s.rows, e.Rows)
	}
	for _, one := range e.Sums {
		col := s.def.Index(one.Column)
		if rows.CurrencyOfSum(one) != "" {
			continue // currenciesOf
		}
		if col < 0 {
			v.differ(Contents, "%s: the manifest has a sum of %s, which is not a column", e.Path, one.Column)
			continue
		}
		if got := s.totals[col].String(); got != one.Value {
			v.differ(Contents, "%s: Σ %s is %s, the manifest has %s", e.Path, one.Column, got, one.Value)
		}
	}
}

// currenciesOf compares the sums of a file of statements that the manifest keeps for each currency (§10.7).
func (v *verifier) currenciesOf(e manifest.FileEntry, def *tables.Table, byMoney map[string]*columnSums) {
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
			sums = newColumnSums(def)
		}
		if col < 0 || sums.totals[col].String() != one.Value {
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
