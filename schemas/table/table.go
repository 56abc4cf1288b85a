package table

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Type is a column's type.
type Type uint8

// The column types. Word is text with few distinct values (dictionary-encoded), Text is text with many.
const (
	Word Type = iota
	Text
	Time      // microseconds UTC
	MaybeTime // the same, or Nothing (null in Parquet)
	Amount    // DECIMAL(38,8)
	Quantity  // DECIMAL(38,10), also unit prices; signed
	Whole     // 64-bit integer
	Small     // 32-bit integer
	Cost      // DECIMAL(38,18): a cost of a vendor's cost file (§11.1)
)

// Scale is the number of decimals of a decimal type; 0 for any other.
func (t Type) Scale() int {
	switch t {
	case Amount:
		return money.AmountScale
	case Quantity:
		return money.QuantityScale
	case Cost:
		return money.CostScale
	default:
		return 0
	}
}

// Flag returns the stored form of a boolean. It orders false before true.
func Flag(yes bool) int32 {
	if yes {
		return 1
	}
	return 0
}

// Nothing is the value of an empty MaybeTime cell.
const Nothing = period.Past

// OrNothing is the value of a time in a MaybeTime column: Nothing in place of period.Forever.
func OrNothing(t period.Instant) period.Instant {
	if t == period.Forever {
		return Nothing
	}
	return t
}

// Column is one column of a table.
type Column struct {
	Name    string
	Type    Type
	Meaning string
}

// Table is a table's name and columns.
type Table struct {
	Name    string
	Columns []Column
	// Exported is the number of leading columns that `tollbook export` writes (§8); only the lake uses the others.
	Exported int
	// Added names the columns that only files of some cycles have: of other files a reader returns 0 or an empty text.
	Added []string
}

// Index finds a column by name, or -1.
func (t *Table) Index(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// IsAdded reports whether files of the table can lack a column.
func (t *Table) IsAdded(col int) bool { return slices.Contains(t.Added, t.Columns[col].Name) }

// adding marks columns of a table that files of it can lack.
func (t *Table) adding(names ...string) *Table {
	t.Added = names
	return t
}

// define returns a table with exported columns, followed by the lake's own columns.
func define(name string, exported []Column, own ...Column) *Table {
	return &Table{Name: name, Columns: slices.Clip(slices.Concat(exported, own)), Exported: len(exported)}
}
