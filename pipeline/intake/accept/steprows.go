package accept

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// StepsKey returns the key of the lake file with all steps in the life of orders (EV-4, EV-10).
func StepsKey() lake.FileKey {
	return lake.FileKey{Table: tables.OrderStatus().Name, Bucket: lake.NoBucket}
}

// AppendTo appends the step to a batch of the order_status table.
func (e *OrderStep) AppendTo(c *parquet.Columns[tables.OrderStep], bk *books.Books) {
	c.Word(tables.OrderStepCustomerID).Add(bk.Customers[e.Customer].ID)
	c.Word(tables.OrderStepStatus).Add(e.Status)
	c.Word(tables.OrderStepOrderType).Add(e.Type.String())
	c.Word(tables.OrderStepSKU).Add(e.SKUText)
	c.Word(tables.OrderStepRegionCode).Add(e.Region)
	c.Word(tables.OrderStepPeriodType).Add(e.PeriodType)
	c.Word(tables.OrderStepPayer).Add(e.Payer)
	c.Word(tables.OrderStepDiscountID).Add(e.Discount)
	c.Word(tables.OrderStepMet).Add(e.Met)
	c.Word(tables.OrderStepFile).Add(e.From.File)
	c.Word(tables.OrderStepFileHash).Add(e.From.Hash)
	c.Word(tables.OrderStepHeader).Add(e.From.Header)
	c.Text(tables.OrderStepOrderID).Add(e.OrderKey.ID)
	c.Text(tables.OrderStepResourceID).Add(e.Resource)
	c.Text(tables.OrderStepBaseOrderID).Add(e.Base.ID)
	c.Text(tables.OrderStepCouponIDs).Add(e.Coupons)
	c.Text(tables.OrderStepRaw).Add(e.From.Raw)
	c.Whole(tables.OrderStepOrderLine).Add(e.Line)
	c.Time(tables.OrderStepTime).Add(e.PayTime)
	c.Whole(tables.OrderStepPeriodNum).Add(e.PeriodNum)
	c.Time(tables.OrderStepEffectiveTime).Add(e.Effective)
	c.MaybeTime(tables.OrderStepExpireTime).Add(tables.OrNothing(e.Expire))
	c.Whole(tables.OrderStepBaseOrderLine).Add(e.Base.Line)
	c.Time(tables.OrderStepAsOf).Add(e.AsOf)
	c.Whole(tables.OrderStepRow).Add(e.From.Row)
	c.Quantity(tables.OrderStepQuantity).Add(e.Quantity.Raw())
	c.Amount(tables.OrderStepOfficialAmount).Add(e.Official.Raw())
	c.Small(tables.OrderStepHasOfficial).Add(tables.Flag(e.HasOfficial))
	c.Small(tables.OrderStepPaid).Add(tables.Flag(e.Paid))
	c.Small(tables.OrderStepRefused).Add(tables.Flag(e.Refused))
	c.N++
}

// EachStep visits the steps of a lake file, refused ones included. An error is *GoneBookError if the books no longer
// have something that a step names.
func EachStep(o rows.FileOpener, f lake.FileEntry, bk *books.Books, visit func(*OrderStep)) error {
	return rows.EachRow(o, f, tables.OrderStatus(), nil, func(c *parquet.Columns[tables.OrderStep],
		i int) (err error) {
		e := &OrderStep{Status: c.Word(tables.OrderStepStatus).At(i),
			Paid:    c.Small(tables.OrderStepPaid).At(i) == 1,
			Refused: c.Small(tables.OrderStepRefused).At(i) == 1,
			Met:     c.Word(tables.OrderStepMet).At(i), From: EventSource{File: c.Word(tables.OrderStepFile).At(i),
				Hash: c.Word(tables.OrderStepFileHash).At(i), Row: c.Whole(tables.OrderStepRow).At(i),
				Header: c.Word(tables.OrderStepHeader).At(i), Raw: string(c.Text(tables.OrderStepRaw).At(i))}}
		o := &e.Order
		o.File = -1
		if o.Customer, err = customerOf(bk, c.Word(tables.OrderStepCustomerID).At(i)); err != nil {
			return err
		}
		if o.Type, err = ordering.ParseOrderType(c.Word(tables.OrderStepOrderType).At(i)); err != nil {
			return err
		}
		o.OrderKey = OrderKey{string(c.Text(tables.OrderStepOrderID).At(i)), c.Whole(tables.OrderStepOrderLine).At(i)}
		o.SKUText = c.Word(tables.OrderStepSKU).At(i)
		if o.SKU = -1; o.SKUText != "" && o.Type != ordering.Unsubscribe && DescribesOrder(e.Status) {
			if o.SKU, err = skuOf(bk, o.SKUText); err != nil {
				return err
			}
		}
		o.Region, o.Resource = c.Word(tables.OrderStepRegionCode).At(i),
			string(c.Text(tables.OrderStepResourceID).At(i))
		o.PeriodType, o.PeriodNum = c.Word(tables.OrderStepPeriodType).At(i),
			c.Whole(tables.OrderStepPeriodNum).At(i)
		o.PayTime, o.Effective = c.Time(tables.OrderStepTime).At(i),
			c.Time(tables.OrderStepEffectiveTime).At(i)
		if o.Expire = c.MaybeTime(tables.OrderStepExpireTime).At(i); o.Expire == tables.Nothing {
			o.Expire = period.Forever
		}
		o.Base = OrderKey{string(c.Text(tables.OrderStepBaseOrderID).At(i)),
			c.Whole(tables.OrderStepBaseOrderLine).At(i)}
		o.Payer, o.Discount = c.Word(tables.OrderStepPayer).At(i), c.Word(tables.OrderStepDiscountID).At(i)
		o.Coupons, o.HasOfficial = string(c.Text(tables.OrderStepCouponIDs).At(i)),
			c.Small(tables.OrderStepHasOfficial).At(i) == 1
		o.AsOf = c.Time(tables.OrderStepAsOf).At(i)
		if o.Quantity, err = money.QuantityFromRaw(c.Quantity(tables.OrderStepQuantity).At(i).Hi,
			c.Quantity(tables.OrderStepQuantity).At(i).Lo); err != nil {
			return err
		}
		o.Official, err = money.AmountFromRaw(c.Amount(tables.OrderStepOfficialAmount).At(i).Hi,
			c.Amount(tables.OrderStepOfficialAmount).At(i).Lo)
		e.ID = o.LineID() + "/" + e.Status
		if err == nil {
			visit(e)
		}
		return err
	})
}
