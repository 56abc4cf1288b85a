package query

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// AnnexRequest selects billing objects of a cycle.
type AnnexRequest struct {
	Cycle    period.Cycle
	Resource string // a link or a group; a link of a group selects the group; "" = any
	Customer string // "" = any
	SKU      string // "" = any
}

// AnnexSources are the inputs of an annex. Prices are those of Books.
type AnnexSources struct {
	Snap     *lake.Snapshot
	Books    *books.Books
	Prices   *tariff.Book
	Currency string
}

// Annex explains the quantity and the lines of one billing object. Values are in Mbps and exact: decimals if finite,
// else fractions. Times are in the contract zone.
type Annex struct {
	Cycle        string          `json:"cycle"`
	Zone         string          `json:"zone"`
	State        lake.CycleState `json:"state"`     // open: provisional
	MonthEnd     bool            `json:"month_end"` // the lake has month-end lines of the cycle
	CustomerID   string          `json:"customer_id"`
	CustomerName string          `json:"customer_name,omitempty"`
	SKU          string          `json:"sku"`
	Product      string          `json:"product,omitempty"`
	Measure      string          `json:"measure"`
	Region       string          `json:"region_code"`
	Object       string          `json:"object"`
	Links        []AnnexTerm     `json:"links"`
	Policy       AnnexPolicy     `json:"policy"`
	Samples      int             `json:"samples"` // of all links, as stored in the lake
	Points       int             `json:"points"`  // slots that counted
	// of the value among the points (monthly_4th_peak: the daily peaks), largest first, from 0; -1 = no single one
	Index     int            `json:"index"`
	Direction string         `json:"direction,omitempty"`
	Value     string         `json:"value"` // before the commit
	Slot      string         `json:"slot,omitempty"`
	Above     int            `json:"above"` // points larger than the value
	Largest   []AnnexPeak    `json:"largest"`
	Daily     []Daily        `json:"daily,omitempty"` // for methods by day
	Month     string         `json:"month,omitempty"` // enhanced_p95: before the floor
	Floor     string         `json:"floor,omitempty"` // enhanced_p95
	ValidDays int            `json:"valid_days"`
	Days      int            `json:"days"` // number of days billed, of MonthDays
	MonthDays int            `json:"month_days"`
	Commit    money.Quantity `json:"commit"`
	Billed    string         `json:"billed"` // the larger of value and commit
	Quantity  money.Quantity `json:"quantity"`
	Currency  string         `json:"currency"`
	// the cycle is open; without MonthEnd the lines are priced now
	Provisional bool        `json:"provisional"`
	Lines       []AnnexLine `json:"lines"`
	Agrees      bool        `json:"agrees"` // the lake's lines bill the value measured here

	manifest int64
	bounds   period.Span
	zone     *period.Zone
	digits   int
	megabit  *big.Rat
	series   []sample
	value    *big.Rat // Mbps
}

// AnnexTerm is one row of links.csv that belongs to the object.
type AnnexTerm struct {
	ResourceID string         `json:"resource_id"`
	ValidFrom  string         `json:"valid_from,omitempty"`
	ValidTo    string         `json:"valid_to,omitempty"`
	Size       money.Quantity `json:"size_mbps"`
	Commit     money.Quantity `json:"commit_mbps"`
}

// AnnexPolicy describes how the object is measured (§4.7).
type AnnexPolicy struct {
	ID            string      `json:"id"`
	Method        string      `json:"method"`
	Series        string      `json:"series"`
	Duplicates    string      `json:"duplicates"`
	Missing       string      `json:"missing"`
	ValidDaysOnly bool        `json:"valid_days_only"`
	Kilo          int         `json:"kilo"`
	Drop          money.Rate  `json:"drop"`
	Days          string      `json:"days"`
	FloorShare    *money.Rate `json:"floor_share,omitempty"`
}

// AnnexPeak is one of the largest points.
type AnnexPeak struct {
	Slot string `json:"slot"`
	Mbps string `json:"mbps"`
}

