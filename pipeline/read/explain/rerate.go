package explain

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// accepted is one record of the customer's day in the form that rating uses.
type accepted struct {
	rating.Record
	replaces string
	replaced bool // it no longer counts
}

// recordStory explains a usage record of an open cycle, or one that was billed in its own cycle.
type recordStory struct{ ex *explainer }

// record explains a usage record by rating the customer's day again from its opening positions.
func (re *recordStory) record(ctx context.Context) error {
	opening, err := re.ex.opening()
	if err != nil {
		return err
	}
	var steps []tariff.DerivationStep
	tracing := false
	rater := rating.NewRater(re.ex.prices, func(n int32) string { return re.ex.regions[n] })
	rater.Trace = func(s tariff.DerivationStep) {
		if tracing {
			steps = append(steps, s)
		}
	}
	if err := rater.Open(re.ex.customer, re.ex.cycle, opening); err != nil {
		return err
	}
	var charges tables.LineCharges
	err = re.eachRecord(ctx, func(r *accepted) error {
		own := string(r.ID) == re.ex.at.id
		if own {
			if err := re.describe(ctx, r); err != nil {
				return err
			}
		}
		if r.replaced {
			return nil
		}
		charges.Reset()
		tracing = own
		err := rater.Usage(&r.Record, 0, &charges)
		tracing = false
		if err == nil && own {
			re.ex.describeRerate(steps, charges.List)
			for i := range charges.List {
				re.ex.story.Rated = append(re.ex.story.Rated, ratedLine(re.ex.Books, re.ex.at.id, string(r.Resource),
					&charges.List[i], charges.Draws))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return re.ex.storedLines(re.ex.at.day, &re.ex.story.Stored, func(row rows.Row[tables.Line]) bool {
		return string(row.Text(tables.LineID)) == re.ex.at.id
	})
}

// laterLines reads the month-end lines for which a waiting record counts.
func (re *recordStory) laterLines(r *accepted) error {
	return re.ex.storedLines(lake.EndDay, &re.ex.story.Later, func(row rows.Row[tables.Line]) bool {
		resource := row.Text(tables.LineResourceID)
		return row.Word(tables.LineSKU) == re.ex.Books.Products[r.SKU].SKU &&
			(len(resource) == 0 || bytes.Equal(resource, r.Resource))
	})
}

// describe adds the facts about a record and its origins.
func (re *recordStory) describe(ctx context.Context, r *accepted) error {
	p := &re.ex.Books.Products[r.SKU]
	re.ex.usageFacts(r)
	switch {
	case r.replaced:
		re.ex.story.State = StateReplaced
		if err := re.replacer(); err != nil {
			return err
		}
	case p.PeriodLevel():
		re.ex.story.State = StateWaiting
		if err := re.laterLines(r); err != nil {
			return err
		}
	default:
		re.ex.story.State = StateRated
	}
	origins, err := re.ex.origins(ctx, r)
	re.ex.story.Feeds = origins
	return err
}

// usageFacts adds the facts about a usage record.
func (e *explainer) usageFacts(r *accepted) {
	p := &e.Books.Products[r.SKU]
	e.fact("product", productText(p))
	e.fact("region", e.regions[r.Region])
	e.fact("resource", string(r.Resource))
	e.fact("resource name", string(r.Name))
	tag, own, value := books.SplitOwn(r.Tag)
	e.fact("resource tag", string(tag))
	if own != "" {
		e.fact(own, string(value))
	}
	e.fact("usage", period.Span{From: r.Start, To: r.End}.String())
	e.fact("day", e.Books.Zone.Day(r.Start).String()+" in "+e.Books.Zone.Name())
	e.fact("quantity", delivered(p, r.Signed().Trim()))
	e.fact("replaces", r.replaces)
}

// delivered returns the quantity of a record with its unit. A quantity that bills convert has a unit that the books do
// not name (§10.2).
func delivered(p *books.Product, quantity string) string {
	if !p.Convert.IsZero() {
		return quantity + ", before convert"
	}
	return quantity + " " + p.Measure
}

// replacer names the record that replaced the explained one.
func (re *recordStory) replacer() error {
	files, err := re.ex.Snap.Files(re.ex.at.cycle)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Table != tables.Usage().Name || f.Bucket != re.ex.bucket() {
			continue
		}
		err := eachRow(re.ex, f, tables.Usage(), nil, tables.RecordCustomerID,
			func(row rows.Row[tables.Record]) error {
				if string(row.Text(tables.RecordReplaces)) == re.ex.at.id {
					re.ex.fact("replaced by", string(row.Text(tables.RecordRecordID)))
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// describeRerate converts the steps to sentences, one part per charge: the steps of a charge end with its amounts.
func (e *explainer) describeRerate(steps []tariff.DerivationStep, charges []tables.Charge) {
	next := 0
	var part []string
	for _, s := range steps {
		part = append(part, s.String())
		if s.Kind == tariff.StepAmounts && next < len(charges) {
			e.story.Parts = append(e.story.Parts, Part{int(charges[next].Tier), charges[next].Kind.String(), part})
			part, next = nil, next+1
		}
	}
	e.story.Before = append(e.story.Before, part...)
}

// storedLines reads the customer's lines of a day for which keep is true.
func (e *explainer) storedLines(day lake.Day, to *[]Line, keep func(rows.Row[tables.Line]) bool) error {
	return e.storedIn(e.at.cycle, day, to, keep)
}

// storedIn is storedLines for any cycle.
func (e *explainer) storedIn(cycle lake.Cycle, day lake.Day, to *[]Line,
	keep func(rows.Row[tables.Line]) bool) error {
	files, err := e.filesOfDay(tables.Lines().Name, cycle, day)
	if err != nil {
		return err
	}
	for _, f := range files {
		err := eachRow(e, f, tables.Lines(), explainedColumns(), tables.LineCustomerID,
			func(row rows.Row[tables.Line]) error {
				if !keep(row) {
					return nil
				}
				l, err := lineOf(row)
				*to = append(*to, l)
				return err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachRow visits the customer's rows of a file in order.
func eachRow[T any](e *explainer, f lake.FileEntry, def tables.Def[T], cols tables.List[T], by tables.WordColumn[T],
	visit func(rows.Row[T]) error) (err error) {
	rows, err := openRows(e, f, def, cols, by)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Each(visit)
}

// openRows opens the customer's rows of a file.
func openRows[T any](e *explainer, f lake.FileEntry, def tables.Def[T], cols tables.List[T],
	by tables.WordColumn[T]) (
	*rows.Rows[T], error) {
	return rows.FileOf(e.Snap, f, def, cols, rows.Filter[T]{Column: by, Word: e.at.customer})
}

// eachRecord visits the accepted records of the customer's day in the order in which they are rated (§4.1): from lines
// and from the usage table. If both have a record, the usage table takes precedence.
func (re *recordStory) eachRecord(ctx context.Context, visit func(*accepted) error) (err error) {
	inLines, err := re.recordSource(tables.Lines().Table)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inLines.close()) }()
	inUsage, err := re.recordSource(tables.Usage().Table)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inUsage.close()) }()
	for inLines.ok || inUsage.ok {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := inUsage
		if d := compareRecords(inLines, inUsage); d < 0 {
			from = inLines
		} else if d == 0 {
			if err := inLines.next(); err != nil {
				return err
			}
		}
		if err := visit(&from.record); err != nil {
			return err
		}
		if err := from.next(); err != nil {
			return err
		}
	}
	return nil
}

func compareRecords(a, b *recordSource) int {
	switch {
	case !a.ok:
		return 1
	case !b.ok:
		return -1
	}
	return cmp.Or(cmp.Compare(a.record.Start, b.record.Start), bytes.Compare(a.record.ID, b.record.ID))
}

// recordSource reads records from the rows of one file. Several lines of one record count as one. It starts at the
// first record.
type recordSource struct {
	e      *explainer
	lines  bool
	rows   *rows.Rows[tables.Any]
	row    rows.Row[tables.Any]
	more   bool // row holds a row that is not used yet
	record accepted
	ok     bool
}

func (re *recordStory) recordSource(def *tables.Table) (*recordSource, error) {
	s := &recordSource{e: re.ex, lines: def.Name == tables.Lines().Name}
	files, err := re.ex.filesOfDay(def.Name, re.ex.at.cycle, re.ex.at.day)
	if err != nil || len(files) == 0 {
		return s, err
	}
	if s.lines {
		var list *rows.Rows[tables.Line]
		list, err = openRows(re.ex, files[0], tables.Lines(), explainedColumns(), tables.LineCustomerID)
		if err != nil {
			return nil, err
		}
		s.rows = list.Any()
	} else {
		var list *rows.Rows[tables.Record]
		list, err = openRows(re.ex, files[0], tables.Usage(), nil, tables.RecordCustomerID)
		if err != nil {
			return nil, err
		}
		s.rows = list.Any()
	}
	if s.row, s.more, err = s.rows.Next(); err == nil {
		err = s.next()
	}
	if err != nil {
		return nil, errors.Join(err, s.rows.Close())
	}
	return s, nil
}

func (s *recordSource) close() error {
	if s.rows == nil {
		return nil
	}
	return s.rows.Close()
}

// next moves to the next record.
func (s *recordSource) next() error {
	for s.more && s.lines && rows.As[tables.Line](s.row).Word(tables.LineKind) != tables.UsageLine.String() {
		if err := s.advance(); err != nil {
			return err
		}
	}
	if s.ok = s.more; !s.ok {
		return nil
	}
	if !s.lines {
		return s.fromUsage()
	}
	return s.fromLines()
}

func (s *recordSource) advance() (err error) {
	s.row, s.more, err = s.rows.Next()
	return err
}

func (s *recordSource) fromUsage() (err error) {
	if s.record, err = s.e.usageRow(s.row); err != nil {
		return err
	}
	return s.advance()
}

// usageRow reads a row of the usage table, or of the late table, which begins with the same columns.
func (e *explainer) usageRow(row rows.Row[tables.Any]) (a accepted, err error) {
	a = accepted{replaces: string(rows.As[tables.Record](row).Text(tables.RecordReplaces)),
		replaced: rows.As[tables.Record](row).Small(tables.RecordStatus) == tables.Replaced}
	r := &a.Record
	if r.SKU, err = e.sku(rows.As[tables.Record](row).Word(tables.RecordSKU)); err != nil {
		return a, err
	}
	r.Region = e.regionCode(rows.As[tables.Record](row).Word(tables.RecordRegionCode))
	r.ID, r.Resource = bytes.Clone(rows.As[tables.Record](row).Text(tables.RecordRecordID)),
		bytes.Clone(rows.As[tables.Record](row).Text(tables.RecordResourceID))
	r.Name, r.Tag = bytes.Clone(rows.As[tables.Record](row).Text(tables.RecordResourceName)),
		bytes.Clone(rows.As[tables.Record](row).Text(tables.RecordResourceTag))
	r.Start, r.End = rows.As[tables.Record](row).Time(tables.RecordUsageStart),
		rows.As[tables.Record](row).Time(tables.RecordUsageEnd)
	q, err := rows.As[tables.Record](row).Quantity(tables.RecordQuantity)
	r.Quantity, r.Negative = q.Abs(), q.Sign() < 0
	r.Retracted = a.replaces != "" && r.Quantity.IsZero()
	return a, err
}

func (s *recordSource) fromLines() (err error) {
	row := s.row
	s.record = accepted{}
	r := &s.record.Record
	if r.SKU, err = s.e.sku(rows.As[tables.Line](row).Word(tables.LineSKU)); err != nil {
		return err
	}
	r.Region = s.e.regionCode(rows.As[tables.Line](row).Word(tables.LineRegionCode))
	r.ID, r.Resource = bytes.Clone(rows.As[tables.Line](row).Text(tables.LineID)),
		bytes.Clone(rows.As[tables.Line](row).Text(tables.LineResourceID))
	r.Name, r.Tag = bytes.Clone(rows.As[tables.Line](row).Text(tables.LineResourceName)),
		bytes.Clone(rows.As[tables.Line](row).Text(tables.LineResourceTag))
	r.Start, r.End = rows.As[tables.Line](row).Time(tables.LineUsageStart),
		rows.As[tables.Line](row).MaybeTime(tables.LineUsageEnd)
	for s.more && rows.As[tables.Line](s.row).Time(tables.LineUsageStart) == r.Start &&
		bytes.Equal(rows.As[tables.Line](s.row).Text(tables.LineID), r.ID) {
		if rows.As[tables.Line](s.row).Word(tables.LineKind) == tables.UsageLine.String() {
			q, err := quantityOf(s.row, tables.LineUsageAmount.Any())
			if err == nil {
				r.Quantity, err = r.Quantity.Add(q)
			}
			if err != nil {
				return err
			}
		}
		if err := s.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (e *explainer) sku(word string) (int32, error) {
	if code := e.Books.SKU(word); code >= 0 {
		return code, nil
	}
	return 0, &rows.NotFoundError{What: fmt.Sprintf("the books no longer have sku %q, which accepted records name",
		word), Do: "put it back into books/products.csv"}
}

// opening returns the opening positions of the record's day.
func (e *explainer) opening() ([]tables.PositionRow, error) {
	day, ok := e.at.day.Calendar()
	if !ok {
		return nil, fmt.Errorf("explain %s: no day of the calendar: %q", e.at.id, e.at.day)
	}
	return e.positions().OfDay(e.customer, day)
}

// positions returns the source of positions.
func (e *explainer) positions() *state.Opening {
	return state.OpeningOf(e.Snap, e.Books, e.prices)
}

// isPercentile reports whether a product is billed by its percentile.
func (e *explainer) isPercentile(sku int32) bool {
	return e.Books.Products[sku].Model == books.Percentile
}
