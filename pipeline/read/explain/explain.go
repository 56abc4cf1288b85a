package explain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Question selects the record to explain.
type Question struct {
	ID       string     // of a line, or a record_id, with or without #tier (§5, id)
	Cycle    lake.Cycle // cycle that billed it; zero = search all
	Origin   string     // cycle to which it belongs, if it was billed later; "" = any
	Customer string     // "" = search all
	// calendar day of the record: its files and those of non-calendar days are searched; "" = all days
	Day string
}

// Sources are the inputs of an explanation.
type Sources struct {
	Snap     *lake.Snapshot
	Books    *books.Books
	Settings *settings.Settings
	Prices   *tariff.Book
	Refund   ordering.RefundRules
	Inbox    fs.FS // where feed files may still be; nil = do not search
	MaxFeeds int64 // maximum bytes of feed files to search, otherwise Story.Unread is set; 0 = no limit
	Progress func(stage string, done, total int64)
}

// Story explains how a record's amounts were calculated.
type Story struct {
	Cycle      string   `json:"cycle"`
	CustomerID string   `json:"customer_id"`
	PartnerID  string   `json:"partner_id,omitempty"` // for a story about partners' money
	ID         string   `json:"id"`
	Tier       int      `json:"tier,omitempty"`         // if requested with #tier
	State      string   `json:"state"`                  // one of the states below
	Origin     string   `json:"origin_cycle,omitempty"` // cycle to which it belongs, if it is another one
	Facts      []Fact   `json:"facts"`                  // the data of the record
	Feeds      []Origin `json:"feeds,omitempty"`
	Unread     int64    `json:"-"`     // bytes of feed files that were too large to search
	Parts      []Part   `json:"parts"` // the steps, one part per line
	Before     []string `json:"before,omitempty"`
	Stored     []Line   `json:"stored"`
	Rated      []Line   `json:"rated"`  // rated again now
	Agrees     bool     `json:"agrees"` // the stored lines equal the rated ones, or nothing is rated again
	// for a waiting record: the lines for which it counts, if they exist already
	Later []Line `json:"month_end_lines,omitempty"`
	Base  []Line `json:"base_lines,omitempty"` // for a refund: the lines of the refunded order
	// for a difference: all that is billed of its place, by posting
	Sums []Sum  `json:"sums,omitempty"`
	Also []Also `json:"also,omitempty"` // what was billed under the same id in other cycles
}

// The states of a record.
const (
	StateRated    = "rated"     // it has lines of its own
	StateWaiting  = "waiting"   // it counts for month-end lines, see Later
	StateReplaced = "replaced"  // another record replaced it: it has no lines
	StateMonthEnd = "month_end" // a month-end line

	StateOrder      = "order"      // an order other than an unsubscribe
	StateRefund     = "refund"     // an unsubscribe
	StateAdjustment = "adjustment" // a manual adjustment
	StateLate       = "late"       // a record of a closed cycle: its lines as stored, not rated again
	StateDifference = "difference" // difference of a closed cycle by late records; not rated again
	StateRerating   = "rerating"   // difference by re-rating a closed cycle; not rated again
	StateCosts      = "costs"      // rows of cost files; not rated again
	StateTax        = "tax"        // a tax of a customer or partner; its parts are rates
	StateCoupon     = "coupon"     // a coupon; it belongs to no cycle
	StateAccount    = "account"    // the changes of partners' accounts by an event or line
	StateFund       = "fund"       // the list of a month, or the quota of a period, of a fund
	StateClaim      = "claim"      // a claim of a marketing fund
	StateWithdrawal = "withdrawal" // a withdrawal of a partner
	StateInvoice    = "invoice"    // an invoice or a credit note
	StateStatement  = "statement"  // rows of a partner's statement about a customer; its parts are rows
	StateCommitment = "commitment" // difference of a commitment of a closed cycle; not rated again
	StateRestated   = "restated"   // difference of a closed cycle by a later delivery of cost files; not rated again
)

