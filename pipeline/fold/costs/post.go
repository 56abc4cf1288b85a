package costs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lineKey is the key by which lines are compared (§11.4).
type lineKey struct {
	customer, id string
	tier         int
	kind         tables.KindOfLine // volume lines and the flat fee of their tier share an id
}

// posting is a difference of a closed cycle's lines: what is due now minus all that was billed.
type posting struct {
	lineKey
	origin                                 period.Cycle
	sku, region, resource                  string
	start, end, own                        period.Instant
	unitPrice                              money.UnitPrice
	usage, free, quantity                  money.SignedQuantity
	official, discount, truncated, payment money.Amount
	discountID, partner, association       string
	delivery                               string
	asOf                                   period.Instant
	repriced, rediscounted, requantified   bool // not stored: price, discount or quantity differs from what was billed
}

func (p *posting) isZero() bool {
	return p.usage.IsZero() && p.free.IsZero() && p.quantity.IsZero() && p.official.IsZero() && p.discount.IsZero() &&
		p.truncated.IsZero() && p.payment.IsZero()
}

// add adds the amounts of another posting; with away it subtracts them.
func (p *posting) add(o *posting, away bool) error {
	for _, q := range [...]struct {
		to *money.SignedQuantity
		by money.SignedQuantity
	}{{&p.usage, o.usage}, {&p.free, o.free}, {&p.quantity, o.quantity}} {
		if away {
			q.by = q.by.Neg()
		}
		sum, err := q.to.Add(q.by)
		if err != nil {
			return err
		}
		*q.to = sum
	}
	for _, a := range [...]struct {
		to *money.Amount
		by money.Amount
	}{{&p.official, o.official}, {&p.discount, o.discount}, {&p.truncated, o.truncated}, {&p.payment, o.payment}} {
		if away {
			a.by = a.by.Neg()
		}
		sum, err := a.to.Add(a.by)
		if err != nil {
			return err
		}
		*a.to = sum
	}
	return nil
}

// poster posts the differences of a closed cycle into the earliest open one.
type poster struct {
	*writer
	found  *survey
	closed period.Cycle // the last closed cycle
	asOf   period.Instant
	again  bool // the cycle is rated again even if the same deliveries count
}

// target is the cycle that bills differences of closed cycles.
func (s *poster) target() period.Cycle { return s.closed + 1 }

// post writes the differences of a closed cycle into the earliest open one, bucket by bucket (FCOST-4, FCOST-5).
func (s *poster) post(ctx context.Context, by *pricer, r *rated) error {
	low := 0
	var now []*group
	var lines []*rows.Line
	err := by.price(ctx, r, sink{
		begin: func(int) error {
			now, lines = nil, nil
			return nil
		},
		line: func(l *rows.Line) error {
			lines = append(lines, l)
			return nil
		},
		group: func(g *group) error {
			now = append(now, g)
			return nil
		},
		end: func(bucket int) error {
			n, err := s.postBucket(r, bucket, now, lines)
			low += n
			return err
		}})
	if err := errors.Join(err, r.sorted.Close()); err != nil {
		return err
	}
	slices.SortFunc(s.result.Differences, Difference.compare)
	if low > 0 {
		s.result.note("groups of cost rows of %s that changed and bring less than their minimum margin: %d, listed by "+
			"tollbook query low-margin --cycle %s", r.cycle, low, s.target())
	}
	return s.postMargins(r)
}

// differences returns what the lines of a bucket come to now minus all that was billed for it.
func (s *poster) differences(r *rated, bucket int, lines []*rows.Line) ([]*posting, error) {
	billed, err := s.billed(r.cycle, bucket)
	if err != nil {
		return nil, err
	}
	due, err := s.due(r, lines)
	if err != nil {
		return nil, err
	}
	if err := s.subtract(r, due, billed); err != nil {
		return nil, err
	}
	if s.again {
		err = s.compare(r, bucket, lines, billed)
	}
	return slices.Collect(maps.Values(due)), err
}

// subtract subtracts what was billed from what is due, and removes lines without a difference.
func (s *poster) subtract(r *rated, due map[lineKey]*posting, billed []*posting) error {
	for _, p := range billed {
		one := due[p.lineKey]
		if one == nil {
			one = s.nothingDue(r, p)
			due[p.lineKey] = one
		}
		one.repriced = one.repriced || one.unitPrice != p.unitPrice
		one.rediscounted = one.rediscounted || one.discountID != p.discountID
		if err := one.add(p, true); err != nil {
			return err
		}
	}
	maps.DeleteFunc(due, func(_ lineKey, p *posting) bool { return p.isZero() })
	return nil
}

