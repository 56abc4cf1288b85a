package export

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// DocumentKind is the kind of a document, and the name of its folder.
type DocumentKind string

// The kinds.
const (
	Bills      DocumentKind = "bills"
	Statements DocumentKind = "statements"
)

// Document is one document of the folder.
type Document struct {
	Kind   DocumentKind `json:"kind"`
	ID     string       `json:"id"` // of the customer or partner
	Name   string       `json:"name,omitempty"`
	Number string       `json:"number,omitempty"` // empty: a draft, or the issuer has no branding
	Amount string       `json:"amount"`           // due_amount of a bill, net_amount of a statement
	File   string       `json:"file"`             // within the folder, with slashes
	Bytes  int64        `json:"bytes"`
	SHA256 string       `json:"sha256"`

	Currency string `json:"currency,omitempty"` // of the amount, if customers or partners have several
}

// Index is index.json.
type Index struct {
	Cycle     string     `json:"cycle"`
	State     string     `json:"state"`
	Currency  string     `json:"currency"` // empty: each document has its own
	Manifest  int64      `json:"manifest"` // the state of the lake
	Documents []Document `json:"documents"`
}

// FolderOptions are the options of Write.
type FolderOptions struct {
	Customers, Partners []string // only these; both empty = all
	Workers             int      // at least 1
	Replace             bool     // replace a folder that exists
	// Print creates a PDF file from an HTML file, which is then deleted; nil means that HTML is written.
	Print func(ctx context.Context, html, pdf string) error
	// Progress is called after each document, from one goroutine at a time.
	Progress func(done, all int64)
}

// WriteFolder writes the folder of a cycle. Errors: *rows.NoCycleError; *rows.NotFoundError for a customer or partner
// without a document; fs.ErrExist if the folder exists and Replace is false.
func WriteFolder(ctx context.Context, s *document.Sources, cycle period.Cycle, dir string, o FolderOptions) (*Index,
	error) {
	dir = filepath.Clean(dir)
	if err := putBack(dir); err != nil {
		return nil, fmt.Errorf("write documents to %s: %w", dir, err)
	}
	if _, err := os.Lstat(dir); err == nil && !o.Replace {
		return nil, fmt.Errorf("write documents to %s: %w", dir, os.ErrExist)
	}
	if err := onlyDocuments(dir); err != nil {
		return nil, err
	}
	own := *s
	w := &writer{s: &own, cycle: cycle, o: &o, index: &Index{Cycle: cycle.String(), Currency: s.Settings.Currency.Code,
		Manifest: s.Snap.Manifest.Number}}
	if s.Books.Mixed {
		w.index.Currency = ""
	}
	if err := w.list(ctx); err != nil {
		return nil, err
	}
	if err := storage.MakeDir(filepath.Dir(dir), 0o777, storage.Name); err != nil {
		return nil, fmt.Errorf("write documents: %w", err)
	}
	tmp, err := storage.NewScratch(filepath.Dir(dir), "documents")
	if err != nil {
		return nil, fmt.Errorf("write documents: %w", err)
	}
	w.dir = tmp.Path
	err = w.keepingStatements(filepath.Dir(dir), func() error { return w.write(ctx) })
	if err == nil {
		err = appear(tmp.Path, dir, o.Replace)
	}
	if err = errors.Join(err, tmp.Close()); err != nil { // after the rename there is nothing to delete
		return nil, fmt.Errorf("write documents to %s: %w", dir, err)
	}
	return w.index, nil
}

// OtherFilesError reports that a folder is not replaced because it has a file that Write did not write.
type OtherFilesError struct{ Dir, Name string }

// Error names the first such file.
func (e *OtherFilesError) Error() string {
	return fmt.Sprintf("%s is no folder of documents: it has %s. It was not changed", e.Dir, e.Name)
}

// onlyDocuments rejects a folder with other files than those of Write.
func onlyDocuments(dir string) error {
	list, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range list {
		switch e.Name() {
		case "index.json", "index.html", string(Bills), string(Statements):
		default:
			return &OtherFilesError{dir, e.Name()}
		}
	}
	return err
}

// keptBytes limits the space of the statements of all partners while documents are written.
const keptBytes = 1 << 30

