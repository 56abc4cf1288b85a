package rows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// NoCycleError reports that the lake has no data of a cycle.
type NoCycleError struct {
	Cycle string
	Known []string // the cycles it has
}

// Error names the cycle.
func (e *NoCycleError) Error() string {
	return fmt.Sprintf("the lake has no data of cycle %s", e.Cycle)
}

// Diagnosis implements problem.Diagnosed.
func (e *NoCycleError) Diagnosis() (problem.Class, string) {
	if len(e.Known) == 0 {
		return problem.NotFound, "the lake is empty: `tollbook run nightly` takes the feeds in"
	}
	hint := "cycles in the lake: " + strings.Join(e.Known, ", ")
	if e.Cycle > slices.Max(e.Known) {
		hint += "; a month without records comes into the lake with `tollbook close`"
	}
	return problem.NotFound, hint
}

// ArchivedError reports that a closed cycle's files were moved to an archive.
type ArchivedError struct {
	Cycle string
	lake.Archived
}

// Error says when, and where to.
func (e *ArchivedError) Error() string {
	return fmt.Sprintf("cycle %s was archived at %s by manifest %d: its files are in %s", e.Cycle, e.AsOf, e.Run,
		e.Where)
}

// Diagnosis implements problem.Diagnosed.
func (e *ArchivedError) Diagnosis() (problem.Class, string) {
	return problem.NotFound, fmt.Sprintf("the same command with `--lake %s` reads it there", e.Where)
}

// NotFoundError reports that the requested data is not in the state.
type NotFoundError struct{ What, Do string }

// Error says what is not there.
func (e *NotFoundError) Error() string { return e.What }

// Diagnosis implements problem.Diagnosed.
func (e *NotFoundError) Diagnosis() (problem.Class, string) {
	return problem.NotFound, e.Do
}

// HasCycle returns a *NoCycleError if the state does not have the cycle, and an *ArchivedError if its files were
// archived.
func HasCycle(snap *lake.Snapshot, cycle lake.Cycle) error {
	if ref, ok := snap.Cycle(cycle); ok {
		if ref.Archived != nil {
			return &ArchivedError{cycle.String(), *ref.Archived}
		}
		return nil
	}
	e := &NoCycleError{Cycle: cycle.String()}
	for _, ref := range snap.Manifest.Cycles {
		e.Known = append(e.Known, ref.Cycle.String())
	}
	return e
}

// Selection selects lines; the zero value selects all.
type Selection struct {
	Customer string                      // "" = all
	Keep     func(Row[tables.Line]) bool // whether a line is wanted; called from several goroutines; nil = all are
	Cols     tables.List[tables.Line]    // columns that Keep reads
	Unsorted bool                        // return lines in the order of files and of their rows
}

// Lines returns the lines of a cycle in the order of §8; customer "" = all customers. cols are the wanted columns (nil
// = all); the columns of the order are always included.
func Lines(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, customer string,
	cols tables.List[tables.Line], l Limits) (
	*Rows[tables.Line], error) {
	return LinesOf(ctx, snap, cycle, Selection{Customer: customer}, cols, l)
}

// selectedFiles is the number of files that a selection has open at once. It has few lines, so merging in two passes is
// cheap, and many concurrent readers need few descriptors.
const selectedFiles = 64

// LinesOf is Lines for a selection.
func LinesOf(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, s Selection, cols tables.List[tables.Line],
	l Limits) (
	*Rows[tables.Line], error) {
	files, err := filesOf(snap, cycle, tables.Lines().Name)
	if err != nil {
		return nil, err
	}
	if s.Customer != "" {
		bucket := lake.BucketOf(s.Customer, max(1, snap.Manifest.Buckets))
		files = slices.DeleteFunc(files, func(e lake.FileEntry) bool { return e.Bucket != bucket })
	}
	where := Filter[tables.Line]{tables.LineCustomerID, s.Customer}
	if s.Keep != nil {
		l.Files = min(l.withDefaults().Files, selectedFiles)
	}
	order := linesOrder()
	if s.Unsorted {
		order = unsorted()
	}
	m := newMerger(tables.Lines().Table, order, cols.Any(), l)
	if s.Keep == nil {
		return rowsOf(ctx, snap, m, files, where)
	}
	first := *m.order
	first.cols = append(slices.Clone(first.cols), s.Cols.Any()...)
	wanted, err := m.opening(len(files), where.any())
	if err != nil {
		return nil, err
	}
	wanted.order = &first
	return typed[tables.Line](m.mergeFiles(ctx, snap, files, wanted, func(c *cursor) {
		narrowed := c.keep
		c.keep = func(row anyRow) bool {
			return (narrowed == nil || narrowed(row)) && s.Keep(of[tables.Line](row))
		}
	}))
}

