package state

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// MeasuredLake is the source of stored samples.
type MeasuredLake struct {
	Books *books.Books
	Open  func(lake.FileEntry) (storage.ReadFile, error)
	// Unknown is the error of samples of a customer that the books lack; nil = they are treated as strays.
	Unknown func(customer string) error
	// UnknownLink is the error of samples of a link that links.csv lacks; nil = they are ignored.
	UnknownLink func(link string) error
}

// Sample is the sample of a link's slot.
type Sample struct {
	Link string
	Slot period.Instant
	percentile.Sample
}

// windowRows is the number of rows of a file that are in memory at once.
const windowRows = 8192

var windowColumns = tables.Columns(tables.SampleCustomerID, tables.SampleResourceID, tables.SampleSlot,
	tables.SampleSampleTime, tables.SampleInBps,
	tables.SampleOutBps)

// Each passes every object with its samples to show, in order of keys; the object is valid until show returns. Memory
// holds one customer's samples at a time. The objects' customers are all of one bucket, and files are the cycle's
// bandwidth files of that bucket. strays may be nil; newer are samples that replace the stored ones of their slots.
func (l *MeasuredLake) Each(objects *MeasuredObjects, files []lake.FileEntry, strays StraySamples, newer []Sample,
	show func(MeasureKey, *percentile.Object) error) (err error) {
	keys := objects.Keys()
	if len(keys) == 0 {
		return nil
	}
	added := l.additions(strays, newer)
	r := &reading{lake: l, objects: objects, links: make(map[string]*linkRow)}
	defer func() { err = errors.Join(err, r.close()) }()
	only := ""
	if keys[0].Customer == keys[len(keys)-1].Customer {
		only = l.Books.Customers[keys[0].Customer].ID
	}
	if err := r.open(files, only); err != nil {
		return err
	}
	for len(keys) > 0 {
		customer := keys[0].Customer
		if err := r.customer(customer, added[customer]); err != nil {
			return err
		}
		for ; len(keys) > 0 && keys[0].Customer == customer; keys = keys[1:] {
			if err := show(keys[0], objects.Object(keys[0])); err != nil {
				return err
			}
			objects.Forget(keys[0])
		}
	}
	return nil
}

// addition is a sample that is not in the files of its customer's bucket.
type addition struct {
	Sample
	newer bool // replaces any stored sample
}

// additions holds the samples of one customer that are not in the bucket's files: by link, in order of slots.
type additions map[string][]addition

// additions groups strays and newer samples by the customer of the row of their link in force.
func (l *MeasuredLake) additions(strays StraySamples, newer []Sample) map[int32]additions {
	out := make(map[int32]additions)
	put := func(customer int32, a addition) {
		if out[customer] == nil {
			out[customer] = make(additions)
		}
		out[customer][a.Link] = append(out[customer][a.Link], a)
	}
	for _, s := range newer {
		if row, ok := l.Books.Links.At(s.Link, s.Slot); ok {
			put(row.Customer, addition{s, true})
		}
	}
	for customer, list := range strays {
		for _, s := range list {
			put(customer, addition{Sample: s})
		}
	}
	for _, links := range out {
		for link, list := range links {
			links[link] = l.inOrder(list)
		}
	}
	return out
}

// inOrder sorts a link's additions by slot and keeps one per slot: a newer one if there is one, which must precede
// strays in list.
func (l *MeasuredLake) inOrder(list []addition) []addition {
	slices.SortStableFunc(list, func(a, b addition) int { return cmp.Compare(a.Slot, b.Slot) })
	kept := list[:0]
	for _, a := range list {
		if n := len(kept); n > 0 && kept[n-1].Slot == a.Slot {
			if !kept[n-1].newer {
				kept[n-1].Sample.Sample = l.elect(&kept[n-1].Sample, a.Sample.Sample)
			}
			continue
		}
		kept = append(kept, a)
	}
	return kept
}

// elect decides between two samples of one slot that were stored for two customers, by the duplicates rule of the
// link's policy. Under reject the sample accepted first stays: the stray, because its customer had the link before.
func (l *MeasuredLake) elect(stray *Sample, other percentile.Sample) percentile.Sample {
	row, ok := l.Books.Links.At(stray.Link, stray.Slot)
	if !ok {
		return stray.Sample
	}
	// the reader of the books has checked that there is one
	policy := &l.Books.Policies[l.Books.Policy(l.Books.Products[row.SKU].Policy)]
	if policy.Duplicates == books.DuplicatesReject {
		return stray.Sample
	}
	return percentile.Winner(policy, stray.Sample, other)
}

// reading reads the files of a bucket in parallel, one customer at a time.
type reading struct {
	lake    *MeasuredLake
	objects *MeasuredObjects
	decoder *parquet.Decoder
	files   []*window
	links   map[string]*linkRow // of the current customer
	added   additions           // of the current customer
}

// linkRow is the destination of samples of a link while they belong to the same row of links.csv.
type linkRow struct {
	row   *books.Link // nil: no row is in force at the last slot
	part  *link       // nil: of an object that was not requested
	added []addition  // not yet added
}

// open opens the files in order of their days. only is the single requested customer; "" = all.
func (r *reading) open(files []lake.FileEntry, only string) error {
	var err error
	if r.decoder, err = parquet.NewDecoder(); err != nil {
		return err
	}
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(a, b lake.FileEntry) int { return a.Day.Compare(b.Day) })
	for _, e := range files {
		w, err := r.lake.window(e, r.decoder)
		if err != nil {
			return err
		}
		r.files = append(r.files, w)
		if only != "" {
			if w.from, w.to, err = w.pages.Find(tables.SampleCustomerID.Any(), only); err != nil {
				return fmt.Errorf("%s: %w", e.Path, err)
			}
		}
	}
	return nil
}

