package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// The checks, in the order in which they are reported.
const (
	Files      = "files"      // VERIFY-1
	Chain      = "chain"      // VERIFY-1
	Contents   = "contents"   // VERIFY-2
	Identity   = "identity"   // VERIFY-3
	Statements = "statements" // VERIFY-4
	DaySums    = "sums"       // VERIFY-4, for the sums of a day from which statements are made
	Partners   = "partners"   // VERIFY-9
	Accounts   = "accounts"   // VERIFY-10
	Inputs     = "inputs"     // VERIFY-5
	Records    = "records"    // VERIFY-5
	Quantities = "quantities" // VERIFY-6
	Totals     = "totals"     // VERIFY-2, for the control totals
	Costs      = "costs"      // VERIFY-12; only if there are cost files
	Taxes      = "taxes"      // VERIFY-13; only if there are taxes
)

// Check is one check and its findings.
type Check struct {
	Name    string   `json:"name"`
	OK      bool     `json:"ok"`
	Looked  string   `json:"looked"`            // what was checked, with numbers
	Differs []string `json:"differs,omitempty"` // the first of the smallest groups that differ
	More    int      `json:"more,omitempty"`    // number of differences that are not listed
}

// Report holds the findings of a verification.
type Report struct {
	Manifest int64   `json:"manifest"`
	OK       bool    `json:"ok"`
	Checks   []Check `json:"checks"`
	Totals   []Sum   `json:"totals"` // counted again, by cycle and column
	// of the tables of partners' money, counted again
	PartnerMoney []lake.TableTotal `json:"partner_money,omitempty"`
	Rows         []FeedRows        `json:"rows"`              // of all feed files ever accepted, by feed
	Unnamed      []string          `json:"unnamed,omitempty"` // files that no manifest names: the next run deletes them
	Foreign      []string          `json:"foreign,omitempty"` // files that do not belong to the lake
}

// Options of a verification.
type Options struct {
	Workers  int // 0 = 1
	Progress func(stage string, done, total int64)
}

// Run checks a state. Faults of the lake are in the report; an error is that of ctx, of reading, or a
// *lake.MovedError if a run committed meanwhile.
func Run(ctx context.Context, snap *lake.Snapshot, o Options) (*Report, error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	v := &verifier{snap: snap, o: o, found: make(map[string]*Check), allocations: NewAllocations(),
		sales: Sales{}}
	for _, name := range []string{Files, Chain, Contents, Identity, Statements, DaySums, Partners, Accounts, Inputs,
		Records, Quantities, Totals} {
		v.found[name] = &Check{Name: name}
		v.order = append(v.order, name)
	}
	taxed, err := v.hasTaxes()
	if err != nil {
		return nil, err
	}
	if taxed {
		v.found[Taxes] = &Check{Name: Taxes}
		v.order = append(v.order, Taxes)
	}
	if v.hasPartnerMoney() {
		v.found[PartnerMoney] = &Check{Name: PartnerMoney}
		v.order = append(v.order, PartnerMoney)
		v.since, _ = Since(ctx, snap) // inputs reports a file that cannot be read
	}
	if err := v.files(ctx); err != nil {
		return nil, err
	}
	if err := v.texts(ctx); err != nil {
		return nil, err
	}
	if err := v.cycles(ctx); err != nil {
		return nil, err
	}
	if err := v.accounts(ctx); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(snap.Manifest.Loose, func(e lake.FileEntry) bool {
		return e.Table == tables.CostDeliveries().Name
	}) {
		v.found[Costs] = &Check{Name: Costs}
		v.order = append(v.order, Costs)
		if err := (&costChecks{v}).all(ctx); err != nil {
			return nil, err
		}
	}
	if err := v.inputs(ctx); err != nil {
		return nil, err
	}
	if err := v.ties(ctx); err != nil {
		return nil, err
	}
	return v.report(), nil
}

// verifier is one verification. Its methods that lock can be called from several goroutines.
type verifier struct {
	snap  *lake.Snapshot
	o     Options
	order []string

	mu      sync.Mutex
	found   map[string]*Check
	counts  counts
	unnamed []string
	foreign []string
	sums    map[string]*columnSums            // recomputed, by cycle/table
	partner map[string]*settledSum            // by cycle
	money   map[string]map[string]*moneySums  // by cycle and currency; none for cycles with one currency
	margins map[string]map[string]*columnSums // of the table margins, by cycle and currency
	fed     Feeds

	allocations *Allocations
	sales       Sales  // of closed cycles
	since       string // the first cycle whose runs kept partners' money for sure; "" = none
}

