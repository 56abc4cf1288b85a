package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/table"
)

// sorted returns rows of definition() in ascending order of customer_id, with between 0 and most rows per customer.
func sorted(def *table.Table, r *rand.Rand, customers, most int) *untyped {
	c := NewColumns(table.Untyped(def))
	for i := range customers {
		for range r.IntN(most + 1) {
			c.c[0].AddWord(fmt.Sprintf("c%04d", i))
			c.c[1].AddText(fmt.Sprintf("id-%d", r.Uint64()))
			c.c[2].Ints = append(c.c[2].Ints, r.Int64())
			c.c[3].Ints = append(c.c[3].Ints, []int64{int64(table.Nothing), r.Int64N(1000)}[r.IntN(2)])
			c.c[4].AddDec(-r.Int64N(3), r.Uint64())
			c.c[5].AddDec(0, uint64(r.IntN(9)))
			c.c[6].Ints = append(c.c[6].Ints, 1)
			c.c[7].Codes = append(c.c[7].Codes, int32(r.IntN(40)))
			c.N++
		}
	}
	return c
}

// part returns a copy of the rows from up to, but not including, to of a batch.
func part(c *untyped, from, to int) *untyped {
	out := NewColumns(table.Untyped(c.Def))
	for i := from; i < to; i++ {
		out.c[0].AddWord(c.c[0].Word(i))
		out.c[1].AddBytes(c.c[1].Text(i))
	}
	for i := range c.c {
		switch c.Def.Columns[i].Type {
		case table.Small:
			out.c[i].Codes = append(out.c[i].Codes, c.c[i].Codes[from:to]...)
		case table.Time, table.MaybeTime, table.Whole:
			out.c[i].Ints = append(out.c[i].Ints, c.c[i].Ints[from:to]...)
		case table.Amount, table.Quantity, table.Cost:
			out.c[i].Decs = append(out.c[i].Decs, c.c[i].Decs[from:to]...)
		}
	}
	out.N = to - from
	return out
}

// sameRows compares two batches by their values.
func sameRows(a, b *untyped) bool {
	if a.N != b.N {
		return false
	}
	for i := range a.c {
		for k := range a.N {
			switch a.Def.Columns[i].Type {
			case table.Word:
				if a.c[i].Word(k) != b.c[i].Word(k) {
					return false
				}
			case table.Text:
				if !bytes.Equal(a.c[i].Text(k), b.c[i].Text(k)) {
					return false
				}
			}
		}
		if !slices.Equal(a.c[i].Ints, b.c[i].Ints) || !reflect.DeepEqual(a.c[i].Decs, b.c[i].Decs) {
			return false
		}
	}
	return slices.Equal(a.c[7].Codes, b.c[7].Codes)
}

