package document

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// composeDayOf is one day and service; month-end charges are separate.
type composeDayOf struct {
	day      period.Day
	service  string
	monthEnd bool
}

// object is one billing object of bandwidth.
type object struct{ customer, sku, region, id string }

// used has sums of lines.
type used struct {
	days     map[composeDayOf]money.AmountTotal
	objects  map[object]money.AmountTotal // of products billed by percentile, from their month-end lines
	total    money.AmountTotal
	monthEnd bool // there are month-end lines
	differs  bool // the sum of the lines is not the sum of the rows
}

func newUsed() *used {
	return &used{days: map[composeDayOf]money.AmountTotal{}, objects: map[object]money.AmountTotal{}}
}

// add adds an amount to the sum of a key.
func add[K comparable](m map[K]money.AmountTotal, key K, a money.Amount) error {
	sum := m[key]
	err := sum.Add(a)
	m[key] = sum
	return err
}

func merge[K comparable](to, from map[K]money.AmountTotal) error {
	for k, v := range from {
		sum := to[k]
		if err := sum.AddTotal(v); err != nil {
			return err
		}
		to[k] = sum
	}
	return nil
}

func (u *used) merge(o *used) error {
	if err := merge(u.days, o.days); err != nil {
		return err
	}
	if err := merge(u.objects, o.objects); err != nil {
		return err
	}
	u.monthEnd = u.monthEnd || o.monthEnd
	return u.total.AddTotal(o.total)
}

// usage returns the sums by day and service, in order.
func (u *used) usage(services map[string]string) []ChartUsage {
	keys := slices.SortedFunc(maps.Keys(u.days), func(a, b composeDayOf) int {
		c := cmp.Or(cmp.Compare(a.day, b.day), strings.Compare(a.service, b.service))
		switch {
		case c != 0 || a.monthEnd == b.monthEnd:
			return c
		case b.monthEnd:
			return -1
		}
		return 1
	})
	var out []ChartUsage
	for _, k := range keys {
		out = append(out, ChartUsage{Day: k.day, Service: k.service, ServiceName: services[k.service],
			Amount: u.days[k], MonthEnd: k.monthEnd})
	}
	return out
}