// BucketLines returns the lines of a cycle for the customers of one bucket, in the order of §8, that is customer by
// customer. cols as in Lines.
func BucketLines(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, bucket int,
	cols tables.List[tables.Line],
	l Limits) (
	*Rows[tables.Line], error) {
	files, err := filesOf(snap, cycle, tables.Lines().Name)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(e lake.FileEntry) bool { return e.Bucket != bucket })
	return rowsOf(ctx, snap, newMerger(tables.Lines().Table, linesOrder(), cols.Any(), l), files, Filter[tables.Line]{})
}

// Statements returns the statements of a cycle by customer_id, in the table of StatementsTable; customer "" = all.
func Statements(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, customer string, l Limits) (
	*Rows[tables.Statement], error) {
	files, err := filesOf(snap, cycle, tables.Statements().Name)
	if err != nil {
		return nil, err
	}
	if customer != "" {
		bucket := lake.BucketOf(customer, max(1, snap.Manifest.Buckets))
		files = slices.DeleteFunc(files, func(e lake.FileEntry) bool { return e.Bucket != bucket })
	}
	def, err := StatementsTable(snap, cycle)
	if err != nil {
		return nil, err
	}
	return rowsOf(ctx, snap, newMerger(def.Table, statementsOrder(), nil, l), files,
		Filter[tables.Statement]{tables.StatementCustomerID, customer})
}

// Rejects returns the rejects by file and row, independent of their stored order. cols as in Lines.
func Rejects(ctx context.Context, snap *lake.Snapshot, cols tables.List[tables.Reject], l Limits) (
	*Rows[tables.Reject], error) {
	files, err := filesOf(snap, lake.Cycle{}, tables.Rejects().Name)
	if err != nil {
		return nil, err
	}
	m := newMerger(tables.Rejects().Table, rejectsOrder(), cols.Any(), l)
	var inputs []input
	wanted, err := m.opening(len(files), Filter[tables.Any]{})
	if err != nil {
		return nil, err
	}
	wanted.piece = groupRows // each group is sorted completely
	for _, e := range files {
		groups, err := groupsOf(snap, e)
		if err != nil {
			return nil, err
		}
		for g := range groups {
			inputs = append(inputs, input{name: e.Path, group: min(e.Rows, groupRows), open: func() (*cursor, error) {
				f, err := snap.Open(e)
				if err != nil {
					return nil, err
				}
				c, err := openCursor(e.Path, f, wanted)
				if err != nil {
					return nil, err
				}
				if err := c.sortGroup(g); err != nil {
					return nil, err // sortGroup has closed the file
				}
				return c, nil
			}})
		}
	}
	return typed[tables.Reject](m.merge(ctx, inputs))
}

// filesOf lists the files of one table of a cycle.
func filesOf(snap *lake.Snapshot, cycle lake.Cycle, name string) ([]lake.FileEntry, error) {
	files, err := snap.Files(cycle)
	if err != nil {
		return nil, err
	}
	var out []lake.FileEntry
	for i := range files {
		if files[i].Table == name {
			out = append(out, files[i])
		}
	}
	return out, nil
}

// newMerger returns a merger of files of one table that are sorted in the given order. cols as in Lines.
func newMerger(def *tables.Table, o order, cols tables.List[tables.Any], l Limits) *merger {
	return &merger{limits: l.withDefaults(), def: def, order: &o, cols: cols}
}

