package document

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// gathered has the sums of a customer's lines of a cycle.
type gathered struct {
	*used
	s           *Sources
	cycle       period.Cycle
	clock       period.Clock
	items       map[itemKey]*Item
	measures    map[string]string // by sku
	corrections []Correction
	manual      map[string]int // by adjustment_id: its index in corrections
	paid        query.PaidLines
	sellers     map[string]bool
	late        int    // lines of other cycles
	ofMonth     bool   // there are lines that originate in the cycle itself
	resoldBy    string // the partner of the last such line that was resold; "" = none
}

// lineColumns are the columns of lines that a bill shows.
func lineColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineServiceTypeCode, tables.LineRegionCode, tables.LineKind, tables.LineTier,
		tables.LineResourceID,
		tables.LineSKU, tables.LineMeasure, tables.LineUsageAmount,
		tables.LineFreeResourceUsage, tables.LineQuantity, tables.LineUnitPrice, tables.LineOfficialAmount,
		tables.LineOfficialDiscountAmount,
		tables.LineDiscountID, tables.LineTruncatedAmount,
		tables.LinePaymentAmount, tables.LineDay, tables.LineID, tables.LineUsageStart, tables.LineTradeTime,
		tables.LineTradeID,
		tables.LineOriginCycle, tables.LinePartnerID, tables.LineAssociationType, tables.LineCouponAmount,
		tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount, tables.LineCashAmount,
		tables.LineCreditAmount, tables.LineDebtAmount)
}

// reading visits the lines of a customer in the order of §8.
type reading func(ctx context.Context, customer string, visit func(rows.Row[tables.Line]) error) error

// ownReading reads the lines of only one customer.
func (s *Sources) ownReading(cycle period.Cycle) reading {
	return func(ctx context.Context, customer string, visit func(rows.Row[tables.Line]) error) (err error) {
		list, err := rows.Lines(ctx, s.Snap, lake.CycleOf(cycle), customer, lineColumns(), s.Limits)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, list.Close()) }()
		return list.Each(visit)
	}
}

// inTurn reads lines from one list. Its caller must request customers in the order of their ids.
func inTurn(list *rows.Rows[tables.Line]) reading {
	var row rows.Row[tables.Line]
	held, ended := false, false
	return func(_ context.Context, customer string, visit func(rows.Row[tables.Line]) error) (err error) {
		for {
			if !held && !ended {
				if row, held, err = list.Next(); err != nil {
					return err
				}
				ended = !held
			}
			if ended {
				return nil
			}
			switch c := strings.Compare(row.Word(tables.LineCustomerID), customer); {
			case c > 0:
				return nil // the row is of a later customer and is kept for it
			case c == 0:
				if err := visit(row); err != nil {
					return err
				}
			}
			held = false
		}
	}
}

// lines adds up the customer's lines.
func (g *gathered) lines(ctx context.Context, customer string, read reading) error {
	n := 0
	return read(ctx, customer, func(row rows.Row[tables.Line]) error {
		if n++; n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return g.line(customer, row)
	})
}

// line adds one line.
func (g *gathered) line(customer string, row rows.Row[tables.Line]) error {
	key := itemKey{service: row.Word(tables.LineServiceTypeCode), sku: row.Word(tables.LineSKU),
		region: row.Word(tables.LineRegionCode), tier: row.Small(tables.LineTier),
		kind: row.Word(tables.LineKind), origin: row.Word(tables.LineOriginCycle),
		discount: row.Word(tables.LineDiscountID)}
	code := g.s.Books.SKU(key.sku)
	percentile := code >= 0 && g.s.Books.Products[code].Model == books.Percentile
	if percentile {
		key.object = string(row.Text(tables.LineResourceID))
	}
	var err error
	if key.price, err = row.UnitPrice(tables.LineUnitPrice); err != nil {
		return err
	}
	it := g.items[key]
	if it == nil {
		it = &Item{Region: key.region, Object: key.object, Tier: key.tier, Kind: key.kind,
			OriginCycle: key.origin, UnitPrice: key.price, DiscountID: key.discount}
		g.items[key], g.measures[key.sku] = it, row.Word(tables.LineMeasure)
	}
	if err := query.AddLine(&it.LineSums, row); err != nil {
		return err
	}
	payment, err := row.Amount(tables.LinePaymentAmount)
	if err != nil {
		return err
	}
	file := row.Word(tables.LineDay)
	if file == lake.EndDay.String() {
		g.monthEnd = true
		if percentile {
			if err := add(g.objects, object{customer, key.sku, key.region, key.object}, payment); err != nil {
				return err
			}
		}
	}
	if key.origin != "" {
		g.late++
	}
	seller := sellerOf(row)
	g.sellers[seller] = true
	if err := g.paid.Add(seller, g.cycle, row); err != nil {
		return err
	}
	if key.origin == "" {
		if g.ofMonth = true; seller != settlement.VendorID {
			g.resoldBy = seller
		}
	}
	if key.kind == tables.RefundLine.String() || key.kind == tables.AdjustmentLine.String() {
		g.correct(&key, file, payment, row)
	}
	return add(g.days, composeDayOf{g.day(file, row), key.service, file == lake.EndDay.String()}, payment)
}

