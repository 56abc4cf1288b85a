package query

import (
	"maps"
	"slices"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// measured returns lines, each given by its product and measure.
func measured(list ...[2]string) *parquet.Columns[tables.Line] {
	c := parquet.NewColumns(tables.Lines())
	for _, l := range list {
		c.Word(tables.LineSKU).Add(l[0])
		c.Word(tables.LineMeasure).Add(l[1])
		for _, col := range []tables.WordColumn[tables.Line]{tables.LineServiceTypeCode, tables.LineRegionCode,
			tables.LineKind, tables.LineDiscountID} {
			c.Word(col).Add("")
		}
		c.Small(tables.LineTier).Add(1)
		for _, col := range []tables.QuantityColumn[tables.Line]{tables.LineUsageAmount, tables.LineFreeResourceUsage,
			tables.LineQuantity, tables.LineUnitPrice} {
			c.Quantity(col).Add(0, 7)
		}
		for _, col := range []tables.AmountColumn[tables.Line]{tables.LineOfficialAmount,
			tables.LineOfficialDiscountAmount, tables.LineTruncatedAmount, tables.LinePaymentAmount} {
			c.Amount(col).Add(0, 7)
		}
		c.N++
	}
	return c
}

// TestGatherAgain checks that lines must be read again in order if lines of one product differ in their measure.
// Nothing else depends on the order.
func TestGatherAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines [][2]string
		again bool
	}{
		{[][2]string{{"a", "GB"}, {"b", "hour"}, {"a", "GB"}}, false},
		{[][2]string{{"a", "GB"}, {"b", "hour"}, {"a", "GiB"}}, true},
	} {
		for _, backwards := range []bool{false, true} {
			lines := slices.Clone(c.lines)
			if backwards {
				slices.Reverse(lines)
			}
			g := gathered{items: map[itemKey]*BillItem{}, measures: map[string]string{}}
			cols := measured(lines...)
			for i := range lines {
				if err := g.add(&books.Books{}, rows.Row[tables.Line]{Cols: cols, I: i}); err != nil {
					t.Fatal(err)
				}
			}
			if g.sortAgain != c.again {
				t.Errorf("%v: read again: %t, want %t", lines, g.sortAgain, c.again)
			}
			if !c.again && !maps.Equal(g.measures, map[string]string{"a": "GB", "b": "hour"}) {
				t.Errorf("%v: measures %v", lines, g.measures)
			}
		}
	}
}
