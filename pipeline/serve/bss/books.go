package bss

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// Names has the names of services and kinds of resources, by code.
type Names struct{ Services, Resources map[string]string }

// NamesOf returns the names in the books' products.
func NamesOf(b *books.Books) Names {
	n := Names{map[string]string{}, map[string]string{}}
	for i := range b.Products {
		p := &b.Products[i]
		n.Services[p.ServiceTypeCode], n.Resources[p.ResourceTypeCode] = p.ServiceTypeName, p.ResourceTypeName
	}
	return n
}

// CustomerName returns a customer's name now, or its last one; "" = none.
func CustomerName(c *operation.Call, id string) string {
	b := c.State.Workspace.Books
	customer := b.Customer(id)
	if customer < 0 {
		return ""
	}
	name := ""
	for _, row := range b.Customers[customer].Rows {
		if row.Valid.From <= c.State.Now {
			name = row.Name
		}
	}
	return name
}

// PartnerName returns a partner's name now, or its last one; "" = none.
func PartnerName(c *operation.Call, partner int32) string {
	name := ""
	for _, row := range c.State.Workspace.Books.Partners[partner].Rows {
		if row.Valid.From <= c.State.Now {
			name = row.Name
		}
	}
	return name
}

// BucketOf is the bucket of a customer.
func BucketOf(c *operation.Call, customer string) int {
	return lake.BucketOf(customer, max(1, c.State.Snap.Manifest.Buckets))
}

// FilesSince visits the files of each cycle that can have rows of an instant or later: low-volume events take effect in
// the cycle of their time or after it.
func FilesSince(c *operation.Call, from period.Instant, visit func([]lake.FileEntry) error) error {
	for _, ref := range c.State.Snap.Manifest.Cycles {
		if c.State.Workspace.Books.Zone.Bounds(ref.Period()).To <= from {
			continue
		}
		files, err := c.State.Snap.Files(ref.Cycle)
		if err == nil {
			err = visit(files)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// EachSince visits the rows of a table in the wanted buckets, in the order of the cycles and of their files.
func EachSince[T any](ctx context.Context, c *operation.Call, from period.Instant, scan rows.Scan[T],
	wanted func(bucket int) bool, visit func(rows.Row[T]) error) error {
	return FilesSince(c, from, func(files []lake.FileEntry) error {
		for _, e := range files {
			if e.Table != scan.Table.Name || !wanted(e.Bucket) {
				continue
			}
			err := rows.Groups(ctx, c.State.Snap, e, scan, func(batch *parquet.Columns[T]) error {
				for i := range batch.N {
					if err := visit(rows.Row[T]{Cols: batch, I: i}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// EachOfCustomerSince is EachSince for the bucket of a customer.
func EachOfCustomerSince[T any](ctx context.Context, c *operation.Call, customer string, from period.Instant,
	scan rows.Scan[T],
	visit func(rows.Row[T]) error) error {
	bucket := BucketOf(c, customer)
	return EachSince(ctx, c, from, scan, func(b int) bool { return b == bucket }, visit)
}

// DiscountType returns the vendor's number of who grants a discount; 0 = there is none.
func DiscountType(d *books.Discount) int {
	switch d.Kind {
	case books.Commercial:
		return 605
	case books.Channel:
		return 606
	case books.PartnerOffer:
		return 607
	}
	return 0
}
