package costs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// parquetBatch is how many rows of a Parquet file are decoded at once.
const parquetBatch = 1 << 14

// parquetRecords are the rows of a Parquet file. Texts are read as numbers of the dictionary of their row group, so
// that a text is made once for each row group, and decimals and times without a text.
type parquetRecords struct {
	name    string
	file    fs.File
	reader  *file.Reader
	rows    *pqarrow.FileReader
	batches pqarrow.RecordReader // of a row group
	words   *cost.Words

	header  []string
	floats  []bool
	columns []parquetColumn // those that are read
	column  []int           // place in columns by column of the header; -1 = it is not read
	leaves  []int
	group   int   // the next row group
	active  []int // places in columns of those whose cell changes within the batch
	nulls   int64 // columns of texts whose cell is the word NULL
	at, n   int
}

// parquetColumn is a column of a batch.
type parquetColumn struct {
	at       int // of the header
	array    arrow.Array
	everyRow bool // the cell is set for every row, since the reader changes it
	counted  bool // its texts have numbers in Words

	coded   bool    // it has a dictionary
	indices []int32 // into words; noWord = null
	last    int32   // of the row's cell
	words   []string
	codes   []int32

	decimals []decimal128.Num // nil = no decimals
	scale    int32
	times    []arrow.Timestamp // nil = no times
	micros   int64             // of a unit of times, or 0 if a unit is shorter
	late     bool              // a text is made when it is asked for
}

// noWord is the index of a null.
const noWord = -1

func openParquet(fsys fs.FS, name string, to *Sink) (_ records, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", name, err)
	}
	p := &parquetRecords{name: name, file: f, words: to.Words}
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
	properties := pqarrow.ArrowReadProperties{BatchSize: parquetBatch}
	for i := range p.reader.MetaData().Schema.NumColumns() {
		if isText(p.reader.MetaData().Schema.Column(i)) {
			properties.SetReadDict(i, true)
		}
	}
	if p.rows, err = pqarrow.NewFileReader(p.reader, properties, memory.DefaultAllocator); err != nil {
		return nil, p.broken(err)
	}
	fields, err := p.rows.Schema()
	if err != nil {
		return nil, p.broken(err)
	}
	for i, field := range fields.Fields() {
		p.header = append(p.header, field.Name)
		p.floats = append(p.floats, arrow.IsFloating(field.Type.ID()))
		p.column = append(p.column, -1)
		if to.wants(field.Name) {
			p.column[i] = len(p.columns)
			p.leaves = appendLeaves(p.leaves, &p.rows.Manifest.Fields[i])
			_, everyRow := words[field.Name]
			p.columns = append(p.columns, parquetColumn{at: i, everyRow: everyRow, last: noWord,
				counted: to.Words != nil && to.Coded[field.Name]})
		}
	}
	return p, nil
}

// isText reports whether a leaf is a column of texts, not part of a list or map.
func isText(c *schema.Column) bool {
	if c.PhysicalType() != parquet.Types.ByteArray || c.MaxRepetitionLevel() > 0 || len(c.ColumnPath()) > 1 {
		return false
	}
	switch c.LogicalType().(type) {
	case schema.StringLogicalType, schema.NoLogicalType:
		return true
	}
	return false
}

func appendLeaves(dst []int, f *pqarrow.SchemaField) []int {
	if len(f.Children) == 0 {
		return append(dst, f.ColIndex)
	}
	for i := range f.Children {
		dst = appendLeaves(dst, &f.Children[i])
	}
	return dst
}

func (p *parquetRecords) broken(err error) error {
	return &feedfile.Error{File: p.name, Text: err.Error(), Hint: "send the file again"}
}

func (p *parquetRecords) names() []string { return p.header }

func (p *parquetRecords) float(column int) bool { return p.floats[column] }

func (p *parquetRecords) next(ctx context.Context, row *cost.Row) (fields int, nulls int64, err error) {
	for p.at++; p.at >= p.n; p.at++ {
		if err := p.decode(ctx); err != nil {
			return 0, 0, err
		}
		p.at = -1
		for i := range p.columns {
			if c := &p.columns[i]; c.coded && c.last != c.indices[0] {
				p.set(row, c, c.indices[0])
			}
		}
	}
	for _, i := range p.active {
		c := &p.columns[i]
		switch {
		case c.coded:
			if k := c.indices[p.at]; k != c.last || c.everyRow {
				p.set(row, c, k)
			}
		case !c.late:
			text, err := cellText(c.array, p.at)
			if err != nil {
				return 0, 0, p.broken(fmt.Errorf("row %d, column %s: %w", p.at+1, p.header[c.at], err))
			}
			if text == nullWord {
				text = ""
				nulls++
			}
			row.Cells[c.at], row.Codes[c.at] = text, cost.Uncoded
		}
	}
	return len(p.header), nulls + p.nulls, nil
}

