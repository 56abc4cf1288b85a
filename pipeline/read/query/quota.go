package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// QuotaReport is a customer's packages in a cycle. Times are in the contract zone.
type QuotaReport struct {
	Cycle      string          `json:"cycle"`
	State      lake.CycleState `json:"state"`
	AsOf       string          `json:"as_of_day,omitempty"` // the last day that was folded; "" = none of the cycle
	CustomerID string          `json:"customer_id"`
	Name       string          `json:"name,omitempty"`
	Packages   []PackageQuota  `json:"packages"`
	Draws      []QuotaDraw     `json:"draws"`      // newest first
	DrawCount  int             `json:"draw_count"` // number of all draws, listed or not
	Agrees     bool            `json:"agrees"`     // every opening minus its draws equals what is left (QUOTA-2)
}

// PackageQuota is one row of packages.csv that is in force in the cycle.
type PackageQuota struct {
	ID         string         `json:"package_id"`
	SKUs       []string       `json:"skus"`
	Region     string         `json:"region_code"`
	Quota      money.Quantity `json:"quota"`
	Reset      string         `json:"reset"`
	ValidFrom  string         `json:"valid_from,omitempty"`
	ValidTo    string         `json:"valid_to,omitempty"`
	NextRefill string         `json:"next_refill,omitempty"` // after the last folded day
	Periods    []QuotaPeriod  `json:"periods"`               // quota periods that overlap the cycle
}

// QuotaPeriod is one quota period. Opening is the quantity at the cycle's start, or at the refill. Opening − Drawn −
// Gathered = Left, unless the books lowered the quota below what was drawn.
type QuotaPeriod struct {
	From    string               `json:"from,omitempty"`
	To      string               `json:"to,omitempty"`
	Current bool                 `json:"current"` // it contains the end of the last folded day
	Opening money.Quantity       `json:"opening"`
	Drawn   money.SignedQuantity `json:"drawn"` // by records with lines of their own, including Late
	// part of Drawn: billed late in this cycle, or by re-rating (QUOTA-3)
	Late     money.SignedQuantity `json:"late"`
	Gathered money.SignedQuantity `json:"gathered"` // by records that month-end lines include
	Left     money.SignedQuantity `json:"left"`
	Differs  string               `json:"differs,omitempty"`

	span period.Span
}

// Span returns the time of the period.
func (q *QuotaPeriod) Span() period.Span { return q.span }

// QuotaDraw is what one record drew from a package.
type QuotaDraw struct {
	PackageID string               `json:"package_id"`
	RecordID  string               `json:"record_id"`
	Time      string               `json:"time"` // usage_start
	SKU       string               `json:"sku"`
	Resource  string               `json:"resource_id"`
	MonthEnd  bool                 `json:"month_end,omitempty"` // the record waits for a month-end line
	Late      bool                 `json:"late,omitempty"`      // billed after its own cycle was closed
	Rerated   bool                 `json:"rerated,omitempty"`   // the difference of a re-rating
	Quantity  money.SignedQuantity `json:"quantity"`
	End       period.Instant       `json:"-"` // usage_end
	Tag       string               `json:"-"` // resource_tag

	at    period.Instant
	costs bool           // of a cost file
	in    period.Instant // an instant of the quota period on which it draws
}

// At is usage_start.
func (d *QuotaDraw) At() period.Instant { return d.at }

// In returns an instant of the quota period on which it draws: usage_start, or for cost files one in the cycle
// (QUOTA-4).
func (d *QuotaDraw) In() period.Instant { return d.in }

