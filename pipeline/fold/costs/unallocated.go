package costs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// OpenCosts is a cost of an account and a service that is not allocated.
type OpenCosts struct {
	Reason, Account, Service, Currency string
	Billed                             money.Cost
}

// Unallocated adds up the unallocated rows of files of margins by reason, account and service.
func Unallocated(o rows.FileOpener, files []lake.FileEntry) ([]OpenCosts, error) {
	sums := make(map[OpenCosts]money.Cost)
	err := EachMargin(o, files, tables.Margins(), func(row rows.Row[tables.Margin]) error {
		_, k, one, err := ReadMargin(row)
		if err != nil || !k.IsUnallocated() {
			return err
		}
		key := OpenCosts{Reason: k.Reason, Account: k.Account, Service: k.Service, Currency: k.Currency}
		sums[key], err = sums[key].Add(one.Values[books.BilledCost])
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []OpenCosts
	for key, sum := range sums {
		key.Billed = sum
		out = append(out, key)
	}
	slices.SortFunc(out, func(a, b OpenCosts) int {
		return cmp.Or(b.Billed.Cmp(a.Billed), strings.Compare(a.Reason, b.Reason),
			strings.Compare(a.Account, b.Account), strings.Compare(a.Service, b.Service),
			strings.Compare(a.Currency, b.Currency))
	})
	return out, nil
}

// maxListed is the number of accounts that a message names.
const maxListed = 5

// ListedOpen names accounts and amounts: `account 4711, Amazon S3: 12.34 USD (no_rule); …`.
func ListedOpen(open []OpenCosts) string {
	var parts []string
	for i := range open {
		if i == maxListed {
			parts = append(parts, fmt.Sprintf("and %d more", len(open)-i))
			break
		}
		o := &open[i]
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("account %s, %s: %s %s (%s)", o.Account, o.Service,
			o.Billed.Trim(), o.Currency, o.Reason)))
	}
	return strings.Join(parts, "; ")
}
