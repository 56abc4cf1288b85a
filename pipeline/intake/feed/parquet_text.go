package feed

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// textPages reads the texts of one row group's column from its pages, in every encoding that arrow-go supports. The
// reader of Arrow arrays passes the values to a builder one by one, which takes several times as long.
type textPages struct {
	pages  *file.ByteArrayColumnChunkReader
	there  int16 // the definition level of a non-null value
	values []parquet.ByteArray
	levels []int16
	width  int // bytes per row of the last batch, used to allocate the next one
	most   int // bytes of a text
}

// textBytes is the number of bytes of texts after which next returns fewer rows: a page of a few bytes can contain any
// number of rows with the longest text.
const textBytes = 64 << 20

// errOverlong is the error of a text longer than MaxRecord.
var errOverlong = errors.New("a text is too long")

// textStep is the number of values read at once: their headers must fit the processor's cache.
const textStep = 1024

func newTextPages(f *parquetFile, leaf, group int) (*textPages, error) {
	chunk, err := f.meta.RowGroup(group).Column(leaf)
	if err != nil {
		return nil, err
	}
	pages, ok := chunk.(*file.ByteArrayColumnChunkReader)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s in a text column", chunk.Type()), chunk.Close())
	}
	return &textPages{pages: pages, there: pages.Descriptor().MaxDefinitionLevel(),
		values: make([]parquet.ByteArray, textStep), levels: make([]int16, textStep), most: f.opts.MaxRecord}, nil
}

// next reads up to n values; it returns fewer at the end of the row group and after textBytes.
func (r *textPages) next(n int64) (arrow.Array, error) {
	t := textArray{offsets: make([]int32, 1, n+1), data: make([]byte, 0, int(n)*(r.width+r.width/16))}
	for rest := n; rest > 0 && len(t.data) < textBytes; {
		step := max(1, int64(textBytes-len(t.data))/int64(r.most))
		rows, found, err := r.pages.ReadBatchInPage(min(rest, textStep, step), r.values, r.levels, nil)
		if err != nil {
			return nil, err
		}
		if rows == 0 {
			break
		}
		levels := r.levels[:rows]
		if int64(found) == rows {
			levels = nil
		}
		if slices.ContainsFunc(r.values[:found], func(v parquet.ByteArray) bool { return len(v) > r.most }) {
			return nil, errOverlong
		}
		if err := t.add(r.values[:found], levels, r.there); err != nil {
			return nil, err
		}
		rest -= rows
	}
	if err := r.pages.Err(); err != nil {
		return nil, err
	}
	r.width = len(t.data) / int(max(n, 1))
	return t.done(), nil
}

func (r *textPages) release() { _ = r.pages.Close() } // of a file that was only read

// textArray is an array of texts under construction.
type textArray struct {
	offsets []int32
	data    []byte
	valid   []byte // validity bits of the rows; nil if no row is null
	nulls   int
}

// add appends values. Rows whose level is not there become null; without levels there are no nulls.
func (t *textArray) add(values []parquet.ByteArray, levels []int16, there int16) error {
	if levels == nil {
		for _, v := range values {
			t.data = append(t.data, v...)
			t.offsets = append(t.offsets, int32(len(t.data)))
		}
		return nil
	}
	if t.valid == nil {
		t.valid = make([]byte, bitutil.BytesForBits(int64(cap(t.offsets)-1)))
		bitutil.SetBitsTo(t.valid, 0, int64(cap(t.offsets)-1), true)
	}
	for _, level := range levels {
		if level == there {
			if len(values) == 0 {
				return errFewer
			}
			t.data, values = append(t.data, values[0]...), values[1:]
		} else {
			bitutil.ClearBit(t.valid, len(t.offsets)-1)
			t.nulls++
		}
		t.offsets = append(t.offsets, int32(len(t.data)))
	}
	return nil
}

func (t *textArray) done() arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(t.offsets)),
		memory.NewBufferBytes(t.data)}
	if t.nulls > 0 {
		buffers[0] = memory.NewBufferBytes(t.valid)
	}
	data := array.NewData(arrow.BinaryTypes.String, len(t.offsets)-1, buffers, nil, t.nulls, 0)
	defer data.Release()
	return array.NewStringData(data)
}