// set puts a word of the dictionary into the row.
func (p *parquetRecords) set(row *cost.Row, c *parquetColumn, k int32) {
	if c.last >= 0 && c.words[c.last] == nullWord {
		p.nulls--
	}
	c.last = k
	text, code := "", int32(0)
	switch {
	case k == noWord:
	case c.words[k] == nullWord:
		p.nulls++
	default:
		text, code = c.words[k], cost.Uncoded
		if c.counted {
			code = c.codes[k]
		}
	}
	row.Cells[c.at], row.Codes[c.at] = text, code
}

// decode reads the next batch; io.EOF after the last.
func (p *parquetRecords) decode(ctx context.Context) (err error) {
	for {
		if p.batches != nil && p.batches.Next() && p.batches.RecordBatch().NumRows() > 0 {
			break
		}
		if p.batches != nil {
			if err := p.batches.Err(); err != nil && !isEnd(err) {
				return p.broken(err)
			}
			p.batches.Release()
			p.batches = nil
		}
		if p.group == p.reader.NumRowGroups() {
			return io.EOF
		}
		if p.batches, err = p.rows.GetRecordReader(ctx, p.leaves, []int{p.group}); err != nil {
			return p.broken(err)
		}
		p.group++
		for i := range p.columns {
			p.columns[i].forget()
		}
		p.nulls = 0
	}
	batch := p.batches.RecordBatch()
	p.n = int(batch.NumRows())
	p.active = p.active[:0]
	for i := range p.columns {
		p.columns[i].turn(batch.Column(i), p.words)
		if p.columns[i].changes() {
			p.active = append(p.active, i)
		}
	}
	return nil
}

// forget drops the dictionary of a row group.
func (c *parquetColumn) forget() { c.last, c.words, c.codes = noWord-1, c.words[:0], c.codes[:0] }

// turn takes the column of a batch.
func (c *parquetColumn) turn(a arrow.Array, words *cost.Words) {
	c.array, c.coded, c.decimals, c.times, c.late = a, false, nil, nil, false
	switch a := a.(type) {
	case *array.Dictionary:
		c.turnWords(a, words)
	case *array.Decimal128:
		c.decimals, c.scale, c.late = a.Values(), a.DataType().(*arrow.Decimal128Type).Scale, true
	case *array.Timestamp:
		c.times, c.late = a.TimestampValues(), true
		c.micros = int64(a.DataType().(*arrow.TimestampType).Unit.Multiplier() / time.Microsecond)
	case *array.Float64, *array.Float32:
		c.late = true
	}
}

// turnWords takes a column of texts. The dictionary of a row group only grows.
func (c *parquetColumn) turnWords(a *array.Dictionary, words *cost.Words) {
	texts, ok := a.Dictionary().(interface {
		Len() int
		Value(int) string
	})
	indices, number := a.Indices().(*array.Int32)
	if !ok || !number {
		return
	}
	for k := len(c.words); k < texts.Len(); k++ {
		text := strings.Clone(texts.Value(k))
		if c.counted {
			code := words.Code(text)
			text = words.Text(code)
			c.codes = append(c.codes, code)
		}
		c.words = append(c.words, text)
	}
	c.indices = append(c.indices[:0], indices.Int32Values()...)
	if a.NullN() > 0 {
		for i := range c.indices {
			if indices.IsNull(i) {
				c.indices[i] = noWord
			}
		}
	}
	c.coded = true
}

// changes reports whether the cell must be looked at in every row of the batch.
func (c *parquetColumn) changes() bool {
	if !c.coded {
		return !c.late
	}
	return c.everyRow || slices.ContainsFunc(c.indices, func(k int32) bool { return k != c.indices[0] })
}

// nullWord is a text that is null (§11.1).
const nullWord = "NULL"

func (p *parquetRecords) raw() []string {
	out := make([]string, len(p.header))
	for i := range out {
		if k := p.column[i]; k >= 0 {
			out[i], _ = cellText(p.columns[k].array, p.at) // a text that cannot be made is no part of what is shown
		}
	}
	return out
}

func (p *parquetRecords) null(column int) bool {
	k := p.column[column]
	return k < 0 || !p.columns[k].late || p.columns[k].array.IsNull(p.at)
}

func (p *parquetRecords) late() func(int) string {
	return func(column int) string {
		if p.null(column) {
			return ""
		}
		text, _ := cellText(p.columns[p.column[column]].array, p.at) // numbers and times have a text
		return text
	}
}

func (p *parquetRecords) cost(column int) (v money.Cost, ok bool) {
	c := &p.columns[p.column[column]]
	if c.decimals == nil {
		return v, false
	}
	return money.CostFromDecimal(c.decimals[p.at].HighBits(), c.decimals[p.at].LowBits(), int(c.scale))
}

// The times that are read without their text: those of the years that RFC 3339 can write.
const (
	firstTime = -62_135_596_800 * period.Second // 0001-01-01
	lastTime  = 253_402_300_799 * period.Second // 9999-12-31
)

func (p *parquetRecords) instant(column int) (t period.Instant, ok bool) {
	c := &p.columns[p.column[column]]
	if c.times == nil || c.micros == 0 {
		return 0, false
	}
	v := int64(c.times[p.at])
	if v < firstTime/c.micros || v > lastTime/c.micros {
		return 0, false
	}
	return period.Instant(v * c.micros), true
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
