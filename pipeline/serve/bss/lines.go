package bss

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// filter selects the requested lines.
type filter struct {
	call  *operation.Call
	where []query.Condition
	none  bool // nothing matches
}

// within returns a filter for the lines of the call's scope.
func within(c *operation.Call) *filter {
	f := &filter{call: c}
	f.where, f.none = c.Lines()
	return f
}

// add limits the filter to lines whose column has the value.
func (f *filter) add(col tables.ColumnOf[tables.Line], value string) {
	f.where = append(f.where, query.Condition{Column: col, Op: query.IsAnyOf, Values: []string{value}})
}

// by limits the filter to the value of a parameter, if it is given.
func (f *filter) by(name string, col tables.ColumnOf[tables.Line]) {
	if f.call.Given(name) {
		f.add(col, f.call.Text(name))
	}
}

// byNumber is by for a parameter that is a whole number, which may have leading zeros.
func (f *filter) byNumber(name string, col tables.ColumnOf[tables.Line]) {
	if f.call.Given(name) {
		f.add(col, strconv.Itoa(f.call.Whole(name)))
	}
}

// amount limits the filter to lines by an amount.
func (f *filter) amount(col tables.ColumnOf[tables.Line], op query.ConditionOp) {
	f.where = append(f.where, query.Condition{Column: col, Op: op})
}

// days limits the filter to bill dates from bill_date_begin to bill_date_end. They must be given together and be inside
// the cycle (§8).
func (f *filter) days(cycle period.Cycle) error {
	first, ok1 := f.call.Day("bill_date_begin")
	last, ok2 := f.call.Day("bill_date_end")
	if !ok1 || !ok2 || first.Cycle() != cycle || last.Cycle() != cycle {
		return nil
	}
	if first > last {
		return operation.BadParameter("bill_date_begin", operation.Text{Zh: "晚于bill_date_end",
			En: "is after bill_date_end"})
	}
	f.billed(cycle, first, last)
	return nil
}

// billed limits the filter to the lines of a cycle with bill dates from first to last.
func (f *filter) billed(cycle period.Cycle, first, last period.Day) {
	f.where = append(f.where, query.BilledOn(f.call.State.Workspace.Books.Zone, cycle, first, last))
}

// page reads the page of offset and limit from one customer's lines.
func (f *filter) page(ctx context.Context, cycle lake.Cycle, customer string, cols tables.List[tables.Line]) (
	*query.LinePage, error) {
	empty := &query.LinePage{Rows: parquet.NewColumns(tables.Lines())}
	if f.none {
		return empty, nil
	}
	p, err := f.call.State.Store.Page(ctx, query.LineQuery{Cycle: cycle, Customer: customer, Where: f.where,
		Columns: cols, Offset: int64(f.call.Whole("offset")), Limit: int64(f.call.Whole("limit"))})
	if none := new(rows.NoCycleError); errors.As(err, &none) {
		return empty, nil
	}
	return p, err
}

// sums adds up the lines of customers.
func (f *filter) sums(ctx context.Context, cycle lake.Cycle, customers []string,
	by ...tables.ColumnOf[tables.Line]) (
	[]query.LineSum, error) {
	if f.none {
		return nil, nil
	}
	list, err := f.call.State.Store.Sums(ctx, query.SumQuery{Cycle: cycle, Customers: customers, Where: f.where,
		By: by})
	if none := new(rows.NoCycleError); errors.As(err, &none) {
		return nil, nil
	}
	return list, err
}

// reader reads the fields of lines.
type reader struct {
	books *books.Books
	clock period.Clock
	cycle period.Cycle
	row   rows.Row[tables.Line]
	// split and shared are those of the row, see query.LinePage
	split, shared bool
	terms         map[string]term // of lines of orders, by id
	// currency of the lines' amounts
	currency string
	err      error
}

func newReader(c *operation.Call, cycle period.Cycle) *reader {
	b := c.State.Workspace.Books
	return &reader{books: b, clock: b.Zone.Clock(), cycle: cycle, currency: c.InCurrency().Code}
}

// each visits the rows of a page.
func (r *reader) each(p *query.LinePage, visit func()) error {
	for i := range p.Rows.N {
		r.row, r.split, r.shared = rows.Row[tables.Line]{Cols: p.Rows, I: i}, p.Split[i], p.Shared[i]
		if visit(); r.err != nil {
			return r.err
		}
	}
	return nil
}

func (r *reader) word(col tables.WordColumn[tables.Line]) string { return r.row.Word(col) }

func (r *reader) text(col tables.TextColumn[tables.Line]) string { return string(r.row.Text(col)) }

func (r *reader) amount(col tables.AmountColumn[tables.Line]) operation.Decimal {
	a, err := r.row.Amount(col)
	r.err = errors.Join(r.err, err)
	return operation.Decimal(a.String())
}

