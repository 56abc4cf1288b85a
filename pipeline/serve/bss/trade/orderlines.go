package trade

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/bss/form"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// boughtLine is a line of an order as it was taken in and billed.
type boughtLine struct {
	customer, order string
	line            int64
	kind            string         // order_type of the feed
	at              period.Instant // when it was paid; of an open line when it was created
	status          string         // of its life
	created         period.Instant // the first step in its life, at the latest its payment
	payer           string         // customer, or a partner_id; of an unsubscribe its base's counts
	base            string         // lineKey of what an unsubscribe takes back
	partner         string         // as of own
	own             period.Instant
	service         string
	discountID      string
	sku             string
	resource        string
	resourceType    string
	region          string
	baseOrder       string // of an unsubscribe
	periodType      string
	periodNum       int64
	effective       period.Instant
	expire          period.Instant // tables.Nothing = never
	number          int64          // how many; 0 = not a whole number
	official        money.Amount
	discount        money.Amount
	payment         money.Amount
	cash            money.Amount
	coupon          money.Amount
	stored          money.Amount
	flexi           money.Amount
}

// orderQuery says which lines of orders are wanted.
type orderQuery struct {
	customer string       // "" = all
	buckets  map[int]bool // nil = all
	during   period.Span  // when they were paid
}

// orderLines reads lines of orders of all cycles, by pay time, customer, order and line. Orders and their lines are in
// files of their own: what it costs follows from the number of orders, not from that of records.
func orderLines(ctx context.Context, c *operation.Call, q *orderQuery) ([]boughtLine, error) {
	var out []boughtLine
	err := q.places(c, func(orders, lines []lake.FileEntry) error {
		found := make(map[string]*boughtLine)
		for _, e := range orders {
			if err := q.readOrders(ctx, c.State.Snap, e, found); err != nil {
				return err
			}
		}
		if len(found) == 0 {
			return nil
		}
		billed := 0
		for _, e := range lines {
			n, err := readBilled(ctx, c.State.Snap, e, found)
			if err != nil {
				return err
			}
			billed += n
		}
		if billed != len(found) {
			return fmt.Errorf("%d lines of orders were ingested by %s, and %d of them were billed", len(found),
				orders[0].Path, billed)
		}
		for _, o := range found {
			out = append(out, *o)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b boughtLine) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.customer, b.customer),
			strings.Compare(a.order, b.order), cmp.Compare(a.line, b.line))
	})
	return out, err
}