// BuildAnnexes makes an annex of every object that matches the question, in order of customer, sku, region and object.
// Errors: *rows.NoCycleError; *rows.NotFoundError if no link and no group matches.
func BuildAnnexes(ctx context.Context, s *AnnexSources, q *AnnexRequest) ([]*Annex, error) {
	if err := rows.HasCycle(s.Snap, lake.CycleOf(q.Cycle)); err != nil {
		return nil, err
	}
	objects := state.GatherObjects(s.Books, q.Cycle, s.wanted(q))
	if objects.Len() == 0 {
		return nil, s.notFound(q)
	}
	meter := percentile.NewMeter(s.Books.Zone, q.Cycle)
	var out []*Annex
	err := state.MeasureState(ctx, s.Snap, s.Books, q.Cycle, objects,
		func(k state.MeasureKey, o *percentile.Object) error {
			a, err := s.build(q.Cycle, meter, k, objects.Links(k), o)
			if err != nil {
				return fmt.Errorf("measure %s of customer %s: %w", k.Object, s.Books.Customers[k.Customer].ID, err)
			}
			out = append(out, a)
			return nil
		})
	slices.SortFunc(out, func(a, b *Annex) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.SKU, b.SKU),
			cmp.Compare(a.Region, b.Region), cmp.Compare(a.Object, b.Object))
	})
	return out, err
}

// wanted selects the rows whose link or group is requested, and for a link the other links of its group.
func (s *AnnexSources) wanted(q *AnnexRequest) func(*books.Link) bool {
	bounds := s.Books.Zone.Bounds(q.Cycle)
	asked := make(map[state.MeasureKey]bool)
	for i := range s.Books.Links {
		l := &s.Books.Links[i]
		if l.Valid.Overlaps(bounds) && (q.Resource == "" || l.ResourceID == q.Resource || l.Group != "" &&
			l.Group == q.Resource) {
			asked[state.MeasureKeyOf(l)] = true
		}
	}
	return func(l *books.Link) bool {
		return asked[state.MeasureKeyOf(l)] && (q.Customer == "" || s.Books.Customers[l.Customer].ID == q.Customer) &&
			(q.SKU == "" || s.Books.Products[l.SKU].SKU == q.SKU)
	}
}

func (s *AnnexSources) notFound(q *AnnexRequest) error {
	what := fmt.Sprintf("books/links.csv has no link and no group %q in force in %s", q.Resource, q.Cycle)
	if q.Customer != "" {
		what += " for customer " + q.Customer
	}
	if q.SKU != "" {
		what += " and sku " + q.SKU
	}
	var known []string
	for _, k := range state.GatherObjects(s.Books, q.Cycle, nil).Keys() {
		if slices.Contains(known, k.Object) {
			continue
		}
		if len(known) == maxNamed {
			known = append(known, "…")
			break
		}
		known = append(known, k.Object)
	}
	do := "books/links.csv has no link at all in that cycle"
	if len(known) > 0 {
		do = "there are: " + strings.Join(known, ", ")
	}
	return &rows.NotFoundError{What: what, Do: do}
}

// maxNamed is the maximum number of objects in a hint.
const maxNamed = 10

// build measures one object.
func (s *AnnexSources) build(cycle period.Cycle, meter *percentile.Meter, k state.MeasureKey, links []string,
	object *percentile.Object) (*Annex, error) {
	product := &s.Books.Products[k.SKU]
	policy := &s.Books.Policies[s.Books.Policy(product.Policy)] // the reader of the books has checked that it exists
	r, err := meter.Measure(policy, object)
	if err != nil {
		return nil, err
	}
	a := &Annex{
		Cycle: cycle.String(), Zone: s.Books.Zone.Name(), CustomerID: s.Books.Customers[k.Customer].ID,
		SKU: product.SKU, Product: product.Name,
		Measure: product.Measure, Region: k.Region, Object: k.Object, Policy: shownPolicy(policy), Points: r.Points,
		Index: r.Index,
		Value: annexDecimal(r.Value), ValidDays: r.ValidDays, Days: r.Days, MonthDays: r.MonthDays, Commit: r.Commit,
		Billed:   annexDecimal(r.Billed),
		Quantity: r.Quantity, Currency: s.Books.CustomerCurrency(k.Customer).Code, Largest: []AnnexPeak{},
		zone:   s.Books.Zone,
		bounds: s.Books.Zone.Bounds(cycle), digits: s.Books.CustomerCurrency(k.Customer).Digits,
		megabit: megabit(policy), value: r.Value, manifest: s.Snap.Manifest.Number,
	}
	rows := s.Books.Customers[k.Customer].Rows
	a.CustomerName = rows[len(rows)-1].Name
	ref, _ := s.Snap.Cycle(lake.CycleOf(cycle))
	a.State, a.MonthEnd = ref.State, ref.MonthEnd
	for i, id := range links {
		a.Samples += len(object.Links[i].Slots)
		a.terms(id, object.Links[i].Terms)
	}
	if r.HasSlot {
		a.Slot = a.time(r.Slot.Start())
	}
	if r.Month != nil {
		a.Month, a.Floor = annexDecimal(r.Month), annexDecimal(r.Floor)
	}
	if err := a.inspect(cycle, policy, object, &r); err != nil {
		return nil, err
	}
	return a, s.lines(a, k, cycle)
}