func (r *reading) close() error {
	var err error
	for _, w := range r.files {
		err = errors.Join(err, w.file.Close())
	}
	return err
}

// customer adds the samples of one customer, including the additions for its links.
func (r *reading) customer(customer int32, added additions) error {
	clear(r.links)
	r.added = added
	for _, w := range r.files {
		if err := r.day(w, customer); err != nil {
			return fmt.Errorf("%s: %w", w.path, err)
		}
	}
	for link := range added {
		p := r.place(link)
		for i := range p.added {
			r.give(p, &p.added[i].Sample)
		}
	}
	return nil
}

// day adds the customer's samples of one file.
func (r *reading) day(w *window, customer int32) error {
	id := r.lake.Books.Customers[customer].ID
	for {
		if w.at == w.cols.N {
			if ok, err := w.read(); err != nil || !ok {
				return err
			}
			n := len(w.cols.Word(tables.SampleResourceID).Dict())
			w.places = slices.Grow(w.places[:0], n)[:n]
			clear(w.places)
		}
		c := w.cols
		word, code := "", int32(-1)
		for ; w.at < w.cols.N; w.at++ {
			i := w.at
			if who := c.Word(tables.SampleCustomerID).Code(i); who != code {
				code, word = who, c.Word(tables.SampleCustomerID).Dict()[who]
				if word > id {
					return nil
				}
				if word == id {
					clear(w.places) // they are of the previous customer
				}
			}
			if word != id {
				continue
			}
			link := c.Word(tables.SampleResourceID).Code(i)
			p := w.places[link]
			if p == nil {
				p = r.place(c.Word(tables.SampleResourceID).Dict()[link])
				w.places[link] = p
			}
			if err := r.stored(p, customer, w); err != nil {
				return err
			}
		}
	}
}

// place returns the linkRow of one of the customer's links.
func (r *reading) place(link string) *linkRow {
	p := r.links[link]
	if p == nil {
		p = &linkRow{added: r.added[link]}
		r.links[link] = p
	}
	return p
}

// stored adds the sample at the window's position to its object, after the additions of earlier slots. If there is an
// addition for the same slot, the sample is its duplicate.
func (r *reading) stored(p *linkRow, customer int32, w *window) error {
	link, slot := w.cols.Word(tables.SampleResourceID).At(w.at), w.cols.Time(tables.SampleSlot).At(w.at)
	if !r.find(p, link, slot) || p.row.Customer != customer { // a stray, which is added for its own customer
		return nil
	}
	s, err := sampleAt(w.cols, w.at)
	if err != nil {
		return err
	}
	for len(p.added) > 0 && p.added[0].Slot < slot {
		r.give(p, &p.added[0].Sample)
		p.added = p.added[1:]
	}
	if len(p.added) > 0 && p.added[0].Slot == slot {
		if a := &p.added[0]; !a.newer {
			a.Sample.Sample = r.lake.elect(&a.Sample, s)
		}
		return nil
	}
	r.give(p, &Sample{link, slot, s})
	return nil
}

func sampleAt(cols *parquet.Columns[tables.Sample], i int) (percentile.Sample, error) {
	in, out := cols.Quantity(tables.SampleInBps).At(i), cols.Quantity(tables.SampleOutBps).At(i)
	s := percentile.Sample{Time: cols.Time(tables.SampleSampleTime).At(i)}
	var err error
	if s.In, err = money.QuantityFromRaw(in.Hi, in.Lo); err != nil {
		return s, err
	}
	s.Out, err = money.QuantityFromRaw(out.Hi, out.Lo)
	return s, err
}

// find sets a place to the row in force at a slot and reports whether there is one.
func (r *reading) find(p *linkRow, link string, slot period.Instant) bool {
	if p.row != nil && p.row.Valid.Holds(slot) {
		return true
	}
	p.part = nil
	row, ok := r.lake.Books.Links.At(link, slot)
	if !ok {
		p.row = nil
		return false
	}
	p.row, p.part = row, r.objects.byKey[MeasureKeyOf(row)][link]
	return true
}

// give adds a sample to its object, if there is one.
func (r *reading) give(p *linkRow, s *Sample) {
	if r.find(p, s.Link, s.Slot) && p.part != nil {
		r.objects.give(p.part, percentile.SlotOf(s.Slot), s.In, s.Out)
	}
}

// window holds a part of a file's rows. The file is read from start to end.
type window struct {
	path     string
	file     storage.ReadFile
	pages    parquet.Pages
	from, to int64 // remaining rows
	cols     *parquet.Columns[tables.Sample]
	at       int        // next row of cols
	places   []*linkRow // by code of the link, for the current customer
}

func (l *MeasuredLake) window(e lake.FileEntry, d *parquet.Decoder) (*window, error) {
	f, err := l.Open(e)
	if err != nil {
		return nil, err
	}
	layout, err := parquet.ReadIndex(f, f.Size(), tables.Bandwidth().Table,
		tables.SampleCustomerID.Of().Any())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.Path, err), f.Close())
	}
	w := &window{path: e.Path, file: f, to: layout.Rows, cols: parquet.NewColumns(tables.Bandwidth())}
	w.pages = parquet.Pages{Layout: layout, Source: f, Decoder: d}
	return w, nil
}

// read reads the next rows; false at the end.
func (w *window) read() (bool, error) {
	w.cols.Reset()
	w.at = 0
	if w.from == w.to {
		return false, nil
	}
	next := min(w.to, w.from+windowRows)
	err := w.pages.Append(w.cols.Any(), windowColumns.Any(), w.from, next)
	w.from = next
	return err == nil, err
}