// written writes a batch to a file in row groups of a size and returns the file as pages.
func written(t rapid.TB, c *untyped, group int) *Pages {
	var file bytes.Buffer
	w, err := NewWriter(&file, c.Def)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < c.N; from += group {
		if err := w.Write(part(c, from, min(c.N, from+group))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return opened(t, file.Bytes(), c.Def)
}

func opened(t rapid.TB, file []byte, def *table.Table) *Pages {
	l, err := ReadIndex(bytes.NewReader(file), int64(len(file)), def, 0)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	return &Pages{Layout: l, Source: bytes.NewReader(file), Decoder: d}
}

// byLibrary reads a file with arrow-go only (COL-4).
func byLibrary(t rapid.TB, src io.ReaderAt, def *table.Table) *untyped {
	f, err := file.NewParquetReader(src.(*bytes.Reader))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	batches, err := r.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer batches.Release()
	out := NewColumns(table.Untyped(def))
	for batches.Next() {
		batch := batches.RecordBatch()
		for i, col := range batch.Columns() {
			addArrow(t, &out.c[i], col, def.Columns[i].Type)
		}
		out.N += int(batch.NumRows())
	}
	if err := batches.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// addArrow appends an arrow-go column to a column.
func addArrow(t rapid.TB, to *Col, from arrow.Array, kind table.Type) {
	for i := range from.Len() {
		switch from := from.(type) {
		case *array.String:
			addText(to, kind, []byte(from.Value(i)))
		case *array.Decimal128:
			to.AddDec(from.Value(i).HighBits(), from.Value(i).LowBits())
		case *array.Timestamp:
			v := int64(from.Value(i))
			if from.IsNull(i) {
				v = int64(table.Nothing)
			}
			to.Ints = append(to.Ints, v)
		case *array.Int64:
			to.Ints = append(to.Ints, from.Value(i))
		case *array.Int32:
			to.Codes = append(to.Codes, from.Value(i))
		default:
			t.Fatalf("a column of type %s", from.DataType())
		}
	}
}

func TestPagesGiveTheRowsThatWereWritten(t *testing.T) {
	t.Parallel()
	def := definition()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		want := sorted(def, r, rapid.IntRange(1, 60).Draw(t, "customers"), rapid.SampledFrom([]int{1, 40, 600}).Draw(t,
			"most"))
		p := written(t, want, rapid.SampledFrom([]int{500, PageRows, 3*PageRows + 1, 1 << 16}).Draw(t, "group"))
		if p.Layout.Rows != int64(want.N) {
			t.Fatalf("%d rows, want %d", p.Layout.Rows, want.N)
		}
		if !sameRows(byLibrary(t, p.Source, def), want) {
			t.Fatal("arrow-go reads other rows")
		}
		for range 5 {
			from := r.IntN(want.N + 1)
			to := from + r.IntN(want.N-from+1)
			got := NewColumns(table.Untyped(def))
			if err := p.Append(got, table.List[table.Any]{0, 1, 2, 3, 4, 5, 6, 7}, int64(from), int64(to)); err != nil {
				t.Fatal(err)
			}
			if !sameRows(got, part(want, from, to)) {
				t.Fatalf("rows %d to %d differ", from, to)
			}
		}
	})
}

// TestConstantColumnsHaveOneEntry checks that, with Constant set, a reader returns a column of one value as one entry,
// and that the rows are the same.
func TestConstantColumnsHaveOneEntry(t *testing.T) {
	t.Parallel()
	def := definition()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		want := sorted(def, r, rapid.IntRange(1, 60).Draw(t, "customers"), rapid.SampledFrom([]int{1, 40, 600}).Draw(t,
			"most"))
		one := rapid.SliceOfDistinct(rapid.SampledFrom([]int{1, 3, 4, 7}), rapid.ID[int]).Draw(t, "of one value")
		maybe := rapid.SampledFrom([]int64{int64(table.Nothing), 7}).Draw(t, "maybe")
		for _, i := range one {
			c := &want.c[i]
			c.Bytes, c.Ends, c.Ints, c.Decs, c.Codes = nil, nil, nil, nil, nil
			for range want.N {
				switch i {
				case 1:
					c.AddText("same")
				case 3:
					c.Ints = append(c.Ints, maybe)
				case 4:
					c.AddDec(-1, 5)
				case 7:
					c.Codes = append(c.Codes, 4)
				}
			}
		}
		p := written(t, want, rapid.SampledFrom([]int{500, PageRows, 3*PageRows + 1, 1 << 16}).Draw(t, "group"))
		reader, err := NewReaderOf(p.Source.(*bytes.Reader), table.Untyped(def), Wanted[table.Any]{Rows: PageRows,
			Constant: true})
		if err != nil {
			t.Fatal(err)
		}
		from := 0
		for {
			got, err := reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				break
			}
			for _, i := range one {
				if !got.c[i].Const || got.c[i].length(def.Columns[i].Type) != 1 {
					t.Fatalf("column %d is not constant: %+v", i, got.c[i])
				}
			}
			got.Spread()
			if !sameRows(got, part(want, from, from+got.N)) {
				t.Fatalf("rows from %d on differ", from)
			}
			from += got.N
		}
		if from != want.N {
			t.Fatalf("%d rows, want %d", from, want.N)
		}
	})
}

func TestFindGivesTheRowsOfAWord(t *testing.T) {
	t.Parallel()
	def := definition()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		c := sorted(def, r, 30, rapid.SampledFrom([]int{1, 40, 1500}).Draw(t, "most"))
		p := written(t, c, rapid.SampledFrom([]int{700, 3*PageRows + 1, 1 << 16}).Draw(t, "group"))
		for i := range 32 { // the last two words occur in no row
			word := fmt.Sprintf("c%04d", i)
			first, n := -1, 0
			for k := range c.N {
				if c.c[0].Word(k) == word {
					if first < 0 {
						first = k
					}
					n++
				}
			}
			from, to, err := p.Find(0, word)
			if err != nil {
				t.Fatal(err)
			}
			if n != int(to-from) || n > 0 && first != int(from) {
				t.Fatalf("%s: rows %d to %d, want %d from %d on", word, from, to, n, first)
			}
		}
	})
}

