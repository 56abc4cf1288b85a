package rows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/scratch"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Materialize gives the rows of a table that is calculated for the occasion, in the table's order. Each part, from 0,
// writes its rows in that order, in batches of at most 65,536; they are in scratch space until Close.
func Materialize(ctx context.Context, def *tables.Table, parts int,
	part func(ctx context.Context, part int, write func(*parquet.Columns) error) error, where Filter, l Limits) (
	*Rows, error) {
	m := newMerger(def, orderOf(def), nil, l)
	o, err := m.opening(parts, where)
	if err != nil {
		return nil, err
	}
	if m.folder, err = scratch.New(m.limits.Scratch, "made"); err != nil {
		return nil, err
	}
	inputs := make([]input, parts)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(m.limits.Workers)
	for i := range parts {
		name := filepath.Join(m.folder.Path, fmt.Sprintf("part-%06d.parquet", i))
		inputs[i] = input{name: name, group: o.piece, open: func() (*cursor, error) {
			return openScratchTable(name, o)
		}}
		group.Go(func() error {
			return writeScratch(name, def, func(write func(*parquet.Columns) error) error {
				return part(within, i, write)
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, m.clear())
	}
	return m.merge(ctx, inputs)
}

// writeScratch makes one scratch file.
func writeScratch(name string, def *tables.Table, fill func(write func(*parquet.Columns) error) error) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write scratch space: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := parquet.NewWriter(f, def)
	if err != nil {
		return err
	}
	return errors.Join(fill(w.Write), w.Close())
}

// spilledRows is how many rows Spill writes at once.
const spilledRows = 1 << 14

// Spill writes rows to a file that Spilled reads, and closes them.
func Spill(w io.Writer, def *tables.Table, rows *Rows) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	out, err := parquet.NewWriter(w, def)
	if err != nil {
		return err
	}
	batch := parquet.NewColumns(def)
	for {
		if err := rows.Fill(batch, spilledRows, nil); err != nil {
			return errors.Join(err, out.Close())
		}
		if batch.N == 0 {
			return out.Close()
		}
		if err := out.Write(batch); err != nil {
			return errors.Join(err, out.Close())
		}
	}
}

// spilledFile is an open file of Spill as cursors read it.
type spilledFile struct {
	*os.File
	size int64
}

// Size is the file's length in bytes.
func (f spilledFile) Size() int64 { return f.size }

// Spilled returns the selected rows of a file that Spill wrote. Closing the rows closes the file.
func Spilled(ctx context.Context, f *os.File, def *tables.Table, where Filter, l Limits) (*Rows, error) {
	m := newMerger(def, orderOf(def), nil, l)
	return m.merge(ctx, []input{{name: f.Name(), group: maxPiece, open: func() (*cursor, error) {
		info, err := f.Stat()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read a kept file: %w", err), f.Close())
		}
		return openCursor(f.Name(), spilledFile{f, info.Size()}, opening{def: def, order: m.order, where: where})
	}}})
}

// PartnerStatements gives the kept partner statements of a closed cycle in the order of §8; partner "" = all.
func PartnerStatements(ctx context.Context, snap *lake.Snapshot, cycle, partner string, l Limits) (*Rows, error) {
	def, err := PartnerStatementsTable(snap, cycle)
	if err != nil {
		return nil, err
	}
	files, err := filesOf(snap, cycle, def.Name)
	if err != nil {
		return nil, err
	}
	return newMerger(def, orderOf(def), nil, l).rowsOf(ctx, snap, files, Filter{tables.XPartnerID, partner})
}

// Accounts gives how balances moved in a cycle, in ledger order; customer "" = all.
func Accounts(ctx context.Context, snap *lake.Snapshot, cycle, customer string, l Limits) (*Rows, error) {
	def := tables.AccountEntries()
	files, err := filesOf(snap, cycle, def.Name)
	if err != nil {
		return nil, err
	}
	return newMerger(def, orderOf(def), nil, l).rowsOf(ctx, snap, files, Filter{tables.ECustomerID, customer})
}

// partnerStatementsOrder is the order of partner_statements: its first columns (§8).
func partnerStatementsOrder() order {
	words := []int{tables.XPartnerID, tables.XSellerID, tables.XResellerID, tables.XCustomerID, tables.XAssociationType,
		tables.XServiceTypeCode}
	return order{cols: append(words, tables.XChargingMode, tables.XSign), compare: func(a, b Row) int {
		for _, col := range words {
			if c := strings.Compare(a.Word(col), b.Word(col)); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(a.Small(tables.XChargingMode), b.Small(tables.XChargingMode)),
			strings.Compare(a.Word(tables.XSign), b.Word(tables.XSign)))
	}}
}

// accountsOrder is ledger order: what happens to a customer in one instant is in one file, in order, but for
// month-end lines, whose file comes after that of the last day.
func accountsOrder() order {
	return order{cols: []int{tables.ECustomerID, tables.ETime}, compare: func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Word(tables.ECustomerID), b.Word(tables.ECustomerID)),
			cmp.Compare(a.Time(tables.ETime), b.Time(tables.ETime)))
	}}
}