// keepingStatements calls do with a cache folder for what is calculated of an open cycle: the statements of all
// partners are then calculated once, not for each document.
func (w *writer) keepingStatements(dir string, do func() error) error {
	if w.s.Cache != nil {
		return do()
	}
	kept, err := storage.NewScratch(dir, "documents")
	if err != nil {
		return err
	}
	if w.s.Cache, err = query.NewCache(filepath.Join(kept.Path, "kept"), keptBytes); err == nil {
		err = do()
	}
	return errors.Join(err, kept.Close())
}

// replaced returns the name of a folder while another one replaces it.
func replaced(dir string) string {
	return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".old")
}

// putBack completes a replacement, also that by a process that was killed: the old folder gets its name back if that is
// free, else it is deleted when the name of the new one is durable.
func putBack(dir string) error {
	old := replaced(dir)
	_, err := os.Lstat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if err = os.Rename(old, dir); errors.Is(err, os.ErrNotExist) {
			return nil
		}
	case err == nil:
		err = storage.SyncDir(filepath.Dir(dir))
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(old)
}

// appear makes the finished folder durable and renames it.
func appear(tmp, dir string, replace bool) error {
	err := os.Chmod(tmp, 0o755) //nolint:gosec // as mkdir would make it
	if err == nil {
		err = storage.SyncAll(tmp)
	}
	if err == nil && replace {
		if err = os.Rename(dir, replaced(dir)); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = errors.Join(os.Rename(tmp, dir), putBack(dir))
	}
	return err
}

// writer writes one folder.
type writer struct {
	s     *document.Sources
	cycle period.Cycle
	o     *FolderOptions
	dir   string
	index *Index

	mu   sync.Mutex
	done int64
}

// list lists the documents: customers by id, then partners by id.
func (w *writer) list(ctx context.Context) error {
	all := len(w.o.Customers)+len(w.o.Partners) == 0
	for _, id := range w.o.Customers {
		w.add(Bills, id)
	}
	for _, id := range w.o.Partners {
		w.add(Statements, id)
	}
	overview, err := document.Partners(ctx, w.s, w.cycle)
	if err != nil {
		return err
	}
	w.index.State = "open"
	if overview.Header.Closed {
		w.index.State = "closed"
	}
	if all {
		err := rows.EachStatement(ctx, w.s.Snap, lake.CycleOf(w.cycle), "", w.s.Limits,
			func(st *rows.Statement) error {
				w.add(Bills, st.CustomerID)
				return nil
			})
		if err != nil {
			return err
		}
		for i := range overview.Partners {
			w.add(Statements, overview.Partners[i].Entry().PartnerID)
		}
	}
	byID := func(a, b Document) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.ID, b.ID))
	}
	slices.SortFunc(w.index.Documents, byID)
	w.index.Documents = slices.CompactFunc(w.index.Documents, func(a, b Document) bool { return byID(a, b) == 0 })
	return nil
}

func (w *writer) add(kind DocumentKind, id string) {
	ending := ".html"
	if w.o.Print != nil {
		ending = ".pdf"
	}
	w.index.Documents = append(w.index.Documents,
		Document{Kind: kind, ID: id, File: string(kind) + "/" + fileName(id) + ending})
}

// fileName escapes an id for the name of a file: lower-case letters, digits, and single points, hyphens and underscores
// inside it stay; other bytes become % and two hexadecimal digits.
func fileName(id string) string {
	var b strings.Builder
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', i > 0 && strings.IndexByte("-_", c) >= 0,
			c == '.' && i > 0 && i < len(id)-1 && id[i-1] != '.':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return ShortName(b.String())
}

// ShortName returns an escaped id for use in the name of a file: unchanged, or if it is too long for file systems, its
// beginning, = and the SHA-256 of all of it.
func ShortName(escaped string) string {
	const most, begins = 200, 120
	if len(escaped) <= most {
		return escaped
	}
	sum := sha256.Sum256([]byte(escaped))
	return escaped[:begins] + "=" + hex.EncodeToString(sum[:])
}

// write writes all documents, then the lists.
func (w *writer) write(ctx context.Context) error {
	for _, kind := range []DocumentKind{Bills, Statements} {
		if err := storage.MakeDir(filepath.Join(w.dir, string(kind)), 0o755, storage.Unsynced); err != nil {
			return err
		}
	}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(max(1, w.o.Workers))
	for _, task := range w.tasks() {
		g.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			return task(within)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // tasks may have ended before they noticed the end of ctx
		return err
	}
	return w.lists()
}