// BuildQuotas reports on a customer's packages. limit is the maximum number of draws to list; 0 = all. Errors:
// *rows.NoCycleError; *rows.NotFoundError for a customer that the books do not contain.
func BuildQuotas(ctx context.Context, s *QuotaSources, cycle period.Cycle, customer string, limit int) (*QuotaReport,
	error) {
	if err := rows.HasCycle(s.Snap, lake.CycleOf(cycle)); err != nil {
		return nil, err
	}
	code := s.Books.Customer(customer)
	if code < 0 {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("no customer %q in books/customers.csv", customer),
			Do: "check --customer"}
	}
	rows := s.Books.Customers[code].Rows
	r := &QuotaReport{Cycle: cycle.String(), CustomerID: customer, Name: rows[len(rows)-1].Name,
		Packages: []PackageQuota{},
		Draws:    []QuotaDraw{}, Agrees: true}
	ref, _ := s.Snap.Cycle(lake.CycleOf(cycle))
	r.State = ref.State
	b := &builder{QuotaSources: s, report: r, cycle: cycle, customer: code}
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(r.Draws, func(x, y QuotaDraw) int {
		return cmp.Or(cmp.Compare(y.at, x.at), strings.Compare(x.RecordID, y.RecordID),
			strings.Compare(x.PackageID, y.PackageID))
	})
	if r.DrawCount = len(r.Draws); limit > 0 && len(r.Draws) > limit {
		r.Draws = r.Draws[:limit]
	}
	return r, nil
}

type builder struct {
	*QuotaSources
	report   *QuotaReport
	cycle    period.Cycle
	customer int32
	bounds   period.Span    // of the cycle
	end      period.Instant // the last instant of the last folded day
}

// lastInstant returns the last instant of the last folded day and stores it in the builder. A cycle that has only lines
// of cost files ends at the clock of the last run.
func (b *builder) lastInstant() (period.Instant, error) {
	day, ok, err := b.LastDay(b.cycle)
	if err != nil {
		return 0, err
	}
	if ok {
		b.report.AsOf = day.String()
		return b.Books.Zone.DaySpan(day).To - 1, nil
	}
	asOf, err := period.ParseInstant(b.Snap.Manifest.AsOf)
	if err != nil {
		return 0, err
	}
	return min(max(asOf, b.bounds.From), b.bounds.To-1), nil
}

func (b *builder) build(ctx context.Context) (err error) {
	b.bounds = b.Books.Zone.Bounds(b.cycle)
	if b.end, err = b.lastInstant(); err != nil {
		return err
	}
	var stored packageState
	if stored.before, stored.found, err = b.positions().OfCycle(b.customer, b.cycle); err != nil {
		return err
	}
	if stored.closing, stored.own, err = b.positions().Closing(b.customer, b.cycle); err != nil {
		return err
	}
	if len(b.Books.Packages.Of(b.customer)) == 0 && !stored.hasPackages() {
		return nil // there is nothing on which a record could have drawn
	}
	if err := b.lines(ctx); err != nil {
		return err
	}
	if err := b.waiting(ctx); err != nil {
		return err
	}
	return b.packages(&stored)
}

// packageState is the positions of a customer's packages in a cycle.
type packageState struct {
	before, found, closing []tables.PositionRow
	own                    bool // whether closing is of a day of the cycle
}

// hasPackages reports whether there is a position of a package; every draw leaves one.
func (st *packageState) hasPackages() bool {
	return slices.ContainsFunc(slices.Concat(st.before, st.found, st.closing),
		func(r tables.PositionRow) bool { return r.Kind == tables.PackagePosition })
}

