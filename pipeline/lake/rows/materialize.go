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
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Materialize returns the rows of a calculated table in the table's order. Each part, from 0, writes its rows in that
// order, in batches of at most 65,536. The rows are in scratch space until Close.
func Materialize[T any](ctx context.Context, def tables.Def[T], parts int,
	part func(ctx context.Context, part int, write func(*parquet.Columns[T]) error) error, where Filter[T], l Limits) (
	*Rows[T], error) {
	m := newMerger(def.Table, orderOf(def.Table), nil, l)
	o, err := m.opening(parts, where.any())
	if err != nil {
		return nil, err
	}
	if m.folder, err = storage.NewScratch(m.limits.Scratch, "rows"); err != nil {
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
			return writeScratch(name, def.Table, func(w *parquet.Writer) error {
				return part(within, i, func(c *parquet.Columns[T]) error { return w.Write(c.Any()) })
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, m.clear())
	}
	return typed[T](m.merge(ctx, inputs))
}

// writeScratch makes one scratch file.
func writeScratch(name string, def *tables.Table, fill func(*parquet.Writer) error) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write scratch space: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := parquet.NewWriter(f, def)
	if err != nil {
		return err
	}
	return errors.Join(fill(w), w.Close())
}

// spilledRows is the number of rows that Spill writes at once.
const spilledRows = 1 << 14

// Spill writes rows to a file that Spilled can read, and closes the rows.
func Spill[T any](w io.Writer, def tables.Def[T], rows *Rows[T]) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	out, err := parquet.NewWriter(w, def.Table)
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
		if err := out.Write(batch.Any()); err != nil {
			return errors.Join(err, out.Close())
		}
	}
}

// spilledFile is an open file of Spill in the form that cursors read.
type spilledFile struct {
	*os.File
	size int64
}

// Size is the file's length in bytes.
func (f spilledFile) Size() int64 { return f.size }

// Spilled returns the selected rows of a file that Spill wrote. Closing the rows closes the file.
func Spilled[T any](ctx context.Context, f *os.File, def tables.Def[T], where Filter[T], l Limits) (*Rows[T], error) {
	m := newMerger(def.Table, orderOf(def.Table), nil, l)
	return typed[T](m.merge(ctx, []input{{name: f.Name(), group: maxPiece, open: func() (*cursor, error) {
		info, err := f.Stat()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read a kept file: %w", err), f.Close())
		}
		return openCursor(f.Name(), spilledFile{f, info.Size()}, opening{def: def.Table, order: m.order,
			where: where.any()})
	}}}))
}

// PartnerStatements returns the stored partner statements of a closed cycle in the order of §8; partner "" = all.
func PartnerStatements(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, partner string, l Limits) (
	*Rows[tables.PartnerStatement], error) {
	def, err := PartnerStatementsTable(snap, cycle)
	if err != nil {
		return nil, err
	}
	files, err := filesOf(snap, cycle, def.Name)
	if err != nil {
		return nil, err
	}
	return rowsOf(ctx, snap, newMerger(def.Table, partnerStatementsOrder(), nil, l), files,
		Filter[tables.PartnerStatement]{tables.PartnerStatementPartnerID, partner})
}

// Accounts returns the movements of balances in a cycle in ledger order; customer "" = all.
func Accounts(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, customer string, l Limits) (
	*Rows[tables.AccountEntry], error) {
	def := tables.AccountEntries()
	files, err := filesOf(snap, cycle, def.Name)
	if err != nil {
		return nil, err
	}
	return rowsOf(ctx, snap, newMerger(def.Table, accountsOrder(), nil, l), files,
		Filter[tables.AccountEntry]{tables.AccountEntryCustomerID, customer})
}

// partnerStatementsOrder is the order of partner_statements: by its first columns (§8).
func partnerStatementsOrder() order {
	type row = Row[tables.PartnerStatement]
	words := []tables.WordColumn[tables.PartnerStatement]{tables.PartnerStatementPartnerID,
		tables.PartnerStatementSellerID, tables.PartnerStatementResellerID, tables.PartnerStatementCustomerID,
		tables.PartnerStatementAssociationType, tables.PartnerStatementServiceTypeCode}
	cols := tables.Columns(tables.PartnerStatementChargingMode, tables.PartnerStatementSign)
	for _, col := range words {
		cols = append(cols, col.Of())
	}
	return by(cols, func(a, b row) int {
		for _, col := range words {
			if c := strings.Compare(a.Word(col), b.Word(col)); c != 0 {
				return c
			}
		}
		return cmp.Or(
			cmp.Compare(a.Small(tables.PartnerStatementChargingMode), b.Small(tables.PartnerStatementChargingMode)),
			strings.Compare(a.Word(tables.PartnerStatementSign), b.Word(tables.PartnerStatementSign)))
	})
}

// accountsOrder is ledger order. All entries of a customer at one instant are in one file, in order, except month-end
// lines, whose file comes after that of the last day.
func accountsOrder() order {
	return by(tables.Columns(tables.AccountEntryCustomerID, tables.AccountEntryTime),
		func(a, b Row[tables.AccountEntry]) int {
			return cmp.Or(
				strings.Compare(a.Word(tables.AccountEntryCustomerID), b.Word(tables.AccountEntryCustomerID)),
				cmp.Compare(a.Time(tables.AccountEntryTime), b.Time(tables.AccountEntryTime)))
		})
}