// counts counts what was checked.
type counts struct {
	moneyCounts
	files, bytes, manifests                  int64
	rows, lines, customers, records, waiting int64
	samples, orders, adjustments             int64
	statuses                                 int64 // counting steps in the life of orders
	accounts, transfers, incentives          int64 // account events, transfers and incentive events that count
	deliveries, margins                      int64 // of cost files
	taxes                                    int64 // rows of the table
	settled, entries                         int64 // rows of partner statements, entries of accounts
	archived                                 int64 // cycles of which only the data for later runs remains
	broken                                   int64 // files that could not be read: sums over all are then meaningless
}

// moneyCounts counts what was checked of partners' money.
type moneyCounts struct {
	money       int64                         // rows of the tables
	moneyEvents map[string]int64              // events that count, by feed
	moneySums   map[string]*money.AmountTotal // control totals, by table.sum
	frozen      map[string]*money.AmountTotal // in accounts minus undecided withdrawals, by partner
}

// maxListed is the maximum number of listed differences per check.
const maxListed = 20

// differ adds a difference.
func (v *verifier) differ(check, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.found[check]
	c.Differs = append(c.Differs, fmt.Sprintf(format, args...))
	if len(c.Differs) > 4*maxListed {
		c.shorten()
	}
}

// shorten keeps the first differences in alphabetical order, so that the report does not depend on the workers.
func (c *Check) shorten() {
	slices.Sort(c.Differs)
	if extra := len(c.Differs) - maxListed; extra > 0 {
		c.More += extra
		c.Differs = c.Differs[:maxListed]
	}
}

// count adds to the counts.
func (v *verifier) count(add func(*counts)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	add(&v.counts)
}

// files is VERIFY-1.
func (v *verifier) files(ctx context.Context) error {
	r, err := v.snap.CheckFiles(ctx, func(done, all int64) { v.o.Progress("check hashes: bytes", done, all) })
	if err != nil {
		return err
	}
	v.counts.files, v.counts.bytes, v.counts.manifests = int64(r.Files), r.Bytes, int64(r.Manifests)
	for _, f := range r.Findings {
		switch f.Kind {
		case lake.FindUnnamed:
			v.unnamed = append(v.unnamed, f.Name)
		case lake.FindForeign:
			v.foreign = append(v.foreign, f.Name)
		case lake.FindChain:
			v.differ(Chain, "%s", f)
		default:
			v.differ(Files, "%s", f)
		}
	}
	return nil
}

// cycles checks every cycle, one bucket at a time.
func (v *verifier) cycles(ctx context.Context) error {
	v.sums, v.partner = make(map[string]*columnSums), make(map[string]*settledSum)
	v.money, v.margins = make(map[string]map[string]*moneySums), make(map[string]map[string]*columnSums)
	var parts []part
	orders := make(map[int][]lake.FileEntry) // of the cycles so far, by bucket
	for _, ref := range v.snap.Manifest.Cycles {
		files, err := v.snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		if ref.Archived != nil {
			v.archived(ref, files)
		}
		coupons := recordsCoupons(v, ref, files)
		for _, p := range partsOf(ref, files) {
			p.coupons = coupons
			p.earlier = slices.Clip(orders[p.bucket])
			orders[p.bucket] = append(orders[p.bucket], p.of(tables.Orders().Name)...)
			parts = append(parts, p)
		}
	}
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, v.o.Workers))
	for _, p := range parts {
		group.Go(func() error {
			err := v.part(ctx, p)
			v.o.Progress("count again: buckets", done.Add(1), int64(len(parts)))
			return err
		})
	}
	return group.Wait()
}

