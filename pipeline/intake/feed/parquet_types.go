package feed

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/feeds"
)

// fits checks that a column of a Parquet file has a type from which its kind can be read without loss (§2.2).
func fits(col *feeds.Column, node schema.Node) *feedfile.Error {
	leaf, ok := node.(*schema.PrimitiveNode)
	if !ok || leaf.RepetitionType() == parquet.Repetitions.Repeated {
		return &feedfile.Error{Text: fmt.Sprintf("column %q is nested", col.Name),
			Hint: "write one plain value per row"}
	}
	what, hint := misfit(col.Kind, leaf)
	if what == "" {
		return nil
	}
	return &feedfile.Error{Text: fmt.Sprintf("column %q is %s", col.Name, what), Hint: hint}
}

// misfit explains why a leaf's type does not fit a kind, and what to write instead.
func misfit(kind feeds.ColumnKind, leaf *schema.PrimitiveNode) (what, hint string) {
	physical, logical := leaf.PhysicalType(), leaf.LogicalType()
	decimal, isDecimal := logical.(schema.DecimalLogicalType)
	text := physical == parquet.Types.ByteArray && !isDecimal
	whole := (physical == parquet.Types.Int32 || physical == parquet.Types.Int64) && isPlainInt(logical)
	switch kind {
	case feeds.Text, feeds.Word:
		if !text {
			return typeName(leaf) + " in a text column", "write it as STRING"
		}
	case feeds.Time:
		return timeMisfit(leaf, text)
	default:
		hint := "write it as DECIMAL, or as STRING with the digits of the decimal"
		switch {
		case physical == parquet.Types.Float || physical == parquet.Types.Double:
			return typeName(leaf) + ", which cannot represent a decimal exactly", hint
		case !text && !whole && !isDecimal:
			return typeName(leaf) + " in a decimal column", hint
		case isDecimal && (decimal.Scale() < 0 || decimal.Scale() > decimal.Precision()):
			return typeName(leaf) + ", whose scale is not within its precision", hint
		}
	}
	return "", ""
}

func timeMisfit(leaf *schema.PrimitiveNode, text bool) (what, hint string) {
	hint = "write it as TIMESTAMP with isAdjustedToUTC=true, or as STRING with an offset"
	if text {
		return "", ""
	}
	if leaf.PhysicalType() == parquet.Types.Int96 {
		return "INT96, a timestamp without a zone", hint
	}
	t, ok := leaf.LogicalType().(schema.TimestampLogicalType)
	switch {
	case !ok:
		return typeName(leaf) + " in a time column", hint
	case !t.IsAdjustedToUTC() && !t.IsFromConvertedType():
		return "a local TIMESTAMP (isAdjustedToUTC=false), a time without a zone", hint
	}
	return "", ""
}

// isPlainInt reports whether an INT32 or INT64 is a number and not a date or a time.
func isPlainInt(logical schema.LogicalType) bool {
	_, isInt := logical.(schema.IntLogicalType)
	return isInt || logical == nil || logical.IsNone()
}

// typeName returns the name of a leaf's type for people.
func typeName(leaf *schema.PrimitiveNode) string {
	if logical := leaf.LogicalType(); !isPlainInt(logical) {
		return logical.String()
	}
	return leaf.PhysicalType().String()
}
