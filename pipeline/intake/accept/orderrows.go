package accept

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// GoneBookError reports that the books no longer have something that an accepted event names.
type GoneBookError struct{ Book, What, ID string }

func (e *GoneBookError) Error() string {
	return fmt.Sprintf("no %s %q, which accepted events name", e.What, e.ID)
}

// Diagnosis implements problem.Diagnosed.
func (e *GoneBookError) Diagnosis() (problem.Class, string) {
	return problem.Refused, problem.HintRowBack
}

// CurrencyError reports an accepted event that would move money between a customer and a partner with different
// currencies (§10.7). Customer and Partner are ids, each followed by its currency.
type CurrencyError struct{ ID, Type, Customer, CustomerCurrency, Partner, PartnerCurrency string }

func (e *CurrencyError) Error() string {
	return fmt.Sprintf("account event %s (%s) of customer %s in %s was accepted, and now its reseller is partner %s "+
		"in %s", e.ID, e.Type, e.Customer, e.CustomerCurrency, e.Partner, e.PartnerCurrency)
}

// Diagnosis implements problem.Diagnosed.
func (e *CurrencyError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "let the association begin after the event, or give customer and partner one currency: " +
		"money of two currencies is never added"
}

func customerOf(bk *books.Books, id string) (int32, error) {
	if code := bk.Customer(id); code >= 0 {
		return code, nil
	}
	return -1, &GoneBookError{"customers.csv", "customer", id}
}

func skuOf(bk *books.Books, id string) (int32, error) {
	if code := bk.SKU(id); code >= 0 {
		return code, nil
	}
	return -1, &GoneBookError{"products.csv", "sku", id}
}

// OrdersKey returns the key of the lake files with a bucket's orders of a cycle.
func OrdersKey(p lake.Place) lake.FileKey {
	return lake.FileKey{Table: tables.Orders().Name, Cycle: lake.CycleOf(p.Cycle), Bucket: p.Bucket}
}

// AdjustmentsKey returns the key of the lake files with a bucket's adjustments of a cycle.
func AdjustmentsKey(p lake.Place) lake.FileKey {
	return lake.FileKey{Table: tables.Adjustments().Name, Cycle: lake.CycleOf(p.Cycle), Bucket: p.Bucket}
}

// EachOrder visits the orders of a lake file for which wanted returns true (nil = all), given their own key and that of
// their base. It reads the keys first and the other columns only if an order is wanted: few files have such orders. An
// error is *GoneBookError if the books no longer have something that an order names.
func EachOrder(o rows.FileOpener, f lake.FileEntry, bk *books.Books, wanted func(own, base OrderKey) bool,
	visit func(*Order)) error {
	keep := func(c *parquet.Columns[tables.Order], i int) bool { return wanted(orderKeys(c, i)) }
	if wanted == nil {
		keep = nil
	}
	ids := tables.Columns(tables.OrderOrderID, tables.OrderOrderLine, tables.OrderBaseOrderID,
		tables.OrderBaseOrderLine)
	return each(o, f, tables.Orders(), ids, keep, func(c *parquet.Columns[tables.Order], i int,
		cycle period.Cycle) error {
		order, err := orderAt(c, i, cycle, bk)
		if err == nil {
			visit(order)
		}
		return err
	})
}

// EachPayer visits each order of a lake file with its own key, the key of its base, its type and its payer.
func EachPayer(o rows.FileOpener, f lake.FileEntry, visit func(own, base OrderKey, kind ordering.OrderType,
	payer string)) error {
	cols := tables.Columns(tables.OrderOrderID, tables.OrderOrderLine, tables.OrderBaseOrderID,
		tables.OrderBaseOrderLine, tables.OrderOrderType, tables.OrderPayer)
	return rows.EachRow(o, f, tables.Orders(), cols, func(c *parquet.Columns[tables.Order], i int) error {
		kind, err := ordering.ParseOrderType(c.Word(tables.OrderOrderType).At(i))
		if err == nil {
			own, base := orderKeys(c, i)
			visit(own, base, kind, c.Word(tables.OrderPayer).At(i))
		}
		return err
	})
}

