package quota

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Report is a customer's packages in a cycle. Times are in the contract zone.
type Report struct {
	Cycle      string     `json:"cycle"`
	State      lake.State `json:"state"`
	AsOf       string     `json:"as_of_day,omitempty"` // the last day that was folded; "" = none of the cycle
	CustomerID string     `json:"customer_id"`
	Name       string     `json:"name,omitempty"`
	Packages   []Package  `json:"packages"`
	Draws      []Draw     `json:"draws"`      // newest first
	DrawCount  int        `json:"draw_count"` // of all, listed or not
	Agrees     bool       `json:"agrees"`     // every drop is the sum of its draws (QUOTA-2)
}

// Package is one row of packages.csv that is in force in the cycle.
type Package struct {
	ID         string         `json:"package_id"`
	SKUs       []string       `json:"skus"`
	Region     string         `json:"region_code"`
	Quota      money.Quantity `json:"quota"`
	Reset      string         `json:"reset"`
	ValidFrom  string         `json:"valid_from,omitempty"`
	ValidTo    string         `json:"valid_to,omitempty"`
	NextRefill string         `json:"next_refill,omitempty"` // after the last folded day
	Periods    []Period       `json:"periods"`               // quota periods that reach into the cycle
}

// Period is one filling of a quota. Opening is what was there at the cycle's start, or at the refill.
type Period struct {
	From     string               `json:"from,omitempty"`
	To       string               `json:"to,omitempty"`
	Current  bool                 `json:"current"` // it holds the end of the last folded day
	Opening  money.Quantity       `json:"opening"`
	Drawn    money.SignedQuantity `json:"drawn"`            // by records with lines of their own
	Gathered money.SignedQuantity `json:"gathered"`         // by records that month-end lines are made of
	Left     *money.Quantity      `json:"left"`             // nil: which of two earlier periods was drawn on cannot be told
	Differs  string               `json:"differs,omitempty"`

	span period.Span
}

// Draw is what one record, or one meter of a month-end product, took from a package.
type Draw struct {
	PackageID string               `json:"package_id"`
	ID        string               `json:"id,omitempty"`   // record_id; "" for a meter
	Time      string               `json:"time,omitempty"` // usage_start; "" for a meter
	SKU       string               `json:"sku"`
	Resource  string               `json:"resource_id,omitempty"`
	Quantity  money.SignedQuantity `json:"quantity"`

	at period.Instant
}

// Build reports on a customer's packages. limit is how many draws are listed; 0 = all. Errors: *query.NoCycleError;
// *query.NotFoundError for a customer that the books do not have.
func Build(ctx context.Context, s *Sources, cycle period.Cycle, customer string, limit int) (*Report, error) {
	if err := query.HasCycle(s.Snap, cycle.String()); err != nil {
		return nil, err
	}
	code := s.Books.Customer(customer)
	if code < 0 {
		return nil, &query.NotFoundError{What: fmt.Sprintf("no customer %q in books/customers.csv", customer), Do: "check --customer"}
	}
	rows := s.Books.Customers[code].Rows
	r := &Report{Cycle: cycle.String(), CustomerID: customer, Name: rows[len(rows)-1].Name, Packages: []Package{}, Draws: []Draw{}, Agrees: true}
	ref, _ := s.Snap.Cycle(r.Cycle)
	r.State = ref.State
	b := &builder{Sources: s, report: r, cycle: cycle, customer: code}
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(r.Draws, func(x, y Draw) int {
		return cmp.Or(cmp.Compare(y.at, x.at), strings.Compare(x.ID, y.ID), strings.Compare(x.PackageID, y.PackageID))
	})
	if r.DrawCount = len(r.Draws); limit > 0 && len(r.Draws) > limit {
		r.Draws = r.Draws[:limit]
	}
	return r, nil
}

type builder struct {
	*Sources
	report   *Report
	cycle    period.Cycle
	customer int32
	end      period.Instant // the last instant of the last folded day
}