// rowsOf returns the selected rows of files, merged.
func rowsOf[T any](ctx context.Context, snap *lake.Snapshot, m *merger, files []lake.FileEntry, where Filter[T]) (
	*Rows[T], error) {
	wanted, err := m.opening(len(files), where.any())
	if err != nil {
		return nil, err
	}
	return typed[T](m.mergeFiles(ctx, snap, files, wanted, func(*cursor) {}))
}

// mergeFiles merges files of the lake; choose can select their rows.
func (m *merger) mergeFiles(ctx context.Context, snap *lake.Snapshot, files []lake.FileEntry, o opening,
	choose func(*cursor)) (*merged, error) {
	inputs := make([]input, len(files))
	for i, e := range files {
		inputs[i] = input{name: e.Path, group: min(e.Rows, o.piece), open: func() (*cursor, error) {
			f, err := snap.Open(e)
			if err != nil {
				return nil, err
			}
			c, err := openCursor(e.Path, f, o)
			if err == nil {
				choose(c)
			}
			return c, err
		}}
	}
	return m.merge(ctx, inputs)
}

// Sorted returns the rows of files of one table, of any cycles, in the order in which the table's files are sorted.
// cols as in Lines.
func Sorted[T any](ctx context.Context, snap *lake.Snapshot, files []lake.FileEntry, def tables.Def[T],
	cols tables.List[T], l Limits) (*Rows[T], error) {
	return rowsOf(ctx, snap, newMerger(def.Table, orderOf(def.Table), cols.Any(), l), files, Filter[T]{})
}

// groupRows is the largest number of rows of a row group in the lake.
const groupRows = 1 << 16

// Totals returns the control totals of a cycle (§6.6, §8): the rows of each feed by outcome over all feed files ever
// ingested; the sum of each amount column of the cycle's lines and statements, in column order; and those of
// PartnerMoneyTotals.
func Totals(snap *lake.Snapshot, cycle lake.Cycle) ([]lake.TableTotal, error) {
	if err := HasCycle(snap, cycle); err != nil {
		return nil, err
	}
	return KeptTotals(snap, cycle)
}

// KeptTotals is Totals for a cycle that may be archived: its control totals stay in the lake.
func KeptTotals(snap *lake.Snapshot, cycle lake.Cycle) ([]lake.TableTotal, error) {
	of, values := cycle.String()+"/", make(map[string]string, len(snap.Manifest.Totals))
	var out []lake.TableTotal
	for _, t := range snap.Manifest.Totals {
		values[t.Name] = t.Value
		if strings.HasPrefix(t.Name, "rows.") {
			out = append(out, t)
		}
	}
	statements, err := StatementsTable(snap, cycle)
	if err != nil {
		return nil, err
	}
	currencies, err := currenciesIn(snap, cycle)
	if err != nil {
		return nil, err
	}
	for _, def := range []*tables.Table{tables.Lines().Table, statements.Table} {
		for _, c := range def.Columns[:def.Exported] {
			if c.Type != tables.Amount {
				continue
			}
			name := def.Name + "." + c.Name
			if len(currencies) > 0 {
				for _, currency := range currencies {
					out = append(out, lake.TableTotal{Name: name + "." + currency,
						Value: cmp.Or(values[of+name+"."+currency], money.AmountTotal{}.String())})
				}
				continue
			}
			out = append(out, lake.TableTotal{Name: name,
				Value: cmp.Or(values[of+name], money.AmountTotal{}.String())})
		}
	}
	return append(out, PartnerMoneyTotals(snap.Manifest.Totals)...), nil
}

// PartnerMoneyTotals selects the control totals of partners' money: the rows and sums of its tables as of the last run,
// by name (§6.6, §9). A state without these tables has none.
func PartnerMoneyTotals(all []lake.TableTotal) []lake.TableTotal {
	var out []lake.TableTotal
	for _, t := range all {
		table, _, _ := strings.Cut(t.Name, ".")
		if slices.ContainsFunc(tables.PartnerMoneyTotals(), func(def *tables.Table) bool { return def.Name == table }) {
			out = append(out, t)
		}
	}
	return out
}