// lines reads the draws of records from their lines. The draws are sorted later, so the files are read in the order of
// their days. Month-end lines are skipped, since they repeat the draws of their records (QUOTA-3).
func (b *builder) lines(ctx context.Context) error {
	cols := tables.Columns(tables.LineID, tables.LineSKU, tables.LineResourceID, tables.LinePackageDraws,
		tables.LineUsageStart,
		tables.LineUsageEnd, tables.LineResourceTag, tables.LineDay)
	if b.Store != nil {
		found, err := b.Store.Page(ctx, LineQuery{Cycle: lake.CycleOf(b.cycle), Customer: b.report.CustomerID,
			Limit: math.MaxInt32, Columns: cols, Where: []Condition{
				{Column: tables.LinePackageDraws.Of(), Op: IsNot, Values: []string{""}},
				{Column: tables.LineDay.Of(), Op: IsNot, Values: []string{lake.EndDay.String()}}}})
		if err != nil {
			return err
		}
		for i := range found.Rows.N {
			if err := b.line(rows.Row[tables.Line]{Cols: found.Rows, I: i}); err != nil {
				return err
			}
		}
		return nil
	}
	return b.eachFile(ctx, tables.Lines().Table, func(e lake.FileEntry) error {
		if e.Day == lake.EndDay {
			return nil
		}
		where := rows.Filter[tables.Line]{Column: tables.LineCustomerID, Word: b.report.CustomerID}
		return eachRow(b.Snap, e, tables.Lines(), cols, where, b.line)
	})
}

// line adds the draws of one line.
func (b *builder) line(row rows.Row[tables.Line]) error {
	text, day := row.Text(tables.LinePackageDraws), row.Word(tables.LineDay)
	if len(text) == 0 {
		return nil
	}
	_, err := period.ParseDay(day)
	at := row.Time(tables.LineUsageStart)
	d := QuotaDraw{RecordID: string(row.Text(tables.LineID)), Time: b.time(at),
		SKU: row.Word(tables.LineSKU), Resource: string(row.Text(tables.LineResourceID)), Late: err != nil,
		Rerated: day == lake.RerateDay.String(), End: row.MaybeTime(tables.LineUsageEnd),
		Tag: string(row.Text(tables.LineResourceTag)),
		at:  at, in: at}
	if day == lake.CostsDay.String() {
		sku := b.Books.SKU(d.SKU)
		d.MonthEnd = sku >= 0 && b.Books.Products[sku].PeriodLevel()
		d.Late, d.costs, d.in = false, true, min(max(at, b.bounds.From), b.bounds.To-1)
	}
	return b.draws(string(text), d)
}

// waiting adds the draws of records that wait for a month-end line.
func (b *builder) waiting(ctx context.Context) error {
	if !slices.ContainsFunc(b.Books.Products, func(p books.Product) bool { return p.PeriodLevel() }) {
		return nil
	}
	cols := tables.Columns(tables.RecordRecordID, tables.RecordSKU, tables.RecordResourceID, tables.RecordDraws,
		tables.RecordUsageStart,
		tables.RecordUsageEnd, tables.RecordResourceTag)
	return b.eachFile(ctx, tables.Usage().Table, func(e lake.FileEntry) error {
		where := rows.Filter[tables.Record]{Column: tables.RecordCustomerID, Word: b.report.CustomerID}
		return eachRow(b.Snap, e, tables.Usage(), cols, where, func(row rows.Row[tables.Record]) error {
			sku := b.Books.SKU(row.Word(tables.RecordSKU))
			text := row.Text(tables.RecordDraws)
			if len(text) == 0 || sku < 0 || !b.Books.Products[sku].PeriodLevel() {
				return nil
			}
			at := row.Time(tables.RecordUsageStart)
			return b.draws(string(text), QuotaDraw{RecordID: string(row.Text(tables.RecordRecordID)), Time: b.time(at),
				SKU: row.Word(tables.RecordSKU), Resource: string(row.Text(tables.RecordResourceID)), MonthEnd: true,
				End: row.Time(tables.RecordUsageEnd), Tag: string(row.Text(tables.RecordResourceTag)), at: at, in: at})
		})
	})
}

