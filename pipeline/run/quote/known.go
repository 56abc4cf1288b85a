package quote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// named holds what the file's rows of the customer in one cycle refer to.
type named struct {
	ids      map[string]bool // as record_id or in replaces
	replaces bool            // whether a row replaces another record
	ordered  bool            // whether a row is of a product for which the order of records matters
	moves    period.Instant  // time of the first row that can change the price of later records
}

// present holds what the lake has of the customer in a cycle of the file.
type present struct {
	closed bool
	// for an open cycle: current positions, and those before the cycle's own records
	closing, first []tables.PositionRow
	// ids of the records that the file names, of those that replace them, and of those that they replace; the value is
	// true if the record no longer counts
	dead  map[string]bool
	whole bool     // the cycle is priced with all its records (QUOTE-7)
	all   []record // records that count; only if the file replaces records, or with whole
}

// meet copies records of the workspace's lake that the file names to the trial lake.
func (j *job) meet(ctx context.Context) error {
	names, err := j.named(ctx)
	if err != nil {
		return err
	}
	list, err := j.readLake(ctx, names)
	if err != nil || len(list) == 0 {
		return err
	}
	return j.seed(ctx, list)
}

// named reads what the file refers to, by cycle.
func (j *job) named(ctx context.Context) (_ map[period.Cycle]*named, err error) {
	spec := feed.UsageSpec().With(j.trial.Books.OwnColumns())
	if j.trial.Books.AnySigned() {
		spec = spec.WithSigned()
	}
	r, err := feed.Open(os.DirFS(filepath.Dir(j.file)), filepath.Base(j.file), spec, feed.ReadOptions{})
	if err != nil {
		return nil, j.refuse(err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	out := make(map[period.Cycle]*named)
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, j.refuse(err)
		}
		j.namedIn(b, spec, out)
		b.Release()
	}
}

// namedIn adds what the rows of a batch refer to.
func (j *job) namedIn(b *feed.Batch, spec *feed.Spec, out map[period.Cycle]*named) {
	col := func(name string) any { return b.Rows.Column(spec.Column(name)) }
	customers, skus := col("customer_id").(*array.Dictionary), col("sku").(*array.Dictionary)
	words, products := customers.Dictionary().(*array.String), skus.Dictionary().(*array.String)
	starts := col("usage_start").(*array.Timestamp)
	ids, targets := col("record_id").(*array.String), col("replaces").(*array.String)
	bad := make(map[int]bool, len(b.Faults))
	for _, f := range b.Faults {
		bad[f.Index] = true
	}
	for i := range b.Len() {
		if bad[i] || customers.IsNull(i) || words.Value(customers.GetValueIndex(i)) != j.Customer {
			continue
		}
		cycle := j.trial.Books.Zone.Cycle(period.Instant(starts.Value(i)))
		n := out[cycle]
		if n == nil {
			n = &named{ids: make(map[string]bool), moves: math.MaxInt64}
			out[cycle] = n
		}
		n.ids[string([]byte(ids.Value(i)))] = true
		if code := j.product(skus, products, i); code >= 0 {
			n.ordered = n.ordered || j.ordered(code)
			if j.moves(code) {
				n.moves = min(n.moves, period.Instant(starts.Value(i)))
			}
		}
		if !targets.IsNull(i) && targets.Value(i) != "" {
			n.ids[string([]byte(targets.Value(i)))], n.replaces = true, true
		}
	}
}

// product is the product of a row; negative if the books do not have it.
func (j *job) product(skus *array.Dictionary, words *array.String, row int) int32 {
	if skus.IsNull(row) {
		return -1
	}
	return j.trial.Books.SKU(words.Value(skus.GetValueIndex(row)))
}

// ordered reports whether the order of records matters for a product's quantity.
func (j *job) ordered(code int32) bool {
	a := j.trial.Books.Products[code].Aggregation
	return a == books.Last || a == books.TimeWeighted
}

// moves reports whether a record of a product can change the price of later records: it moves a meter, or draws on a
// package. A meter has the region of its first record.
func (j *job) moves(code int32) bool {
	p := &j.trial.Books.Products[code]
	if p.Model != books.Flat || p.PeriodLevel() || !p.Convert.IsZero() {
		return true
	}
	return p.Draws() && slices.ContainsFunc(j.trial.Books.Packages.Of(j.customer), func(pack books.Package) bool {
		_, covered := slices.BinarySearch(pack.SKUs, code)
		return covered
	})
}