func (r *reader) quantity(col tables.QuantityColumn[tables.Line]) operation.Decimal {
	q, err := r.row.Quantity(col)
	r.err = errors.Join(r.err, err)
	return operation.Decimal(q.String())
}

// time formats a time for the API; "" = none.
func (r *reader) time(col tables.ColumnOf[tables.Line]) string {
	t := r.row.Time(tables.TimeColumn[tables.Line](col))
	if t == tables.Nothing {
		return ""
	}
	return operation.Time(t)
}

// billDate returns the line's bill date.
func (r *reader) billDate() string { return query.BillDate(r.clock, r.cycle, r.row).String() }

// id returns a unique id of the line among those of the customer and cycle: the line's id, with the tier if a record
// has lines of several. A difference of a re-rating also has the time of posting, because the same difference can be
// posted and reversed. If lines of other records have the same id, the file's day, the start and the origin cycle are
// added, unless that day is a calendar day.
func (r *reader) id() string {
	id, kind := r.text(tables.LineID), r.word(tables.LineKind)
	day, err := lake.ParseDay(r.word(tables.LineDay))
	r.err = errors.Join(r.err, err)
	if r.split {
		id += "#" + strconv.Itoa(r.row.Small(tables.LineTier))
		if (day == lake.LateDay || day == lake.RestatedDay) && r.isFee() {
			kind = tables.FlatFeeLine.String()
		}
		switch kind {
		case tables.FlatFeeLine.String(), tables.TrueUpLine.String(), tables.CapLine.String(),
			tables.OverageLine.String():
			id += "#" + kind
		}
		if r.row.Small(tables.LineTier) == 0 {
			id += r.part(day)
		}
	} else if endsLikeTier.MatchString(id) {
		id += "#0"
	}
	if day == lake.RerateDay {
		id += "@" + r.row.MaybeTime(tables.LineInstant).String()
	}
	if r.shared && day.IsSpecial() {
		id += "@" + day.String() + "@" + r.time(tables.LineUsageStart.Of())
		if origin := r.word(tables.LineOriginCycle); origin != "" {
			id += "@" + origin
		}
	}
	return id
}

// part distinguishes lines of a commitment, a recurring charge or a re-rating that have the same record and no tier,
// such as differences of two scopes or of two parts of the month. It returns a hash of what they differ in, "" for
// other lines.
func (r *reader) part(day lake.Day) string {
	if day != lake.CommitmentsDay && day != lake.ChargesDay && day != lake.RerateDay {
		return ""
	}
	h := xxhash.New()
	for _, text := range []string{r.row.MaybeTime(tables.LineUsageEnd).String(), r.word(tables.LineServiceTypeCode),
		r.word(tables.LineSKU), r.word(tables.LineRegionCode), r.text(tables.LineResourceID),
		r.word(tables.LinePartnerID), r.word(tables.LineAssociationType)} {
		_, _ = h.WriteString(text + "\x00") // never fails
	}
	return fmt.Sprintf("#%08x", uint32(h.Sum64())) //nolint:gosec // the lower half
}

// endsLikeTier matches ids of records that end like the id of a tier's line.
var endsLikeTier = regexp.MustCompile(`#[0-9]+(#(flat_fee|true_up|cap|overage))?(#[0-9a-f]{8})?$`)

// isFee reports whether a line of a late record, or a difference of cost files, is a flat fee. Both have the kind
// adjustment. A fee has a quantity and no usage.
func (r *reader) isFee() bool {
	none := parquet.Dec{}
	has := func(c tables.QuantityColumn[tables.Line]) bool { return r.row.Cols.Quantity(c).At(r.row.I) != none }
	return has(tables.LineQuantity) && !has(tables.LineUsageAmount) && !has(tables.LineFreeResourceUsage)
}

// product returns the line's product, or an empty one if the books no longer have it.
func (r *reader) product() *books.Product {
	if sku := r.books.SKU(r.word(tables.LineSKU)); sku >= 0 {
		return &r.books.Products[sku]
	}
	return &books.Product{}
}

// idColumns returns the columns that id needs.
func idColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineID, tables.LineTier, tables.LineKind, tables.LineDay, tables.LineInstant,
		tables.LineUsageStart, tables.LineUsageEnd, tables.LineOwnTime, tables.LineOriginCycle, tables.LineUsageAmount,
		tables.LineFreeResourceUsage, tables.LineQuantity)
}

// cycleOf returns the cycle of a required parameter.
func cycleOf(c *operation.Call, name string) (lake.Cycle, period.Cycle) {
	cycle, _ := c.Month(name) // was checked before
	return lake.CycleOf(cycle), cycle
}