// Fact is one item of a record's data.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Part holds the steps that led to one line.
type Part struct {
	Tier  int      `json:"tier"`
	Kind  string   `json:"kind"`
	Steps []string `json:"steps"`
}

// notAgain reports whether records of a state are not rated again.
func notAgain(state string) bool {
	switch state {
	case StateWaiting, StateReplaced, StateLate, StateDifference, StateRerating, StateCommitment, StateCosts,
		StateRestated:
		return true
	}
	return false
}

// Also holds what was billed of the same record or place elsewhere.
type Also struct {
	Cycle string `json:"cycle"` // cycle that billed it
	Day   string `json:"day"`   // in the lake: a day, or a word such as end, events, late
	Lines []Line `json:"lines"`
}

// Explain explains how a record's amounts were calculated, and rates it again to verify them. Errors: *NotFoundError,
// also if an id is ambiguous.
func Explain(ctx context.Context, s *Sources, q *Question) (*Story, error) {
	if s.Progress == nil {
		s.Progress = func(string, int64, int64) {}
	}
	at, tier, err := s.find(ctx, q)
	if err != nil {
		return nil, err
	}
	story := &Story{Cycle: at[0].cycle.String(), CustomerID: at[0].customer, ID: at[0].id, Tier: tier}
	e := &explainer{Sources: s, at: at[0], story: story, prices: s.Prices}
	if e.customer = s.Books.Customer(e.at.customer); e.customer < 0 {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("the books no longer have customer %q", e.at.customer),
			Do: "put the customer back into books/customers.csv"}
	}
	e.cycle, _ = e.at.cycle.Period() // every file with lines or records has a cycle
	if err := e.describePlace(ctx); err != nil {
		return nil, err
	}
	if s.Books.Mixed {
		e.fact("currency", s.Books.CustomerCurrency(e.customer).Code)
	}
	if err := e.also(at[1:]); err != nil {
		return nil, err
	}
	sortLines(story.Stored)
	sortLines(story.Rated)
	story.Agrees = notAgain(story.State) || sameRated(story.Stored, story.Rated)
	return story, nil
}

// describePlace explains the lines at the location.
func (e *explainer) describePlace(ctx context.Context) error {
	if e.at.origin != e.at.cycle.String() {
		e.story.Origin = e.at.origin
	}
	switch e.at.day {
	case lake.EndDay:
		return (&monthEndStory{e}).monthEnd(ctx)
	case lake.EventsDay:
		return (&eventStory{e}).event(ctx)
	case lake.LateDay, lake.RerateDay:
		return (&lateStory{ex: e}).late(ctx)
	case lake.ChargesDay:
		return (&monthEndStory{e}).recurring()
	case lake.CommitmentsDay:
		return e.commitment()
	case lake.CostsDay, lake.RestatedDay:
		return (&costStory{e}).costs()
	default:
		return (&recordStory{e}).record(ctx)
	}
}

// find looks up the id by each of its readings in turn, until one has a record. Of several locations of one record, the
// one to explain comes first.
func (s *Sources) find(ctx context.Context, q *Question) ([]location, int, error) {
	if !q.Cycle.IsZero() {
		if err := rows.HasCycle(s.Snap, q.Cycle); err != nil {
			return nil, 0, err
		}
	}
	var places []location
	tier := 0
	for _, r := range readings(q.ID) {
		found, err := s.search(ctx, q, r.id)
		if err != nil {
			return nil, 0, err
		}
		places = slices.DeleteFunc(found, func(p location) bool { return !r.is(p) })
		if tier = r.tier; len(places) > 0 {
			break
		}
	}
	if len(places) == 0 {
		return nil, 0, s.notThere(ctx, q)
	}
	slices.SortFunc(places, location.before)
	if severalRecords(places) && !q.Cycle.IsZero() && q.Customer != "" {
		places = plain(places)
	}
	if severalRecords(places) {
		return nil, 0, severalError(q.ID, places)
	}
	return places, tier, nil
}