// currenciesIn lists the currencies of the sums of a cycle's statements; none for a cycle with one currency.
func currenciesIn(snap *lake.Snapshot, cycle lake.Cycle) ([]string, error) {
	files, err := filesOf(snap, cycle, tables.Statements().Name)
	if err != nil {
		return nil, err
	}
	all := make(map[string]bool)
	for _, e := range files {
		for _, s := range e.Sums {
			if c := CurrencyOfSum(s); c != "" {
				all[c] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// File returns the rows of one file of the lake, of a table whose definition is def, and checks that they are in the
// table's order. cols as in Lines.
func File[T any](snap *lake.Snapshot, e lake.FileEntry, def tables.Def[T], cols tables.List[T]) (*Rows[T], error) {
	return FileOf(snap, e, def, cols, Filter[T]{})
}

// FileOf returns the selected rows of a file as File does.
func FileOf[T any](snap *lake.Snapshot, e lake.FileEntry, def tables.Def[T], cols tables.List[T], where Filter[T]) (
	*Rows[T], error) {
	o := orderOf(def.Table)
	return typed[T](openFile(snap, e, opening{def: def.Table, order: &o, cols: cols.Any(), where: where.any()}))
}

// openFile opens one file of the lake for reading.
func openFile(snap *lake.Snapshot, e lake.FileEntry, o opening) (*merged, error) {
	f, err := snap.Open(e)
	if err != nil {
		return nil, err
	}
	c, err := openCursor(e.Path, f, o)
	if err != nil {
		return nil, err
	}
	return newRows(o.order, []*cursor{c}, nil)
}

// RowCount returns the number of rows of a file of any table, according to the file.
func RowCount(snap *lake.Snapshot, e lake.FileEntry) (n int64, err error) {
	err = footer(snap, e, func(r *parquet.Reader[tables.Any]) { n = r.Rows() })
	return n, err
}

// groupsOf returns the number of row groups of a file.
func groupsOf(snap *lake.Snapshot, e lake.FileEntry) (n int, err error) {
	err = footer(snap, e, func(r *parquet.Reader[tables.Any]) { n = r.Groups() })
	return n, err
}

// footer passes a reader of the file's footer to look.
func footer(snap *lake.Snapshot, e lake.FileEntry, look func(*parquet.Reader[tables.Any])) (err error) {
	f, err := snap.Open(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), tables.Untyped(&tables.Table{Name: e.Table}),
		tables.List[tables.Any]{})
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	look(r)
	return r.Close()
}

// Unsorted returns the rows of one file in stored order. It reads only the requested columns.
func Unsorted[T any](snap *lake.Snapshot, e lake.FileEntry, def tables.Def[T], cols tables.List[T]) (
	*Rows[T], error) {
	return UnsortedOf(snap, e, def, cols, Filter[T]{})
}

// EachUnsorted visits the rows of one file in stored order. It reads only the requested columns.
func EachUnsorted[T any](snap *lake.Snapshot, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	visit func(Row[T]) error) error {
	list, err := Unsorted(snap, e, def, cols)
	if err != nil {
		return err
	}
	return errors.Join(list.Each(visit), list.Close())
}

// UnsortedOf returns the selected rows of a file as Unsorted does.
func UnsortedOf[T any](snap *lake.Snapshot, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	where Filter[T]) (*Rows[T], error) {
	o := unsorted()
	return typed[T](openFile(snap, e, opening{def: def.Table, order: &o, cols: cols.Any(), where: where.any()}))
}

// unsorted is an order in which all rows are equal.
func unsorted() order {
	return order{cols: tables.List[tables.Any]{}, compare: func(anyRow, anyRow) int { return 0 }}
}

// PaidByLedger reports whether a closed cycle was paid from balances (§6.3), according to the settings of its close.
// The present settings are not relevant.
func PaidByLedger(ref *lake.CycleRef) bool {
	return ref.ClosedWith.Payments == settings.Ledger.String()
}
