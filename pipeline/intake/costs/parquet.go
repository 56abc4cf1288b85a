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
	"github.com/tollbook/tollbook/schemas/visible"
)

// parquetBatch is the number of rows of a Parquet file that are decoded at once, and batchBytes the bytes of their
// texts in a column that arrow decodes, if each row has the longest one.
const (
	parquetBatch = 1 << 14
	batchBytes   = 64 << 20
)

// parquetRecords are the rows of a Parquet file. Texts are read as numbers of the column's distinct texts; decimals and
// times are read without being converted to text.
type parquetRecords struct {
	name    string
	file    fs.File
	reader  *file.Reader
	rows    *pqarrow.FileReader
	batches pqarrow.RecordReader // of a row group: the columns that are decoded by arrow
	words   *cost.Words

	header  []string
	floats  []bool
	columns []parquetColumn // the columns that are read
	column  []int           // by column of the header: its index in columns; -1 = it is not read
	leaves  []int           // the leaf columns that are decoded by arrow
	group   int             // the next row group
	left    int64           // rows of the current row group that are not decoded yet
	active  []int           // indexes in columns of text columns that change within the batch
	filled  bool            // a row of the batch was filled
	nulls   int64           // text columns whose current cell is the word NULL
	at, n   int

	kinds   *kinds // nil = rows have no kinds
	kind    []int32
	numbers [][]int32 // the numbers of texts by which kinds are distinguished
}

// parquetColumn is a column of a batch.
type parquetColumn struct {
	at       int // index in the header
	place    int // index in the batches, if arrow decodes the column
	array    arrow.Array
	everyRow bool // the cell is set for every row, since the reader changes it
	counted  bool // its texts have numbers in Words

	leaf    int        // of the file
	pages   *textPages // nil = arrow decodes it
	idle    bool       // no row of the row group has the word NULL, and no other text is needed
	texts   numberedTexts
	indices []int32 // into texts; nil = it has no texts
	last    int32   // number of the current cell's text
	codes   []int32 // of texts, in Words

	decimals []decimal128.Num // nil = no decimals
	scale    int32
	times    []arrow.Timestamp // nil = no times
	micros   int64             // microseconds per unit of times, or 0 if a unit is shorter
	local    bool              // times have no offset
	late     bool              // the text of a value is made on demand
	nullable bool              // a number or time of the batch is null
}

// unset is the number of a cell that was not set yet, not even to null.
const unset = noText - 1

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
	if err := feedfile.Guard(func() error { return p.open(source, to) }); err != nil {
		return nil, p.broken(err)
	}
	return p, nil
}

func (p *parquetRecords) open(source parquet.ReaderAtSeeker, to *Sink) (err error) {
	if p.reader, err = file.NewParquetReader(source); err != nil {
		return err
	}
	properties := pqarrow.ArrowReadProperties{BatchSize: parquetBatch}
	if p.rows, err = pqarrow.NewFileReader(p.reader, properties, memory.DefaultAllocator); err != nil {
		return err
	}
	schema, err := p.rows.Schema()
	if err != nil {
		return err
	}
	fields := schema.Fields()
	if len(fields) > 0 {
		fields[0].Name = strings.TrimLeft(fields[0].Name, visible.Mark)
	}
	if hasKinds(fields, to) {
		p.kinds = newKinds()
	}
	for i := range fields {
		p.header = append(p.header, fields[i].Name)
		p.floats = append(p.floats, arrow.IsFloating(fields[i].Type.ID()))
		p.column = append(p.column, -1)
		if p.reads(&fields[i], to) {
			p.column[i] = len(p.columns)
			p.add(i, to)
		}
	}
	return nil
}

// add adds a column of the header.
func (p *parquetRecords) add(i int, to *Sink) {
	name, field := p.header[i], &p.rows.Manifest.Fields[i]
	_, everyRow := words[name]
	c := parquetColumn{at: i, everyRow: everyRow, last: unset, counted: to.Words != nil && to.Coded[name]}
	c.texts.onlyOdd = p.kinds != nil && !to.looksAt(name)
	c.texts.identity = slices.Contains(identities, name)
	c.texts.reset()
	if c.leaf = field.ColIndex; len(field.Children) == 0 && p.isText(c.leaf) {
		c.pages = &textPages{to: &c.texts, optional: p.reader.MetaData().Schema.Column(c.leaf).MaxDefinitionLevel() > 0}
	} else {
		c.place = p.top()
		p.leaves = appendLeaves(p.leaves, field)
	}
	p.columns = append(p.columns, c)
	if last := &p.columns[len(p.columns)-1]; last.pages != nil {
		last.pages.to = nil // columns may move: it is set when a row group begins
	}
}

