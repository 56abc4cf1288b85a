package state

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ClosedBook is what a closed cycle keeps of a row of the books with which it was closed or last re-rated.
type ClosedBook struct {
	In       period.Cycle // the cycle that stores it: Origin at its close, the open cycle at a re-rate
	Origin   period.Cycle
	Customer string // of a package; "" = the row is of a product
	ID       string // package_id or sku
	From     period.Instant
	Says     string // reset of the package, or how the product counts
	Drew     bool   // records of Origin draw from the package
}

// CountsOf says how a product counts (§4.11).
func CountsOf(p *books.Product) string {
	return fmt.Sprintf("%s/%s/%s/%s/%s/%t", p.Model, p.Measure, p.Aggregation, p.Meter, p.Convert, p.Prorate)
}

func closedBooksKey(cycle period.Cycle) lake.FileKey {
	return lake.FileKey{Table: tables.ClosedBooks().Name, Cycle: lake.CycleOf(cycle), Bucket: lake.NoBucket}
}

// KeepBooks stores the books with which a cycle is closed, or with which it is rated again in the open cycle in, and
// the packages from which records draw that were billed then: those of origin, and late ones.
func KeepBooks(txn *lake.SubTxn, b *books.Books, origin, in period.Cycle) error {
	all, err := closedBooksIn(txn, txn.Next().Find(closedBooksKey(in)), in)
	if err != nil {
		return err
	}
	if in > origin {
		all = slices.DeleteFunc(all, func(row ClosedBook) bool { return row.Origin == origin })
	}
	for i := range b.Products {
		all = append(all, ClosedBook{Origin: origin, ID: b.Products[i].SKU, From: period.Past,
			Says: CountsOf(&b.Products[i])})
	}
	if len(b.Packages) > 0 {
		k := keeper{files: txn.Pending(), books: b, origin: origin, in: in, drew: make(map[ClosedBook]bool)}
		if err := k.read(); err != nil {
			return err
		}
		all = slices.AppendSeq(all, maps.Keys(k.drew))
	}
	for i := range b.Packages {
		all = append(all, keptRow(b, &b.Packages[i], origin))
	}
	byRow := func(x, y ClosedBook) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Origin, y.Origin), cmp.Compare(x.ID, y.ID),
			cmp.Compare(x.From, y.From))
	}
	slices.SortFunc(all, func(x, y ClosedBook) int { return cmp.Or(byRow(x, y), small(y.Drew)-small(x.Drew)) })
	all = slices.CompactFunc(all, func(x, y ClosedBook) bool { return byRow(x, y) == 0 })
	out := parquet.NewColumns(tables.ClosedBooks())
	for i := range all {
		out.Word(tables.ClosedBookOriginCycle).Add(all[i].Origin.String())
		out.Word(tables.ClosedBookCustomerID).Add(all[i].Customer)
		out.Word(tables.ClosedBookID).Add(all[i].ID)
		out.MaybeTime(tables.ClosedBookValidFrom).Add(all[i].From)
		out.Word(tables.ClosedBookSays).Add(all[i].Says)
		out.Small(tables.ClosedBookDrew).Add(int32(small(all[i].Drew)))
		out.N++
	}
	return rows.PutFile(txn, closedBooksKey(in), out, nil)
}

func small(is bool) int {
	if is {
		return 1
	}
	return 0
}

// keptRow is a row of packages.csv as a cycle keeps it.
func keptRow(b *books.Books, p *books.Package, origin period.Cycle) ClosedBook {
	return ClosedBook{Origin: origin, Customer: b.Customers[p.Customer].ID, ID: p.ID, From: p.Valid.From,
		Says: p.Reset.String()}
}

// keeper finds the packages from which records draw that a close or a re-rate billed.
type keeper struct {
	files      lake.FileSet
	books      *books.Books
	origin, in period.Cycle
	redrawn    map[redraw]string
	drew       map[ClosedBook]bool
}

// redraw is a record of a cycle that is rated again.
type redraw struct{ customer, id string }