// inspect sets the details of the points that are shown together with the result.
func (a *Annex) inspect(cycle period.Cycle, policy *books.Policy, o *percentile.Object, r *percentile.Result) error {
	points, err := pointsOf(a.zone, cycle, policy, o)
	if err != nil {
		return err
	}
	if len(points) != r.Points {
		return fmt.Errorf("%d slots count here, %d in the measurement", len(points), r.Points)
	}
	which := policy.Series
	if policy.Method == books.TransitP95 {
		if which, err = a.direction(points, r); err != nil {
			return err
		}
		a.Direction = which.String()
	}
	if a.series, err = seriesOf(points, which); err != nil {
		return err
	}
	for i, p := range downward(a.series) {
		mbps := new(big.Rat).Quo(p.bps.Rat(), a.megabit)
		if mbps.Cmp(r.Value) > 0 {
			a.Above++
		}
		if i < maxPeaks {
			a.Largest = append(a.Largest, AnnexPeak{a.time(p.slot.Start()), annexDecimal(mbps)})
		}
	}
	a.Daily = a.daily(policy)
	return nil
}

// maxPeaks is the number of the largest points that are listed.
const maxPeaks = 10

// direction returns which of transit_p95's two directions has the value: in, unless that of out is larger.
func (a *Annex) direction(points []point, r *percentile.Result) (books.Series, error) {
	in, err := seriesOf(points, books.SeriesIn)
	if err != nil || len(in) == 0 || r.Index < 0 {
		return books.SeriesIn, err
	}
	if at := downward(in)[r.Index]; new(big.Rat).Quo(at.bps.Rat(), a.megabit).Cmp(r.Value) == 0 {
		return books.SeriesIn, nil
	}
	return books.SeriesOut, nil
}

func shownPolicy(p *books.Policy) AnnexPolicy {
	out := AnnexPolicy{ID: p.ID, Method: p.Method.String(), Series: p.Series.String(),
		Duplicates: p.Duplicates.String(),
		Missing:    "skip", ValidDaysOnly: p.ValidDaysOnly, Kilo: p.Kilo, Drop: p.Drop, Days: p.Days.String()}
	if p.MissingZero {
		out.Missing = "zero"
	}
	if p.Method == books.EnhancedP95 {
		out.FloorShare = &p.FloorShare
	}
	return out
}

func (a *Annex) terms(id string, terms []percentile.Term) {
	for _, t := range terms {
		row := AnnexTerm{ResourceID: id, Size: t.Size, Commit: t.Commit}
		if t.Valid.From != period.Past {
			row.ValidFrom = a.time(t.Valid.From)
		}
		if t.Valid.To != period.Forever {
			row.ValidTo = a.time(t.Valid.To)
		}
		a.Links = append(a.Links, row)
	}
}

// time formats an instant in the contract zone, with its offset.
func (a *Annex) time(t period.Instant) string {
	return time.UnixMicro(int64(t)).In(a.zone.Location()).Format(time.RFC3339)
}

// annexDecimal formats a rational as a decimal if finite, else as a fraction.
func annexDecimal(r *big.Rat) string {
	if digits, exact := r.FloatPrec(); exact {
		return r.FloatString(digits)
	}
	return r.RatString()
}