// tasks returns the parts of the work that can run concurrently. If all customers of the cycle are wanted, the bills of
// a bucket are one task, which reads its lines once.
func (w *writer) tasks() (list []func(context.Context) error) {
	all := len(w.o.Customers)+len(w.o.Partners) == 0
	buckets := max(1, w.s.Snap.Manifest.Buckets)
	bills := make([][]*Document, buckets)
	var single []func(context.Context) error
	for i := range w.index.Documents {
		d := &w.index.Documents[i]
		if all && d.Kind == Bills {
			bucket := lake.BucketOf(d.ID, buckets)
			bills[bucket] = append(bills[bucket], d)
			continue
		}
		single = append(single, func(ctx context.Context) error { return w.document(ctx, d) })
	}
	for bucket, of := range bills {
		if len(of) > 0 {
			list = append(list, func(ctx context.Context) error { return w.bucket(ctx, bucket, of) })
		}
	}
	return append(list, single...)
}

// bucket writes the bills of a bucket, which are sorted by id.
func (w *writer) bucket(ctx context.Context, bucket int, of []*Document) error {
	ids := make([]string, len(of))
	for i := range of {
		ids[i] = of[i].ID
	}
	at := 0
	return document.Bills(ctx, w.s, w.cycle, bucket, ids, func(b *document.Bill) error {
		d := of[at]
		at++
		return w.put(ctx, d, w.bill(d, b))
	})
}

// document composes and writes one document.
func (w *writer) document(ctx context.Context, d *Document) error {
	if d.Kind == Bills {
		b, err := document.ComposeBill(ctx, w.s, w.cycle, d.ID)
		if err != nil {
			return err
		}
		return w.put(ctx, d, w.bill(d, b))
	}
	st, err := document.ComposeStatement(ctx, w.s, w.cycle, d.ID)
	if err != nil {
		return err
	}
	w.in(d, &st.Header)
	d.Name, d.Amount = st.Partner.Name, st.Summary.Net.StringFixed(st.Header.Digits)
	if st.Cover != nil {
		d.Number = st.Cover.Number()
	}
	return w.put(ctx, d, func(to io.Writer) error { return st.Write(to, document.HTML, document.Options{}) })
}

// bill fills the row of a bill and returns the function that writes it.
func (w *writer) bill(d *Document, b *document.Bill) func(io.Writer) error {
	w.in(d, &b.Header)
	d.Name, d.Amount = b.Customer.Name, b.Amounts.Due.StringFixed(b.Header.Digits)
	if b.Cover != nil {
		d.Number = b.Cover.Number()
	}
	return func(to io.Writer) error { return b.Write(to, document.HTML, document.Options{}) }
}

// put writes a document and completes its row of the list.
func (w *writer) put(ctx context.Context, d *Document, write func(io.Writer) error) error {
	html := filepath.Join(w.dir, filepath.FromSlash(strings.TrimSuffix(d.File, filepath.Ext(d.File))+".html"))
	if err := create(html, write); err != nil {
		return err
	}
	name := filepath.Join(w.dir, filepath.FromSlash(d.File))
	if w.o.Print != nil {
		if err := errors.Join(w.o.Print(ctx, html, name), os.Remove(html)); err != nil {
			return err
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	hash := sha256.New()
	d.Bytes, err = io.Copy(hash, f)
	d.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done++; w.o.Progress != nil {
		w.o.Progress(w.done, int64(len(w.index.Documents)))
	}
	return nil
}

// in sets the currency of a document if documents can have several.
func (w *writer) in(d *Document, h *document.PageHeader) {
	if w.index.Currency == "" {
		d.Currency = h.Currency
	}
}

// lists writes index.json and index.html.
func (w *writer) lists() error {
	return errors.Join(
		create(filepath.Join(w.dir, "index.json"), func(to io.Writer) error {
			enc := json.NewEncoder(to)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(w.index)
		}),
		create(filepath.Join(w.dir, "index.html"), func(to io.Writer) error { return w.index.page(to, w.language()) }))
}

// language returns the language of the vendor's documents.
func (w *writer) language() settings.Language {
	if w.s.Covers == nil {
		return settings.English
	}
	style, ok := w.s.Covers.Branding.Style(w.s.Settings.Vendor.ID)
	if !ok {
		return settings.English
	}
	return style.Language
}

// create writes a file.
func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 64<<10)
	return errors.Join(write(out), out.Flush(), f.Close())
}