// read reads what a close billed, or all records of a cycle that is rated again, which draw as re-rating left them.
func (k *keeper) read() error {
	again := k.in > k.origin
	k.redrawn = make(map[redraw]string)
	for _, c := range k.files.Cycles() {
		if !again || c > k.in {
			continue
		}
		err := k.each(c, k.redraw, func(f lake.FileKey) bool { return f.Table == tables.Redraws().Name })
		if err != nil {
			return err
		}
	}
	for _, c := range k.files.Cycles() {
		if c < k.origin || c > k.in {
			continue
		}
		err := k.each(c, func(e lake.FileEntry) error { return eachDrew(k.files, e, "", k.note) },
			func(f lake.FileKey) bool {
				_, day := f.Day.Calendar()
				return f.Table == tables.Late().Name && (!again || c < k.in) ||
					c == k.origin && day && (f.Table == tables.Lines().Name || f.Table == tables.Usage().Name)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// each visits the wanted files of a cycle.
func (k *keeper) each(c period.Cycle, visit func(lake.FileEntry) error, wanted func(lake.FileKey) bool) error {
	files, err := k.files.Select(lake.CycleOf(c), wanted)
	for i := 0; err == nil && i < len(files); i++ {
		err = visit(files[i])
	}
	return err
}

// redraw reads what records draw since they were rated again.
func (k *keeper) redraw(e lake.FileEntry) error {
	return rows.EachRow(k.files, e, tables.Redraws(), nil, func(c *parquet.Columns[tables.Redraw], i int) error {
		if c.Word(tables.RedrawOriginCycle).At(i) == k.origin.String() {
			key := redraw{c.Word(tables.RedrawCustomerID).At(i), string(c.Text(tables.RedrawRecordID).At(i))}
			k.redrawn[key] = string(c.Text(tables.RedrawDraws).At(i))
		}
		return nil
	})
}

// note notes the packages from which a record draws.
func (k *keeper) note(d *drew) error {
	draws := string(d.draws)
	if k.in > k.origin {
		if d.origin != k.origin {
			return nil
		}
		if again, ok := k.redrawn[redraw{d.customer, string(d.id)}]; ok {
			draws = again
		}
	}
	if draws == "" {
		return nil
	}
	customer := k.books.Customer(d.customer)
	return tables.EachPackageDraw(draws, money.ParseQuantity, func(id string, _ money.Quantity) error {
		if code := k.books.Packages.At(customer, id, d.start); code >= 0 {
			row := keptRow(k.books, &k.books.Packages[code], d.origin)
			row.Drew = true
			k.drew[row] = true
		}
		return nil
	})
}

func closedBooksIn(from rows.FileOpener, files []lake.FileEntry, in period.Cycle) (all []ClosedBook, err error) {
	for _, e := range files {
		err := rows.EachRow(from, e, tables.ClosedBooks(), nil, func(c *parquet.Columns[tables.ClosedBook],
			i int) error {
			origin, err := period.ParseCycle(c.Word(tables.ClosedBookOriginCycle).At(i))
			all = append(all, ClosedBook{In: in, Origin: origin, Customer: c.Word(tables.ClosedBookCustomerID).At(i),
				ID: c.Word(tables.ClosedBookID).At(i), From: c.MaybeTime(tables.ClosedBookValidFrom).At(i),
				Says: c.Word(tables.ClosedBookSays).At(i), Drew: c.Small(tables.ClosedBookDrew).At(i) == 1})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ClosedBooks reads what closed cycles keep of their books, in the order in which it was stored.
func (s *Opening) ClosedBooks(upTo period.Cycle) (all []ClosedBook, err error) {
	for _, c := range s.Cycles(upTo) {
		files, err := s.Files.Find(closedBooksKey(c))
		if err != nil {
			return nil, err
		}
		rows, err := closedBooksIn(s.Files, files, c)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// ReratedCycles returns the closed cycles that were rated again since an open cycle began, also without a difference.
func ReratedCycles(txn *lake.SubTxn, in period.Cycle) (map[period.Cycle]bool, error) {
	all, err := closedBooksIn(txn, txn.Next().Find(closedBooksKey(in)), in)
	out := make(map[period.Cycle]bool)
	for i := range all {
		if all[i].Origin < in {
			out[all[i].Origin] = true
		}
	}
	return out, err
}

// Counted says how products counted when cycles were closed or last re-rated.
type Counted []ClosedBook

// Of returns how a product counted when a cycle was last re-rated, otherwise when it was closed, and the cycle in which
// that was stored. A close closes the cycles before it too. A product that was not in the books then counts as at the
// first close since; known is false if there is none.
func (c Counted) Of(origin period.Cycle, sku string) (was string, in period.Cycle, known bool) {
	in = origin
	for i := range c {
		if c[i].Origin == origin && c[i].In > origin && c[i].Customer == "" {
			in = c[i].In // of the last re-rate
		}
	}
	for i := range c {
		row := &c[i]
		if row.ID == sku && row.Customer == "" && (row.In == in && row.Origin == origin ||
			row.In == row.Origin && row.In >= in) {
			return row.Says, in, true
		}
	}
	return "", in, false
}
