package table

import (
	"fmt"
	"slices"
)

// Row is the type of a table's rows. Its values are not used: it ties columns, batches and definitions of one table
// together, so that a column of another table does not compile. A table that only adds columns to those of another
// shares its type: late and usage, late_samples and bandwidth, late_positions and positions, ended_rejects and rejects.
type Row interface{ of(table string) bool }

// Any is the row type of a table that is known only at run time.
type Any struct{}

func (Any) of(string) bool { return true }

// Handles of columns: the position of a column in T's table, with its type.
type (
	WordColumn[T any]      int
	TextColumn[T any]      int
	TimeColumn[T any]      int
	MaybeTimeColumn[T any] int
	AmountColumn[T any]    int
	QuantityColumn[T any]  int
	WholeColumn[T any]     int
	SmallColumn[T any]     int
	CostColumn[T any]      int
)

// ColumnOf is a column of T's table, of any type. Every handle can be converted to it with Of.
type ColumnOf[T any] int

// Handle is a column of T's table: a typed handle or a ColumnOf.
type Handle[T any] interface {
	// Index is the column's position, from 0.
	Index() int
	// Of is the column without its type.
	Of() ColumnOf[T]
}

// Index implements Handle.
func (c WordColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c TextColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c TimeColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c MaybeTimeColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c AmountColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c QuantityColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c WholeColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c SmallColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c CostColumn[T]) Index() int { return int(c) }

// Index implements Handle.
func (c ColumnOf[T]) Index() int { return int(c) }

// Of implements Handle.
func (c WordColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c TextColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c TimeColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c MaybeTimeColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c AmountColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c QuantityColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c WholeColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c SmallColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c CostColumn[T]) Of() ColumnOf[T] { return ColumnOf[T](c) }

// Of implements Handle.
func (c ColumnOf[T]) Of() ColumnOf[T] { return c }

// Any is the column without its table.
func (c WordColumn[T]) Any() WordColumn[Any] { return WordColumn[Any](c) }

// Any is the column without its table.
func (c TextColumn[T]) Any() TextColumn[Any] { return TextColumn[Any](c) }

// Any is the column without its table.
func (c TimeColumn[T]) Any() TimeColumn[Any] { return TimeColumn[Any](c) }

// Any is the column without its table.
func (c MaybeTimeColumn[T]) Any() MaybeTimeColumn[Any] { return MaybeTimeColumn[Any](c) }

// Any is the column without its table.
func (c AmountColumn[T]) Any() AmountColumn[Any] { return AmountColumn[Any](c) }

// Any is the column without its table.
func (c QuantityColumn[T]) Any() QuantityColumn[Any] { return QuantityColumn[Any](c) }

// Any is the column without its table.
func (c WholeColumn[T]) Any() WholeColumn[Any] { return WholeColumn[Any](c) }

// Any is the column without its table.
func (c SmallColumn[T]) Any() SmallColumn[Any] { return SmallColumn[Any](c) }

// Any is the column without its table.
func (c CostColumn[T]) Any() CostColumn[Any] { return CostColumn[Any](c) }

// Any is the column without its table.
func (c ColumnOf[T]) Any() ColumnOf[Any] { return ColumnOf[Any](c) }

// List is a list of columns of T's table, in any order.
type List[T any] []ColumnOf[T]

// Columns returns a list of columns of one table.
func Columns[T any](columns ...Handle[T]) List[T] {
	list := make(List[T], len(columns))
	for i, c := range columns {
		list[i] = c.Of()
	}
	return list
}

// Distinct returns the columns in the table's order without duplicates; nil for nil.
func (l List[T]) Distinct() List[T] {
	once := slices.Clone(l)
	slices.Sort(once)
	return slices.Compact(once)
}

// Any is the list without its table; nil for nil.
func (l List[T]) Any() List[Any] { return listOf[Any](l) }

// listOf returns the same positions in a table of U; nil for nil.
func listOf[U, T any](l List[T]) List[U] {
	if l == nil {
		return nil
	}
	list := make(List[U], len(l))
	for i, c := range l {
		list[i] = ColumnOf[U](c)
	}
	return list
}

// Def is the definition of T's table.
type Def[T any] struct{ *Table }

// Any is the definition without its row type.
func (d Def[T]) Any() Def[Any] { return Def[Any](d) }

// All returns every column of the table, in order.
func (d Def[T]) All() List[T] {
	list := make(List[T], len(d.Columns))
	for i := range list {
		list[i] = ColumnOf[T](i)
	}
	return list
}

// Untyped is the definition of a table that is known only at run time.
func Untyped(t *Table) Def[Any] { return Def[Any]{t} }

// Typed is t with the row type T. It panics if t is not the definition of T's table.
func Typed[T Row](t *Table) Def[T] {
	Check[T](t)
	return Def[T]{t}
}

// Check panics if t is not the definition of T's table.
func Check[T Row](t *Table) {
	var row T
	if !row.of(t.Name) {
		panic(fmt.Sprintf("table %s is not one of %T", t.Name, row))
	}
}