// report assembles the report.
func (v *verifier) report() *Report {
	r := &Report{Manifest: v.snap.Manifest.Number, OK: true, Unnamed: v.unnamed, Foreign: v.foreign}
	n := &v.counts
	looked := map[string]string{
		Files: fmt.Sprintf("%d files, %d bytes: size and hash", n.files, n.bytes),
		Chain: fmt.Sprintf("%d manifests: each the parent its child names", n.manifests),
		Contents: fmt.Sprintf("%d rows: in the file of their cycle, day and bucket, in order; rows and sums of "+
			"every file", n.rows),
		Identity: fmt.Sprintf("%d lines: official = discount + truncated + payment = … + the kinds of payment",
			n.lines),
		Statements: fmt.Sprintf("%d statements: the sum of their lines; payment = rounding + due, in the currency's "+
			"digits", n.customers),
		DaySums: fmt.Sprintf("%d lines: the sums of each customer's day", n.lines),
		Partners: fmt.Sprintf("%d rows of partner statements of closed cycles: the sum of the lines with a "+
			"partner; revenue = what resellers owe", n.settled),
		Accounts: fmt.Sprintf("%d entries of accounts: each balance follows from the one before, none is below "+
			"zero, stored ones equal the last; they add up to account events and to what balances paid of the lines",
			n.entries),
		Inputs: fmt.Sprintf("%d feed files: rows = accepted + duplicate + rejected; every reject is stored",
			v.inputCount()),
		Records: n.recordsLooked(),
		Quantities: fmt.Sprintf("%d records that wait for month-end: in the positions, and in the month-end lines",
			n.waiting),
		PartnerMoney: n.moneyLooked(),
		Taxes: fmt.Sprintf("%d rows of taxes: counted again from the lines; each statement's tax is their sum, "+
			"and the amount due has it", n.taxes),
		Costs: fmt.Sprintf("%d deliveries of cost files, %d rows of margins: margins come to the counted deliveries, "+
			"their payments to the lines", n.deliveries, n.margins),
		Totals: fmt.Sprintf("%d control totals: none is absent; counted again", len(v.snap.Manifest.Totals)),
	}
	if n.archived > 0 {
		looked[Files] += fmt.Sprintf("; %d cycles are archived: their rest here is not summed, the archive is "+
			"verified apart", n.archived)
	}
	if v.snap.Manifest.ArchiveOf != "" {
		for _, name := range []string{Inputs, Records} {
			looked[name] = "an archive: feed files stay with its lake"
		}
		looked[Costs] = fmt.Sprintf("%d deliveries of cost files, %d rows of margins: margins come to a delivery that "+
			"counted, their payments to the lines; differences that later cycles bill are not in an archive",
			n.deliveries, n.margins)
	}
	for _, name := range v.order {
		c := v.found[name]
		c.shorten()
		c.OK, c.Looked = len(c.Differs) == 0, looked[name]
		if n.broken > 0 {
			c.Looked += " (as far as files can be read)"
		}
		r.OK = r.OK && c.OK
		r.Checks = append(r.Checks, *c)
	}
	r.Totals, r.Rows, r.PartnerMoney = v.controlTotals(), v.fed.Rows(), v.moneyTotals()
	return r
}

// recordsLooked describes the records that were counted; it mentions only kinds of events that exist.
func (n *counts) recordsLooked() string {
	text := fmt.Sprintf("%d accepted usage records, %d orders, %d adjustments", n.records, n.orders, n.adjustments)
	for _, one := range []struct {
		count int64
		what  string
	}{{n.statuses, "steps in the life of orders"}, {n.accounts, "account events"}, {n.transfers, "transfers"},
		{n.incentives, "incentive events"}} {
		if one.count > 0 {
			text += fmt.Sprintf(", %d %s", one.count, one.what)
		}
	}
	return text + ": each in the lake once, no line twice"
}

func (v *verifier) inputCount() int {
	if v.snap.Manifest.Inputs == nil {
		return 0
	}
	return v.snap.Manifest.Inputs.Count
}

// part is a bucket of a cycle, which one worker checks.
type part struct {
	cycle  lake.CycleRef
	name   string // of the cycle, as in rows
	bucket int
	files  []lake.FileEntry // by path

	earlier []lake.FileEntry // the bucket's orders of earlier cycles
	ledger  bool             // whether balances paid the cycle
	coupons bool             // whether coupon_entries must have the coupon payments
}

func partsOf(ref lake.CycleRef, files []lake.FileEntry) []part {
	sorted := slices.Clone(files)
	slices.SortStableFunc(sorted, func(a, b lake.FileEntry) int { return cmp.Compare(a.Bucket, b.Bucket) })
	var parts []part
	ledger := rows.PaidByLedger(&ref)
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Bucket == sorted[0].Bucket {
			n++
		}
		parts = append(parts, part{ref, ref.Cycle.String(), sorted[0].Bucket, sorted[:n], nil, ledger, false})
		sorted = sorted[n:]
	}
	return parts
}

// of returns the part's files of a table, by day.
func (p *part) of(table string) []lake.FileEntry {
	return slices.DeleteFunc(slices.Clone(p.files), func(e lake.FileEntry) bool { return e.Table != table })
}

// find returns the part's file of a table and day, if there is one.
func (p *part) find(table string, day lake.Day) (lake.FileEntry, bool) {
	i := slices.IndexFunc(p.files, func(e lake.FileEntry) bool { return e.Table == table && e.Day == day })
	if i < 0 {
		return lake.FileEntry{}, false
	}
	return p.files[i], true
}

// days returns the days for which any of the tables has files, `end` last.
func (p *part) days(names ...string) []lake.Day {
	var days []lake.Day
	for _, e := range p.files {
		if slices.Contains(names, e.Table) {
			days = append(days, e.Day)
		}
	}
	slices.SortFunc(days, lake.Day.Compare)
	return slices.Compact(days)
}
