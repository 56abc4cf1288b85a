package accept

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// Columns of the usage feed in the order of feed.UsageSpec.
const (
	uRecord = iota
	uCustomer
	uResource
	uSKU
	uRegion
	uStart
	uEnd
	uQuantity
	uName
	uTag
	uUnit
	uReplaces
)

// Columns of the bandwidth feed in the order of feed.BandwidthSpec.
const (
	bResource = iota
	bTime
	bIn
	bOut
)

// limits are the bounds that acceptance compares with, calculated once per scan.
type limits struct {
	latest    period.Instant // a time after it is `future`
	oldest    period.Instant // a start before it is `too_old`
	parts     Parts
	customers map[string]int32 // codes by id
	known     []known          // by customer
}

// known is what acceptance needs to know of a customer, stored together: rows come in any order of a hundred thousand
// customers, and every access to another place costs a cache miss.
type known struct {
	valid  period.Span // of the first row
	code   int32       // -1 = no such customer
	bucket int32
	list   int32 // price list of the first row
}

// customer is the code of a customer's id, or -1.
func (l *limits) customer(id string) int32 {
	if code, ok := l.customers[id]; ok {
		return code
	}
	return -1
}

// acceptor checks the records of one worker's batches (§3.20).
type acceptor struct {
	cfg     *Config
	lim     *limits
	regions *Regions
	clock   period.Clock
	bounds  period.Span // of the cycle last looked at

	customers, skus, areas, units words
	measures                      map[string]int32 // numbers of the products' measures
	measure                       []int32          // by product
	own                           []string         // the senders' own columns that products count
	unique                        []int            // by product: see uniqueColumns
	hasUnique                     bool
	hasSigned                     bool    // a product takes negative quantities
	tag                           []byte  // see ownTag
	near                          []known // of the next rows of the batch
	bookRegion                    []int32 // by run region code
	row                           Record
	sample                        Sample
	links                         map[string]linkRow
	link                          []byte // of the sample
}

// linkRow is the row of links.csv that the last sample of a link belonged to, and the run's code of its region.
type linkRow struct {
	row    *books.Link
	region int32
}

func newAcceptor(cfg *Config, lim *limits, regions *Regions) *acceptor {
	a := &acceptor{cfg: cfg, lim: lim, regions: regions, clock: cfg.Books.Zone.Clock(),
		measures: make(map[string]int32),
		links:    make(map[string]linkRow)}
	a.own = cfg.Books.OwnColumns()
	a.unique, a.hasUnique = uniqueColumns(cfg.Books.Products, a.own)
	a.hasSigned = cfg.Books.AnySigned()
	for i := range cfg.Books.Products {
		measure := cfg.Books.Products[i].Measure
		if _, ok := a.measures[measure]; !ok {
			a.measures[measure] = int32(len(a.measures))
		}
		a.measure = append(a.measure, a.measures[measure])
	}
	return a
}

// unit returns the number of a measure, or -1.
func (a *acceptor) unit(word string) int32 {
	if n, ok := a.measures[word]; ok {
		return n
	}
	return -1
}

// words maps a batch's dictionary to codes. It caches the codes of the last dictionary, because all batches of a
// Parquet row group share one.
type words struct {
	dict  arrow.ArrayData
	codes []int32
}

// wordColumn is a dictionary column with the codes of its words.
type wordColumn struct {
	words *array.Dictionary
	rows  []int32     // row → place in the dictionary
	codes []int32     // place in the dictionary → code
	nulls arrow.Array // set when some rows are null
}

// at returns the code of row i, which must not be null.
func (c *wordColumn) at(i int) int32 { return c.codes[c.rows[i]] }

// word returns the text of row i.
func (c *wordColumn) word(i int) string { return word(c.words, i) }

// of returns a dictionary column with its codes; lookup returns -1 for an unknown word.
func (w *words) of(col arrow.Array, lookup func(string) int32) wordColumn {
	d := col.(*array.Dictionary)
	if values := d.Dictionary().(*array.String); values.Data() != w.dict {
		w.dict, w.codes = values.Data(), w.codes[:0]
		for i := range values.Len() {
			w.codes = append(w.codes, lookup(values.Value(i)))
		}
	}
	c := wordColumn{words: d, rows: d.Indices().(*array.Int32).Int32Values(), codes: w.codes}
	if d.NullN() > 0 {
		c.nulls = d
	}
	return c
}

// verdict is why a record fails; reason None = it passes.
type verdict struct {
	reason reason.Reason
	column int
}

var pass = verdict{}