// top returns the number of columns so far that arrow decodes.
func (p *parquetRecords) top() (n int) {
	for i := range p.columns {
		if p.columns[i].pages == nil {
			n++
		}
	}
	return n
}

// reads reports whether a column is read. If the sink does not look at the texts of a column, it is read only to find
// the word NULL.
func (p *parquetRecords) reads(field *arrow.Field, to *Sink) bool {
	if p.kinds == nil || to.looksAt(field.Name) || isNumber(field.Name) {
		return to.wants(field.Name)
	}
	switch field.Type.ID() {
	case arrow.STRING, arrow.BINARY, arrow.LARGE_STRING, arrow.LARGE_BINARY:
		return to.Only == nil
	}
	return false
}

// isNumber reports whether a column contains numbers or times that are checked in every row.
func isNumber(name string) bool {
	return slices.Contains(otherNumbers, name) || slices.Contains(required, name) && !slices.Contains(texts, name)
}

// hasKinds reports whether the rows of a file can have kinds: columns that a sink looks at must be texts, and numbers
// and times must not be stored as texts, because they have too many distinct values.
func hasKinds(fields []arrow.Field, to *Sink) bool {
	return to.Looks != nil && !slices.ContainsFunc(fields, func(f arrow.Field) bool {
		late := false
		switch f.Type.ID() {
		case arrow.DECIMAL128, arrow.TIMESTAMP, arrow.FLOAT64, arrow.FLOAT32:
			late = true
		}
		return isNumber(f.Name) && !late || to.looksAt(f.Name) && late
	})
}

// isText reports whether a leaf is a text column outside of lists and maps whose encodings textPages can read.
func (p *parquetRecords) isText(leaf int) bool {
	c := p.reader.MetaData().Schema.Column(leaf)
	if c.PhysicalType() != parquet.Types.ByteArray || c.MaxRepetitionLevel() > 0 || len(c.ColumnPath()) > 1 {
		return false
	}
	switch c.LogicalType().(type) {
	case schema.StringLogicalType, schema.NoLogicalType:
	default:
		return false
	}
	for group := range p.reader.NumRowGroups() {
		chunk, err := p.reader.MetaData().RowGroup(group).ColumnChunk(leaf)
		if err != nil || !hasTextPages(chunk) {
			return false
		}
	}
	return true
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
	return &feedfile.Error{File: p.name, Text: err.Error(), Hint: feedfile.ParquetHint}
}

func (p *parquetRecords) names() []string { return p.header }

func (p *parquetRecords) float(column int) bool { return p.floats[column] }

func (p *parquetRecords) next(ctx context.Context, row *cost.Row) (fields int, err error) {
	for p.at++; p.at >= p.n; p.at++ {
		if err := feedfile.Guard(func() error { return p.decode(ctx) }); err != nil {
			if isEnd(err) {
				return 0, err
			}
			return 0, p.broken(err)
		}
		p.at, p.filled = -1, false
	}
	row.Kind = cost.NoKind
	if p.kinds != nil {
		row.Kind = p.kind[p.at]
	}
	return len(p.header), nil
}

func (p *parquetRecords) fill(row *cost.Row) (nulls int64) {
	if !p.filled {
		p.filled = true
		for i := range p.columns {
			if c := &p.columns[i]; c.indices != nil && c.indices[p.at] != c.last {
				p.set(row, c, c.indices[p.at])
			}
		}
	}
	for _, i := range p.active {
		c := &p.columns[i]
		if k := c.indices[p.at]; k != c.last || c.everyRow {
			p.set(row, c, k)
		}
	}
	return p.nulls
}

// set puts a text into the row.
func (p *parquetRecords) set(row *cost.Row, c *parquetColumn, k int32) {
	if c.last >= 0 && c.texts.texts[c.last] == nullWord {
		p.nulls--
	}
	c.last = k
	text, code := "", int32(0)
	switch {
	case k == noText:
	case c.texts.texts[k] == nullWord:
		p.nulls++
	default:
		text, code = c.texts.texts[k], cost.Uncoded
		if c.counted {
			code = c.code(k, p.words)
		}
	}
	row.Cells[c.at], row.Codes[c.at] = text, code
}

