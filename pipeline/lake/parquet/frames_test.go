package parquet

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tollbook/tollbook/schemas/table"
)

// TestFrames checks that the rows of any number of frames are read back, including constant columns.
func TestFrames(t *testing.T) {
	t.Parallel()
	def := definition()
	var file bytes.Buffer
	w := NewFrameWriter(&file)
	other := sample(def)
	other.c[0].Dict[1] = "other"
	for _, c := range []*untyped{sample(def), NewColumns(table.Untyped(def)), other} {
		if err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	r := NewFrameReader(bytes.NewReader(file.Bytes()), def)
	for _, want := range []*untyped{sample(def), other} {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(untyped{}),
			cmpopts.IgnoreUnexported(Col{}), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
	if c, err := r.Next(); c != nil || err != nil {
		t.Errorf("after the last frame: %v, %v", c, err)
	}
}

// TestFramesBroken checks that a truncated or changed scratch file is an error and never returns rows.
func TestFramesBroken(t *testing.T) {
	t.Parallel()
	def := definition()
	var file bytes.Buffer
	if err := NewFrameWriter(&file).Write(sample(def)); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < file.Len(); n++ {
		if c, err := NewFrameReader(bytes.NewReader(file.Bytes()[:n]), def).Next(); err == nil {
			t.Fatalf("of %d bytes the first %d gave %v", file.Len(), n, c)
		}
	}
	fewer := *def
	fewer.Columns = def.Columns[:7]
	if _, err := NewFrameReader(bytes.NewReader(file.Bytes()), &fewer).Next(); err == nil ||
		!strings.Contains(err.Error(), "its content is not what it states") {
		t.Errorf("read as another table: %v", err)
	}
}

// TestAppendRun checks that AppendRun appends rows, and words of dictionaries in the order of those rows.
func TestAppendRun(t *testing.T) {
	t.Parallel()
	src, dst := sample(definition()), NewColumns(table.Untyped(definition()))
	src.c[5].Decs, src.c[5].Const = append(src.c[5].Decs, src.c[5].Decs[0], src.c[5].Decs[0]), false
	src.c[7].Codes, src.c[7].Const = []int32{3, 4, 5}, false
	var words Recode
	words.Reset(src)
	dst.AppendRun(src, 1, 3, nil, &words)
	dst.AppendRun(src, 0, 1, nil, &words)
	if got := strings.Join(dst.c[0].Dict, ","); got != "b,a" || dst.N != 3 {
		t.Errorf("%d rows with the words %s, want 3 with b,a", dst.N, got)
	}
	if dst.c[0].Word(0) != "b" || dst.c[0].Word(2) != "a" || string(dst.c[1].Text(1)) != "zz" ||
		string(dst.c[1].Text(2)) != "x" {
		t.Errorf("words and texts are %+v", dst.c[:2])
	}
	if dst.c[2].Ints[2] != 1 || dst.c[4].Decs[0] != (Dec{-1, ^uint64(0)}) || dst.c[7].Codes[1] != 5 {
		t.Errorf("numbers are %v, %v, %v", dst.c[2].Ints, dst.c[4].Decs, dst.c[7].Codes)
	}
}

// TestFrameNumbers checks that a frame returns numbers at the limits of their types, alone and next to each other.
func TestFrameNumbers(t *testing.T) {
	t.Parallel()
	def := definition()
	c := sample(def)
	n := 0
	for i := range c.c {
		switch col := &c.c[i]; def.Columns[i].Type {
		case table.Small:
			col.Codes, col.Const = []int32{math.MaxInt32, math.MinInt32, -1}, false
		case table.Time, table.MaybeTime, table.Whole:
			col.Ints, col.Const = []int64{math.MinInt64, math.MaxInt64, 0}, false
		case table.Amount, table.Quantity, table.Cost:
			last := Dec{-1, 1 << 63}
			if n++; n > 1 {
				last = Dec{0, 1 << 63} // 65 bits
			}
			col.Decs, col.Const = []Dec{{0, math.MaxInt64}, {-1, math.MaxUint64}, last}, false
		}
	}
	var file bytes.Buffer
	if err := NewFrameWriter(&file).Write(c); err != nil {
		t.Fatal(err)
	}
	got, err := NewFrameReader(&file, def).Next()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got, cmp.AllowUnexported(untyped{}), cmpopts.IgnoreUnexported(Col{}),
		cmpopts.EquateEmpty()); diff != "" || n < 2 {
		t.Errorf("%d columns of decimals: %s", n, diff)
	}
}

// TestSpread checks that a batch whose constant columns were spread equals the batch that a reader of its file returns.
func TestSpread(t *testing.T) {
	t.Parallel()
	def := definition()
	r, err := NewReader(bytes.NewReader(fileOf(t, def, sample(def))), table.Untyped(def), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	got := sample(def)
	got.Spread()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(untyped{}), cmpopts.IgnoreUnexported(Col{}),
		cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}