// sink receives the outcome of acceptance for each row of a batch.
type sink interface {
	keep(part RunPart, day period.Day, r *Record) error
	keepSample(part RunPart, day period.Day, s *Sample) error
	reject(index int, column string, why reason.Reason, value, id string) error
}

// usage checks a batch of the usage feed and passes every row to the sink.
func (a *acceptor) usage(b *feed.Batch, file int32, out sink) error {
	v := a.usageView(b)
	fault := 0
	for i := range b.Len() {
		if fault < len(b.Faults) && b.Faults[fault].Index == i {
			f := b.Faults[fault]
			fault++
			if err := out.reject(i, f.Column, f.Reason, f.Value, v.id(i, f.Column)); err != nil {
				return err
			}
			continue
		}
		who := a.who(v, i)
		bad := a.checkUsage(v, i, who)
		if bad.reason != reason.None {
			if err := out.reject(i, a.column(bad.column), bad.reason, v.value(i, bad.column),
				string(v.texts[uRecord].bytes(i))); err != nil {
				return err
			}
			continue
		}
		a.row.File, a.row.Number = file, b.First+int64(i)
		day := a.clock.Day(a.row.Start)
		if err := out.keep(a.lim.parts.Of(int(who.bucket), day), day, &a.row); err != nil {
			return err
		}
	}
	return nil
}

var feedColumns = [...]string{"record_id", "customer_id", "resource_id", "sku", "region_code", "usage_start",
	"usage_end", "quantity",
	"resource_name", "resource_tag", "unit", "replaces"}

// usageView is a batch of the usage feed as typed slices.
type usageView struct {
	texts                       []texts // by column; empty of those that are no text
	customer, sku, region, unit wordColumn
	start, end                  []arrow.Timestamp
	quantity                    []decimal128.Num
	hasUnit                     bool
	near                        int // the row that acceptor.near begins with
}

func (a *acceptor) usageView(b *feed.Batch) *usageView {
	v := &usageView{texts: make([]texts, len(feedColumns)+len(a.own))}
	a.near = a.near[:0]
	col := b.Rows.Column
	v.customer = a.customers.of(col(uCustomer), a.lim.customer)
	v.sku = a.skus.of(col(uSKU), a.cfg.Books.SKU)
	v.region = a.areas.of(col(uRegion), a.regions.Code)
	v.hasUnit = col(uUnit).NullN() < b.Len()
	if v.hasUnit {
		v.unit = a.units.of(col(uUnit), a.unit)
	}
	v.start = col(uStart).(*array.Timestamp).TimestampValues()
	v.end = col(uEnd).(*array.Timestamp).TimestampValues()
	v.quantity = col(uQuantity).(*array.Decimal128).Values()
	for _, c := range [...]int{uRecord, uResource, uName, uTag, uReplaces} {
		v.texts[c] = textsOf(col(c), b.Len())
	}
	for c := len(feedColumns); c < len(v.texts); c++ {
		v.texts[c] = textsOf(col(c), b.Len())
	}
	return v
}

// texts is a string column as its parts; empty when no row has a value.
type texts struct {
	offsets []int32
	data    []byte
	nulls   arrow.Array // set when some rows are null
}

func textsOf(col arrow.Array, n int) texts {
	if col.NullN() == n {
		return texts{}
	}
	s := col.(*array.String)
	t := texts{offsets: s.ValueOffsets(), data: s.ValueBytes()}
	if s.NullN() > 0 {
		t.nulls = s
	}
	return t
}

func (t *texts) bytes(i int) []byte {
	if t.offsets == nil || (t.nulls != nil && t.nulls.IsNull(i)) {
		return nil
	}
	base := t.offsets[0]
	return t.data[t.offsets[i]-base : t.offsets[i+1]-base]
}

// id returns the record id of a faulty row, unless the fault is in the id.
func (v *usageView) id(i int, column string) string {
	if column == "" || column == "record_id" {
		return ""
	}
	return string(v.texts[uRecord].bytes(i))
}

// value returns the text of a column that failed a check against the books.
func (v *usageView) value(i, column int) string {
	switch column {
	case uCustomer:
		return v.customer.word(i)
	case uSKU:
		return v.sku.word(i)
	case uRegion:
		return v.region.word(i)
	case uUnit:
		return v.unit.word(i)
	case uStart:
		return period.Instant(v.start[i]).String()
	case uEnd:
		return period.Instant(v.end[i]).String()
	case uQuantity:
		return v.quantity[i].ToString(money.QuantityScale)
	}
	return string(v.texts[column].bytes(i))
}

func word(d *array.Dictionary, i int) string {
	return d.Dictionary().(*array.String).Value(d.GetValueIndex(i))
}