// code is the number of a text in Words.
func (c *parquetColumn) code(k int32, words *cost.Words) int32 {
	for int(k) >= len(c.codes) {
		c.codes = append(c.codes, cost.Uncoded)
	}
	if c.codes[k] == cost.Uncoded {
		c.codes[k] = words.Code(c.texts.texts[k])
	}
	return c.codes[k]
}

// decode reads the next batch; io.EOF after the last.
func (p *parquetRecords) decode(ctx context.Context) error {
	for p.left == 0 {
		if p.group == p.reader.NumRowGroups() {
			return io.EOF
		}
		if err := p.begin(ctx); err != nil {
			return err
		}
	}
	p.n = int(min(p.left, parquetBatch))
	if p.batches != nil {
		if !p.batches.Next() {
			if err := p.batches.Err(); err != nil && !isEnd(err) {
				return err
			}
			return errors.New("a column has fewer rows than its row group")
		}
		p.n = int(p.batches.RecordBatch().NumRows())
	}
	p.left -= int64(p.n)
	p.active = p.active[:0]
	for i := range p.columns {
		c := &p.columns[i]
		err := p.turn(c)
		if err == nil {
			err = c.texts.wrong
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", p.header[c.at], err)
		}
		if c.indices != nil && (c.everyRow || !constant(c.indices)) {
			p.active = append(p.active, i)
		}
	}
	p.numberKinds()
	return nil
}

// begin opens the next row group.
func (p *parquetRecords) begin(ctx context.Context) (err error) {
	if p.batches != nil {
		p.batches.Release()
		p.batches = nil
	}
	p.left = p.reader.MetaData().RowGroup(p.group).NumRows()
	if len(p.leaves) > 0 && p.left > 0 {
		if p.rows.Props.BatchSize, err = p.batchRows(); err != nil {
			return err
		}
		if p.batches, err = p.rows.GetRecordReader(ctx, p.leaves, []int{p.group}); err != nil {
			return err
		}
	}
	group := p.reader.RowGroup(p.group)
	p.group++
	p.nulls = 0
	for i := range p.columns {
		c := &p.columns[i]
		c.last = unset
		if p.kinds == nil || c.texts.onlyOdd {
			c.texts.reset()
			c.codes = c.codes[:0]
		}
		if c.pages == nil || p.left == 0 {
			continue
		}
		if err := c.begin(group); err != nil {
			return fmt.Errorf("column %s: %w", p.header[c.at], err)
		}
	}
	return nil
}

// batchRows returns how many rows of the next row group arrow decodes at once: a text of a dictionary is stored once,
// and decoded in each row that has it.
func (p *parquetRecords) batchRows() (int64, error) {
	rows := int64(parquetBatch)
	for _, leaf := range p.leaves {
		if p.reader.MetaData().Schema.Column(leaf).PhysicalType() != parquet.Types.ByteArray {
			continue
		}
		chunk, err := p.reader.MetaData().RowGroup(p.group).ColumnChunk(leaf)
		if err != nil {
			return 0, err
		}
		longest := min(max(chunk.TotalUncompressedSize(), 1), feedfile.MaxRecord)
		rows = min(rows, batchBytes/longest)
	}
	return rows, nil
}

// begin starts reading the pages of a row group.
func (c *parquetColumn) begin(group *file.RowGroupReader) error {
	pages, err := group.GetColumnPageReader(c.leaf)
	if err != nil {
		return err
	}
	c.pages.to = &c.texts
	if err := c.pages.begin(pages); err != nil {
		return err
	}
	c.idle = false
	if c.texts.onlyOdd && !c.texts.hasOdd() {
		chunk, err := group.MetaData().ColumnChunk(c.leaf)
		if err != nil {
			return err
		}
		c.idle = onlyDictionary(chunk)
	}
	return nil
}

