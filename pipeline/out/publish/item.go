package publish

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Batches iterates over the rows of an item, in order; a batch is valid until the next. Columns may be constant.
type Batches = iter.Seq2[*parquet.Columns[tables.Any], error]

// Item is one thing to publish: a file of the lake, or calculated rows. Its path identifies it and its content.
type Item struct {
	Table  *Table
	Path   string
	Cycle  string // "" = none
	Bucket int    // lake.NoBucket = all buckets
	Known  bool   // Rows and Sums are those of the manifest, and what is read must equal them
	Money  string // currency of its amounts; "" = the workspace has one
	Rows   int64  // if known before the rows are read
	Sums   []lake.ColumnSum
	// Calculated rows come from lines when they are read, which takes processor time here and little of the server's.
	Calculated bool
	Read       func(context.Context) Batches
}

// Key identifies an item: the name of its table, and its path.
type Key struct{ Table, Path string }

// Key returns the item's key.
func (i *Item) Key() Key { return Key{i.Table.Name, i.Path} }

// Source is the state that is published.
type Source struct {
	Snap     *lake.Snapshot
	Partners query.PartnerReader // its state and limits are those of the source
	// Books names everything, except the lines, that partner statements of open cycles depend on.
	Books   string
	Cycle   lake.Cycle // publish only this cycle; none = all
	Samples bool
	Limits  rows.Limits

	finder  *query.CurrencyFinder // nil = all amounts have one currency
	decoder func() (*parquet.Decoder, error)
}

// Cycles returns the cycles to publish, without archived ones, whose lines are not complete. It returns
// *rows.NoCycleError or *rows.ArchivedError for the one cycle that is requested.
func (s *Source) Cycles() ([]lake.CycleRef, error) {
	if s.Cycle.IsZero() {
		return slices.DeleteFunc(slices.Clone(s.Snap.Manifest.Cycles), func(ref lake.CycleRef) bool {
			return ref.Archived != nil
		}), nil
	}
	if err := rows.HasCycle(s.Snap, s.Cycle); err != nil {
		return nil, err
	}
	ref, _ := s.Snap.Cycle(s.Cycle)
	return []lake.CycleRef{ref}, nil
}

// Items lists everything of the state that is published in the tables of list, by table and path.
func (s *Source) Items(ctx context.Context, list []*Table) (all []*Item, err error) {
	if s.finder, err = query.NewCurrencyFinder(ctx, s.Snap, s.Partners.Books); err != nil {
		return nil, err
	}
	if s.decoder == nil {
		s.decoder = sync.OnceValues(parquet.NewDecoder)
	}
	whole, err := s.wholeItems(list)
	if err != nil {
		return nil, err
	}
	for _, i := range whole {
		parts, err := s.byCurrency(ctx, i)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	slices.SortFunc(all, func(a, b *Item) int {
		return cmp.Or(strings.Compare(a.Table.Name, b.Table.Name), strings.Compare(a.Path, b.Path))
	})
	return all, nil
}

// wholeItems lists everything that is published of the state, with amounts of several currencies together.
func (s *Source) wholeItems(list []*Table) ([]*Item, error) {
	cycles, err := s.Cycles()
	if err != nil {
		return nil, err
	}
	all, err := s.loose(list)
	if err != nil {
		return nil, err
	}
	if s.Cycle.IsZero() {
		kept, err := s.archived(list)
		if err != nil {
			return nil, err
		}
		all = append(all, kept...)
	}
	for _, ref := range cycles {
		files, err := s.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		all = append(all, s.files(list, files)...)
		if ref.State != lake.CycleClosed {
			all = append(all, s.partners(list, ref.Cycle, files))
			if len(s.Partners.Books.Taxes) > 0 {
				all = append(all, s.taxes(list, ref.Cycle, files))
			}
		}
		totals, err := s.totals(list, ref.Cycle)
		if err != nil {
			return nil, err
		}
		all = append(all, totals)
	}
	runs, err := s.runs(list)
	if err != nil {
		return nil, err
	}
	return append(all, runs...), nil
}

// archived returns items of what the lake keeps of archived cycles: statements and accounts, no lines or samples.
func (s *Source) archived(list []*Table) ([]*Item, error) {
	var out []*Item
	for _, ref := range s.Snap.Manifest.Cycles {
		if ref.Archived == nil {
			continue
		}
		files, err := s.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		out = append(out, s.files(list, slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
			return e.Table == tables.Lines().Name || e.Table == tables.Bandwidth().Name
		}))...)
	}
	return out, nil
}