// consumption adds up the lines of a statement's rows, and adds the consumption by day to the statement if both sums
// are equal (COMPOSE-3).
func (s *Sources) consumption(ctx context.Context, st *Statement, partner int32) (*used, error) {
	customers := customersOf(st.Rows)
	buckets := map[int]bool{}
	for _, id := range customers {
		buckets[lake.BucketOf(id, max(1, s.Snap.Manifest.Buckets))] = true
	}
	files, err := s.Snap.Files(lake.CycleOf(st.Header.Cycle))
	if err != nil {
		return nil, err
	}
	all := newUsed()
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, s.Limits.Workers))
	for _, e := range files {
		if e.Table != tables.Lines().Name || !buckets[e.Bucket] {
			continue
		}
		group.Go(func() error {
			scan := newScan(s, st.Header.Cycle, e.Day, partner, customers)
			if err := rows.OfCustomers(ctx, s.Snap, e, scan.columns(), customers, scan.group); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			return all.merge(scan.used)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if !st.Header.MonthEnd {
		s.linksOf(st.Header.Cycle, customers, all.objects)
	}
	var want money.AmountTotal
	for i := range st.Rows {
		if st.Rows[i].Currency != "" { // amounts of several currencies have no sum
			return all, nil
		}
		if err := want.Add(st.Rows[i].Payment); err != nil {
			return nil, err
		}
	}
	if all.differs = all.total != want; !all.differs {
		st.Usage = all.usage(s.namer(st.Header.Cycle).services)
	}
	return all, nil
}

// linksOf adds the customers' billing objects in force in a cycle: before its month end no line names them.
func (s *Sources) linksOf(cycle period.Cycle, customers []string, objects map[object]money.AmountTotal) {
	bounds := s.Books.Zone.Bounds(cycle)
	for i := range s.Books.Links {
		l := &s.Books.Links[i]
		id := s.Books.Customers[l.Customer].ID
		if _, found := slices.BinarySearch(customers, id); !found || !l.Valid.Overlaps(bounds) {
			continue
		}
		o := object{id, s.Books.Products[l.SKU].SKU, l.Region, cmp.Or(l.Group, l.ResourceID)}
		if _, named := objects[o]; !named {
			objects[o] = money.AmountTotal{}
		}
	}
}

// scan adds up the lines of one file.
type scan struct {
	s         *Sources
	cycle     period.Cycle
	file      lake.Day // value of column day
	day       period.Day
	clock     period.Clock
	partner   int32    // lines of this partner and of its resellers
	customers []string // customers of the statement, sorted
	used      *used
	stated    []bool // by word of customer_id: whether it is one of the customers
	own       []bool // by word of partner_id: whether it is the partner
	// by word of partner_id: its index in the books if it can be a reseller of the partner, else -1
	below    []int32
	measured []bool // by word of sku: billed by percentile
}

func newScan(s *Sources, cycle period.Cycle, file lake.Day, partner int32, customers []string) *scan {
	n := &scan{s: s, cycle: cycle, file: file, clock: s.Books.Zone.Clock(), partner: partner, customers: customers,
		used: newUsed()}
	if day, ok := file.Calendar(); ok {
		n.day = day
	}
	return n
}

func (n *scan) columns() tables.List[tables.Line] {
	cols := tables.Columns(tables.LineCustomerID, tables.LinePartnerID, tables.LineAssociationType,
		tables.LineServiceTypeCode,
		tables.LinePaymentAmount, tables.LineUsageStart,
		tables.LineTradeTime, tables.LineOwnTime, tables.LineSKU)
	if n.file == lake.EndDay {
		cols = append(cols, tables.LineRegionCode.Of(), tables.LineResourceID.Of())
	}
	return cols
}

// group adds up a row group.
func (n *scan) group(c *parquet.Columns[tables.Line]) error {
	n.words(c)
	for i := range c.N {
		if !n.wants(c, i) {
			continue
		}
		d := c.Amount(tables.LinePaymentAmount).At(i)
		a, err := money.AmountFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		key := composeDayOf{n.dayOf(c, i), c.Word(tables.LineServiceTypeCode).At(i), n.file == lake.EndDay}
		if err := add(n.used.days, key, a); err != nil {
			return err
		}
		if err := n.used.total.Add(a); err != nil {
			return err
		}
		if n.file != lake.EndDay {
			continue
		}
		n.used.monthEnd = true
		if sku := c.Col(tables.LineSKU.Of()); n.measured[sku.Codes[i]] {
			o := object{c.Word(tables.LineCustomerID).At(i), sku.Word(i), c.Word(tables.LineRegionCode).At(i),
				string(c.Text(tables.LineResourceID).At(i))}
			if err := add(n.used.objects, o, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// words looks up the words of a row group in the books.
func (n *scan) words(c *parquet.Columns[tables.Line]) {
	n.stated, n.own, n.below, n.measured = n.stated[:0], n.own[:0], n.below[:0], n.measured[:0]
	b := n.s.Books
	for _, id := range c.Word(tables.LineCustomerID).Dict() {
		_, stated := slices.BinarySearch(n.customers, id)
		n.stated = append(n.stated, stated)
	}
	for _, id := range c.Word(tables.LinePartnerID).Dict() {
		code, below := b.Partner(id), int32(-1)
		if code >= 0 && slices.ContainsFunc(b.Partners[code].Rows, func(r books.PartnerRow) bool {
			return r.Parent == n.partner
		}) {
			below = code
		}
		n.own, n.below = append(n.own, code == n.partner), append(n.below, below)
	}
	for _, sku := range c.Word(tables.LineSKU).Dict() {
		code := b.SKU(sku)
		n.measured = append(n.measured, code >= 0 && b.Products[code].Model == books.Percentile)
	}
}

// wants reports whether a line belongs to the partner's statement: its customer has rows there, and its partner is this
// partner, or a reseller that bought from it at the line's own time (§6.4).
func (n *scan) wants(c *parquet.Columns[tables.Line], i int) bool {
	word := c.Word(tables.LinePartnerID).Code(i)
	if !n.stated[c.Word(tables.LineCustomerID).Code(i)] {
		return false
	}
	if n.own[word] {
		return true
	}
	if n.below[word] < 0 || c.Word(tables.LineAssociationType).At(i) != books.Resale.Word() {
		return false
	}
	return n.s.Partners.Seller(n.below[word], rows.OwnTime(c, i)) == n.partner
}

// composeDayOf returns the day of a line (COMPOSE-4), but at most the last day of the cycle.
func (n *scan) dayOf(c *parquet.Columns[tables.Line], i int) period.Day {
	if n.day != 0 {
		return n.day
	}
	col := tables.LineUsageStart
	if n.file == lake.EventsDay {
		col = tables.LineTradeTime
	}
	return dayWithin(n.cycle, n.clock.Day(c.Time(col).At(i)))
}

// dayWithin limits a day to the last one of the cycle. Days before the cycle stay: a chart has a bar for them.
func dayWithin(cycle period.Cycle, d period.Day) period.Day { return min(cycle.Last(), d) }
