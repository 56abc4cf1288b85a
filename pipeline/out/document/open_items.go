package document

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// OpenItems are the open items of a cycle before its close: what is missing or undecided. Lists are never nil.
type OpenItems struct {
	Cycle     string        `json:"cycle"`
	NoRecords bool          `json:"no_records"` // nothing came in for the cycle, and at most commitments are charged
	Days      []OpenDays    `json:"days_without_records"`
	Links     []OpenLink    `json:"links_without_samples"`
	More      int           `json:"more_links"` // number of further links without samples
	Rejects   []OpenReject  `json:"rejects"`
	Disputed  []OpenDispute `json:"disputed_incentives"`
	// the cycle's deliveries of cost files that failed or are held
	Deliveries []OpenDelivery `json:"deliveries_not_counted"`
}

// OpenDays is a range of days without any accepted record of a feed that has records of other days of the cycle, or
// that came daily in the cycle before.
type OpenDays struct {
	Feed  string `json:"feed"` // usage, bandwidth
	First string `json:"first"`
	Last  string `json:"last"` // inclusive
	Days  int    `json:"days"`
	Daily bool   `json:"of_daily_feed"` // the feed comes every day, so records are probably missing
}

// OpenLink is a link in force within the cycle that has no sample in it.
type OpenLink struct {
	ResourceID string `json:"resource_id"`
	CustomerID string `json:"customer_id"`
	SKU        string `json:"sku"`
	Before     bool   `json:"samples_before"` // it has samples in the cycle before, so its feed is probably missing
}

// OpenReject counts rejects of one feed and reason.
type OpenReject struct {
	Feed    string `json:"feed"`
	Reason  string `json:"reason"`
	Cycle   int64  `json:"of_cycle"`
	Unknown int64  `json:"of_unknown_cycle"` // the record's cycle is missing or unreadable
	Other   int64  `json:"of_other_cycles"`
}

// OpenDispute is a disputed incentive of a period that ends with the cycle.
type OpenDispute struct {
	PartnerID   string `json:"partner_id"`
	ProgrammeID string `json:"programme_id"`
	Period      string `json:"period"`
	Amount      string `json:"incentive_amount"`
}

// OpenDelivery is a delivery of cost files that does not count because it failed or is held (§11.1).
type OpenDelivery struct {
	Path     string `json:"delivery"` // SOURCE/YYYY-MM/DELIVERY
	State    string `json:"state"`    // failed, held
	Rows     int64  `json:"rows"`
	Rejected int64  `json:"rejected"` // number of rejected rows
	Fault    string `json:"fault"`    // why it failed
}

// Empty reports whether nothing is missing.
func (m *OpenItems) Empty() bool {
	return len(m.Days) == 0 && len(m.Links) == 0 && !m.NeedsAttention()
}

// NeedsAttention reports whether a person has to decide something before the close. It ignores missing days of a feed
// that does not come daily: they may be normal.
func (m *OpenItems) NeedsAttention() bool { return m.NoRecords || m.Undecided() || m.Feeds() }

// Undecided reports whether there are disputes, or rejects that are or may be of the cycle.
func (m *OpenItems) Undecided() bool { return len(m.Disputed) > 0 || m.Rejected() }

// Feeds reports whether records of a feed seem to be missing: days of a daily feed, all samples of a link that had
// some before, or a delivery of cost files.
func (m *OpenItems) Feeds() bool {
	return len(m.Deliveries) > 0 || slices.ContainsFunc(m.Links, func(l OpenLink) bool {
		return l.Before
	}) || slices.ContainsFunc(m.Days, func(d OpenDays) bool { return d.Daily })
}

// Rejected reports whether there are rejects that are or may be of the cycle.
func (m *OpenItems) Rejected() bool {
	return slices.ContainsFunc(m.Rejects, func(r OpenReject) bool { return r.Cycle+r.Unknown > 0 })
}

// maxLinks is how many links without samples are listed.
const maxLinks = 50

// OpenItemsOf lists the open items of a cycle. Days after the as-of do not count as missing. first is the first cycle
// of the lake before the run. Errors: *rows.NoCycleError, *books.MissingError.
func OpenItemsOf(ctx context.Context, s *Sources, cycle, first period.Cycle, asOf period.Instant) (*OpenItems, error) {
	m := &OpenItems{Cycle: cycle.String(), Days: []OpenDays{}, Links: []OpenLink{}, Rejects: []OpenReject{},
		Disputed: []OpenDispute{}, Deliveries: []OpenDelivery{}}
	if err := rows.HasCycle(s.Snap, lake.CycleOf(cycle)); err != nil {
		return nil, err
	}
	g := &gaps{src: s, cycle: cycle, m: m}
	last := min(cycle.Last(), s.Books.Zone.Day(asOf))
	for _, one := range []struct{ feed, table string }{{"usage", tables.Ident().Name},
		{"bandwidth", tables.Bandwidth().Name}} {
		if err := g.missingDays(last, one.feed, one.table); err != nil {
			return nil, err
		}
	}
	if err := g.missingLinks(ctx); err != nil {
		return nil, err
	}
	if err := g.missingRejects(ctx); err != nil {
		return nil, err
	}
	if err := g.notCounted(ctx); err != nil {
		return nil, err
	}
	if err := g.noRecords(ctx, first); err != nil {
		return nil, err
	}
	list, err := s.Reader().Incentives()
	for i := range list {
		if one := &list[i]; one.State == settlement.Disputed && one.Period.Last() == cycle {
			m.Disputed = append(m.Disputed, OpenDispute{s.Books.Partners[one.Partner].ID,
				s.Books.Programmes[one.Programme].ID, one.Period.String(), one.Amount.String()})
		}
	}
	return m, err
}

