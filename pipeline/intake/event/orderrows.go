package event

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// GoneError says that the books no longer have what an accepted event names.
type GoneError struct{ Book, What, ID string }

func (e *GoneError) Error() string {
	return fmt.Sprintf("no %s %q, which accepted events name", e.What, e.ID)
}

func customerOf(bk *books.Books, id string) (int32, error) {
	if code := bk.Customer(id); code >= 0 {
		return code, nil
	}
	return -1, &GoneError{"customers.csv", "customer", id}
}

func skuOf(bk *books.Books, id string) (int32, error) {
	if code := bk.SKU(id); code >= 0 {
		return code, nil
	}
	return -1, &GoneError{"products.csv", "sku", id}
}

// EachOrder visits the orders of a lake file. An error is *GoneError where the books no longer have what an order
// names.
func EachOrder(o tablefile.Opener, f manifest.FileEntry, bk *books.Books, visit func(*Order)) error {
	return each(o, f, tables.Orders(), func(c *parquet.Columns[tables.Order], i int, cycle period.Cycle) error {
		order, err := orderAt(c, i, cycle, bk)
		if err == nil {
			visit(order)
		}
		return err
	})
}

// EachAdjustment visits the adjustments of a lake file. An error is *GoneError where the books no longer have what an
// adjustment names.
func EachAdjustment(o tablefile.Opener, f manifest.FileEntry, bk *books.Books, visit func(*Adjustment)) error {
	def := tables.Adjustments()
	return each(o, f, def, func(c *parquet.Columns[tables.Adjustment], i int, cycle period.Cycle) error {
		adjustment, err := adjustmentAt(c, i, cycle, bk)
		if err == nil {
			visit(adjustment)
		}
		return err
	})
}

// each visits the rows of a lake file of a cycle.
func each[T any](o tablefile.Opener, f manifest.FileEntry, def tables.Def[T],
	visit func(c *parquet.Columns[T], i int, cycle period.Cycle) error) error {
	cycle, ok := f.Cycle.Period()
	if !ok {
		return fmt.Errorf("%s: a file of no cycle", f.Path)
	}
	return tablefile.Each(o, f, def, nil, func(c *parquet.Columns[T], i int) error {
		return visit(c, i, cycle)
	})
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
	o.ID, o.Line = string(c.Text(tables.OrderOrderID).At(i)), c.Whole(tables.OrderOrderLine).At(i)
	o.Region, o.Resource = c.Word(tables.OrderRegionCode).At(i), string(c.Text(tables.OrderResourceID).At(i))
	o.PeriodType, o.PeriodNum = c.Word(tables.OrderPeriodType).At(i), c.Whole(tables.OrderPeriodNum).At(i)
	o.PayTime, o.Effective = c.Time(tables.OrderPayTime).At(i),
		c.Time(tables.OrderEffectiveTime).At(i)
	if o.Expire = c.MaybeTime(tables.OrderExpireTime).At(i); o.Expire == tables.Nothing {
		o.Expire = period.Forever
	}
	o.Base = Key{string(c.Text(tables.OrderBaseOrderID).At(i)), c.Whole(tables.OrderBaseOrderLine).At(i)}
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
func adjustmentAt(c *parquet.Columns[tables.Adjustment], i int, cycle period.Cycle, bk *books.Books) (a *Adjustment,
	err error) {
	a = &Adjustment{File: -1, Cycle: cycle}
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
	c.Small(tables.OrderHasOfficial).Add(flag(o.HasOfficial))
	c.Time(tables.OrderAsOf).Add(o.AsOf)
	c.N++
}

// AppendTo appends the adjustment to a batch of the adjustments table.
func (a *Adjustment) AppendTo(c *parquet.Columns[tables.Adjustment], bk *books.Books) {
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
