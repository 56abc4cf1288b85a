package feed

import (
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// fits checks that a column of a Parquet file has a type from which its kind can be read without loss (§2.2).
func fits(col *SpecColumn, field *ParquetField) *FormError {
	if len(field.Parts) > 0 {
		return &FormError{Text: fmt.Sprintf("column %q is nested", col.Name),
			Hint: "write one plain value per row"}
	}
	what, hint := misfit(col.Kind, field)
	if what == "" {
		return nil
	}
	return &FormError{Text: fmt.Sprintf("column %q is %s", col.Name, what), Hint: hint}
}

// misfit explains why a column's type does not fit a kind, and what to write instead.
func misfit(kind ColumnKind, field *ParquetField) (what, hint string) {
	decimal, isDecimal := field.Logical.(*format.DecimalType)
	whole := (field.Physical == format.Int32 || field.Physical == format.Int64) && field.IsNumber()
	switch kind {
	case TextColumn, WordColumn:
		if !field.IsText() {
			return field.TypeName() + " in a text column", "write it as STRING"
		}
	case TimeColumn:
		return timeMisfit(field)
	default:
		hint := "write it as DECIMAL, or as STRING with the digits of the decimal"
		switch {
		case field.Physical == format.Float || field.Physical == format.Double:
			return field.TypeName() + ", which cannot represent a decimal exactly", hint
		case !field.IsText() && !whole && !isDecimal:
			return field.TypeName() + " in a decimal column", hint
		case isDecimal && (decimal.Scale < 0 || decimal.Scale > decimal.Precision):
			return field.TypeName() + ", whose scale is not within its precision", hint
		}
	}
	return "", ""
}

func timeMisfit(field *ParquetField) (what, hint string) {
	hint = "write it as TIMESTAMP with isAdjustedToUTC=true, or as STRING with an offset"
	if field.IsText() {
		return "", ""
	}
	if field.Physical == format.Int96 {
		return "INT96, a timestamp without a zone", hint
	}
	t, ok := field.Logical.(*format.TimestampType)
	switch {
	case !ok:
		return field.TypeName() + " in a time column", hint
	case !t.IsAdjustedToUTC:
		return "a local TIMESTAMP (isAdjustedToUTC=false), a time without a zone", hint
	}
	return "", ""
}