// EachAdjustment visits the adjustments of a lake file for which wanted returns true (nil = all), like EachOrder.
func EachAdjustment(o rows.FileOpener, f lake.FileEntry, bk *books.Books, wanted func(id string) bool,
	visit func(*AdjustmentEvent)) error {
	def := tables.Adjustments()
	keep := func(c *parquet.Columns[tables.Adjustment], i int) bool {
		return wanted(string(c.Text(tables.AdjustmentAdjustmentID).At(i)))
	}
	if wanted == nil {
		keep = nil
	}
	ids := tables.Columns(tables.AdjustmentAdjustmentID)
	return each(o, f, def, ids, keep, func(c *parquet.Columns[tables.Adjustment], i int, cycle period.Cycle) error {
		adjustment, err := adjustmentAt(c, i, cycle, bk)
		if err == nil {
			visit(adjustment)
		}
		return err
	})
}

// each visits the rows of a cycle's lake file for which keep returns true (nil = all). keep reads only the columns ids.
func each[T any](o rows.FileOpener, f lake.FileEntry, def tables.Def[T], ids tables.List[T],
	keep func(c *parquet.Columns[T], i int) bool,
	visit func(c *parquet.Columns[T], i int, cycle period.Cycle) error) error {
	cycle, ok := f.Cycle.Period()
	if !ok {
		return fmt.Errorf("%s: a file of no cycle", f.Path)
	}
	if keep != nil {
		found := false
		err := rows.EachRow(o, f, def, ids, func(c *parquet.Columns[T], i int) error {
			found = found || keep(c, i)
			return nil
		})
		if err != nil || !found {
			return err
		}
	}
	return rows.EachRow(o, f, def, nil, func(c *parquet.Columns[T], i int) error {
		if keep != nil && !keep(c, i) {
			return nil
		}
		return visit(c, i, cycle)
	})
}

// orderKeys returns the key of a row of the orders table and the key of its base.
func orderKeys(c *parquet.Columns[tables.Order], i int) (own, base OrderKey) {
	return OrderKey{string(c.Text(tables.OrderOrderID).At(i)), c.Whole(tables.OrderOrderLine).At(i)},
		OrderKey{string(c.Text(tables.OrderBaseOrderID).At(i)), c.Whole(tables.OrderBaseOrderLine).At(i)}
}

// orderAt reads a row of the orders table.
func orderAt(c *parquet.Columns[tables.Order], i int, cycle period.Cycle, bk *books.Books) (o *Order, err error) {
	o = &Order{File: -1, Cycle: cycle, SKU: -1}
	if o.Customer, err = customerOf(bk, c.Word(tables.OrderCustomerID).At(i)); err != nil {
		return nil, err
	}
	if o.Type, err = ordering.ParseOrderType(c.Word(tables.OrderOrderType).At(i)); err != nil {
		return nil, err
	}
	o.SKUText = c.Word(tables.OrderSKU).At(i)
	if o.Type != ordering.Unsubscribe {
		if o.SKU, err = skuOf(bk, o.SKUText); err != nil {
			return nil, err
		}
	}
	o.OrderKey, o.Base = orderKeys(c, i)
	o.Region, o.Resource = c.Word(tables.OrderRegionCode).At(i), string(c.Text(tables.OrderResourceID).At(i))
	o.PeriodType, o.PeriodNum = c.Word(tables.OrderPeriodType).At(i), c.Whole(tables.OrderPeriodNum).At(i)
	o.PayTime, o.Effective = c.Time(tables.OrderPayTime).At(i),
		c.Time(tables.OrderEffectiveTime).At(i)
	if o.Expire = c.MaybeTime(tables.OrderExpireTime).At(i); o.Expire == tables.Nothing {
		o.Expire = period.Forever
	}
	o.Payer, o.Discount = c.Word(tables.OrderPayer).At(i), c.Word(tables.OrderDiscountID).At(i)
	o.Coupons, o.HasOfficial = string(c.Text(tables.OrderCouponIDs).At(i)), c.Small(tables.OrderHasOfficial).At(i) == 1
	o.AsOf = c.Time(tables.OrderAsOf).At(i)
	if o.Quantity, err = money.QuantityFromRaw(c.Quantity(tables.OrderQuantity).At(i).Hi,
		c.Quantity(tables.OrderQuantity).At(i).Lo); err != nil {
		return nil, err
	}
	o.Official, err = money.AmountFromRaw(c.Amount(tables.OrderOfficialAmount).At(i).Hi,
		c.Amount(tables.OrderOfficialAmount).At(i).Lo)
	return o, err
}