// readLake reads what the workspace's lake has of the customer in the cycles of the file. It returns the records that
// the file names, those that replace them, and those that they replace.
func (j *job) readLake(ctx context.Context, names map[period.Cycle]*named) (out []record, err error) {
	j.present = make(map[period.Cycle]*present)
	for _, cycle := range slices.Sorted(maps.Keys(names)) {
		list, err := j.readCycle(ctx, j.snap, cycle, names[cycle])
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// readCycle is readLake for one cycle.
func (j *job) readCycle(ctx context.Context, snap *lake.Snapshot, cycle period.Cycle, n *named) ([]record, error) {
	p := &present{closed: cycle <= snap.Manifest.ClosedThrough.Or(lake.NoCycle), dead: make(map[string]bool)}
	j.present[cycle] = p
	positions := state.OpeningOf(snap, j.trial.Books, j.prices)
	var err error
	if !p.closed {
		if p.closing, _, err = positions.Closing(j.customer, cycle); err != nil {
			return nil, err
		}
	}
	stored, err := j.stored(snap, cycle)
	if err != nil {
		return nil, err
	}
	have, wanted := make(map[string]bool), maps.Clone(n.ids)
	var newest period.Instant
	for i := range stored {
		have[string(stored[i].ID)] = true
		newest = max(newest, stored[i].Start)
		if to := stored[i].replaces; to != "" {
			wanted[to] = true
		}
	}
	list, err := j.fromLines(ctx, snap, cycle, have, func(id []byte, start period.Instant) bool {
		newest = max(newest, start)
		return wanted[string(id)]
	})
	if err != nil {
		return nil, err
	}
	list = linked(append(list, stored...), n.ids)
	for i := range list {
		p.dead[string(list[i].ID)] = p.dead[string(list[i].ID)] || list[i].replaced
		if to := list[i].replaces; to != "" {
			p.dead[to] = true
		}
	}
	p.whole = !p.closed && (n.ordered || n.moves <= newest)
	if !p.whole && (len(list) == 0 || !n.replaces || p.closed) {
		return list, nil
	}
	if _, p.first, err = positions.OfCycle(j.customer, cycle); err != nil {
		return nil, err
	}
	if p.all, err = j.fromLines(ctx, snap, cycle, have, nil); err != nil {
		return nil, err
	}
	p.all = append(p.all, slices.DeleteFunc(stored, func(r record) bool { return r.replaced })...)
	return list, nil
}

// stored returns the records of a cycle from tables of records: usage of the cycle, and late of the cycles after it.
func (j *job) stored(snap *lake.Snapshot, cycle period.Cycle) ([]record, error) {
	out, err := j.fromUsage(snap, cycle)
	if err != nil {
		return nil, err
	}
	bucket := lake.BucketOf(j.Customer, max(1, snap.Manifest.Buckets))
	for _, ref := range snap.Manifest.Cycles {
		if ref.Period() <= cycle {
			continue
		}
		files, err := snap.Select(ref.Cycle, func(k lake.FileKey) bool {
			return k.Table == tables.Late().Name && k.Bucket == bucket
		})
		if err != nil {
			return nil, err
		}
		for _, e := range files {
			list, err := j.fromTable(snap, e, tables.Late(), cycle.String())
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
		}
	}
	return out, nil
}

// linked returns the named records, the records that replace them directly or indirectly, and those that they replace.
func linked(list []record, ids map[string]bool) []record {
	in := make(map[string]bool)
	for i := range list {
		if id := string(list[i].ID); ids[id] {
			in[id] = true
		}
	}
	for n := -1; n < len(in); {
		n = len(in)
		for i := range list {
			id, to := string(list[i].ID), list[i].replaces
			if to != "" && (in[id] || in[to]) {
				in[id], in[to] = true, true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(r record) bool { return !in[string(r.ID)] })
}

// seed copies records of the workspace's lake to the trial lake, so that those of the file are decided against them.
func (j *job) seed(ctx context.Context, list []record) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for i := range list {
		r := &list[i]
		row := map[string]string{"record_id": string(r.ID), "customer_id": j.Customer,
			"resource_id": string(r.Resource), "sku": r.sku, "region_code": r.region,
			"usage_start": r.Start.String(), "usage_end": r.End.String(), "quantity": r.Signed().String()}
		tag, column, own := books.SplitOwn(r.Tag)
		for name, value := range map[string]string{"resource_name": string(r.Name), "resource_tag": string(tag),
			"replaces": r.replaces, column: string(own)} {
			if name != "" && value != "" {
				row[name] = value
			}
		}
		if err := encoder.Encode(row); err != nil {
			return err
		}
	}
	file := filepath.Join(j.inbox(), "lake.ndjson")
	if err := os.WriteFile(file, text.Bytes(), 0o666); err != nil {
		return fmt.Errorf("put records of the lake into an inbox of their own: %w", err)
	}
	report, err := run.Ingest(ctx, j.trial, j.o)
	if err != nil {
		return err
	}
	if report.Accepted == int64(len(list)) {
		return nil
	}
	return &workspace.RefusedError{
		What: fmt.Sprintf("%s names records of the lake that would not be accepted now: %s", j.File,
			strings.Join(slices.Sorted(maps.Keys(report.Reasons)), ", ")),
		Hint: "check --as-of and the books that the quote is made with"}
}

// added returns the records of the trial lake that are not in the workspace's lake; gone are records of the latter that
// no longer count because of the file.
func (j *job) added(cycle period.Cycle, list []record) (added []record, gone map[string]bool) {
	p := j.present[cycle]
	if p == nil || len(p.dead) == 0 {
		return list, nil
	}
	gone = make(map[string]bool)
	added = slices.DeleteFunc(list, func(r record) bool {
		dead, known := p.dead[string(r.ID)]
		if known && !dead && r.replaced {
			gone[string(r.ID)] = true
		}
		return known
	})
	return added, gone
}

// withOld returns the added records together with those that count in the lake, without those that are gone.
func (j *job) withOld(cycle period.Cycle, list []record, gone map[string]bool) ([]record, error) {
	p := j.present[cycle]
	if p.closed {
		return nil, &workspace.RefusedError{
			What: fmt.Sprintf("%s replaces records of %s, which is closed", j.File, cycle),
			Hint: "quote --from-lake prices a record that replaces another in open cycles only: take them out " +
				"of the file"}
	}
	for _, r := range p.all {
		if r.SKU < 0 {
			return nil, &workspace.RefusedError{
				What: fmt.Sprintf("the lake has records of sku %q, which the books do not have", r.sku),
				Hint: "the file replaces records of the lake, or has records that change what others are charged: " +
					"make the quote with books that have all products of the cycle"}
		}
		r.old, r.replaced = true, gone[string(r.ID)]
		list = append(list, r)
	}
	return list, nil
}

// changed adds to the quote the lines by which the cycle's bill with the file differs from the bill without it
// (QUOTE-7).
func (p *pricing) changed(_ []tables.PositionRow, records []record) ([]tables.PositionRow, error) {
	without, err := p.bill(records, func(r *record) bool { return r.old })
	if err != nil {
		return nil, err
	}
	with, err := p.bill(records, func(r *record) bool { return !r.replaced })
	if err != nil {
		return nil, err
	}
	p.differ(without, with)
	return p.rater.Positions(nil), p.finish()
}

// differ sets the lines of the quote to a difference: those of records come first, then those that are subtracted.
func (p *pricing) differ(without, with []Line) {
	off, on := difference(without, with)
	p.lines = nil
	var ends []Line
	for i := range on {
		if on[i].record {
			p.lines = append(p.lines, on[i])
		} else {
			ends = append(ends, on[i])
		}
	}
	p.lines = slices.Concat(p.lines, off, ends)
}

// bill rates some of a cycle's records from the beginning of the cycle to its end.
func (p *pricing) bill(records []record, counts func(*record) bool) ([]Line, error) {
	p.lines = nil
	if err := p.rater.Open(p.job.customer, p.cycle, p.job.present[p.cycle].first); err != nil {
		return nil, err
	}
	for i := range records {
		if !counts(&records[i]) {
			continue
		}
		if err := p.usage(&records[i]); err != nil {
			return nil, err
		}
	}
	ends, err := p.monthEnd()
	return append(p.lines, ends...), err
}