// nearRows is the number of rows whose customers are looked up together, so that their memory accesses overlap.
const nearRows = 512

// who returns the customer of row i. Rows must be requested in order.
func (a *acceptor) who(v *usageView, i int) *known {
	if at := i - v.near; at < len(a.near) {
		return &a.near[at]
	}
	a.near, v.near = a.near[:0], i
	rows, customers := v.customer.rows, v.customer.codes
	for _, code := range rows[i:min(i+nearRows, len(rows))] {
		k := known{code: -1}
		if uint32(code) < uint32(len(customers)) { // without a customer the code of a row is undefined
			if customer := customers[code]; customer >= 0 {
				k = a.lim.known[customer]
			}
		}
		a.near = append(a.near, k)
	}
	return &a.near[0]
}

// checkUsage fills a.row from row i and applies the checks in the order of §3.20.
func (a *acceptor) checkUsage(v *usageView, i int, who *known) verdict {
	r := &a.row
	r.Start, r.End = period.Instant(v.start[i]), period.Instant(v.end[i])
	last, at := r.End, uEnd // the time that must not be in the future, and its column
	if a.hasSigned {
		sku := v.sku.at(i)
		if v.quantity[i].Sign() < 0 && (sku < 0 || !a.cfg.Books.Products[sku].Signed()) {
			return verdict{reason.BadDecimal, uQuantity}
		}
		if sku >= 0 && a.cfg.Books.Products[sku].Prorate {
			last, at = r.Start, uStart
		}
	}
	if a.hasUnique {
		if column := a.lacksUnique(v, i); column > 0 {
			return verdict{reason.MissingValue, column}
		}
	}
	switch {
	case r.End < r.Start:
		return verdict{reason.EndBeforeStart, uEnd}
	case last > a.lim.latest:
		return verdict{reason.Future, at}
	case r.Start < a.lim.oldest:
		return verdict{reason.TooOld, uStart}
	}
	r.Customer = who.code
	if why := a.checkCustomer(who, r.Start); why != reason.None {
		return verdict{why, uCustomer}
	}
	r.SKU = v.sku.at(i)
	if r.SKU < 0 {
		return verdict{reason.UnknownSKU, uSKU}
	}
	product := &a.cfg.Books.Products[r.SKU]
	if !product.Model.TakesFeed() || product.PackagedCosts {
		return verdict{reason.WrongFeed, uSKU}
	}
	if v.hasUnit && (v.unit.nulls == nil || v.unit.nulls.IsValid(i)) && v.unit.at(i) != a.measure[r.SKU] {
		return verdict{reason.UnitMismatch, uUnit}
	}
	r.Region = v.region.at(i)
	if !a.priced(who, r.SKU, r.Region, r.Start) {
		return verdict{reason.NoPrice, uSKU}
	}
	return a.fillUsage(v, i)
}

// fillUsage copies the values that no check depends on. A text that is too long to pack makes a bad row.
func (a *acceptor) fillUsage(v *usageView, i int) verdict {
	r := &a.row
	num := v.quantity[i]
	if r.Negative = num.Sign() < 0; r.Negative {
		num = num.Negate()
	}
	q, err := money.QuantityFromRaw(num.HighBits(), num.LowBits())
	if err != nil {
		return verdict{reason.OutOfRange, uQuantity}
	}
	r.Quantity = q
	r.ID, r.Resource = v.texts[uRecord].bytes(i), v.texts[uResource].bytes(i)
	r.Name, r.Replaces = v.texts[uName].bytes(i), v.texts[uReplaces].bytes(i)
	r.Tag = a.ownTag(v, i, r.SKU, v.texts[uTag].bytes(i))
	for c, text := range [...][]byte{uRecord: r.ID, uResource: r.Resource, uName: r.Name, uTag: r.Tag,
		uReplaces: r.Replaces} {
		if len(text) > MaxText {
			return verdict{reason.BadRow, c}
		}
	}
	return pass
}

// checkCustomer checks for unknown_customer and closed_account.
func (a *acceptor) checkCustomer(who *known, t period.Instant) reason.Reason {
	if who.code < 0 {
		return reason.UnknownCustomer
	}
	if who.valid.Holds(t) {
		return reason.None
	}
	if t < who.valid.From {
		return reason.UnknownCustomer
	}
	rows := a.cfg.Books.Customers[who.code].Rows
	if slices.ContainsFunc(rows, func(r books.CustomerRow) bool { return r.Valid.Holds(t) }) {
		return reason.None
	}
	return reason.ClosedAccount
}