// day is a line's day (COMPOSE-4).
func (g *gathered) day(file string, row rows.Row[tables.Line]) period.Day {
	col := tables.LineUsageStart
	if file == lake.EventsDay.String() {
		col = tables.LineTradeTime
	}
	return dayWithin(g.cycle, g.clock.Day(row.Time(col)))
}

// sellerOf returns who sells a line to the customer: the partner of a resold line, else the vendor (§9.7).
func sellerOf(row rows.Row[tables.Line]) string {
	if row.Word(tables.LineAssociationType) == strconv.Itoa(int(books.Resale)) {
		return row.Word(tables.LinePartnerID)
	}
	return settlement.VendorID
}

// correct lists a refund or an adjustment.
func (g *gathered) correct(key *itemKey, file string, payment money.Amount, row rows.Row[tables.Line]) {
	c := Correction{ID: string(row.Text(tables.LineID)), Kind: key.kind, OriginCycle: key.origin, SKU: key.sku,
		Time: row.Time(tables.LineTradeTime), Payment: payment}
	if code := g.s.Books.SKU(key.sku); code >= 0 {
		c.Product = g.s.Books.Products[code].Name
	}
	switch {
	case file == lake.LateDay.String():
		c.Note = "accepted after its cycle was closed"
	case file == lake.RestatedDay.String():
		c.Note = "the vendor changed the costs after their cycle was closed"
	case file == lake.RerateDay.String():
		c.Note = "rated again after its cycle was closed"
	case file == lake.CommitmentsDay.String():
		c.Note = "a commitment was calculated again after its cycle was closed"
	case file == lake.ChargesDay.String() && key.kind == tables.RefundLine.String():
		c.Note = "refund of a charge in advance"
	case key.kind == tables.RefundLine.String():
		c.Note = "refund by order " + row.Word(tables.LineTradeID)
	default:
		if g.manual == nil {
			g.manual = map[string]int{}
		}
		g.manual[c.ID] = len(g.corrections)
	}
	g.corrections = append(g.corrections, c)
}

// sections returns the items by service and sku.
func (g *gathered) sections(services map[string]string) []Section {
	var out []Section
	for _, k := range slices.SortedFunc(maps.Keys(g.items), compareItems) {
		n := len(out)
		if n == 0 || out[n-1].Service != k.service || out[n-1].SKU != k.sku {
			section := Section{Service: k.service, ServiceName: services[k.service], SKU: k.sku,
				Measure: g.measures[k.sku]}
			if code := g.s.Books.SKU(k.sku); code >= 0 {
				p := &g.s.Books.Products[code]
				section.Product, section.Model = p.Name, p.Model.String()
			}
			out = append(out, section)
			n++
		}
		out[n-1].Items = append(out[n-1].Items, *g.items[k])
	}
	return out
}

// manualNotes adds the reason to each manual adjustment.
func (s *Sources) manualNotes(ctx context.Context, b *Bill, g *gathered) error {
	if len(g.manual) == 0 {
		return nil
	}
	files, err := s.Snap.Files(lake.CycleOf(b.Header.Cycle))
	if err != nil {
		return err
	}
	bucket := lake.BucketOf(b.Customer.ID, max(1, s.Snap.Manifest.Buckets))
	for _, e := range files {
		if e.Table != tables.Adjustments().Name || e.Bucket != bucket {
			continue
		}
		scan := rows.Scan[tables.Adjustment]{Table: tables.Adjustments(),
			Cols: tables.Columns(tables.AdjustmentAdjustmentID, tables.AdjustmentNote)}
		err := rows.Groups(ctx, s.Snap, e, scan, func(c *parquet.Columns[tables.Adjustment]) error {
			for i := range c.N {
				if at, ok := g.manual[string(c.Text(tables.AdjustmentAdjustmentID).At(i))]; ok {
					b.Corrections[at].Note = string(c.Text(tables.AdjustmentNote).At(i))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
