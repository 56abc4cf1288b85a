package explain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/orders"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Question says which record is to be explained.
type Question struct {
	ID       string         // of a line, or a record_id, with or without #tier: see §5, id
	Cycle    manifest.Cycle // billed in; none = look in all
	Origin   string         // cycle that it belongs to, where it was billed later; "" = any
	Customer string         // "" = look at all
	// the calendar day of the record, whose files and those of days that are none are looked through; "" = all days
	Day string
}

// Sources is what an explanation is made from.
type Sources struct {
	Snap     *lake.Snapshot
	Books    *books.Books
	Settings *settings.Settings
	Prices   *tariff.Book
	Refund   ordering.RefundRules
	Inbox    fs.FS // where feed files may still be; nil = do not look
	MaxFeeds int64 // bytes of feed files that are looked through at most, else Story.Unread is set; 0 = any
	Progress func(stage string, done, total int64)
}

// Story is how a record's amounts were calculated.
type Story struct {
	Cycle      string   `json:"cycle"`
	CustomerID string   `json:"customer_id"`
	PartnerID  string   `json:"partner_id,omitempty"` // of a story about partners' money
	ID         string   `json:"id"`
	Tier       int      `json:"tier,omitempty"`         // asked for with #tier
	State      string   `json:"state"`                  // one of the states below
	Origin     string   `json:"origin_cycle,omitempty"` // that it belongs to, where that is another than Cycle
	Facts      []Fact   `json:"facts"`                  // what the record says
	Feeds      []Origin `json:"feeds,omitempty"`
	Unread     int64    `json:"-"`     // bytes of the feed files that were too large to be looked through
	Parts      []Part   `json:"parts"` // step by step, a part a line
	Before     []string `json:"before,omitempty"`
	Stored     []Line   `json:"stored"`
	Rated      []Line   `json:"rated"`  // rated again just now
	Agrees     bool     `json:"agrees"` // Stored and Rated are the same, or it is not rated again
	// of a record that waits: the lines it counts for, as far as they are there
	Later []Line `json:"month_end_lines,omitempty"`
	Base  []Line `json:"base_lines,omitempty"` // of a refund: the lines of the order that is taken back
	// of a difference: all that is billed of its place, posting by posting
	Sums []Sum  `json:"sums,omitempty"`
	Also []Also `json:"also,omitempty"` // what was billed under the same id in other cycles
}

// The states of a record.
const (
	StateRated    = "rated"     // it has lines of its own
	StateWaiting  = "waiting"   // it counts for month-end lines, see Later
	StateReplaced = "replaced"  // another record took its place: it has no lines
	StateMonthEnd = "month_end" // the line of a month's end

	StateOrder      = "order"      // an order other than an unsubscribe
	StateRefund     = "refund"     // an unsubscribe
	StateAdjustment = "adjustment" // a manual adjustment
	StateLate       = "late"       // a record of a closed cycle: its lines as they are in the lake, not rated again
	StateDifference = "difference" // what late records changed of a closed month's end; not rated again
	StateRerating   = "rerating"   // what re-rating a closed cycle changed; not rated again
	StateCosts      = "costs"      // rows of cost files; not rated again
	StateTax        = "tax"        // a tax of a customer or partner; its parts are rates
	StateCoupon     = "coupon"     // a coupon; it is of no cycle
	StateAccount    = "account"    // what an event or line did to accounts of partners
	StateFund       = "fund"       // the list of a month, or the quota of a period, of a fund
	StateClaim      = "claim"      // a claim of a marketing fund
	StateWithdrawal = "withdrawal" // a withdrawal of a partner
	StateInvoice    = "invoice"    // an invoice or a credit note
	StateStatement  = "statement"  // rows of a partner's statement about a customer; its parts are rows
	StateRestated   = "restated"   // what another delivery of cost files changed of a closed cycle; not rated again
)

// Fact is one thing the record says.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Part is the steps that led to one line.
type Part struct {
	Tier  int      `json:"tier"`
	Kind  string   `json:"kind"`
	Steps []string `json:"steps"`
}

// notAgain reports whether what a state shows is not rated again.
func notAgain(state string) bool {
	switch state {
	case StateWaiting, StateReplaced, StateLate, StateDifference, StateRerating, StateCosts, StateRestated:
		return true
	}
	return false
}

// Also is what was billed of the same record or place elsewhere.
type Also struct {
	Cycle string `json:"cycle"` // billed in
	Day   string `json:"day"`   // in the lake: a day, or a word such as end, events, late
	Lines []Line `json:"lines"`
}

// Explain reports how a record's amounts were calculated, and rates it again to prove it. Errors: *NotFoundError,
// also if an id is in several places.
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
	e.cycle, _ = e.at.cycle.Period() // every file with lines or records has one
	if err := e.describePlace(ctx); err != nil {
		return nil, err
	}
	if err := e.also(at[1:]); err != nil {
		return nil, err
	}
	sortLines(story.Stored)
	sortLines(story.Rated)
	story.Agrees = notAgain(story.State) || sameRated(story.Stored, story.Rated)
	return story, nil
}

