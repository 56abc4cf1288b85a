package events

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Load adds the accepted events of a lake file (table orders, adjustments or transfers) to the book. Account events
// have LoadAccounts, incentive events LoadIncentives.
func (b *Book) Load(o tablefile.Opener, e lake.FileEntry, bk *books.Books) error {
	def, take := tables.Orders(), b.loadOrder
	switch e.Table {
	case "adjustments":
		def, take = tables.Adjustments(), b.loadAdjustment
	case "transfers":
		def, take = tables.Transfers(), b.loadTransfer
	}
	cycle, err := period.ParseCycle(e.Cycle)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	return tablefile.Each(o, e, def, nil, func(c *parquet.Columns, i int) error { return take(c, i, cycle, bk) })
}

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

func (b *Book) loadOrder(c *parquet.Columns, i int, cycle period.Cycle, bk *books.Books) (err error) {
	o := &Order{File: -1, Cycle: cycle, SKU: -1}
	col := c.C
	if o.Customer, err = customerOf(bk, col[tables.OCustomerID].Word(i)); err != nil {
		return err
	}
	if o.Type, err = ordering.ParseOrderType(col[tables.OOrderType].Word(i)); err != nil {
		return err
	}
	o.SKUText = col[tables.OSKU].Word(i)
	if o.Type != ordering.Unsubscribe {
		if o.SKU, err = skuOf(bk, o.SKUText); err != nil {
			return err
		}
	}
	o.ID, o.Line = string(col[tables.OOrderID].Text(i)), col[tables.OOrderLine].Ints[i]
	o.Region, o.Resource = col[tables.ORegionCode].Word(i), string(col[tables.OResourceID].Text(i))
	o.PeriodType, o.PeriodNum = col[tables.OPeriodType].Word(i), col[tables.OPeriodNum].Ints[i]
	o.PayTime, o.Effective = period.Instant(col[tables.OPayTime].Ints[i]),
		period.Instant(col[tables.OEffectiveTime].Ints[i])
	if o.Expire = period.Instant(col[tables.OExpireTime].Ints[i]); o.Expire == tables.Nothing {
		o.Expire = period.Forever
	}
	o.Base = Key{string(col[tables.OBaseOrderID].Text(i)), col[tables.OBaseOrderLine].Ints[i]}
	o.Payer, o.Discount = col[tables.OPayer].Word(i), col[tables.ODiscountID].Word(i)
	o.Coupons, o.HasOfficial = string(col[tables.OCouponIDs].Text(i)), col[tables.OHasOfficial].Codes[i] == 1
	o.AsOf = period.Instant(col[tables.OAsOf].Ints[i])
	if o.Quantity, err = money.QuantityFromRaw(col[tables.OQuantity].Decs[i].Hi,
		col[tables.OQuantity].Decs[i].Lo); err != nil {
		return err
	}
	o.Official, err = money.AmountFromRaw(col[tables.OOfficialAmount].Decs[i].Hi,
		col[tables.OOfficialAmount].Decs[i].Lo)
	b.add(o)
	return err
}

func (b *Book) loadAdjustment(c *parquet.Columns, i int, cycle period.Cycle, bk *books.Books) (err error) {
	a := &Adjustment{File: -1, Cycle: cycle}
	col := c.C
	if a.Customer, err = customerOf(bk, col[tables.ACustomerID].Word(i)); err != nil {
		return err
	}
	if a.SKU, err = skuOf(bk, col[tables.ASKU].Word(i)); err != nil {
		return err
	}
	a.ID, a.Note = string(col[tables.AAdjustmentID].Text(i)), string(col[tables.ANote].Text(i))
	a.Time, a.Detail = period.Instant(col[tables.ATime].Ints[i]), int64(col[tables.ADetail].Codes[i])
	a.AsOf = period.Instant(col[tables.AAsOf].Ints[i])
	a.Amount, err = money.AmountFromRaw(col[tables.AAmount].Decs[i].Hi, col[tables.AAmount].Decs[i].Lo)
	b.Adjustments[a.ID] = a
	return err
}

// storeOrder appends an order to a batch of the orders table.
func storeOrder(c *parquet.Columns, o *Order, bk *books.Books) {
	col := c.C
	col[tables.OCustomerID].AddWord(bk.Customers[o.Customer].ID)
	col[tables.OOrderID].AddText(o.ID)
	addInt(&col[tables.OOrderLine], o.Line)
	col[tables.OOrderType].AddWord(o.Type.String())
	col[tables.OSKU].AddWord(o.SKUText)
	col[tables.ORegionCode].AddWord(o.Region)
	col[tables.OResourceID].AddText(o.Resource)
	col[tables.OQuantity].AddDec(o.Quantity.Raw())
	col[tables.OPeriodType].AddWord(o.PeriodType)
	addInt(&col[tables.OPeriodNum], o.PeriodNum)
	addInt(&col[tables.OPayTime], int64(o.PayTime))
	addInt(&col[tables.OEffectiveTime], int64(o.Effective))
	addInt(&col[tables.OExpireTime], int64(orNothing(o.Expire)))
	col[tables.OBaseOrderID].AddText(o.Base.ID)
	addInt(&col[tables.OBaseOrderLine], o.Base.Line)
	col[tables.OPayer].AddWord(o.Payer)
	col[tables.ODiscountID].AddWord(o.Discount)
	col[tables.OCouponIDs].AddText(o.Coupons)
	col[tables.OOfficialAmount].AddDec(o.Official.Raw())
	col[tables.OHasOfficial].Codes = append(col[tables.OHasOfficial].Codes, flag(o.HasOfficial))
	addInt(&col[tables.OAsOf], int64(o.AsOf))
	c.N++
}

// storeAdjustment appends an adjustment to a batch of the adjustments table.
func storeAdjustment(c *parquet.Columns, a *Adjustment, bk *books.Books) {
	col := c.C
	col[tables.ACustomerID].AddWord(bk.Customers[a.Customer].ID)
	col[tables.AAdjustmentID].AddText(a.ID)
	col[tables.ASKU].AddWord(bk.Products[a.SKU].SKU)
	addInt(&col[tables.ATime], int64(a.Time))
	col[tables.AAmount].AddDec(a.Amount.Raw())
	col[tables.ADetail].Codes = append(col[tables.ADetail].Codes, int32(a.Detail))
	col[tables.ANote].AddText(a.Note)
	addInt(&col[tables.AAsOf], int64(a.AsOf))
	c.N++
}

func addInt(c *parquet.Col, v int64) { c.Ints = append(c.Ints, v) }

// orNothing is how a time that may never come is stored.
func orNothing(t period.Instant) period.Instant {
	if t == period.Forever {
		return tables.Nothing
	}
	return t
}
