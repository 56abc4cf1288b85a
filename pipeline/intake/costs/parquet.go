package costs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
)

// parquetBatch is how many rows of a Parquet file are decoded at once.
const parquetBatch = 4096

// parquetRecords are the rows of a Parquet file.
type parquetRecords struct {
	name    string
	file    fs.File
	reader  *file.Reader
	batches pqarrow.RecordReader
	header  []string
	floats  []bool

	columns []arrow.Array
	at, n   int
	cells   []string
}

func openParquet(ctx context.Context, fsys fs.FS, name string) (_ records, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", name, err)
	}
	p := &parquetRecords{name: name, file: f}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	source, ok := f.(parquet.ReaderAtSeeker)
	if !ok {
		return nil, fmt.Errorf("read inbox/%s: the file system does not read at an offset", name)
	}
	if p.reader, err = file.NewParquetReader(source); err != nil {
		return nil, p.broken(err)
	}
	rows, err := pqarrow.NewFileReader(p.reader, pqarrow.ArrowReadProperties{BatchSize: parquetBatch},
		memory.DefaultAllocator)
	if err != nil {
		return nil, p.broken(err)
	}
	if p.batches, err = rows.GetRecordReader(ctx, nil, nil); err != nil {
		return nil, p.broken(err)
	}
	for _, field := range p.batches.Schema().Fields() {
		p.header = append(p.header, field.Name)
		p.floats = append(p.floats, arrow.IsFloating(field.Type.ID()))
	}
	p.cells = make([]string, len(p.header))
	return p, nil
}

func (p *parquetRecords) broken(err error) error {
	return &feedfile.Error{File: p.name, Text: err.Error(), Hint: "send the file again"}
}

func (p *parquetRecords) names() []string { return p.header }

func (p *parquetRecords) float(column int) bool { return p.floats[column] }

func (p *parquetRecords) next() ([]string, error) {
	for p.at == p.n {
		if !p.batches.Next() {
			if err := p.batches.Err(); err != nil && !isEnd(err) {
				return nil, p.broken(err)
			}
			return nil, io.EOF
		}
		batch := p.batches.RecordBatch()
		p.columns, p.at, p.n = batch.Columns(), 0, int(batch.NumRows())
	}
	for i, column := range p.columns {
		text, err := cellText(column, p.at)
		if err != nil {
			return nil, p.broken(fmt.Errorf("row %d, column %s: %w", p.at+1, p.header[i], err))
		}
		p.cells[i] = text
	}
	p.at++
	return p.cells, nil
}

func (p *parquetRecords) close() error {
	if p.batches != nil {
		p.batches.Release()
	}
	if p.reader != nil {
		return p.reader.Close() // closes the file too
	}
	return p.file.Close()
}

// cellText is a value as a CSV file would have it; null is empty. A binary floating point number is the shortest text
// that gives it back in its own width.
func cellText(column arrow.Array, i int) (string, error) {
	if column.IsNull(i) {
		return "", nil
	}
	switch c := column.(type) {
	case *array.String:
		return c.Value(i), nil
	case *array.LargeString:
		return c.Value(i), nil
	case *array.Binary:
		return string(c.Value(i)), nil
	case *array.Dictionary:
		return cellText(c.Dictionary(), c.GetValueIndex(i))
	case *array.Decimal128:
		return c.Value(i).ToString(c.DataType().(*arrow.Decimal128Type).Scale), nil
	case *array.Decimal256:
		return c.Value(i).ToString(c.DataType().(*arrow.Decimal256Type).Scale), nil
	case *array.Float64:
		return strconv.FormatFloat(c.Value(i), 'f', -1, 64), nil
	case *array.Float32:
		return strconv.FormatFloat(float64(c.Value(i)), 'f', -1, 32), nil
	case *array.Timestamp:
		unit := c.DataType().(*arrow.TimestampType).Unit
		return c.Value(i).ToTime(unit).UTC().Format(time.RFC3339Nano), nil
	case *array.Date32:
		return c.Value(i).FormattedString(), nil
	case *array.Map:
		return mapText(c, i)
	case *array.List, *array.Struct, *array.LargeList:
		text, err := json.Marshal(column.GetOneForMarshal(i))
		return string(text), err
	}
	return column.ValueStr(i), nil
}

// mapText is a map of texts as a JSON object, its keys in their order.
func mapText(m *array.Map, i int) (string, error) {
	from, to := m.ValueOffsets(i)
	text := []byte{'{'}
	for at := int(from); at < int(to); at++ {
		key, err := cellText(m.Keys(), at)
		if err != nil {
			return "", err
		}
		if at > int(from) {
			text = append(text, ',')
		}
		quoted, err := json.Marshal(key)
		if err != nil {
			return "", err
		}
		text = append(append(text, quoted...), ':')
		if m.Items().IsNull(at) {
			text = append(text, "null"...)
			continue
		}
		value, err := cellText(m.Items(), at)
		if err != nil {
			return "", err
		}
		if quoted, err = json.Marshal(value); err != nil {
			return "", err
		}
		text = append(text, quoted...)
	}
	return string(append(text, '}')), nil
}
