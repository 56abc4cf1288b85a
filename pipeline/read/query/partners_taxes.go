package query

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// Taxes returns the rows of taxes of a cycle: of one customer, of one partner, or of all. Those of partners are
// calculated from the lines while the cycle is open (PARTNERS-1). Errors: *rows.NoCycleError, *books.MissingError.
func (r *PartnerReader) Taxes(ctx context.Context, name lake.Cycle, customer, partner string) (*rows.Rows[tables.Tax],
	error) {
	if err := rows.HasCycle(r.Snap, name); err != nil {
		return nil, err
	}
	files, err := r.taxFiles(name, customer, partner)
	if err != nil {
		return nil, err
	}
	return r.taxes(ctx, name, files, customer == "", rows.Filter[tables.Tax]{Column: tables.TaxBuyerID,
		Word: customer + partner})
}

// PartnerTaxes returns the rows of taxes of all partners of a cycle, like Taxes; nil if there can be none.
func (r *PartnerReader) PartnerTaxes(ctx context.Context, name lake.Cycle) (*rows.Rows[tables.Tax], error) {
	if err := rows.HasCycle(r.Snap, name); err != nil {
		return nil, err
	}
	files, err := r.taxFiles(name, "", "")
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(e lake.FileEntry) bool { return e.Bucket != lake.NoBucket })
	if len(files) == 0 && len(r.Books.Taxes) == 0 {
		return nil, nil
	}
	return r.taxes(ctx, name, files, true, rows.Filter[tables.Tax]{Column: tables.TaxBuyerID})
}

// taxes returns the rows of files and, for open cycles, those of partners.
func (r *PartnerReader) taxes(ctx context.Context, name lake.Cycle, files []lake.FileEntry, ofPartners bool,
	where rows.Filter[tables.Tax]) (*rows.Rows[tables.Tax], error) {
	parts, calculated := len(files), -1
	if ref, _ := r.Snap.Cycle(name); ref.State != lake.CycleClosed && ofPartners && len(r.Books.Taxes) > 0 {
		calculated, parts = parts, parts+1
	}
	return rows.Materialize(ctx, tables.Taxes(), parts,
		func(ctx context.Context, part int, write func(*parquet.Columns[tables.Tax]) error) error {
			if part == calculated {
				cols, err := r.OpenTaxes(ctx, name)
				if err != nil || cols.N == 0 {
					return err
				}
				return write(cols)
			}
			return copyFile(r.Snap, files[part], write)
		}, where, r.Limits)
}

// taxFiles returns the files of stored rows that a request needs.
func (r *PartnerReader) taxFiles(name lake.Cycle, customer, partner string) ([]lake.FileEntry, error) {
	all, err := r.Snap.Files(name)
	return slices.DeleteFunc(slices.Clone(all), func(e lake.FileEntry) bool {
		ofPartners := e.Bucket == lake.NoBucket
		return e.Table != tables.Taxes().Name || ofPartners && customer != "" || !ofPartners && partner != ""
	}), err
}

// copyFile writes all rows of a file.
func copyFile(snap *lake.Snapshot, e lake.FileEntry, write func(*parquet.Columns[tables.Tax]) error) (err error) {
	in, err := rows.OpenFile(snap, e, tables.Taxes(), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for {
		cols, err := in.Next()
		if err != nil || cols == nil {
			return err
		}
		if err := write(cols); err != nil {
			return err
		}
	}
}

// OpenTaxes calculates the taxes of the partner statements of an open cycle.
func (r *PartnerReader) OpenTaxes(ctx context.Context, name lake.Cycle) (cols *parquet.Columns[tables.Tax], err error) {
	cycle, ok := name.Period()
	if !ok {
		return nil, fmt.Errorf("taxes of no cycle")
	}
	list, err := r.Statements(ctx, name, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	bases := invoice.TaxBases{}
	err = list.Each(func(row rows.Row[tables.PartnerStatement]) error {
		col := tables.PartnerStatementOwedAmount
		if row.Word(tables.PartnerStatementResellerID) != "" {
			col = tables.PartnerStatementCostAmount
		}
		owed, err := row.Amount(col)
		if err != nil {
			return err
		}
		return bases.Add(invoice.TaxBaseKey{Seller: row.Word(tables.PartnerStatementSellerID),
			Partner: row.Word(tables.PartnerStatementPartnerID),
			Service: row.Word(tables.PartnerStatementServiceTypeCode)}, owed)
	})
	if err != nil {
		return nil, err
	}
	w, err := settle.PartnerTaxes(r.Books, r.Settings.Tax, cycle, bases)
	if err != nil {
		return nil, err
	}
	return w.Cols, nil
}

// TaxesOf returns the taxes of a partner's statement of a cycle, by seller, tax and rate.
func (r *PartnerReader) TaxesOf(ctx context.Context, name lake.Cycle, partner string) (out []rows.Tax, err error) {
	list, err := r.Taxes(ctx, name, "", partner)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	err = list.Each(func(row rows.Row[tables.Tax]) error {
		t, err := rows.TaxAt(row)
		if err != nil {
			return err
		}
		out = append(out, t)
		return nil
	})
	return out, err
}