// describePlace explains the lines at the place.
func (e *explainer) describePlace(ctx context.Context) error {
	if e.at.origin != e.at.cycle.String() {
		e.story.Origin = e.at.origin
	}
	switch e.at.day {
	case manifest.EndDay:
		return (&monthEndStory{e}).monthEnd(ctx)
	case manifest.EventsDay:
		return (&eventStory{e}).event(ctx)
	case manifest.LateDay, manifest.RerateDay:
		return (&lateStory{explainer: e}).late(ctx)
	case manifest.ChargesDay:
		return (&monthEndStory{e}).recurring()
	case manifest.CommitmentsDay:
		return e.commitment()
	case manifest.CostsDay, manifest.RestatedDay:
		return (&costStory{e}).costs()
	default:
		return (&recordStory{e}).record(ctx)
	}
}

// find looks the id up in the order of its readings, until a record has it. Of several places of one record the one to
// explain comes first.
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

// notThere says of a record that is not in lines or usage what is known of it: that it was rejected, or nothing.
func (s *Sources) notThere(ctx context.Context, q *Question) error {
	if err := s.unpaid(q); err != nil {
		return err
	}
	of, flags := q.limits()
	none := &rows.NotFoundError{What: fmt.Sprintf("no accepted record and no line%s has the id %q", of, q.ID),
		Do: "`tollbook export --table lines` lists the ids"}
	if len(flags) > 0 {
		none.Do = "`tollbook explain` without " + strings.Join(flags, ", ") + " looks for it everywhere"
	}
	for _, ref := range s.Snap.Manifest.Cycles { // they leave in order
		if ref.Archived != nil && q.Cycle.IsZero() {
			none.What = fmt.Sprintf("no accepted record and no line%s has the id %q of the cycles after %s, which was "+
				"archived with those before it", of, q.ID, ref.Cycle)
			none.Do = fmt.Sprintf("the same command with `--lake %s` reads the archive", ref.Archived.Where)
		}
	}
	return s.Rejected(ctx, q.ID, none)
}

// limits says in words what the search is limited to, and by which flags.
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

// RejectedError says where and why records with an id were rejected. It is a *rows.NotFoundError too.
type RejectedError struct{ *rows.NotFoundError }

// Unwrap gives the *rows.NotFoundError.
func (e *RejectedError) Unwrap() error { return e.NotFoundError }

// Rejected adds to none, which says that nothing with an id was accepted, where records with this id were rejected.
// They can be of any customer. Then it is a *RejectedError.
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

// unpaid says of an order line that was not paid in which status it is; nil of any other id.
func (s *Sources) unpaid(q *Question) error {
	lives, err := orders.Lives(s.Snap, s.Books)
	if gone := new(event.GoneError); errors.As(err, &gone) {
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

// search finds where an id is: in lines, or in the usage table.
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

func (s *Sources) searchCycle(ctx context.Context, q *Question, id string, files []manifest.FileEntry,
	places []location) ([]location, error) {
	of := rows.Filter[tables.Any]{Word: q.Customer}
	bucket := place.Bucket(q.Customer, max(1, s.Snap.Manifest.Buckets))
	day, _ := manifest.ParseDay(q.Day) // of another text: none, which is no calendar day
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
func ScanFile[T any](snap *lake.Snapshot, e manifest.FileEntry, def tables.Def[T], cols tables.List[T],
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

// explainer explains one record: what it says, its stored lines, and where they are in the lake. The stories explain
// what is of one kind.
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

// regionCode numbers a region for the rater.
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

// fact notes what the record says.
func (e *explainer) fact(name, value string) {
	if value != "" {
		e.story.Facts = append(e.story.Facts, Fact{name, value})
	}
}

// productText names a product.
func productText(p *books.Product) string {
	if p.Name == "" {
		return fmt.Sprintf("%s, %s", p.SKU, p.Model)
	}
	return fmt.Sprintf("%s, %s, %s", p.SKU, p.Name, p.Model)
}

// filesOfDay are the bucket's files of a table and day.
func (e *explainer) filesOfDay(table string, cycle manifest.Cycle, day manifest.Day) ([]manifest.FileEntry, error) {
	return e.Snap.Find(manifest.FileKey{Table: table, Cycle: cycle, Day: day, Bucket: e.bucket()})
}

func (e *explainer) bucket() int {
	return place.Bucket(e.at.customer, max(1, e.Snap.Manifest.Buckets))
}

// quantityOf reads a stored quantity that is not negative.
func quantityOf(row rows.Row[tables.Any], col tables.QuantityColumn[tables.Any]) (money.Quantity, error) {
	q, err := row.Quantity(col)
	if err != nil {
		return money.Quantity{}, err
	}
	hi, lo := q.Raw()
	return money.QuantityFromRaw(hi, lo)
}