func (b *builder) build(ctx context.Context) (err error) {
	if b.report.AsOf, err = b.LastDay(b.cycle); err != nil {
		return err
	}
	b.end = b.Books.Zone.Bounds(b.cycle).From
	if day, err := period.ParseDay(b.report.AsOf); err == nil {
		b.end = b.Books.Zone.DaySpan(day).To - 1
	}
	opening, err := b.Before(b.customer, b.cycle.First())
	if err != nil {
		return err
	}
	closing, err := b.Closing(b.customer, b.cycle)
	if err != nil {
		return err
	}
	if err := b.lines(ctx); err != nil {
		return err
	}
	gathered, err := b.meters(closing)
	if err != nil {
		return err
	}
	list := b.Books.PackagesOf(b.customer)
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].ID == list[from].ID {
			to++
		}
		if err := b.packages(list[from:to], opening, closing, gathered[list[from].ID]); err != nil {
			return fmt.Errorf("package %s: %w", list[from].ID, err)
		}
		from = to
	}
	return nil
}

// lines takes the draws of records from their lines.
func (b *builder) lines(ctx context.Context) (err error) {
	cols := []int{tables.LID, tables.LSKU, tables.LResourceID, tables.LPackageDraws, tables.LUsageStart, tables.LDay}
	rows, err := query.Lines(ctx, b.Snap, b.report.Cycle, b.report.CustomerID, cols, query.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Each(func(row query.Row) error {
		text := row.Text(tables.LPackageDraws)
		if len(text) == 0 || row.Word(tables.LDay) == lake.EndDay {
			return nil // month-end lines repeat what the meters' positions hold (QUOTA-3)
		}
		at := row.Time(tables.LUsageStart)
		return b.draws(string(text), Draw{ID: string(row.Text(tables.LID)), Time: b.time(at), SKU: row.Word(tables.LSKU), Resource: string(row.Text(tables.LResourceID)), at: at})
	})
}

// meters takes the draws of month-end products from the positions, and adds them up by package.
func (b *builder) meters(closing []position.Row) (map[string]money.SignedQuantity, error) {
	sums := make(map[string]money.SignedQuantity)
	for i := range closing {
		p := &closing[i]
		if p.Kind != position.Gather || p.Draws == "" {
			continue
		}
		first := len(b.report.Draws)
		if err := b.draws(p.Draws, Draw{SKU: p.Key, Resource: p.Resource, at: b.end + 1}); err != nil {
			return nil, err
		}
		for _, d := range b.report.Draws[first:] {
			sum, err := sums[d.PackageID].Add(d.Quantity)
			if err != nil {
				return nil, err
			}
			sums[d.PackageID] = sum
		}
	}
	return sums, nil
}

// draws reads package_id:quantity;… .
func (b *builder) draws(text string, what Draw) error {
	for part := range strings.SplitSeq(text, ";") {
		colon := strings.LastIndexByte(part, ':')
		if colon < 0 {
			return fmt.Errorf("draw %q of %s: no colon", part, what.ID)
		}
		q, err := money.ParseSignedQuantity(part[colon+1:])
		if err != nil {
			return fmt.Errorf("draw of %s on package %s: %w", what.ID, part[:colon], err)
		}
		what.PackageID, what.Quantity = part[:colon], q
		b.report.Draws = append(b.report.Draws, what)
	}
	return nil
}

// packages reports on the rows of one package_id.
func (b *builder) packages(rows []books.Package, opening, closing []position.Row, gathered money.SignedQuantity) error {
	var all []*Period
	for i := range rows {
		p := &rows[i]
		spans := periodsOf(b.Books.Zone, p, b.cycle)
		if len(spans) == 0 {
			continue
		}
		out := Package{ID: p.ID, Region: p.Region, Quota: p.Quota, Reset: p.Reset.String(), ValidFrom: b.time(p.Valid.From), ValidTo: b.time(p.Valid.To)}
		for _, sku := range p.SKUs {
			out.SKUs = append(out.SKUs, b.Books.Products[sku].SKU)
		}
		out.NextRefill = b.time(nextRefill(b.Books.Zone, p, b.end))
		for _, span := range spans {
			q := Period{From: b.time(span.From), To: b.time(span.To), Current: span.Holds(b.end), Opening: p.Quota, span: span}
			if at := find(opening, p.ID, span.From); at != nil {
				q.Opening = at.Count
			}
			out.Periods = append(out.Periods, q)
		}
		b.report.Packages = append(b.report.Packages, out)
		for k := range out.Periods {
			all = append(all, &out.Periods[k])
		}
	}
	for _, q := range all {
		for _, d := range b.report.Draws {
			if d.PackageID != rows[0].ID || d.ID == "" || !q.span.Holds(d.at) {
				continue
			}
			var err error
			if q.Drawn, err = q.Drawn.Add(d.Quantity); err != nil {
				return err
			}
		}
	}
	return b.settle(all, rows[0].ID, closing, gathered)
}

// settle works out what is left of each period, the latest first, and what of the gathered draws fell into it.
func (b *builder) settle(periods []*Period, id string, closing []position.Row, gathered money.SignedQuantity) error {
	for i, q := range slices.Backward(periods) {
		at := find(closing, id, q.span.From)
		switch {
		case at != nil:
			drop, err := q.Opening.Signed().Add(at.Count.Signed().Neg())
			if err == nil {
				q.Gathered, err = drop.Add(q.Drawn.Neg())
			}
			if err == nil {
				gathered, err = gathered.Add(q.Gathered.Neg())
			}
			if err != nil {
				return err
			}
			q.Left = &at.Count
			if q.Gathered.Cmp(money.SignedQuantity{}) < 0 || i == 0 && !gathered.IsZero() {
				b.differ(q, "opening "+q.Opening.Trim()+" less what is left, "+at.Count.Trim()+", is not the sum of the draws")
			}
		case touchedLater(closing, id, q.span.From):
			if !gathered.IsZero() && i > 0 {
				return nil // no position says which of the periods from here on back they fell into
			}
			q.Gathered, gathered = gathered, money.SignedQuantity{}
			left, err := q.Opening.Signed().Add(q.Drawn.Neg())
			if err == nil {
				left, err = left.Add(q.Gathered.Neg())
			}
			if err != nil {
				return err
			}
			if left.Cmp(money.SignedQuantity{}) < 0 {
				b.differ(q, "more was drawn than there was")
				continue
			}
			rest := left.Abs()
			q.Left = &rest
		default:
			rest := q.Opening
			if q.Left = &rest; !q.Drawn.IsZero() {
				b.differ(q, "lines draw on it, and its position says that none does")
			}
		}
	}
	return nil
}

func (b *builder) differ(q *Period, what string) { q.Differs, b.report.Agrees = what, false }

// find is the position of a package's quota period that starts at the given instant.
func find(rows []position.Row, id string, start period.Instant) *position.Row {
	for i := range rows {
		if rows[i].Kind == position.Package && rows[i].Key == id && rows[i].At == start {
			return &rows[i]
		}
	}
	return nil
}

// touchedLater reports whether a later quota period of the package was drawn on: positions keep the last one alone.
func touchedLater(rows []position.Row, id string, start period.Instant) bool {
	return slices.ContainsFunc(rows, func(r position.Row) bool {
		return r.Kind == position.Package && r.Key == id && r.At > start
	})
}

// time is an instant in the contract zone; "" for an open end.
func (b *builder) time(t period.Instant) string {
	if t == period.Past || t == period.Forever {
		return ""
	}
	return time.UnixMicro(int64(t)).In(b.Books.Zone.Location()).Format(time.RFC3339)
}