// nothingDue returns an empty posting for a billed line that is no longer due.
func (s *poster) nothingDue(r *rated, billed *posting) *posting {
	one := *billed
	one.usage, one.free, one.quantity = money.SignedQuantity{}, money.SignedQuantity{}, money.SignedQuantity{}
	one.official, one.discount = money.Amount{}, money.Amount{}
	one.truncated, one.payment = money.Amount{}, money.Amount{}
	one.origin, one.delivery, one.asOf = r.cycle, causes(r.counted), s.asOf
	return &one
}

// causes names the deliveries by which a cycle is rated: source/delivery;…
func causes(counted []*Delivery) string {
	var parts []string
	for _, d := range counted {
		parts = append(parts, d.Source+"/"+d.Name)
	}
	return strings.Join(parts, ";")
}

// due returns what the lines of a cycle come to by today's rating.
func (s *poster) due(r *rated, lines []*rows.Line) (map[lineKey]*posting, error) {
	out := make(map[lineKey]*posting)
	for _, l := range lines {
		p := &posting{lineKey: lineKey{r.books.Customers[l.Customer].ID, l.ID, int(l.Tier), l.Kind}, origin: r.cycle,
			sku: r.books.Products[l.SKU].SKU, region: l.Region, resource: l.Resource, start: l.Start, end: l.End,
			own: l.Own, unitPrice: l.UnitPrice, usage: l.UsageAmount, free: l.Free, quantity: l.Quantity,
			official: l.Official,
			discount: l.Discount, truncated: l.Truncated, payment: l.Payment, partner: l.Partner,
			association: l.Association.Word(),
			delivery:    causes(r.counted), asOf: s.asOf}
		if l.DiscountID >= 0 {
			p.discountID = r.books.Discounts[l.DiscountID].ID
		}
		if one := out[p.lineKey]; one != nil { // two lines of one meter, such as of two resources
			if err := one.add(p, false); err != nil {
				return nil, err
			}
			continue
		}
		out[p.lineKey] = p
	}
	return out, nil
}

// billed returns every line of a bucket that cycles up to the last closed one billed for the cost files of a cycle: its
// own lines, and what later cycles posted.
func (s *poster) billed(c period.Cycle, bucket int) (list []*posting, err error) {
	files := s.txn.Next().Select(lake.CycleOf(c), func(k lake.FileKey) bool {
		return k.Table == tables.Lines().Name && k.Day == lake.CostsDay && k.Bucket == bucket
	})
	err = EachMargin(s.txn, files, tables.Lines(), func(row rows.Row[tables.Line]) error {
		p, err := billedLine(row)
		list = append(list, p)
		return err
	})
	for at := c + 1; at <= s.closed && err == nil; at++ {
		var posted []*posting
		posted, err = s.posted(at, c, bucket)
		list = append(list, posted...)
	}
	return list, err
}

// posted returns what a cycle has posted in a bucket for the cost files of an earlier one.
func (s *poster) posted(at, origin period.Cycle, bucket int) (list []*posting, err error) {
	files := s.txn.Next().Select(lake.CycleOf(at), func(k lake.FileKey) bool {
		return k.Table == tables.CostPostings().Name && k.Bucket == bucket
	})
	err = EachMargin(s.txn, files, tables.CostPostings(), func(row rows.Row[tables.CostPosting]) error {
		p, err := readPosting(row)
		if err == nil && p.origin == origin {
			list = append(list, p)
		}
		return err
	})
	return list, err
}