// gaps finds what is missing in a cycle and adds it to m.
type gaps struct {
	src     *Sources
	cycle   period.Cycle
	m       *OpenItems
	counted bool // a delivery of cost files counts in the cycle
}

// noRecords finds out whether the cycle has no records at all. What its records and deliveries make is in tables of
// their own; what the books alone charge is in its lines.
func (g *gaps) noRecords(ctx context.Context, first period.Cycle) error {
	files, err := g.src.Snap.Files(lake.CycleOf(g.cycle))
	if err != nil || g.counted {
		return err
	}
	charged := false
	for _, e := range files {
		switch {
		case e.Rows == 0:
		case ofRecords(e.Table):
			return nil
		case e.Table != tables.Lines().Name || charged || e.Day == lake.CommitmentsDay:
		case e.Day != lake.EndDay:
			charged = true
		default:
			scan := rows.Scan[tables.Line]{Table: tables.Lines(), Cols: tables.Columns(tables.LineSKU)}
			err := rows.Groups(ctx, g.src.Snap, e, scan, func(c *parquet.Columns[tables.Line]) error {
				for _, sku := range c.Word(tables.LineSKU).Dict() {
					at := g.src.Books.SKU(sku)
					charged = charged || at < 0 || g.src.Books.Products[at].Model != books.Percentile
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	g.m.NoRecords = !charged || g.cycle < first
	return nil
}

// ofRecords reports whether a table of a cycle has accepted records.
func ofRecords(table string) bool {
	return slices.Contains([]string{tables.Usage().Name, tables.Ident().Name, tables.Late().Name,
		tables.Bandwidth().Name, tables.LateSamples().Name, tables.Orders().Name, tables.Adjustments().Name,
		tables.AccountEvents().Name, tables.Transfers().Name}, table)
}

// missingDays finds ranges of days of the cycle without rows in a table that has one file per day and bucket.
func (g *gaps) missingDays(last period.Day, feed, name string) error {
	there, err := g.daysWith(g.cycle, name)
	if err != nil {
		return err
	}
	before, err := g.daysWith(g.cycle-1, name)
	if err != nil {
		return err
	}
	any := len(there) > 0
	maps.Copy(there, before)
	daily := comesDaily(there, (g.cycle - 1).First(), last)
	if !any && !daily {
		return nil
	}
	first := period.Day(0)
	for day := g.cycle.First(); day <= last+1; day++ {
		switch missed := day <= last && !there[day]; {
		case missed && first == 0:
			first = day
		case !missed && first != 0:
			g.m.Days = append(g.m.Days, OpenDays{Feed: feed, First: first.String(), Last: (day - 1).String(),
				Days: int(day - first), Daily: daily})
			first = 0
		}
	}
	return nil
}

// daysWith returns the days of a cycle for which a table has rows; none for an archived cycle.
func (g *gaps) daysWith(cycle period.Cycle, name string) (map[period.Day]bool, error) {
	files, err := g.src.Snap.Files(lake.CycleOf(cycle))
	if err != nil {
		return nil, err
	}
	there := map[period.Day]bool{}
	for _, e := range files {
		if e.Table != name || e.Rows == 0 {
			continue
		}
		day, ok := e.Day.Calendar()
		if !ok {
			return nil, fmt.Errorf("%s: no day of the calendar", e.Path)
		}
		there[day] = true
	}
	return there, nil
}

// dailyRun is the number of consecutive days with records that makes a feed a daily one.
const dailyRun = 7

// comesDaily reports whether a feed has records of dailyRun consecutive days.
func comesDaily(there map[period.Day]bool, first, last period.Day) bool {
	run := 0
	for day := first; day <= last; day++ {
		if run++; !there[day] {
			run = 0
		}
		if run == dailyRun {
			return true
		}
	}
	return false
}

// link is a link and the customer to which its samples belong.
type link struct{ resource, customer string }

// missingLinks finds the links without a sample in the time in which they are in force for a customer.
func (g *gaps) missingLinks(ctx context.Context) error {
	bounds := g.src.Books.Zone.Bounds(g.cycle)
	wanted := map[link]string{}
	for i := range g.src.Books.Links {
		l := &g.src.Books.Links[i]
		if l.Valid.Overlaps(bounds) {
			wanted[link{l.ResourceID, g.src.Books.Customers[l.Customer].ID}] = g.src.Books.Products[l.SKU].SKU
		}
	}
	files, err := g.src.Snap.Files(lake.CycleOf(g.cycle))
	if err != nil {
		return err
	}
	for _, e := range files {
		if len(wanted) == 0 {
			break
		}
		if e.Table != tables.Bandwidth().Name {
			continue
		}
		scan := rows.Scan[tables.Sample]{Table: tables.Bandwidth(), Cols: tables.Columns(tables.SampleResourceID,
			tables.SampleSlot)}
		err := rows.Groups(ctx, g.src.Snap, e, scan, func(c *parquet.Columns[tables.Sample]) error {
			resources, slots := c.Col(tables.SampleResourceID.Of()), c.Col(tables.SampleSlot.Of()).Ints
			rows := make([]*books.Link, len(resources.Dict)) // by code: the last row found in force
			for i, code := range resources.Codes {
				slot := period.Instant(slots[i])
				if rows[code] != nil && rows[code].Valid.Holds(slot) {
					continue
				}
				var ok bool
				if rows[code], ok = g.src.Books.Links.At(resources.Dict[code], slot); ok {
					delete(wanted, link{resources.Dict[code], g.src.Books.Customers[rows[code].Customer].ID})
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	keys := slices.SortedFunc(maps.Keys(wanted), func(a, b link) int {
		return cmp.Or(strings.Compare(a.resource, b.resource), strings.Compare(a.customer, b.customer))
	})
	before, err := g.linksBefore(ctx, keys, g.cycle-1)
	if err != nil {
		return err
	}
	slices.SortStableFunc(keys, func(a, b link) int { // those whose feed is probably missing first
		return cmp.Compare(tables.Flag(before[b.resource]), tables.Flag(before[a.resource]))
	})
	g.m.More = max(0, len(keys)-maxLinks)
	for _, k := range keys[:len(keys)-g.m.More] {
		g.m.Links = append(g.m.Links, OpenLink{k.resource, k.customer, wanted[k], before[k.resource]})
	}
	return nil
}

// linksBefore returns which of the links have samples in a cycle; none for an archived cycle.
func (g *gaps) linksBefore(ctx context.Context, keys []link, cycle period.Cycle) (map[string]bool, error) {
	out := map[string]bool{}
	if len(keys) == 0 {
		return out, nil
	}
	files, err := g.src.Snap.Files(lake.CycleOf(cycle))
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, k := range keys {
		wanted[k.resource] = true
	}
	for _, e := range files {
		if e.Table != tables.Bandwidth().Name {
			continue
		}
		scan := rows.Scan[tables.Sample]{Table: tables.Bandwidth(), Cols: tables.Columns(tables.SampleResourceID)}
		err := rows.Groups(ctx, g.src.Snap, e, scan, func(c *parquet.Columns[tables.Sample]) error {
			for _, name := range c.Word(tables.SampleResourceID).Dict() {
				out[name] = out[name] || wanted[name]
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// missingRejects counts the stored rejects by feed and reason.
func (g *gaps) missingRejects(ctx context.Context) error {
	counts := map[[2]string]*OpenReject{}
	for _, e := range g.src.Snap.Manifest.Loose {
		if e.Table != tables.Rejects().Name {
			continue
		}
		cols := tables.Columns(tables.RejectFeed, tables.RejectFile, tables.RejectReason, tables.RejectRaw,
			tables.RejectHeader)
		scan := rows.Scan[tables.Reject]{Table: tables.Rejects(), Cols: cols}
		err := rows.Groups(ctx, g.src.Snap, e, scan, func(c *parquet.Columns[tables.Reject]) error {
			for i := range c.N {
				name := c.Word(tables.RejectFeed).At(i)
				texts := feed.Fields(c.Word(tables.RejectHeader).At(i), c.Text(tables.RejectRaw).At(i))
				if name == "orders" && texts["status"] != "" {
					continue // changes of an order's state cost nothing
				}
				key := [2]string{name, c.Word(tables.RejectReason).At(i)}
				if counts[key] == nil {
					counts[key] = &OpenReject{Feed: name, Reason: key[1]}
				}
				of, known := g.cycleOf(name, texts)
				switch {
				case !known:
					counts[key].Unknown++
				case of == g.cycle:
					counts[key].Cycle++
				default:
					counts[key].Other++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(counts), func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	}) {
		g.m.Rejects = append(g.m.Rejects, *counts[key])
	}
	return nil
}

// cycleColumn returns the column that determines the cycle of a feed's record (§1.3).
func cycleColumn(name string) string {
	switch name {
	case "usage":
		return "usage_start"
	case "bandwidth":
		return "sample_time"
	case "orders":
		return "pay_time"
	case "transfers":
		return "cycle"
	case "incentive_events":
		return "period"
	}
	return "time"
}

// cycleOf returns the cycle of a rejected record, if it can be read; for a quarter the last cycle.
func (g *gaps) cycleOf(name string, texts map[string]string) (period.Cycle, bool) {
	text := texts[cycleColumn(name)]
	if name == "transfers" || name == "incentive_events" {
		p, err := settlement.ParsePeriod(text)
		return p.Last(), err == nil
	}
	t, err := period.ParseInstant(text)
	if err != nil {
		return 0, false
	}
	return g.src.Books.Zone.Cycle(t), true
}
