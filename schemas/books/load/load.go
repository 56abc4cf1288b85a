package load

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// dir is the folder of the books in a workspace.
const dir = "books"

// files are the files of the books in one reading, and what is wrong with them.
type files struct {
	zone    *period.Zone
	c       problem.Collector       // what is wrong
	notes   problem.Collector       // what a person should know
	formats map[string]books.Format // file name → its format
	data    map[string][]byte       // file name → bytes, without those that are not there
	broken  map[string]bool         // books that could not be read: nothing is said about references to them
}

// newFiles is a reading of no file yet. Dates without an offset are in the zone.
func newFiles(zone *period.Zone) *files {
	f := &files{zone: zone, formats: map[string]books.Format{}, data: map[string][]byte{}, broken: map[string]bool{}}
	for _, format := range books.Formats() {
		f.formats[format.File] = format
	}
	return f
}

// loader is one reading of the books.
type loader struct {
	*files
	s settings.Settings
	b *books.Books

	services map[string]bool // of all products
	lists    map[string]bool // price lists with a price
	badSKU   map[string]bool // products with a problem: no rule that depends on them is checked
}

// Books reads and checks the books of a workspace, whose root fsys is, under its settings. What is wrong with the books
// comes as Problems, all of it; anything else is the error of reading a file.
func Books(fsys fs.FS, s settings.Settings) (*books.Books, error) {
	if s.Zone == nil {
		return nil, errors.New("read books: settings without a zone")
	}
	l := &loader{
		files: newFiles(s.Zone), s: s, services: map[string]bool{}, lists: map[string]bool{"standard": true},
		badSKU: map[string]bool{},
		b: &books.Books{Zone: s.Zone, Digits: s.Currency.Digits, Currency: s.Currency.Code,
			Currencies: []money.Currency{{Code: s.Currency.Code, Digits: s.Currency.Digits}},
			NonWorking: map[period.Day]bool{}},
	}
	var err error
	if l.b.Hash, err = l.read(fsys); err != nil {
		return nil, err
	}
	l.policies()
	l.products()
	l.prices()
	l.priceLists()
	l.exchangeRates()
	l.customers()
	l.partners()
	l.associations()
	l.discounts()
	l.packages()
	l.links()
	l.terms()
	l.coupons()
	l.calendar()
	l.incentives()
	l.recurring()
	l.commitments()
	l.subscribers()
	l.budgets()
	loadManagers(l)
	loadPartnerMoney(l)
	l.taxes()
	l.allocation()
	l.markups()
	l.costPackages()
	l.currencies()
	l.data = nil
	if err := l.c.Err(); err != nil {
		return nil, err
	}
	l.b.Notes = l.notes.Problems()
	return l.b, nil
}

// read reads every book and hashes them by name, and notes files that are no books.
func (f *files) read(fsys fs.FS) (hash [32]byte, err error) {
	names := fileNames()
	if hash, err = hashFiles(fsys, names, func(name string, data []byte) { f.data[name] = data }); err != nil {
		return hash, err
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return hash, fmt.Errorf("read books: %w", err)
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			f.notes.Add(books.Pos{File: dir + "/" + e.Name()}, "books: "+strings.Join(names, ", "),
				"not a book: it is not read")
		}
	}
	return hash, nil
}

// fileNames are the names of all books, in order.
func fileNames() []string {
	var names []string
	for _, f := range books.Formats() {
		names = append(names, f.File)
	}
	slices.Sort(names)
	return names
}

// Hash is the Hash of the books that Books would read from a workspace whose root fsys is, without a look at what
// they say.
func Hash(fsys fs.FS) ([32]byte, error) {
	return hashFiles(fsys, fileNames(), func(string, []byte) {})
}

// hashFiles reads the books that are there, in the order of their names, and hashes names, sizes and bytes.
func hashFiles(fsys fs.FS, names []string, each func(name string, data []byte)) (sum [32]byte, err error) {
	hash := sha256.New()
	for _, name := range names {
		data, err := fs.ReadFile(fsys, dir+"/"+name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return sum, fmt.Errorf("read books: %w", err)
		}
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(data)))
		hash.Write([]byte(name + "\x00"))
		hash.Write(size[:])
		hash.Write(data)
		each(name, data)
	}
	hash.Sum(sum[:0])
	return sum, nil
}

// text is the text of a book, without a byte order mark. ok is false when it is not there or not UTF-8; what is wrong
// with that is noted.
func (f *files) text(format books.Format) (string, bool) {
	file := dir + "/" + format.File
	data, ok := f.data[format.File]
	if !ok {
		if format.Required {
			f.c.Add(books.Pos{File: file}, format.Meaning, "not there")
			f.broken[format.File] = true
		}
		return "", false
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		f.c.Add(invalidAt(file, data), "save the file as UTF-8", "not UTF-8")
		f.broken[format.File] = true
		return "", false
	}
	return string(data), true
}

// invalidAt is the place of the first byte that is not UTF-8.
func invalidAt(file string, data []byte) books.Pos {
	at := books.Pos{File: file, Line: 1, Column: 1}
	for line := range bytes.Lines(data) {
		if utf8.Valid(line) {
			at.Line++
			continue
		}
		for {
			r, n := utf8.DecodeRune(line)
			if r == utf8.RuneError && n <= 1 {
				return at
			}
			at.Column += n
			line = line[n:]
		}
	}
	return at
}

// entry is a row with its validity and its place, for checks between rows.
type entry[T any] struct {
	row  T
	span period.Span
	at   mark
}

// sortEntries gives the rows by key, then by the start and end of validity, then by line. Rows are large, so their
// indexes are sorted; books are mostly kept in order, so that comes first.
func sortEntries[T any](rows []entry[T], key func(a, b *T) int) []entry[T] {
	order := make([]int32, len(rows))
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(i, j int32) int {
		a, b := &rows[i], &rows[j]
		if c := key(&a.row, &b.row); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.span.From, b.span.From), cmp.Compare(a.span.To, b.span.To),
			cmp.Compare(a.at.line, b.at.line))
	}
	if slices.IsSortedFunc(order, compare) {
		return rows
	}
	slices.SortFunc(order, compare)
	sorted := make([]entry[T], len(rows))
	for i, from := range order {
		sorted[i] = rows[from]
	}
	return sorted
}

// overlaps notes every row that is in force together with an earlier one of its key. rows are sorted by sortEntries;
// each is compared with the row before it that is in force longest.
func overlaps[T any](f *files, file string, rows []entry[T], key func(a, b *T) int, what func(*T) string) {
	longest := 0
	for i := 1; i < len(rows); i++ {
		if key(&rows[longest].row, &rows[i].row) != 0 {
			longest = i
			continue
		}
		if rows[longest].span.Overlaps(rows[i].span) {
			first, second := rows[longest], rows[i]
			if second.at.line < first.at.line {
				first, second = second, first
			}
			both := books.Pos{File: dir + "/" + file, Line: int(first.at.line)}
			at := books.Pos{File: dir + "/" + file, Line: int(second.at.line), Column: int(second.at.column)}
			common := period.Span{From: max(first.span.From, second.span.From), To: min(first.span.To, second.span.To)}
			f.c.Add(at, "end one before the other begins", "overlaps %s: %s, both in force in %s", both,
				what(&rows[i].row), common)
		}
		if rows[i].span.To > rows[longest].span.To {
			longest = i
		}
	}
}