// billedLine converts a line of the lake to a posting.
func billedLine(row rows.Row[tables.Line]) (*posting, error) {
	p := &posting{
		lineKey: lineKey{row.Word(tables.LineCustomerID), string(row.Text(tables.LineID)), row.Small(tables.LineTier),
			rows.KindRank(row.Word(tables.LineKind))},
		sku:         row.Word(tables.LineSKU),
		region:      row.Word(tables.LineRegionCode),
		resource:    string(row.Text(tables.LineResourceID)),
		start:       row.Time(tables.LineUsageStart),
		end:         row.MaybeTime(tables.LineUsageEnd),
		own:         rows.OwnTime(row.Cols, row.I),
		discountID:  row.Word(tables.LineDiscountID),
		partner:     row.Word(tables.LinePartnerID),
		association: row.Word(tables.LineAssociationType),
	}
	var err error
	if p.unitPrice, err = row.UnitPrice(tables.LineUnitPrice); err != nil {
		return nil, err
	}
	for i, to := range map[tables.QuantityColumn[tables.Line]]*money.SignedQuantity{tables.LineUsageAmount: &p.usage,
		tables.LineFreeResourceUsage: &p.free, tables.LineQuantity: &p.quantity} {
		if *to, err = row.Quantity(i); err != nil {
			return nil, err
		}
	}
	for i, to := range map[tables.AmountColumn[tables.Line]]*money.Amount{tables.LineOfficialAmount: &p.official,
		tables.LineOfficialDiscountAmount: &p.discount,
		tables.LineTruncatedAmount:        &p.truncated, tables.LinePaymentAmount: &p.payment} {
		if *to, err = row.Amount(i); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// postBucket writes the postings of a bucket: those of the cycle, and the open cycle's postings for other cycles. low
// is the number of groups that changed and are below their minimum margin.
func (s *poster) postBucket(r *rated, bucket int, now []*group, of []*rows.Line) (low int, err error) {
	list, err := s.differences(r, bucket, of)
	if err != nil {
		return 0, err
	}
	key := lake.FileKey{Table: tables.CostPostings().Name, Cycle: lake.CycleOf(s.target()), Bucket: bucket}
	err = EachMargin(s.txn, s.txn.Next().Find(key), tables.CostPostings(),
		func(row rows.Row[tables.CostPosting]) error {
			p, err := readPosting(row)
			switch {
			case err != nil:
			case p.origin == r.cycle:
				keepSame(list, p)
			default:
				list = append(list, p)
			}
			return err
		})
	if err != nil {
		return 0, err
	}
	slices.SortFunc(list, func(a, b *posting) int {
		return cmp.Or(strings.Compare(a.customer, b.customer), cmp.Compare(a.origin, b.origin),
			strings.Compare(a.id, b.id), cmp.Compare(a.tier, b.tier), cmp.Compare(a.kind, b.kind))
	})
	out := parquet.NewColumns(tables.CostPostings())
	var lines []*rows.Line
	for _, p := range list {
		storePosting(out, p)
		l, err := s.postedLine(p)
		if err != nil {
			return 0, err
		}
		lines = append(lines, l)
	}
	if err := rows.PutFile(s.txn, key, out, nil); err != nil {
		return 0, err
	}
	if low, err = s.postGroups(r, bucket, now, list); err != nil {
		return 0, err
	}
	key.Table, key.Day = tables.Lines().Name, lake.RestatedDay
	slices.SortStableFunc(lines, (*rows.Line).Compare)
	to := rows.NewLineWriter(s.txn, s.books)
	to.Begin(key)
	for _, l := range lines {
		if err := to.Add(l); err != nil {
			return 0, err
		}
	}
	return low, s.endLines(to)
}

// postGroups writes the groups of a bucket, so that differences can be shown with the data of the cost file.
func (s *poster) postGroups(r *rated, bucket int, now []*group, list []*posting) (low int, err error) {
	posted := make(map[groupKey]bool)
	for _, p := range list {
		if p.origin == r.cycle {
			posted[groupKey{Customer: p.customer, Origin: p.origin.String(), ID: p.id}] = true
		}
	}
	stored := parquet.NewColumns(tables.CostGroups())
	for _, g := range now {
		if err := s.storeGroup(stored, r, g); err != nil {
			return 0, err
		}
	}
	again := Restated{Txn: s.txn, Origin: r.cycle, Closed: s.closed}
	return again.Write(bucket, stored, posted)
}

// keepSame copies the payment time and cause of a posting to an unchanged difference that is posted again.
func keepSame(list []*posting, before *posting) {
	for _, p := range list {
		if p.lineKey != before.lineKey {
			continue
		}
		now := *p
		now.delivery, now.asOf = before.delivery, before.asOf
		now.repriced, now.rediscounted, now.requantified = false, false, false
		if now == *before {
			p.delivery, p.asOf = before.delivery, before.asOf
		}
	}
}

// postedLine is the line of a posting (§4.11, §4.12).
func (s *poster) postedLine(p *posting) (*rows.Line, error) {
	customer, sku := s.books.Customer(p.customer), s.books.SKU(p.sku)
	if customer < 0 || sku < 0 {
		return nil, fmt.Errorf("customer %q or sku %q of a posting is no longer in the books: put the row back",
			p.customer, p.sku)
	}
	l := &rows.Line{Customer: customer, SKU: sku, Partner: p.partner,
		Association: books.AssociationOf(p.association), Region: p.region, Resource: p.resource,
		ChargingMode: tables.ChargingOnDemand, Detail: tables.DetailAdjustment,
		TradeID: s.target().String(), ID: p.id, TradeTime: p.end, Start: p.start, End: p.end,
		DiscountText: p.discountID, Origin: p.origin.String(), Own: p.own,
		Instant: accept.LateInstant(s.books.Zone, s.target(), p.asOf)}
	l.Charge = tables.Charge{UsageAmount: p.usage, Free: p.free, Quantity: p.quantity, UnitPrice: p.unitPrice,
		Official: p.official,
		Discount: p.discount, Truncated: p.truncated, Payment: p.payment, DiscountID: -1, Version: -1,
		Tier: int16(p.tier), Kind: tables.AdjustmentLine}
	return l, nil
}

// holds reports whether the open cycle has unallocated costs of a closed one, which prevent its close.
func (s *poster) holds(c period.Cycle) (bool, error) {
	held := false
	err := s.eachMargin(s.target(), lake.RestatedDay,
		func(origin period.Cycle, k *MarginKey, _ *MarginRow) error {
			held = held || origin == c && k.IsUnallocated()
			return nil
		})
	return held, err
}

// eachMargin visits the margins of a cycle.
func (s *poster) eachMargin(c period.Cycle, day lake.Day,
	take func(period.Cycle, *MarginKey, *MarginRow) error) error {
	files := s.txn.Next().Select(lake.CycleOf(c), func(k lake.FileKey) bool {
		return k.Table == tables.Margins().Name && k.Day == day
	})
	return EachMargin(s.txn, files, tables.Margins(), func(row rows.Row[tables.Margin]) error {
		origin, k, one, err := ReadMargin(row)
		if err != nil {
			return err
		}
		return take(origin, &k, &one)
	})
}

// postMargins writes the differences of a closed cycle's margins into the open cycle.
func (s *poster) postMargins(r *rated) error {
	due := r.margins.Rows
	r.margins.Sources = s.found.conversions(r.cycle)
	for at := r.cycle; at <= s.closed; at++ {
		day := lake.RestatedDay
		if at == r.cycle {
			day = lake.CostsDay
		}
		err := s.eachMargin(at, day, func(origin period.Cycle, k *MarginKey, one *MarginRow) error {
			if origin != r.cycle {
				return nil
			}
			to := r.margins.At(*k)
			for c := range one.Values {
				one.Values[c] = one.Values[c].Neg()
			}
			if err := to.Payment.SubTotal(one.Payment); err != nil {
				return err
			}
			return to.Add(&one.Values)
		})
		if err != nil {
			return err
		}
	}
	list, err := s.restatedMargins()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(one restated) bool { return one.origin == r.cycle })
	for k, one := range due {
		if *one != (MarginRow{}) || k.IsUnallocated() {
			list = append(list, restated{r.cycle, k, one, r.margins})
		}
	}
	return s.storeRestated(list)
}

// restatedMargins returns the rows of margins in the open cycle that belong to closed cycles.
func (s *poster) restatedMargins() (list []restated, err error) {
	of := make(map[period.Cycle]*MarginTable)
	err = s.eachMargin(s.target(), lake.RestatedDay,
		func(origin period.Cycle, k *MarginKey, one *MarginRow) error {
			if of[origin] == nil {
				of[origin] = s.otherMargins(origin)
			}
			list = append(list, restated{origin, *k, one, of[origin]})
			return nil
		})
	return list, err
}

// convertAgain writes the open cycle's rows of margins of closed cycles again, with today's rates.
func (s *poster) convertAgain() error {
	list, err := s.restatedMargins()
	if err != nil || len(list) == 0 {
		return err
	}
	return s.storeRestated(list)
}

// restated is a row of margins with a difference of a closed cycle.
type restated struct {
	origin period.Cycle
	key    MarginKey
	margin *MarginRow
	of     *MarginTable
}

// storeRestated writes all margins of closed cycles that the open cycle has.
func (s *poster) storeRestated(list []restated) error {
	slices.SortFunc(list, func(a, b restated) int {
		return cmp.Or(cmp.Compare(a.origin, b.origin), a.key.Compare(&b.key))
	})
	out := make([]*parquet.Columns[tables.Margin], s.buckets)
	for b := range out {
		out[b] = parquet.NewColumns(tables.Margins())
	}
	for i := range list {
		one := &list[i]
		to := out[s.bucket(one.key.Customer)]
		if err := one.of.Store(to, s.target(), one.origin, &one.key, one.margin); err != nil {
			return err
		}
	}
	for b := range out {
		key := lake.FileKey{Table: tables.Margins().Name, Cycle: lake.CycleOf(s.target()),
			Day:    lake.RestatedDay,
			Bucket: b}
		if err := s.marginFile(key, out[b]); err != nil {
			return err
		}
	}
	return nil
}

// otherMargins returns a table that can store margins of another cycle, with the rates of that cycle.
func (s *poster) otherMargins(c period.Cycle) *MarginTable {
	m := NewMargins(s.books, s.books, s.target())
	m.Sources = s.found.conversions(c)
	return m
}
