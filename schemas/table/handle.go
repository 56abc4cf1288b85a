package table

import "fmt"

// Row is the type of a table's rows. It has no values of interest: it ties columns, batches and definitions of one
// table together, so that the column of another table does not compile. A table that only adds columns to those of
// another shares its type: late and usage, late_samples and bandwidth, late_positions and positions, ended_rejects and
// rejects.
type Row interface{ of(table string) bool }

// Any is the row of a table that is known only when the program runs.
type Any struct{}

func (Any) of(string) bool { return true }

// Handles of columns: the position of a column of T's table, with its type.
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

// Handle is a column of T's table, of any type.
type Handle[T any] interface {
	// Index is the column's position, from 0.
	Index() int
	column(T)
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

func (WordColumn[T]) column(T)      {}
func (TextColumn[T]) column(T)      {}
func (TimeColumn[T]) column(T)      {}
func (MaybeTimeColumn[T]) column(T) {}
func (AmountColumn[T]) column(T)    {}
func (QuantityColumn[T]) column(T)  {}
func (WholeColumn[T]) column(T)     {}
func (SmallColumn[T]) column(T)     {}
func (CostColumn[T]) column(T)      {}

// List is positions of columns of T's table, in any order.
type List[T any] []int

// Columns lists columns of one table.
func Columns[T any](columns ...Handle[T]) List[T] {
	list := make(List[T], len(columns))
	for i, c := range columns {
		list[i] = c.Index()
	}
	return list
}

// Def is the definition of T's table.
type Def[T any] struct{ *Table }

// Any forgets which table it is.
func (d Def[T]) Any() Def[Any] { return Def[Any](d) }

// Untyped is the definition of a table that is known only when the program runs.
func Untyped(t *Table) Def[Any] { return Def[Any]{t} }

// Typed is the definition of T's table that t is. It panics if t is the definition of another table.
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
