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
	return each(o, f, tables.Orders().Table, func(c *parquet.Columns[tables.Any], i int, cycle period.Cycle) error {
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
	def := tables.Adjustments().Table
	return each(o, f, def, func(c *parquet.Columns[tables.Any], i int, cycle period.Cycle) error {
		adjustment, err := adjustmentAt(c, i, cycle, bk)
		if err == nil {
			visit(adjustment)
		}
		return err
	})
}

// each visits the rows of a lake file of a cycle.
func each(o tablefile.Opener, f manifest.FileEntry, def *tables.Table,
	visit func(c *parquet.Columns[tables.Any], i int, cycle period.Cycle) error) error {
	cycle, err := period.ParseCycle(f.Cycle)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return tablefile.Each(o, f, tables.Untyped(def), nil, func(c *parquet.Columns[tables.Any], i int) error {
		return visit(c, i, cycle)
	})
}

// orderAt reads a row of the orders table.
func orderAt(c *parquet.Columns[tables.Any], i int, cycle period.Cycle, bk *books.Books) (o *Order, err error) {
	o = &Order{File: -1, Cycle: cycle, SKU: -1}
	col := c.C
	if o.Customer, err = customerOf(bk, col[tables.OrderCustomerID].Word(i)); err != nil {
		return nil, err
	}
	if o.Type, err = ordering.ParseOrderType(col[tables.OrderOrderType].Word(i)); err != nil {
		return nil, err
	}
	o.SKUText = col[tables.OrderSKU].Word(i)
	if o.Type != ordering.Unsubscribe {
		if o.SKU, err = skuOf(bk, o.SKUText); err != nil {
			return nil, err
		}
	}
	o.ID, o.Line = string(col[tables.OrderOrderID].Text(i)), col[tables.OrderOrderLine].Ints[i]
	o.Region, o.Resource = col[tables.OrderRegionCode].Word(i), string(col[tables.OrderResourceID].Text(i))
	o.PeriodType, o.PeriodNum = col[tables.OrderPeriodType].Word(i), col[tables.OrderPeriodNum].Ints[i]
	o.PayTime, o.Effective = period.Instant(col[tables.OrderPayTime].Ints[i]),
		period.Instant(col[tables.OrderEffectiveTime].Ints[i])
	if o.Expire = period.Instant(col[tables.OrderExpireTime].Ints[i]); o.Expire == tables.Nothing {
		o.Expire = period.Forever
	}
	o.Base = Key{string(col[tables.OrderBaseOrderID].Text(i)), col[tables.OrderBaseOrderLine].Ints[i]}
	o.Payer, o.Discount = col[tables.OrderPayer].Word(i), col[tables.OrderDiscountID].Word(i)
	o.Coupons, o.HasOfficial = string(col[tables.OrderCouponIDs].Text(i)), col[tables.OrderHasOfficial].Codes[i] == 1
	o.AsOf = period.Instant(col[tables.OrderAsOf].Ints[i])
	if o.Quantity, err = money.QuantityFromRaw(col[tables.OrderQuantity].Decs[i].Hi,
		col[tables.OrderQuantity].Decs[i].Lo); err != nil {
		return nil, err
	}
	o.Official, err = money.AmountFromRaw(col[tables.OrderOfficialAmount].Decs[i].Hi,
		col[tables.OrderOfficialAmount].Decs[i].Lo)
	return o, err
}

// adjustmentAt reads a row of the adjustments table.
func adjustmentAt(c *parquet.Columns[tables.Any], i int, cycle period.Cycle, bk *books.Books) (a *Adjustment,
	err error) {
	a = &Adjustment{File: -1, Cycle: cycle}
	col := c.C
	if a.Customer, err = customerOf(bk, col[tables.AdjustmentCustomerID].Word(i)); err != nil {
		return nil, err
	}
	if a.SKU, err = skuOf(bk, col[tables.AdjustmentSKU].Word(i)); err != nil {
		return nil, err
	}
	a.ID, a.Note = string(col[tables.AdjustmentAdjustmentID].Text(i)), string(col[tables.AdjustmentNote].Text(i))
	a.Time, a.Detail = period.Instant(col[tables.AdjustmentTime].Ints[i]),
		int64(col[tables.AdjustmentBillDetailType].Codes[i])
	a.AsOf = period.Instant(col[tables.AdjustmentAsOf].Ints[i])
	a.Amount, err = money.AmountFromRaw(col[tables.AdjustmentAmount].Decs[i].Hi,
		col[tables.AdjustmentAmount].Decs[i].Lo)
	return a, err
}

// AppendTo appends the order to a batch of the orders table.
func (o *Order) AppendTo(c *parquet.Columns[tables.Any], bk *books.Books) {
	col := c.C
	col[tables.OrderCustomerID].AddWord(bk.Customers[o.Customer].ID)
	col[tables.OrderOrderID].AddText(o.ID)
	addInt(&col[tables.OrderOrderLine], o.Line)
	col[tables.OrderOrderType].AddWord(o.Type.String())
	col[tables.OrderSKU].AddWord(o.SKUText)
	col[tables.OrderRegionCode].AddWord(o.Region)
	col[tables.OrderResourceID].AddText(o.Resource)
	col[tables.OrderQuantity].AddDec(o.Quantity.Raw())
	col[tables.OrderPeriodType].AddWord(o.PeriodType)
	addInt(&col[tables.OrderPeriodNum], o.PeriodNum)
	addInt(&col[tables.OrderPayTime], int64(o.PayTime))
	addInt(&col[tables.OrderEffectiveTime], int64(o.Effective))
	addInt(&col[tables.OrderExpireTime], int64(tables.OrNothing(o.Expire)))
	col[tables.OrderBaseOrderID].AddText(o.Base.ID)
	addInt(&col[tables.OrderBaseOrderLine], o.Base.Line)
	col[tables.OrderPayer].AddWord(o.Payer)
	col[tables.OrderDiscountID].AddWord(o.Discount)
	col[tables.OrderCouponIDs].AddText(o.Coupons)
	col[tables.OrderOfficialAmount].AddDec(o.Official.Raw())
	col[tables.OrderHasOfficial].Codes = append(col[tables.OrderHasOfficial].Codes, flag(o.HasOfficial))
	addInt(&col[tables.OrderAsOf], int64(o.AsOf))
	c.N++
}

// AppendTo appends the adjustment to a batch of the adjustments table.
func (a *Adjustment) AppendTo(c *parquet.Columns[tables.Any], bk *books.Books) {
	col := c.C
	col[tables.AdjustmentCustomerID].AddWord(bk.Customers[a.Customer].ID)
	col[tables.AdjustmentAdjustmentID].AddText(a.ID)
	col[tables.AdjustmentSKU].AddWord(bk.Products[a.SKU].SKU)
	addInt(&col[tables.AdjustmentTime], int64(a.Time))
	col[tables.AdjustmentAmount].AddDec(a.Amount.Raw())
	col[tables.AdjustmentBillDetailType].Codes = append(col[tables.AdjustmentBillDetailType].Codes, int32(a.Detail))
	col[tables.AdjustmentNote].AddText(a.Note)
	addInt(&col[tables.AdjustmentAsOf], int64(a.AsOf))
	c.N++
}

func addInt(c *parquet.Col, v int64) { c.Ints = append(c.Ints, v) }