// turn reads the next rows of a column.
func (p *parquetRecords) turn(c *parquetColumn) error {
	if c.pages != nil {
		if c.idle {
			c.indices = nil
			return nil
		}
		c.indices = slices.Grow(c.indices[:0], p.n)[:p.n]
		return c.pages.read(c.indices)
	}
	c.array, c.decimals, c.times, c.late = p.batches.RecordBatch().Column(c.place), nil, nil, true
	c.nullable = c.array.NullN() > 0
	switch a := c.array.(type) {
	case *array.Decimal128:
		c.decimals, c.scale = a.Values(), a.DataType().(*arrow.Decimal128Type).Scale
	case *array.Timestamp:
		c.times = a.TimestampValues()
		kind := a.DataType().(*arrow.TimestampType)
		c.micros, c.local = int64(kind.Unit.Multiplier()/time.Microsecond), kind.TimeZone == ""
	case *array.Float64, *array.Float32:
	default:
		c.late, c.indices = false, slices.Grow(c.indices[:0], p.n)[:p.n]
		return c.turnTexts()
	}
	return nil
}

// turnTexts numbers the texts of an array.
func (c *parquetColumn) turnTexts() error {
	for i := range c.indices {
		if c.array.IsNull(i) {
			c.indices[i] = noText
			continue
		}
		text, err := cellText(c.array, i)
		if err != nil {
			return err
		}
		c.indices[i] = c.texts.number([]byte(text))
	}
	return nil
}

// numberKinds numbers the rows of the batch.
func (p *parquetRecords) numberKinds() {
	if p.kinds == nil {
		return
	}
	p.numbers = p.numbers[:0]
	for i := range p.columns {
		if c := &p.columns[i]; !c.late {
			p.numbers = append(p.numbers, c.indices)
		}
	}
	p.kind = slices.Grow(p.kind[:0], p.n)[:p.n]
	p.kinds.number(p.numbers, p.kind)
}

// nullWord is the text that counts as null (§11.1).
const nullWord = "NULL"

func (p *parquetRecords) raw() []string {
	out := make([]string, len(p.header))
	for i := range out {
		if k := p.column[i]; k >= 0 {
			out[i] = p.columns[k].text(p.at)
		}
	}
	return out
}

// text returns the original text of a row's cell.
func (c *parquetColumn) text(at int) string {
	if !c.late {
		if c.indices == nil || c.indices[at] == noText {
			return ""
		}
		return c.texts.texts[c.indices[at]]
	}
	text, _ := cellText(c.array, at) // numbers and times have a text
	return text
}

func (p *parquetRecords) null(column int) bool {
	k := p.column[column]
	if k < 0 {
		return true
	}
	c := &p.columns[k]
	return !c.late || c.nullable && c.array.IsNull(p.at)
}

func (p *parquetRecords) late() func(int) string {
	return func(column int) string {
		if p.null(column) {
			return ""
		}
		return p.columns[p.column[column]].text(p.at)
	}
}

func (p *parquetRecords) cost(column int) (v money.Cost, ok bool) {
	c := &p.columns[p.column[column]]
	if c.decimals == nil {
		return v, false
	}
	return money.CostFromDecimal(c.decimals[p.at].HighBits(), c.decimals[p.at].LowBits(), int(c.scale))
}

// Range of the times that are read without their text: the years that RFC 3339 can express.
const (
	firstTime = -62_135_596_800 * period.Second // 0001-01-01
	lastTime  = 253_402_300_799 * period.Second // 9999-12-31
)

func (p *parquetRecords) instant(column int) (t period.Instant, local, ok bool) {
	c := &p.columns[p.column[column]]
	if c.times == nil || c.micros == 0 {
		return 0, false, false
	}
	v := int64(c.times[p.at])
	if v < firstTime/c.micros || v > lastTime/c.micros {
		return 0, false, false
	}
	return period.Instant(v * c.micros), c.local, true
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

// cellText formats a value like a cell of a CSV file; null is empty. A binary floating point number gets the shortest
// text that parses to the same value at its own width.
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
	case *array.Decimal128:
		return c.Value(i).ToString(c.DataType().(*arrow.Decimal128Type).Scale), nil
	case *array.Decimal256:
		return c.Value(i).ToString(c.DataType().(*arrow.Decimal256Type).Scale), nil
	case *array.Float64:
		return strconv.FormatFloat(c.Value(i), 'f', -1, 64), nil
	case *array.Float32:
		return strconv.FormatFloat(float64(c.Value(i)), 'f', -1, 32), nil
	case *array.Timestamp:
		kind := c.DataType().(*arrow.TimestampType)
		text := c.Value(i).ToTime(kind.Unit).UTC().Format(time.RFC3339Nano)
		if kind.TimeZone == "" {
			text = strings.TrimSuffix(text, "Z") // a time without an offset
		}
		return text, nil
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

// mapText formats a map of texts as a JSON object, with its keys in stored order.
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