// adjustmentAt reads a row of the adjustments table.
func adjustmentAt(c *parquet.Columns[tables.Adjustment], i int, cycle period.Cycle,
	bk *books.Books) (a *AdjustmentEvent,
	err error) {
	a = &AdjustmentEvent{File: -1, Cycle: cycle}
	if a.Customer, err = customerOf(bk, c.Word(tables.AdjustmentCustomerID).At(i)); err != nil {
		return nil, err
	}
	if a.SKU, err = skuOf(bk, c.Word(tables.AdjustmentSKU).At(i)); err != nil {
		return nil, err
	}
	a.ID, a.Note = string(c.Text(tables.AdjustmentAdjustmentID).At(i)), string(c.Text(tables.AdjustmentNote).At(i))
	a.Time, a.Detail = c.Time(tables.AdjustmentTime).At(i),
		int64(c.Small(tables.AdjustmentBillDetailType).At(i))
	a.AsOf = c.Time(tables.AdjustmentAsOf).At(i)
	a.Amount, err = money.AmountFromRaw(c.Amount(tables.AdjustmentAmount).At(i).Hi,
		c.Amount(tables.AdjustmentAmount).At(i).Lo)
	return a, err
}

// AppendTo appends the order to a batch of the orders table.
func (o *Order) AppendTo(c *parquet.Columns[tables.Order], bk *books.Books) {
	c.Word(tables.OrderCustomerID).Add(bk.Customers[o.Customer].ID)
	c.Text(tables.OrderOrderID).Add(o.ID)
	c.Whole(tables.OrderOrderLine).Add(o.Line)
	c.Word(tables.OrderOrderType).Add(o.Type.String())
	c.Word(tables.OrderSKU).Add(o.SKUText)
	c.Word(tables.OrderRegionCode).Add(o.Region)
	c.Text(tables.OrderResourceID).Add(o.Resource)
	c.Quantity(tables.OrderQuantity).Add(o.Quantity.Raw())
	c.Word(tables.OrderPeriodType).Add(o.PeriodType)
	c.Whole(tables.OrderPeriodNum).Add(o.PeriodNum)
	c.Time(tables.OrderPayTime).Add(o.PayTime)
	c.Time(tables.OrderEffectiveTime).Add(o.Effective)
	c.MaybeTime(tables.OrderExpireTime).Add(tables.OrNothing(o.Expire))
	c.Text(tables.OrderBaseOrderID).Add(o.Base.ID)
	c.Whole(tables.OrderBaseOrderLine).Add(o.Base.Line)
	c.Word(tables.OrderPayer).Add(o.Payer)
	c.Word(tables.OrderDiscountID).Add(o.Discount)
	c.Text(tables.OrderCouponIDs).Add(o.Coupons)
	c.Amount(tables.OrderOfficialAmount).Add(o.Official.Raw())
	c.Small(tables.OrderHasOfficial).Add(tables.Flag(o.HasOfficial))
	c.Time(tables.OrderAsOf).Add(o.AsOf)
	c.N++
}

// AppendTo appends the adjustment to a batch of the adjustments table.
func (a *AdjustmentEvent) AppendTo(c *parquet.Columns[tables.Adjustment], bk *books.Books) {
	c.Word(tables.AdjustmentCustomerID).Add(bk.Customers[a.Customer].ID)
	c.Text(tables.AdjustmentAdjustmentID).Add(a.ID)
	c.Word(tables.AdjustmentSKU).Add(bk.Products[a.SKU].SKU)
	c.Time(tables.AdjustmentTime).Add(a.Time)
	c.Amount(tables.AdjustmentAmount).Add(a.Amount.Raw())
	c.Small(tables.AdjustmentBillDetailType).Add(int32(a.Detail))
	c.Text(tables.AdjustmentNote).Add(a.Note)
	c.Time(tables.AdjustmentAsOf).Add(a.AsOf)
	c.N++
}
