package bss

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// boughtLine is a line of an order with its order record and its billed line.
type boughtLine struct {
	customer, order string
	line            int64
	kind            string         // order_type of the feed
	at              period.Instant // when it was paid; for an open line when it was created
	status          string         // of its life
	created         period.Instant // the first step in its life, at the latest the payment
	payer           string         // customer, or a partner_id; an unsubscription has that of its base
	base            string         // lineKey of the line that an unsubscription refunds
	partner         string         // as of own
	own             period.Instant
	service         string
	discountID      string
	sku             string
	resource        string
	resourceType    string
	region          string
	baseOrder       string // of an unsubscription
	periodType      string
	periodNum       int64
	effective       period.Instant
	expire          period.Instant // tables.Nothing = never
	number          int64          // quantity; 0 = not a whole number
	official        money.Amount
	discount        money.Amount
	payment         money.Amount
	cash            money.Amount
	coupon          money.Amount
	stored          money.Amount
	flexi           money.Amount
}

// orderQuery selects lines of orders.
type orderQuery struct {
	customer string       // "" = all
	buckets  map[int]bool // nil = all
	during   period.Span  // when they were paid
}

// orderLines reads lines of orders of all cycles, by pay time, customer, order and line. Orders and their lines have
// their own files: the cost depends on the number of orders, not on that of records.
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
	return FilesSince(c, q.during.From, func(files []lake.FileEntry) error {
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
		return bucket == BucketOf(c, q.customer)
	}
	return q.buckets == nil || q.buckets[bucket]
}

// readOrders finds the wanted lines of orders, by customer and id.
func (q *orderQuery) readOrders(ctx context.Context, snap *lake.Snapshot, e lake.FileEntry,
	found map[string]*boughtLine) error {
	cols := tables.Columns(tables.OrderCustomerID, tables.OrderOrderID, tables.OrderOrderLine, tables.OrderOrderType,
		tables.OrderPayTime,
		tables.OrderPayer, tables.OrderResourceID,
		tables.OrderBaseOrderID, tables.OrderBaseOrderLine, tables.OrderPeriodType, tables.OrderPeriodNum,
		tables.OrderEffectiveTime,
		tables.OrderExpireTime, tables.OrderQuantity)
	scan := rows.Scan[tables.Order]{Table: tables.Orders(), Cols: cols}
	return rows.Groups(ctx, snap, e, scan, func(batch *parquet.Columns[tables.Order]) error {
		for i := range batch.N {
			row := rows.Row[tables.Order]{Cols: batch, I: i}
			o := &boughtLine{customer: row.Word(tables.OrderCustomerID), order: string(row.Text(tables.OrderOrderID)),
				line: row.Whole(tables.OrderOrderLine),
				kind: row.Word(tables.OrderOrderType), at: row.Time(tables.OrderPayTime),
				payer:  row.Word(tables.OrderPayer),
				status: accept.OrderCompleted}
			o.created = o.at
			if q.customer != "" && o.customer != q.customer || !q.during.Holds(o.at) {
				continue
			}
			o.resource = string(row.Text(tables.OrderResourceID))
			o.baseOrder = string(row.Text(tables.OrderBaseOrderID))
			o.periodType, o.periodNum = row.Word(tables.OrderPeriodType), row.Whole(tables.OrderPeriodNum)
			o.effective, o.expire = row.Time(tables.OrderEffectiveTime), row.MaybeTime(tables.OrderExpireTime)
			quantity, err := row.Quantity(tables.OrderQuantity)
			if err != nil {
				return err
			}
			o.number, _ = quantity.Abs().Whole()
			o.base = orderKey(o.customer, string(row.Text(tables.OrderBaseOrderID)),
				row.Whole(tables.OrderBaseOrderLine))
			found[orderKey(o.customer, o.order, o.line)] = o
		}
		return nil
	})
}

// readBilled sets the billed amounts of lines of orders, and counts these lines.
func readBilled(ctx context.Context, snap *lake.Snapshot, e lake.FileEntry,
	found map[string]*boughtLine) (billed int, err error) {
	cols := tables.Columns(tables.LineCustomerID, tables.LineTradeID, tables.LineID, tables.LinePartnerID,
		tables.LineOwnTime,
		tables.LineUsageStart, tables.LineServiceTypeCode, tables.LineDiscountID, tables.LineSKU,
		tables.LineResourceTypeCode, tables.LineRegionCode,
		tables.LineOfficialAmount, tables.LineOfficialDiscountAmount, tables.LinePaymentAmount, tables.LineCashAmount,
		tables.LineCouponAmount,
		tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount)
	scan := rows.Scan[tables.Line]{Table: tables.Lines(), Cols: cols}
	err = rows.Groups(ctx, snap, e, scan, func(batch *parquet.Columns[tables.Line]) error {
		for i := range batch.N {
			row := rows.Row[tables.Line]{Cols: batch, I: i}
			o := found[lineKey(row.Word(tables.LineCustomerID), string(row.Text(tables.LineID)))]
			if o == nil || row.Word(tables.LineTradeID) != o.order { // an adjustment may have the same id
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

func (o *boughtLine) fill(row rows.Row[tables.Line]) (err error) {
	o.partner, o.service, o.discountID = row.Word(tables.LinePartnerID), row.Word(tables.LineServiceTypeCode),
		row.Word(tables.LineDiscountID)
	o.sku, o.resourceType, o.region = row.Word(tables.LineSKU), row.Word(tables.LineResourceTypeCode),
		row.Word(tables.LineRegionCode)
	o.own = rows.OwnTime(row.Cols, row.I)
	for _, a := range []struct {
		to  *money.Amount
		col tables.AmountColumn[tables.Line]
	}{{&o.official, tables.LineOfficialAmount}, {&o.discount, tables.LineOfficialDiscountAmount}, {&o.payment,
		tables.LinePaymentAmount},
		{&o.cash, tables.LineCashAmount},
		{&o.coupon, tables.LineCouponAmount}, {&o.stored, tables.LineStoredValueCardAmount},
		{&o.flexi, tables.LineFlexipurchaseCouponAmount}} {
		if *a.to, err = row.Amount(a.col); err != nil {
			return err
		}
	}
	return nil
}

// orderKey returns the lineKey of a line of an order.
func orderKey(customer, order string, line int64) string {
	return lineKey(customer, order+"/"+strconv.FormatInt(line, 10))
}

// lineKey identifies a customer's line; no customer's id has a 0 byte.
func lineKey(customer, id string) string { return customer + "\x00" + id }