// eachFile visits the files of a table that may contain rows of the customer, by day.
func (b *builder) eachFile(ctx context.Context, def *tables.Table, visit func(lake.FileEntry) error) error {
	files, err := b.Snap.Files(lake.CycleOf(b.cycle))
	if err != nil {
		return err
	}
	bucket := lake.BucketOf(b.report.CustomerID, max(1, b.Snap.Manifest.Buckets))
	var own []lake.FileEntry
	for _, e := range files {
		if e.Table == def.Name && e.Bucket == bucket {
			own = append(own, e)
		}
	}
	slices.SortStableFunc(own, func(x, y lake.FileEntry) int { return x.Day.Compare(y.Day) })
	for _, e := range own {
		if err := errors.Join(ctx.Err(), visit(e)); err != nil {
			return err
		}
	}
	return nil
}

// eachRow visits the selected rows of a file in the order in which the file stores them.
func eachRow[T any](snap *lake.Snapshot, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	where rows.Filter[T],
	visit func(rows.Row[T]) error) error {
	list, err := rows.UnsortedOf(snap, e, def, cols, where)
	if err != nil {
		return err
	}
	return errors.Join(list.Each(visit), list.Close())
}

// draws adds the draws of a line or of a record.
func (b *builder) draws(text string, what QuotaDraw) error {
	err := tables.EachPackageDraw(text, money.ParseSignedQuantity, func(id string, q money.SignedQuantity) error {
		what.PackageID, what.Quantity = id, q
		b.report.Draws = append(b.report.Draws, what)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what.RecordID, err)
	}
	return nil
}

// packages reports on the rows of packages.csv.
func (b *builder) packages(stored *packageState) error {
	list := b.Books.Packages.Of(b.customer)
	b.placeCosts(list)
	for i := range list {
		p := &list[i]
		spans := periodsOf(b.Prices, p, b.bounds)
		if len(spans) == 0 {
			continue
		}
		out := PackageQuota{ID: p.ID, SKUs: b.Books.SKUNames(p.SKUs), Region: p.Region, Quota: p.Quota,
			Reset: p.Reset.String(), ValidFrom: b.time(p.Valid.From), ValidTo: b.time(p.Valid.To),
			NextRefill: b.time(nextRefill(b.Prices, p, b.end))}
		for _, span := range spans {
			q := QuotaPeriod{From: b.time(span.From), To: b.time(span.To), Current: span.Holds(b.end), span: span}
			if err := b.settle(&q, p, stored); err != nil {
				return fmt.Errorf("package %s: %w", p.ID, err)
			}
			out.Periods = append(out.Periods, q)
		}
		b.report.Packages = append(b.report.Packages, out)
	}
	return nil
}

// placeCosts assigns the draws of cost files to quota periods of the cycle. A draw in none of them, such as that of a
// month-end line, is assigned to the package's first period.
func (b *builder) placeCosts(list []books.Package) {
	periods := make(map[string][]period.Span)
	for i := range list {
		periods[list[i].ID] = append(periods[list[i].ID], periodsOf(b.Prices, &list[i], b.bounds)...)
	}
	for i := range b.report.Draws {
		d := &b.report.Draws[i]
		own := periods[d.PackageID]
		if d.costs && len(own) > 0 && !slices.ContainsFunc(own, func(s period.Span) bool { return s.Holds(d.in) }) {
			d.in = max(own[0].From, b.bounds.From)
		}
	}
}

// settle adds up what drew on a quota period and compares it with the positions (QUOTA-2). Positions contain only the
// period that was drawn on last.
func (b *builder) settle(q *QuotaPeriod, p *books.Package, stored *packageState) error {
	rated := stored.ratedState(p, q.span.From)
	before, _, err := drawnBy(&rated, stored.before, q.span.From)
	if err != nil {
		return err
	}
	found, _, err := drawnBy(&rated, stored.found, q.span.From)
	if err != nil {
		return err
	}
	if q.Late, err = found.Signed().Sub(before.Signed()); err != nil {
		return err
	}
	q.Opening, q.Drawn = leftOf(&rated, before), q.Late
	if err := b.addDraws(q, p.ID); err != nil {
		return err
	}
	gone, err := q.Drawn.Add(q.Gathered)
	if err != nil {
		return err
	}
	all, err := before.Signed().Add(gone)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(b.report.Draws, func(d QuotaDraw) bool { return d.costs && d.PackageID == p.ID }) {
		q.Left, err = p.Quota.Signed().Sub(all)
		if q.Left.Sign() < 0 {
			q.Left = money.SignedQuantity{}
		}
		return err
	}
	if err := q.compare(&rated, all, stored.closing); err != nil {
		return err
	}
	b.report.Agrees = b.report.Agrees && q.Differs == ""
	return nil
}

