package publish

import (
	"bytes"
	"testing"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func TestTrimZeros(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1.50000000": "1.5", "100": "100", "100.00": "100", "-0.00000000": "0",
		"0": "0", "-1.01": "-1.01"} {
		if got := TrimZeros(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestFill checks that a column of a block is encoded like a column of the ClickHouse library with the same values,
// whether the batch has one value per row or one for all, and regardless of the earlier content of the block.
func TestFill(t *testing.T) {
	t.Parallel()
	null := int64(tables.Nothing)
	texts := func(list ...string) proto.ColInput {
		c := new(proto.ColStr)
		for _, text := range list {
			c.Append(text)
		}
		return c
	}
	maybe := func(values, nulls []byte) proto.ColInput {
		c := proto.NewColNullable(proto.ColumnOf[int64](new(proto.ColInt64)))
		for i, v := range values {
			c.Append(proto.Nullable[int64]{Set: nulls[i] == 0, Value: int64(v)})
		}
		return c
	}
	two := proto.Decimal128{Low: 2}
	minus := proto.Decimal128{Low: 1<<64 - 3, High: 1<<64 - 1}
	for _, c := range []struct {
		kind tables.Type
		n    int
		col  parquet.Col
		want proto.ColInput
	}{
		{tables.Text, 3, parquet.Col{Bytes: []byte("abcd"), Ends: []int32{1, 1, 4}}, texts("a", "", "bcd")},
		{tables.Text, 2, parquet.Col{Bytes: []byte("xy"), Ends: []int32{2}, Const: true}, texts("xy", "xy")},
		{tables.Whole, 2, parquet.Col{Ints: []int64{7}, Const: true}, &proto.ColInt64{7, 7}},
		{tables.Whole, 3, parquet.Col{Ints: []int64{1, -2, 3}}, &proto.ColInt64{1, -2, 3}},
		{tables.Whole, 3, parquet.Col{Ints: []int64{7}, Const: true}, &proto.ColInt64{7, 7, 7}},
		{tables.Small, 2, parquet.Col{Codes: []int32{4}, Const: true}, &proto.ColInt32{4, 4}},
		{tables.Small, 2, parquet.Col{Codes: []int32{4, 5}}, &proto.ColInt32{4, 5}},
		{tables.MaybeTime, 3, parquet.Col{Ints: []int64{null}, Const: true}, maybe([]byte{0, 0, 0}, []byte{1, 1, 1})},
		{tables.MaybeTime, 3, parquet.Col{Ints: []int64{9, null, 8}}, maybe([]byte{9, 0, 8}, []byte{0, 1, 0})},
		{tables.MaybeTime, 2, parquet.Col{Ints: []int64{6}, Const: true}, maybe([]byte{6, 6}, []byte{0, 0})},
		{tables.MaybeTime, 4, parquet.Col{Ints: []int64{null}, Const: true},
			maybe([]byte{0, 0, 0, 0}, []byte{1, 1, 1, 1})},
		{tables.Amount, 3, parquet.Col{Decs: []parquet.Dec{{}}, Const: true}, &proto.ColDecimal128{{}, {}, {}}},
		{tables.Amount, 2, parquet.Col{Decs: []parquet.Dec{{Lo: 2}, {Hi: -1, Lo: 1<<64 - 3}}},
			&proto.ColDecimal128{two, minus}},
		{tables.Amount, 4, parquet.Col{Decs: []parquet.Dec{{}}, Const: true}, &proto.ColDecimal128{{}, {}, {}, {}}},
		{tables.Amount, 1, parquet.Col{Decs: []parquet.Dec{{Lo: 2}}, Const: true}, &proto.ColDecimal128{two}},
	} {
		testFill(t, c.kind, c.n, &c.col, c.want)
	}
}

// testFill fills a column that has had other values before.
func testFill(t *testing.T, kind tables.Type, n int, col *parquet.Col, want proto.ColInput) {
	t.Helper()
	f := newFiller(kind)
	for _, before := range []struct {
		n   int
		col *parquet.Col
	}{
		{5, &parquet.Col{Bytes: []byte("old"), Ends: []int32{3}, Ints: []int64{5}, Codes: []int32{5},
			Decs: []parquet.Dec{{Lo: 5}}, Const: true}},
		{2, &parquet.Col{Bytes: []byte("old"), Ends: []int32{1, 3}, Ints: []int64{5, 6}, Codes: []int32{5, 6},
			Decs: []parquet.Dec{{Lo: 5}, {Lo: 6}}}},
		{n, col},
	} {
		f.fill(before.col, before.n)
		proto.Input{{Data: f.input()}}.Reset()
	}
	f.fill(col, n)
	var got, expected proto.Buffer
	f.input().EncodeColumn(&got)
	want.EncodeColumn(&expected)
	if f.input().Rows() != n || !bytes.Equal(got.Buf, expected.Buf) {
		t.Errorf("%v, %d rows, %+v:\ngot  %x\nwant %x", kind, f.input().Rows(), *col, got.Buf, expected.Buf)
	}
}

// TestTallyOfConstantColumns checks that the value of a constant column is counted once per row.
func TestTallyOfConstantColumns(t *testing.T) {
	t.Parallel()
	p := Find(Tables(false), "statements")
	cols := parquet.NewColumns(tables.Untyped(p.Def))
	cols.N = 4
	for i, c := range p.Def.Columns {
		col := cols.Col(tables.ColumnOf[tables.Any](i))
		switch {
		case c.Type == tables.Whole:
			col.SetInt(3)
		case c.Name == "due_amount":
			col.SetDec(0, 25_000_000)
		case c.Name == "payment_amount":
			for _, v := range []uint64{1, 2, 3, 4} {
				col.AddDec(0, v*100_000_000)
			}
		default:
			col.SetDec(0, 0)
		}
	}
	tally, err := NewTally(p)
	if err == nil {
		err = tally.Add(cols)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"line_count": "12", "due_amount": "1", "payment_amount": "10"}
	for k, name := range p.SumNames() {
		if sum := want[name]; tally.Texts()[k] != max(sum, "0") || tally.Rows != 4 {
			t.Errorf("%s of %d rows: %s, want %s", name, tally.Rows, tally.Texts()[k], max(sum, "0"))
		}
	}
}