// notThere returns the error for a record that is not in lines or usage: rejected, unpaid or unknown.
func (s *Sources) notThere(ctx context.Context, q *Question) error {
	if err := s.unpaid(q); err != nil {
		return err
	}
	if err := s.changedCosts(q); err != nil {
		return err
	}
	of, flags := q.limits()
	none := &rows.NotFoundError{What: fmt.Sprintf("no accepted record and no line%s has the id %q", of, q.ID),
		Do: "`tollbook export --table lines` lists the ids"}
	if len(flags) > 0 {
		none.Do = "`tollbook explain` without " + strings.Join(flags, ", ") + " looks for it everywhere"
	}
	for _, ref := range s.Snap.Manifest.Cycles { // cycles are archived in order
		if ref.Archived != nil && q.Cycle.IsZero() {
			none.What = fmt.Sprintf("no accepted record and no line%s has the id %q of the cycles after %s, which was "+
				"archived with those before it", of, q.ID, ref.Cycle)
			none.Do = fmt.Sprintf("the same command with `--lake %s` reads the archive", ref.Archived.Where)
		}
	}
	return s.Rejected(ctx, q.ID, none)
}

// limits describes the limits of the search, and returns their flags.
func (q *Question) limits() (of string, flags []string) {
	if !q.Cycle.IsZero() { // a late record is billed in a later one
		of, flags = " of cycle "+q.Cycle.String(), append(flags, "--cycle")
	}
	if q.Origin != "" {
		of, flags = of+" that belongs to "+q.Origin, append(flags, "--origin")
	}
	if q.Customer != "" {
		of, flags = of+" of customer "+q.Customer, append(flags, "--customer")
	}
	return of, flags
}

// RejectedError reports where and why records with an id were rejected. It wraps a *rows.NotFoundError.
type RejectedError struct{ *rows.NotFoundError }

// Unwrap returns the *rows.NotFoundError.
func (e *RejectedError) Unwrap() error { return e.NotFoundError }

// Rejected adds to none, the error for an id that was not accepted, where records with this id were rejected. They can
// be of any customer. The result is then a *RejectedError.
func (s *Sources) Rejected(ctx context.Context, id string, none *rows.NotFoundError) error {
	list, err := rows.Rejects(ctx, s.Snap, nil, rows.Limits{})
	if err != nil {
		return err
	}
	var where []string
	err = list.Each(func(row rows.Row[tables.Reject]) error {
		if string(row.Text(tables.RejectID)) == id && len(where) < maxOrigins {
			where = append(where, fmt.Sprintf("inbox/%s row %d: %s %s", row.Word(tables.RejectFile),
				row.Whole(tables.RejectRow),
				row.Word(tables.RejectReason), row.Text(tables.RejectValue)))
		}
		return nil
	})
	if err := errors.Join(err, list.Close()); err != nil {
		return err
	}
	if len(where) == 0 {
		return none
	}
	return &RejectedError{&rows.NotFoundError{
		What: fmt.Sprintf("%s. Rejected records with this id, of any customer: %s", none.What,
			strings.Join(where, "; ")),
		Do: none.Do + "; `tollbook rejects` lists the rejects and what to do"}}
}

// unpaid returns an error with the status of an unpaid order line; nil for any other id.
func (s *Sources) unpaid(q *Question) error {
	lives, err := query.OrderLives(s.Snap, s.Books)
	if gone := new(accept.GoneBookError); errors.As(err, &gone) {
		return &rows.NotFoundError{What: gone.Error(), Do: "put it back into books/" + gone.Book}
	}
	for i := range lives {
		if l := &lives[i]; l.ID() == q.ID && !l.Paid {
			what := fmt.Sprintf("order line %s of customer %s is %s since %s: it was not paid, costs nothing and "+
				"has no line",
				l.ID(), l.Customer, l.Status, l.Since)
			return &rows.NotFoundError{What: what, Do: "`tollbook query orders` lists it"}
		}
	}
	return err
}

