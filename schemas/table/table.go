package table

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Type is a column's type.
type Type uint8

// The column types. Word is text of few distinct values (dictionary-encoded), Text is text of many.
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

// Scale is the number of decimals of a decimal type; 0 of any other.
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

// Nothing is the value of a MaybeTime column that has none.
const Nothing = period.Past

// OrNothing is how a MaybeTime column holds a time that may never come: Nothing in place of period.Forever.
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
	// Exported is how many leading columns leave with `tollbook export` (§8); what follows serves the lake alone.
	Exported int
	// Added names the columns that were added after files of the table had been written: older files do not have them,
	// and a reader gives 0 or an empty text.
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

// IsAdded reports whether older files of the table can lack a column.
func (t *Table) IsAdded(col int) bool { return slices.Contains(t.Added, t.Columns[col].Name) }

// adding says that columns of a table were added later.
func (t *Table) adding(names ...string) *Table {
	t.Added = names
	return t
}

// define makes a table of which every column is exported unless the lake's own follow.
func define(name string, exported []Column, own ...Column) *Table {
	return &Table{Name: name, Columns: slices.Clip(slices.Concat(exported, own)), Exported: len(exported)}
}