// ofColumns returns the sums of a file that are sums over all its rows. In funds each row of a quota repeats the total
// of the quota's claims; the file's sum has it once (§9.5).
func ofColumns(e *lake.FileEntry) []lake.ColumnSum {
	if e.Table != tables.Funds().Name {
		return e.Sums
	}
	return slices.DeleteFunc(slices.Clone(e.Sums), func(sum lake.ColumnSum) bool {
		return sum.Column != tables.Funds().Columns[tables.FundQuotaAmount.Index()].Name &&
			sum.Column != tables.Funds().Columns[tables.FundListedAmount.Index()].Name
	})
}

// files returns the items of the lake's files.
func (s *Source) files(list []*Table, files []lake.FileEntry) []*Item {
	var out []*Item
	for _, e := range files {
		i := slices.IndexFunc(list, func(p *Table) bool { return p.lake == e.Table })
		if i < 0 || e.Rows == 0 {
			continue
		}
		divided := s.finder != nil && len(list[i].money) > 0 // row by row, in byCurrency
		out = append(out, &Item{Table: list[i], Path: e.Path, Cycle: e.Cycle.String(), Bucket: e.Bucket, Known: true,
			Rows: e.Rows, Sums: ofColumns(&e),
			Read: func(context.Context) Batches { return s.readFile(list[i], e, !divided) }})
	}
	return out
}

// loose returns the items of the lake's files without a cycle. A file whose rows have cycles becomes one item per
// cycle, because the rows of a load are in one partition.
func (s *Source) loose(list []*Table) ([]*Item, error) {
	var whole []lake.FileEntry
	var out []*Item
	for _, e := range s.Snap.Manifest.Loose {
		i := slices.IndexFunc(list, func(p *Table) bool { return p.lake == e.Table })
		if i < 0 || list[i].Def.Index(CycleColumn) < 0 {
			whole = append(whole, e)
			continue
		}
		cycles, err := s.cyclesOf(list[i], e)
		if err != nil {
			return nil, err
		}
		for _, cycle := range cycles {
			out = append(out, &Item{Table: list[i], Path: e.Path + "/cycle=" + cycle, Cycle: cycle, Bucket: e.Bucket,
				Read: func(context.Context) Batches { return s.readCycle(list[i], e, cycle) }})
		}
	}
	return append(out, s.files(list, whole)...), nil
}