// search finds the locations of an id: in lines, or in the usage table.
func (s *Sources) search(ctx context.Context, q *Question, id string) ([]location, error) {
	var places []location
	for _, ref := range s.Snap.Manifest.Cycles {
		if !q.Cycle.IsZero() && ref.Cycle != q.Cycle {
			continue
		}
		files, err := s.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		if places, err = s.searchCycle(ctx, q, id, files, places); err != nil {
			return nil, err
		}
	}
	return places, nil
}

func (s *Sources) searchCycle(ctx context.Context, q *Question, id string, files []lake.FileEntry,
	places []location) ([]location, error) {
	of := rows.Filter[tables.Any]{Word: q.Customer}
	bucket := lake.BucketOf(q.Customer, max(1, s.Snap.Manifest.Buckets))
	day, _ := lake.ParseDay(q.Day) // zero for any other text, which is no calendar day
	for i, e := range files {
		if q.Customer != "" && e.Bucket != bucket ||
			q.Day != "" && e.Day != day && !e.Day.IsZero() && !e.Day.IsSpecial() {
			continue
		}
		in, ok := searchedTable(e)
		if !ok {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.Progress("look for the record: files", int64(i), int64(len(files)))
		cols := tables.Columns(in.customer, in.id)
		if in.origin >= 0 {
			cols = append(cols, in.origin.Of())
		}
		of.Column = in.customer
		err := ScanFile(s.Snap, e, tables.Untyped(in.def), cols, of, func(row rows.Row[tables.Any]) error {
			if string(row.Text(in.id)) != id {
				return nil
			}
			p := location{cycle: e.Cycle, origin: e.Cycle.String(),
				customer: row.Word(in.customer), id: id, day: in.day}
			if in.origin >= 0 && row.Word(in.origin) != "" {
				p.origin = row.Word(in.origin)
			}
			if !slices.Contains(places, p) && (q.Origin == "" || p.origin == q.Origin) {
				places = append(places, p)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// ScanFile visits the selected rows of a file in the order in which the file stores them.
func ScanFile[T any](snap *lake.Snapshot, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	where rows.Filter[T],
	visit func(rows.Row[T]) error) (err error) {
	open := rows.FileOf[T]
	if cols != nil {
		open = rows.UnsortedOf[T]
	}
	rows, err := open(snap, e, def, cols, where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Each(visit)
}

// explainer explains one record: its data, its stored lines, and their location in the lake. The story types explain
// the different kinds of records.
type explainer struct {
	*Sources
	at       location
	cycle    period.Cycle
	customer int32
	prices   *tariff.Book
	story    *Story
	regions  []string
	region   map[string]int32
}

// regionCode returns the rater's number of a region.
func (e *explainer) regionCode(name string) int32 {
	if n, ok := e.region[name]; ok {
		return n
	}
	if e.region == nil {
		e.region = make(map[string]int32)
	}
	n := int32(len(e.regions))
	e.regions, e.region[name] = append(e.regions, name), n
	return n
}

// fact adds a fact, unless its value is empty.
func (e *explainer) fact(name, value string) {
	if value != "" {
		e.story.Facts = append(e.story.Facts, Fact{name, value})
	}
}

// productText describes a product.
func productText(p *books.Product) string {
	if p.Name == "" {
		return fmt.Sprintf("%s, %s", p.SKU, p.Model)
	}
	return fmt.Sprintf("%s, %s, %s", p.SKU, p.Name, p.Model)
}

// filesOfDay returns the bucket's files of a table and day.
func (e *explainer) filesOfDay(table string, cycle lake.Cycle, day lake.Day) ([]lake.FileEntry, error) {
	return e.Snap.Find(lake.FileKey{Table: table, Cycle: cycle, Day: day, Bucket: e.bucket()})
}

func (e *explainer) bucket() int {
	return lake.BucketOf(e.at.customer, max(1, e.Snap.Manifest.Buckets))
}

// quantityOf reads a stored non-negative quantity.
func quantityOf(row rows.Row[tables.Any], col tables.QuantityColumn[tables.Any]) (money.Quantity, error) {
	q, err := row.Quantity(col)
	if err != nil {
		return money.Quantity{}, err
	}
	hi, lo := q.Raw()
	return money.QuantityFromRaw(hi, lo)
}
