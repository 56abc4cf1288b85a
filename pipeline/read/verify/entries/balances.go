package entries

import (
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// balance is one balance of one customer.
type balance struct{ customer, kind string }

// balances holds the balances of a bucket's customers after the entries that were followed.
type balances map[balance]money.Amount

// Follow reads the files of a bucket's entries, in the order of cycles and days. It reports each fault with its file,
// and returns the number of entries.
func Follow(ctx context.Context, snap *lake.Snapshot, files []manifest.FileEntry,
	report func(e manifest.FileEntry, fault string)) (n int64, err error) {
	b := make(balances)
	for _, e := range files {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		err := rows.EachUnsorted(snap, e, tables.AccountEntries(), nil, func(row rows.Row[tables.AccountEntry]) error {
			n++
			faults, err := b.follow(row)
			for _, fault := range faults {
				report(e, fault)
			}
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// follow applies the next entry and returns what is wrong with it.
func (b balances) follow(row rows.Row[tables.AccountEntry]) (faults []string, err error) {
	key := balance{row.Word(tables.AccountEntryCustomerID), row.Word(tables.AccountEntryBalanceType)}
	moved, err := row.Amount(tables.AccountEntryAmount)
	after, afterErr := row.Amount(tables.AccountEntryBalanceAfter)
	if err := errors.Join(err, afterErr); err != nil {
		return nil, err
	}
	want, err := b[key].Add(moved)
	if err != nil {
		return nil, err
	}
	who := fmt.Sprintf("customer %s, %s", key.customer, row.Text(tables.AccountEntryID))
	if want != after {
		faults = append(faults, fmt.Sprintf("%s: %s was %s, changed by %s, and is stored as %s", who, key.kind, b[key],
			moved, after))
	}
	if after.Sign() < 0 && key.kind != "credit" { // a lowered limit can be below the used credit
		faults = append(faults, fmt.Sprintf("%s: %s is %s", who, key.kind, after))
	}
	b[key] = after
	return faults, nil
}