// countedReads counts the bytes that were read from a file.
type countedReads struct {
	*bytes.Reader
	bytes int
}

func (c *countedReads) ReadAt(b []byte, at int64) (int, error) {
	c.bytes += len(b)
	return c.Reader.ReadAt(b, at)
}

func TestOneRowReadsOnePageOfAColumn(t *testing.T) {
	t.Parallel()
	def := definition()
	r := rand.New(rand.NewPCG(1, 2))
	c := sorted(def, r, 2, 60_000)
	p := written(t, c, 1<<16)
	in := &countedReads{Reader: p.Source.(*bytes.Reader)}
	p.Source = in
	if err := p.Append(NewColumns(table.Untyped(def)), table.List[table.Any]{4}, int64(c.N-1), int64(c.N)); err != nil {
		t.Fatal(err)
	}
	if limit := PageRows * decWidth; in.bytes == 0 || in.bytes > limit {
		t.Errorf("%d bytes read for one amount of %d rows; a page has at most %d", in.bytes, c.N, limit)
	}
}

func FuzzLayout(f *testing.F) {
	def := definition()
	f.Add(fileOf(f, def, sample(def)))
	d, err := NewDecoder()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ReadIndex(bytes.NewReader(b), int64(len(b)), def, 0)
		if err != nil || l.Rows > 1000 {
			return
		}
		p := Pages{Layout: l, Source: bytes.NewReader(b), Decoder: d}
		got := NewColumns(table.Untyped(def))
		if err := p.Append(got, table.List[table.Any]{0, 1, 2, 3, 4, 5, 6, 7}, 0, l.Rows); err == nil {
			if err := got.check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestPagesOfNullsAlone writes a page of nulls between pages of times with few and with many distinct values, and reads
// them with both readers.
func TestPagesOfNullsAlone(t *testing.T) {
	t.Parallel()
	def := &table.Table{Name: "t", Columns: []table.Column{{Name: "customer_id", Type: table.Word},
		{Name: "maybe", Type: table.MaybeTime}}}
	for _, distinct := range []int64{3, 5000} {
		c := NewColumns(table.Untyped(def))
		for i := range 3*PageRows + 5 {
			v := int64(i) % distinct * 1_000_000
			if i >= PageRows && i < 2*PageRows || i%7 == 0 {
				v = int64(table.Nothing)
			}
			c.c[0].AddWord("c")
			c.c[1].Ints = append(c.c[1].Ints, v)
			c.N++
		}
		file := fileOf(t, def, c)
		r, err := NewReader(bytes.NewReader(file), table.Untyped(def), nil)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := r.Next()
		if err != nil || !slices.Equal(whole.c[1].Ints, c.c[1].Ints) {
			t.Errorf("%d distinct times: %v, or other times than were written", distinct, err)
		}
		if !slices.Equal(byLibrary(t, bytes.NewReader(file), def).c[1].Ints, c.c[1].Ints) {
			t.Errorf("%d distinct times: arrow-go reads other times", distinct)
		}
		pages := NewColumns(table.Untyped(def))
		if err := opened(t, file, def).Append(pages, table.List[table.Any]{0, 1}, 0, int64(c.N)); err != nil ||
			!slices.Equal(pages.c[1].Ints, c.c[1].Ints) {
			t.Errorf("%d distinct times, by page: %v, or other times than were written", distinct, err)
		}
	}
}

// TestOnly checks that a reader of one word returns the rows that have it, for sorted and unsorted files, and that it
// returns no rows before the first or after the last of them in a page.
func TestOnly(t *testing.T) {
	t.Parallel()
	def := definition()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		c := sorted(def, r, rapid.IntRange(1, 60).Draw(t, "customers"),
			rapid.SampledFrom([]int{3, 200}).Draw(t, "most"))
		if rapid.Bool().Draw(t, "not sorted") {
			r.Shuffle(c.N, func(i, j int) {
				codes := c.c[0].Codes
				codes[i], codes[j] = codes[j], codes[i]
			})
		}
		p := written(t, c, rapid.SampledFrom([]int{700, 3*PageRows + 1}).Draw(t, "group"))
		word := fmt.Sprintf("c%04d", rapid.IntRange(0, 61).Draw(t, "word"))
		one, err := NewReaderOf(p.Source.(*bytes.Reader), table.Untyped(def),
			Wanted[table.Any]{Rows: PageRows, By: 0, Only: word})
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for {
			rows, err := one.Next()
			if err != nil {
				t.Fatal(err)
			}
			if rows == nil {
				break
			}
			if rows.N == 0 || rows.c[0].Word(0) != word || rows.c[0].Word(rows.N-1) != word {
				t.Fatalf("%d rows that do not begin and end with %s", rows.N, word)
			}
			for i := range rows.N {
				if rows.c[0].Word(i) == word {
					got = append(got, fmt.Sprint(string(rows.c[1].Text(i)), rows.c[3].Ints[i], rows.c[4].Decs[i]))
				}
			}
		}
		for i := range c.N {
			if c.c[0].Word(i) == word {
				want = append(want, fmt.Sprint(string(c.c[1].Text(i)), c.c[3].Ints[i], c.c[4].Decs[i]))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d rows of %s, want %d", len(got), word, len(want))
		}
	})
}

// TestRaw checks that a column of integers is returned as the bytes in memory, or as an equal copy if it is stored in
// another encoding, whether or not the complete file is in memory, and that a large page is read in parts.
func TestRaw(t *testing.T) {
	t.Parallel()
	decoder, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for columns, rows := range map[int]int{2: 3*PageRows + 7, 1: 2*rawBytes/8 + 3} { // one column is stored as one page
		def := &table.Table{Name: "t", Columns: []table.Column{{Name: "hash", Type: table.Whole},
			{Name: "packed", Type: table.Whole}}[:columns]}
		c := NewColumns(table.Untyped(def))
		var want []byte
		for i := range rows {
			v := int64(i)*0x0123_4567_89AB + 5
			for col := range columns {
				c.c[col].Ints = append(c.c[col].Ints, v)
			}
			want = binary.LittleEndian.AppendUint64(want, uint64(v))
		}
		c.N = rows
		file := fileOf(t, def, c)
		for _, src := range []io.ReaderAt{&largestRead{ReaderAt: bytes.NewReader(file)}, InMemory(file)} {
			layout, err := ReadIndex(src, int64(len(file)), def)
			if err != nil {
				t.Fatal(err)
			}
			pages := &Pages{Layout: layout, Source: src, Decoder: decoder}
			for col := range def.Columns {
				var got []byte
				err := pages.Raw(col, 0, func(values []byte) { got = append(got, values...) })
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%T, column %d of %d: %d bytes, want %d: %v", src, col, columns, len(got), len(want), err)
				}
			}
			if r, is := src.(*largestRead); is && r.bytes > rawBytes {
				t.Errorf("%d bytes were read at once, at most %d", r.bytes, rawBytes)
			}
		}
	}
}