func (a *acceptor) priced(who *known, sku, region int32, t period.Instant) bool {
	for int(region) >= len(a.bookRegion) {
		a.bookRegion = append(a.bookRegion, a.cfg.Prices.Region(a.regions.Name(int32(len(a.bookRegion)))))
	}
	if !a.bounds.Holds(t) {
		a.bounds = a.cfg.Books.Zone.Bounds(a.clock.Cycle(t))
	}
	if who.valid.Holds(t) && !a.cfg.Books.Products[sku].PeriodLevel() {
		return a.cfg.Prices.PricedIn(who.list, sku, a.bookRegion[region], t)
	}
	return a.cfg.Prices.Priced(who.code, sku, a.bookRegion[region], t, a.bounds)
}

// bandwidth checks a batch of the bandwidth feed and passes every sample to the sink.
func (a *acceptor) bandwidth(b *feed.Batch, file int32, out sink) error {
	resource := b.Rows.Column(bResource).(*array.Dictionary)
	times := b.Rows.Column(bTime).(*array.Timestamp).TimestampValues()
	in, outward := bpsOf(b.Rows.Column(bIn), b.Len()), bpsOf(b.Rows.Column(bOut), b.Len())
	fault := 0
	for i := range b.Len() {
		if fault < len(b.Faults) && b.Faults[fault].Index == i {
			f := b.Faults[fault]
			fault++
			if err := out.reject(i, f.Column, f.Reason, f.Value,
				sampleID(b, resource, times, i, f.Column)); err != nil {
				return err
			}
			continue
		}
		t, link := period.Instant(times[i]), word(resource, i)
		if bad := a.checkSample(link, t); bad.reason != reason.None {
			value := link
			if bad.column == bTime {
				value = t.String()
			}
			name := [...]string{bResource: "resource_id", bTime: "sample_time"}[bad.column]
			if err := out.reject(i, name, bad.reason, value, link+"@"+t.String()); err != nil {
				return err
			}
			continue
		}
		s := &a.sample
		a.link = append(a.link[:0], link...)
		s.Link, s.Time, s.In, s.Out = a.link, t, in.at(i), outward.at(i)
		s.File, s.Number = file, b.First+int64(i)
		day := a.clock.Day(s.Slot)
		if err := out.keepSample(a.lim.parts.Of(int(a.lim.known[s.Customer].bucket), day), day, s); err != nil {
			return err
		}
	}
	return nil
}

// sampleID returns the identity of a faulty sample, if both of its parts can be read.
func sampleID(b *feed.Batch, resource *array.Dictionary, times []arrow.Timestamp, i int, column string) string {
	if column == "" || column == "resource_id" || column == "sample_time" || resource.IsNull(i) ||
		b.Rows.Column(bTime).IsNull(i) {
		return ""
	}
	return word(resource, i) + "@" + period.Instant(times[i]).String()
}

// checkSample sets customer, sku, region and slot of a.sample.
func (a *acceptor) checkSample(link string, t period.Instant) verdict {
	s := &a.sample
	s.Slot = percentile.SlotOf(t).Start()
	switch {
	case t > a.lim.latest:
		return verdict{reason.Future, bTime}
	case s.Slot < a.lim.oldest:
		return verdict{reason.TooOld, bTime}
	}
	of, ok := a.links[link]
	if !ok || !of.row.Valid.Holds(s.Slot) {
		if of.row, ok = a.cfg.Books.LinkRows.At(link, s.Slot); !ok {
			return verdict{reason.UnknownResource, bResource}
		}
		of.region = a.regions.Code(of.row.Region)
		a.links[strings.Clone(link)] = of
	}
	s.Customer, s.SKU, s.Region = of.row.Customer, of.row.SKU, of.region
	if why := a.checkCustomer(&a.lim.known[s.Customer], s.Slot); why != reason.None {
		return verdict{why, bResource}
	}
	if !a.priced(&a.lim.known[s.Customer], s.SKU, s.Region, s.Slot) {
		return verdict{reason.NoPrice, bResource}
	}
	return pass
}

// bps is one direction of a batch's samples; absent = 0.
type bps struct {
	values []decimal128.Num
	nulls  arrow.Array
}

func bpsOf(col arrow.Array, n int) bps {
	if col.NullN() == n {
		return bps{}
	}
	return bps{values: col.(*array.Decimal128).Values(), nulls: col}
}

func (b *bps) at(i int) money.Quantity {
	if b.values == nil || b.nulls.IsNull(i) {
		return money.Quantity{}
	}
	q, err := money.QuantityFromRaw(b.values[i].HighBits(), b.values[i].LowBits())
	if err != nil {
		return money.Quantity{} // the feed reader has checked the range
	}
	return q
}
