package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// balance is one balance of one customer.
type balance struct{ customer, kind string }

// balances holds the balances of a bucket's customers after the entries that were followed.
type balances map[balance]money.Amount

// followEntries reads the files of a bucket's entries and balances, in the order of cycles and days, the entries of a
// day before its balances. It reports each fault with its file, and returns the number of entries.
func followEntries(ctx context.Context, snap *lake.Snapshot, files []lake.FileEntry,
	report func(e lake.FileEntry, fault string)) (n int64, err error) {
	b, told, due := make(balances), make(map[balance]bool), lake.FileEntry{}
	for _, e := range files {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		if e.Table == tables.Balances().Name {
			due = lake.FileEntry{}
			err := b.compare(snap, e, func(key balance, fault string) {
				if !told[key] { // the following days differ by the same
					report(e, fault)
				}
				told[key] = true
			})
			if err != nil {
				return n, err
			}
			continue
		}
		due = e
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
	if due.Path != "" {
		report(due, fmt.Sprintf("bucket %d: entries, and no balances after them", due.Bucket))
	}
	return n, nil
}

// compare compares the stored balances at the end of a day with those after the last entries. A balance that is not
// stored is zero.
func (b balances) compare(snap *lake.Snapshot, e lake.FileEntry, report func(key balance, fault string)) error {
	held := make(balances, len(b))
	columns := tables.Columns(tables.BalanceCustomerID, tables.BalanceBalance, tables.BalanceAmount)
	err := rows.EachUnsorted(snap, e, tables.Balances(), columns, func(row rows.Row[tables.Balance]) error {
		amount, err := row.Amount(tables.BalanceAmount)
		if err != nil {
			return err
		}
		kind := row.Word(tables.BalanceBalance)
		switch kind {
		case "credit_limit":
			kind = "credit"
		case "credit_used":
			kind, amount = "credit", amount.Neg()
		case "stored_value", "flexi_coupon", "cash", "debt":
		default:
			return nil // coupons are no balances of the account
		}
		key := balance{row.Word(tables.BalanceCustomerID), kind}
		held[key], err = held[key].Add(amount)
		return err
	})
	if err != nil {
		return err
	}
	for key, after := range b {
		if has := held[key]; has != after {
			report(key, fmt.Sprintf("customer %s: %s is %s after the last entry, and is stored as %s", key.customer,
				key.kind, after, has))
		}
		delete(held, key)
	}
	for key, has := range held {
		if !has.IsZero() {
			report(key, fmt.Sprintf("customer %s: %s is stored as %s, and has no entry", key.customer, key.kind, has))
		}
	}
	return nil
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