// largestRead is a file that notes the size of the largest read.
type largestRead struct {
	io.ReaderAt
	bytes int
}

func (r *largestRead) ReadAt(b []byte, at int64) (int, error) {
	r.bytes = max(r.bytes, len(b))
	return r.ReaderAt.ReadAt(b, at)
}

// fileOf returns the bytes of a file with one row group per batch.
func fileOf(t rapid.TB, def *table.Table, batches ...*untyped) []byte {
	var buf bytes.Buffer
	w, err := NewWriter(&buf, def)
	for _, c := range batches {
		if err == nil {
			err = w.Write(c)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestWholes checks that numbers in parts give the same file as one batch, that a row group of several pages contains
// the same numbers, and that the format can express the size of the largest page.
func TestWholes(t *testing.T) {
	t.Parallel()
	if size := int64(plainRows)*8 + 64; size > math.MaxInt32 {
		t.Errorf("a page can have %d bytes", size)
	}
	def := &table.Table{Name: "t", Columns: []table.Column{{Name: "hash", Type: table.Whole}}}
	decoder, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		vals := rapid.SliceOfN(rapid.Int64(), 1, 500).Draw(t, "numbers")
		plain := rapid.IntRange(1, 600).Draw(t, "rows of a page")
		whole, parts := new(bytes.Buffer), new(bytes.Buffer)
		batch := NewColumns(table.Untyped(def))
		batch.c[0].Ints, batch.N = vals, len(vals)
		w, err := NewWriter(whole, def)
		if err == nil {
			w.plainRows = plain
			err = errors.Join(w.Write(batch), w.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		w, err = NewWriter(parts, def)
		if err == nil {
			w.plainRows = plain
			rest := vals
			err = errors.Join(w.WriteWholes(len(vals), func() (part []int64, _ error) {
				n := rapid.IntRange(1, len(rest)).Draw(t, "part")
				part, rest = rest[:n], rest[n:]
				return part, nil
			}), w.Close())
		}
		if err != nil || !bytes.Equal(whole.Bytes(), parts.Bytes()) {
			t.Fatalf("the bytes of numbers in parts differ: %v", err)
		}
		layout, err := ReadIndex(bytes.NewReader(whole.Bytes()), int64(whole.Len()), def)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(layout.Groups[0].Chunks[0].Pages); n != (len(vals)+plain-1)/plain {
			t.Fatalf("%d pages for %d numbers, %d at most in each", n, len(vals), plain)
		}
		got := NewColumns(table.Untyped(def))
		pages := &Pages{Layout: layout, Source: bytes.NewReader(whole.Bytes()), Decoder: decoder}
		if err := pages.Group(got, table.List[table.Any]{0}, 0); err != nil || !slices.Equal(got.c[0].Ints, vals) {
			t.Fatalf("read %v, want %v: %v", got.c[0].Ints, vals, err)
		}
	})
}

// TestWordsGoOn checks that one dictionary is shared by the words of a row group that was read completely, words that
// are certain to be new, and other words.
func TestWordsGoOn(t *testing.T) {
	t.Parallel()
	def := definition()
	pages := written(t, sorted(def, rand.New(rand.NewPCG(1, 2)), 40, 3), 1<<16)
	out := NewColumns(table.Untyped(def))
	if err := pages.Group(out, table.List[table.Any]{0}, 0); err != nil {
		t.Fatal(err)
	}
	words := &out.c[0]
	n, first := len(words.Dict), words.Dict[0]
	words.AddNewWord("z1")
	words.AddWord(first)
	words.AddWord("z1")
	words.AddWord("z2")
	words.AddWord("z1")
	if got := words.Codes[out.N:]; !slices.Equal(got, []int32{int32(n), 0, int32(n), int32(n) + 1, int32(n)}) ||
		len(words.Dict) != n+2 {
		t.Errorf("codes %v in a dictionary of %d words, before of %d", got, len(words.Dict), n)
	}
}

// TestLayoutBounds checks that the bounds of rows are those of the pages that contain them, and that an empty value is
// the smallest.
func TestLayoutBounds(t *testing.T) {
	t.Parallel()
	def := definition()
	c := NewColumns(table.Untyped(def))
	for i := range 3 * PageRows {
		c.c[0].AddWord([]string{"", "b", "d"}[i/PageRows])
		c.N++
	}
	for i := 1; i < len(c.c); i++ {
		switch def.Columns[i].Type {
		case table.Text:
			c.c[i].SetText("x")
		case table.Amount, table.Quantity, table.Cost:
			c.c[i].SetDec(0, 1)
		case table.Small:
			c.c[i].SetSmall(1)
		default:
			c.c[i].SetInt(1)
		}
	}
	file := fileOf(t, def, c, c)
	l := opened(t, file, def).Layout
	for _, b := range []struct {
		from, to  int64
		low, high string
	}{{0, PageRows, "", ""}, {PageRows - 1, PageRows + 1, "", "b"}, {PageRows, 2 * PageRows, "b", "b"},
		{PageRows, 3 * PageRows, "b", "d"}, {4 * PageRows, 4*PageRows + 1, "b", "b"}} {
		if low, high, ok := l.Bounds(0, b.from, b.to); !ok || low != b.low || high != b.high {
			t.Errorf("rows %d to %d: %q to %q, %t, want %q to %q", b.from, b.to, low, high, ok, b.low, b.high)
		}
	}
	r, err := NewReader(bytes.NewReader(file), table.Untyped(def), nil)
	if err != nil {
		t.Fatal(err)
	}
	if low, high, ok := r.Bounds(0); !ok || low != "" || high != "d" {
		t.Errorf("row group: %q to %q, %t", low, high, ok)
	}
	one, err := NewReaderOf(bytes.NewReader(file), table.Untyped(def),
		Wanted[table.Any]{Rows: PageRows, By: 0, Only: "b"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second page of each row group
		if c, err := one.Next(); err != nil || c.N != PageRows || c.c[0].Word(0) != "b" || len(c.c[0].Dict) != 1 {
			t.Fatalf("rows of b: %+v, %v", c, err)
		}
	}
	if c, err := one.Next(); c != nil || err != nil {
		t.Errorf("after the last row of b: %+v, %v", c, err)
	}
}