// places visits the files of orders and those of their lines, cycle by cycle and bucket by bucket.
func (q *orderQuery) places(c *operation.Call, visit func(orders, lines []lake.FileEntry) error) error {
	return form.FilesSince(c, q.during.From, func(files []lake.FileEntry) error {
		orders, lines := make(map[int][]lake.FileEntry), make(map[int][]lake.FileEntry)
		for _, e := range files {
			switch {
			case !q.in(c, e.Bucket):
			case e.Table == tables.Orders().Name:
				orders[e.Bucket] = append(orders[e.Bucket], e)
			case e.Table == tables.Lines().Name && e.Day == lake.EventsDay:
				lines[e.Bucket] = append(lines[e.Bucket], e)
			}
		}
		for bucket, list := range orders {
			if err := visit(list, lines[bucket]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (q *orderQuery) in(c *operation.Call, bucket int) bool {
	if q.customer != "" {
		return bucket == form.BucketOf(c, q.customer)
	}
	return q.buckets == nil || q.buckets[bucket]
}

// readOrders finds the lines of orders that are wanted, by customer and id.
func (q *orderQuery) readOrders(ctx context.Context, snap *lake.Snapshot, e lake.FileEntry,
	found map[string]*boughtLine) error {
	cols := []int{tables.OCustomerID, tables.OOrderID, tables.OOrderLine, tables.OOrderType, tables.OPayTime,
		tables.OPayer, tables.OResourceID,
		tables.OBaseOrderID, tables.OBaseOrderLine, tables.OPeriodType, tables.OPeriodNum, tables.OEffectiveTime,
		tables.OExpireTime, tables.OQuantity}
	scan := rows.Scan{Table: tables.Orders(), Cols: cols}
	return rows.Groups(ctx, snap, e, scan, func(batch *parquet.Columns) error {
		for i := range batch.N {
			row := rows.Row{Cols: batch, I: i}
			o := &boughtLine{customer: row.Word(tables.OCustomerID), order: string(row.Text(tables.OOrderID)),
				line: row.Whole(tables.OOrderLine),
				kind: row.Word(tables.OOrderType), at: row.Time(tables.OPayTime), payer: row.Word(tables.OPayer),
				status: events.Completed}
			o.created = o.at
			if q.customer != "" && o.customer != q.customer || !q.during.Holds(o.at) {
				continue
			}
			o.resource = string(row.Text(tables.OResourceID))
			o.baseOrder = string(row.Text(tables.OBaseOrderID))
			o.periodType, o.periodNum = row.Word(tables.OPeriodType), row.Whole(tables.OPeriodNum)
			o.effective, o.expire = row.Time(tables.OEffectiveTime), row.Time(tables.OExpireTime)
			quantity, err := row.Quantity(tables.OQuantity)
			if err != nil {
				return err
			}
			o.number, _ = quantity.Abs().Whole()
			o.base = orderKey(o.customer, string(row.Text(tables.OBaseOrderID)), row.Whole(tables.OBaseOrderLine))
			found[orderKey(o.customer, o.order, o.line)] = o
		}
		return nil
	})
}

// readBilled fills in what lines of orders came to, and counts those that it filled in.
func readBilled(ctx context.Context, snap *lake.Snapshot, e lake.FileEntry, found map[string]*boughtLine) (billed int,
	err error) {
	cols := []int{tables.LCustomerID, tables.LTradeID, tables.LID, tables.LPartnerID, tables.LOwnTime,
		tables.LUsageStart, tables.LServiceTypeCode, tables.LDiscountID, tables.LSKU,
		tables.LResourceTypeCode, tables.LRegionCode,
		tables.LOfficialAmount, tables.LDiscountAmount, tables.LPaymentAmount, tables.LCashAmount, tables.LCouponAmount,
		tables.LStoredValueAmount, tables.LFlexiCouponAmount}
	scan := rows.Scan{Table: tables.Lines(), Cols: cols}
	err = rows.Groups(ctx, snap, e, scan, func(batch *parquet.Columns) error {
		for i := range batch.N {
			row := rows.Row{Cols: batch, I: i}
			o := found[lineKey(row.Word(tables.LCustomerID), string(row.Text(tables.LID)))]
			if o == nil || row.Word(tables.LTradeID) != o.order { // an adjustment may have the same id
				continue
			}
			if err := o.fill(row); err != nil {
				return err
			}
			billed++
		}
		return nil
	})
	return billed, err
}

func (o *boughtLine) fill(row rows.Row) (err error) {
	o.partner, o.service, o.discountID = row.Word(tables.LPartnerID), row.Word(tables.LServiceTypeCode),
		row.Word(tables.LDiscountID)
	o.sku, o.resourceType, o.region = row.Word(tables.LSKU), row.Word(tables.LResourceTypeCode),
		row.Word(tables.LRegionCode)
	if o.own = row.Time(tables.LOwnTime); o.own == tables.Nothing {
		o.own = row.Time(tables.LUsageStart)
	}
	for _, a := range []struct {
		to  *money.Amount
		col int
	}{{&o.official, tables.LOfficialAmount}, {&o.discount, tables.LDiscountAmount}, {&o.payment, tables.LPaymentAmount},
		{&o.cash, tables.LCashAmount},
		{&o.coupon, tables.LCouponAmount}, {&o.stored, tables.LStoredValueAmount},
		{&o.flexi, tables.LFlexiCouponAmount}} {
		if *a.to, err = row.Amount(a.col); err != nil {
			return err
		}
	}
	return nil
}

// orderKey is the lineKey of a line of an order.
func orderKey(customer, order string, line int64) string {
	return lineKey(customer, order+"/"+strconv.FormatInt(line, 10))
}

// lineKey is a customer's line; no customer's id holds a 0 byte.
func lineKey(customer, id string) string { return customer + "\x00" + id }