// cyclesOf returns the cycles of a file's rows, without those that are not published now.
func (s *Source) cyclesOf(p *Table, e lake.FileEntry) ([]string, error) {
	col, seen, only := p.Def.Index(CycleColumn), map[string]bool{}, s.Cycle.String()
	for cols, err := range s.readFile(p, e, false) {
		if err != nil {
			return nil, err
		}
		for i := range cols.N {
			if cycle := cols.Col(tables.ColumnOf[tables.Any](col)).Word(i); only == "" || only == cycle {
				seen[cycle] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// readCycle reads the rows of a file that belong to a cycle.
func (s *Source) readCycle(p *Table, e lake.FileEntry, cycle string) Batches {
	return func(yield func(*parquet.Columns[tables.Any], error) bool) {
		col, out, words := p.Def.Index(CycleColumn), parquet.NewColumns(tables.Untyped(p.Def)), parquet.Recode{}
		for cols, err := range s.readFile(p, e, false) {
			if err != nil {
				yield(nil, err)
				return
			}
			out.Reset()
			words.Reset(cols)
			for i := range cols.N {
				if cols.Col(tables.ColumnOf[tables.Any](col)).Word(i) == cycle {
					out.AppendRun(cols, i, i+1, nil, &words)
				}
			}
			if out.N > 0 && !yield(out, nil) {
				return
			}
		}
	}
}

// sentRows is how many rows of a file are read and sent as one block: as many as fit into the processor's cache between
// reading and sending.
const sentRows = 8 * parquet.PageRows

// readFile reads a file of the lake, some pages at a time; constant = batches may have constant columns.
func (s *Source) readFile(p *Table, e lake.FileEntry, constant bool) Batches {
	return func(yield func(*parquet.Columns[tables.Any], error) bool) {
		file, err := s.Snap.Open(e)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		decoder, err := s.decoder()
		if err != nil {
			yield(nil, err)
			return
		}
		m := p.memory()
		defer p.memories.Put(m)
		src, err := m.source(file)
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", e.Path, err))
			return
		}
		r, err := parquet.NewReaderOf(src, tables.Untyped(p.Def),
			parquet.Wanted[tables.Any]{Rows: sentRows, Decoder: decoder, Constant: constant})
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", e.Path, err))
			return
		}
		defer r.Close()
		r.Use(m.batch)
		for {
			cols, err := r.Next()
			if err != nil {
				yield(nil, fmt.Errorf("%s: %w", e.Path, err))
				return
			}
			if cols == nil || !yield(cols, nil) {
				return
			}
		}
	}
}

// wholeBytes is the size up to which files are read at once, not page by page.
const wholeBytes = 2 << 20

// memory is the memory for reading a file, reused for the next one.
type memory struct {
	batch *parquet.Columns[tables.Any]
	file  []byte
}

// source opens a file for reading.
func (m *memory) source(file storage.ReadFile) (parquet.Source, error) {
	size := file.Size()
	if size > wholeBytes {
		return io.NewSectionReader(file, 0, size), nil
	}
	m.file = slices.Grow(m.file[:0], int(size))[:size]
	if n, err := file.ReadAt(m.file, 0); int64(n) < size {
		return nil, err
	}
	return bytes.NewReader(m.file), nil
}

// partners returns the partner statements of an open cycle, which are calculated from its lines.
func (s *Source) partners(list []*Table, cycle lake.Cycle, files []lake.FileEntry) *Item {
	p := Find(list, "partner_statements")
	path := s.calculated(p, cycle, files)
	it := &Item{Table: p, Path: path, Cycle: cycle.String(), Bucket: lake.NoBucket, Calculated: true}
	it.Read = func(ctx context.Context) Batches {
		return func(yield func(*parquet.Columns[tables.Any], error) bool) {
			err := s.reader().EachOpen(ctx, cycle, func(cols *parquet.Columns[tables.PartnerStatement]) error {
				if cols.N > 0 && !yield(widened(cols.Any(), p.Def), nil) {
					return errEnough
				}
				return nil
			})
			if err != nil && !errors.Is(err, errEnough) {
				yield(nil, fmt.Errorf("calculate the partner statements of %s: %w", cycle, err))
			}
		}
	}
	return it
}

// taxes returns the taxes of the partner statements of an open cycle (§10.6).
func (s *Source) taxes(list []*Table, cycle lake.Cycle, files []lake.FileEntry) *Item {
	p := Find(list, "taxes")
	path := s.calculated(p, cycle, files)
	it := &Item{Table: p, Path: path, Cycle: cycle.String(), Bucket: lake.NoBucket, Calculated: true}
	it.Read = func(ctx context.Context) Batches {
		return func(yield func(*parquet.Columns[tables.Any], error) bool) {
			cols, err := s.reader().OpenTaxes(ctx, cycle)
			switch {
			case err != nil:
				yield(nil, fmt.Errorf("calculate the taxes of partner statements of %s: %w", cycle, err))
			case cols.N > 0:
				yield(widened(cols.Any(), p.Def), nil)
			}
		}
	}
	return it
}

// reader reads the partner statements of the state.
func (s *Source) reader() *query.PartnerReader {
	reader := s.Partners
	reader.Snap, reader.Limits = s.Snap, s.Limits
	return &reader
}

// calculated returns the path of what is calculated from the lines of an open cycle: it names all inputs.
func (s *Source) calculated(p *Table, cycle lake.Cycle, files []lake.FileEntry) string {
	var made strings.Builder
	made.WriteString(s.Books)
	for _, e := range files {
		if e.Table == tables.Lines().Name {
			made.WriteString("\n" + e.Path)
		}
	}
	return fmt.Sprintf("worked out/%s/cycle=%s/%s", p.Name, cycle, lake.HashBytes([]byte(made.String())))
}

// errEnough ends a reading when the consumer wants no more rows.
var errEnough = errors.New("no more is wanted")

// totals returns the control totals of a cycle, as `tollbook export` gives them.
func (s *Source) totals(list []*Table, cycle lake.Cycle) (*Item, error) {
	totals, err := rows.Totals(s.Snap, cycle)
	if err != nil {
		return nil, err
	}
	p := Find(list, "totals")
	cols := parquet.NewColumns(tables.Untyped(p.Def))
	var text strings.Builder
	for _, t := range totals {
		cols.Col(0).AddWord(t.Name)
		cols.Col(1).AddText(t.Value)
		cols.N++
		text.WriteString(t.Name + "=" + t.Value + "\n")
	}
	path := fmt.Sprintf("worked out/totals/cycle=%s/%s", cycle, lake.HashBytes([]byte(text.String())))
	return &Item{Table: p, Path: path, Cycle: cycle.String(), Bucket: lake.NoBucket, Known: true,
		Rows: int64(cols.N),
		Read: one(cols)}, nil
}

// one returns a single batch.
func one(cols *parquet.Columns[tables.Any]) func(context.Context) Batches {
	return func(context.Context) Batches {
		return func(yield func(*parquet.Columns[tables.Any], error) bool) {
			if cols.N > 0 {
				yield(cols, nil)
			}
		}
	}
}

// runsChunk is how many manifests an item of runs has; an item with that many never changes.
const runsChunk = 100

// runs returns the lake's history. A range of it is identified by its numbers and the hash of its last manifest, which
// depends on all before it. It is read only to be inserted.
func (s *Source) runs(list []*Table) ([]*Item, error) {
	p := Find(list, "runs")
	last := s.Snap.Manifest.Number
	origin, err := s.Snap.Origin()
	if err != nil {
		return nil, err
	}
	var out []*Item
	for from := int64(1); from <= last; from += runsChunk {
		to := min(from+runsChunk-1, last)
		hash, err := s.Snap.HashOf(to)
		if err != nil {
			return nil, err
		}
		path := fmt.Sprintf("worked out/runs/%s/%06d-%06d/%s", origin, from, to, hash)
		out = append(out, &Item{Table: p, Path: path, Bucket: lake.NoBucket, Rows: to - from + 1,
			Read: func(context.Context) Batches {
				return s.readRuns(p.Def, from, to)
			}})
	}
	return out, nil
}

// readRuns reads the manifests from one number to another.
func (s *Source) readRuns(def *tables.Table, from, to int64) Batches {
	return func(yield func(*parquet.Columns[tables.Any], error) bool) {
		manifests, err := s.Snap.Since(from)
		if err != nil {
			yield(nil, err)
			return
		}
		cols := parquet.NewColumns(tables.Untyped(def))
		hash := s.Snap.Hash
		for i := range manifests {
			m := &manifests[i]
			if m.Number <= to {
				if err := addRun(parquet.As[tables.Run](cols), m, hash); err != nil {
					yield(nil, err)
					return
				}
			}
			hash = m.Parent
		}
		yield(cols, nil)
	}
}

// addRun appends a manifest.
func addRun(c *parquet.Columns[tables.Run], m *lake.Manifest, hash lake.Hash) error {
	asOf, err := period.ParseInstant(m.AsOf)
	if err != nil {
		return fmt.Errorf("manifest %d: as_of: %w", m.Number, err)
	}
	c.Whole(tables.RunNumber).Add(m.Number)
	c.Text(tables.RunHash).Add(string(hash))
	c.Text(tables.RunParent).Add(string(m.Parent))
	c.Time(tables.RunAsOf).Add(asOf)
	c.Word(tables.RunCommand).Add(m.Command)
	c.Word(tables.RunClosedThrough).Add(m.ClosedThrough.String())
	c.Small(tables.RunBuckets).Add(int32(m.Buckets))
	c.N++
	return nil
}