// compare compares the total drawn with the positions, if they contain the period.
func (q *QuotaPeriod) compare(p *books.Package, all money.SignedQuantity, closing []tables.PositionRow) error {
	kept, known, err := drawnBy(p, closing, q.span.From)
	if err != nil {
		return err
	}
	if q.Left, err = p.Quota.Signed().Sub(all); err != nil {
		return err
	}
	switch {
	case known:
		if kept.Signed() != all {
			q.Differs = fmt.Sprintf("by its position %s were drawn, by the draws %s", kept.Trim(), all.Trim())
		}
		q.Left = leftOf(p, kept).Signed()
	case q.Left.Sign() < 0:
		q.Differs = "more was drawn than there was"
	case !all.IsZero() && !touchedLater(closing, p.ID, q.span.From):
		q.Differs = "records drew on it, and no position knows of it"
	}
	return nil
}

// leftOf returns what is left of a package after a quantity was drawn, by the rules of rating.
func leftOf(p *books.Package, drawn money.Quantity) money.Quantity {
	return rating.PackageRow(p, drawn, p.Valid.From).Count
}

// ratedState returns the package with the quota with which the cycle's last day was rated. The position stores it,
// because the books may have changed since.
func (s *packageState) ratedState(p *books.Package, start period.Instant) books.Package {
	out := *p
	if row := find(s.closing, p.ID, start); s.own && row != nil && !row.Usage.IsZero() {
		out.Quota = row.Usage
	}
	return out
}

// drawnBy returns what was drawn in the quota period that starts at an instant, from positions; false if they do not
// contain the period.
func drawnBy(p *books.Package, rows []tables.PositionRow, start period.Instant) (money.Quantity, bool, error) {
	row := find(rows, p.ID, start)
	if row == nil {
		return money.Quantity{}, false, nil
	}
	drawn, err := rating.DrawnOf(p, row)
	return drawn, true, err
}

// addDraws adds up what the cycle's own records drew.
func (b *builder) addDraws(q *QuotaPeriod, id string) (err error) {
	for i := range b.report.Draws {
		d := &b.report.Draws[i]
		if d.PackageID != id || d.Late || !q.span.Holds(d.in) {
			continue
		}
		to := &q.Drawn
		if d.MonthEnd {
			to = &q.Gathered
		}
		if *to, err = to.Add(d.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// find returns the position of a package's quota period that starts at an instant.
func find(rows []tables.PositionRow, id string, start period.Instant) *tables.PositionRow {
	for i := range rows {
		if rows[i].Kind == tables.PackagePosition && rows[i].Key == id && rows[i].At == start {
			return &rows[i]
		}
	}
	return nil
}

// touchedLater reports whether a later quota period of the package was drawn on: positions contain only the last one.
func touchedLater(rows []tables.PositionRow, id string, start period.Instant) bool {
	return slices.ContainsFunc(rows, func(r tables.PositionRow) bool {
		return r.Kind == tables.PackagePosition && r.Key == id && r.At > start
	})
}

// time formats an instant in the contract zone; "" for an open end.
func (b *builder) time(t period.Instant) string {
	if t == period.Past || t == period.Forever {
		return ""
	}
	return time.UnixMicro(int64(t)).In(b.Books.Zone.Location()).Format(time.RFC3339)
}
