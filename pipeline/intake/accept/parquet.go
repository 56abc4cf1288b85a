package accept

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

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// parquetBatch is the number of rows of a Parquet file that are decoded at once, and batchBytes the bytes of their
// costTexts in a column that arrow decodes, if each row has the longest one.
const (
	parquetBatch = 1 << 14
	batchBytes   = 64 << 20
)

// parquetRecords are the rows of a Parquet file. Texts are read as numbers of the column's distinct texts; decimals and
// times are read without being converted to text.
type parquetRecords struct {
	name   string
	open   fs.File
	source io.ReaderAt
	file   *feed.ParquetFile

	header  []string
	floats  []bool
	columns []parquetColumn // the columns that are read
	column  []int           // by column of the header: its index in columns; -1 = it is not read
	group   int             // the next row group
	rows    int64           // rows of a batch of the current row group
	left    int64           // rows of the current row group that are not decoded yet
	active  []int           // indexes in columns of text columns that change within the batch
	filled  bool            // a row of the batch was filled
	nulls   int64           // text columns whose current cell is the word NULL
	kept    int             // bytes: the constant keptTexts; tests set fewer
	decoded int64           // bytes: the constant batchBytes; tests set fewer
	// dictionaries is the number of bytes that remained when texts were last forgotten.
	dictionaries int
	at, n        int

	kinds   *kinds // nil = rows have no kinds
	kind    []int32
	numbers [][]int32 // the numbers of texts by which kinds are distinguished
}

// parquetColumn is a column of a batch.
type parquetColumn struct {
	at       int // index in the header
	field    *feed.ParquetField
	reader   *feed.ParquetColumn // of the row group
	array    arrow.Array
	everyRow bool // the cell is set for every row, since the reader changes it

	idle    bool // no row of the row group has the word NULL, and no other text is needed
	texts   numberedTexts
	indices []int32 // into texts; nil = it has no texts
	last    int32   // number of the current cell's text

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

func openParquet(fsys fs.FS, name string, to *CostSink) (_ records, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", name, err)
	}
	p := &parquetRecords{name: name, open: f, kept: keptTexts, decoded: batchBytes}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", name, err)
	}
	var ok bool
	if p.source, ok = f.(io.ReaderAt); !ok {
		return nil, fmt.Errorf("read inbox/%s: the file system does not read at an offset", name)
	}
	err = feed.Guard(func() (err error) {
		p.file, err = feed.OpenParquet(p.source, info.Size())
		return err
	})
	if err != nil {
		return nil, p.broken(err)
	}
	p.begins(to)
	return p, nil
}

// begins chooses the columns that are read.
func (p *parquetRecords) begins(to *CostSink) {
	if hasKinds(p.file.Fields, to) {
		p.kinds = newKinds()
	}
	for i, f := range p.file.Fields {
		name := f.Name
		if i == 0 {
			name = strings.TrimLeft(name, visible.Mark)
		}
		p.header = append(p.header, name)
		p.floats = append(p.floats, arrow.IsFloating(f.Type.ID()))
		p.column = append(p.column, -1)
		if p.reads(name, f, to) {
			p.column[i] = len(p.columns)
			p.add(i, to)
		}
	}
}

// add adds a column of the header.
func (p *parquetRecords) add(i int, to *CostSink) {
	name := p.header[i]
	_, everyRow := costWords[name]
	c := parquetColumn{at: i, field: p.file.Fields[i], everyRow: everyRow, last: unset}
	c.texts.onlyOdd = p.kinds != nil && !to.looksAt(name)
	c.texts.identity = slices.Contains(identities, name)
	c.texts.reset()
	p.columns = append(p.columns, c)
}

// reads reports whether a column is read. If the sink does not look at the texts of a column, it is read only to find
// the word NULL.
func (p *parquetRecords) reads(name string, field *feed.ParquetField, to *CostSink) bool {
	if p.kinds == nil || to.looksAt(name) || isNumber(name) {
		return to.wants(name)
	}
	return field.IsText() && to.Only == nil
}

// isNumber reports whether a column contains numbers or times that are checked in every row.
func isNumber(name string) bool {
	return slices.Contains(otherNumbers, name) || slices.Contains(required, name) && !slices.Contains(costTexts, name)
}

// hasKinds reports whether the rows of a file can have kinds: columns that a sink looks at must be texts, and numbers
// and times must not be stored as texts, because they have too many distinct values.
func hasKinds(fields []*feed.ParquetField, to *CostSink) bool {
	return to.Looks != nil && !slices.ContainsFunc(fields, func(f *feed.ParquetField) bool {
		late := false
		switch f.Type.ID() {
		case arrow.DECIMAL128, arrow.TIMESTAMP, arrow.FLOAT64, arrow.FLOAT32:
			late = true
		}
		return isNumber(f.Name) && !late || to.looksAt(f.Name) && late
	})
}

func (p *parquetRecords) broken(err error) error {
	return &feed.FormError{File: p.name, Text: err.Error(), Hint: feed.ParquetHint}
}

func (p *parquetRecords) names() []string { return p.header }

func (p *parquetRecords) float(column int) bool { return p.floats[column] }

func (p *parquetRecords) next(ctx context.Context, row *books.CostRow) (fields int, err error) {
	for p.at++; p.at >= p.n; p.at++ {
		if err := feed.Guard(func() error { return p.decode() }); err != nil {
			if isEnd(err) {
				return 0, err
			}
			return 0, p.broken(err)
		}
		p.at, p.filled = -1, false
	}
	row.Kind = books.NoCostKind
	if p.kinds != nil {
		row.Kind = p.kind[p.at]
	}
	return len(p.header), nil
}

func (p *parquetRecords) fill(row *books.CostRow) (nulls int64) {
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
func (p *parquetRecords) set(row *books.CostRow, c *parquetColumn, k int32) {
	if c.last >= 0 && c.texts.texts[c.last] == nullWord {
		p.nulls--
	}
	c.last = k
	text := ""
	switch {
	case k == noText:
	case c.texts.texts[k] == nullWord:
		p.nulls++
	default:
		text = c.texts.texts[k]
	}
	row.Cells[c.at] = text
}

// keptTexts is the number of bytes of the distinct texts of a file, besides those of the dictionaries of the row group,
// that are kept.
const keptTexts = 32 << 20

// forget forgets the texts of the batches before if there are too many: texts such as those of resources that each have
// one row are not repeated. Rows have no kinds any more.
func (p *parquetRecords) forget() error {
	bytes := 0
	for i := range p.columns {
		bytes += p.columns[i].texts.bytes
	}
	if bytes <= p.dictionaries+p.kept {
		return nil
	}
	p.kinds, p.nulls, p.dictionaries = nil, 0, 0
	for i := range p.columns {
		c := &p.columns[i]
		c.last = unset
		before := c.texts.texts
		c.texts.texts = nil
		c.texts.reset()
		err := c.reader.Renumber(func(old int32) (int32, error) { return c.texts.number([]byte(before[old])) })
		if err != nil {
			return fmt.Errorf("column %s: %w", p.header[c.at], err)
		}
		p.dictionaries += c.texts.bytes
	}
	return nil
}

// decode reads the next batch; io.EOF after the last.
func (p *parquetRecords) decode() error {
	for p.left == 0 {
		if p.group == len(p.file.First) {
			return io.EOF
		}
		if err := p.begin(); err != nil {
			return err
		}
	}
	if err := p.forget(); err != nil {
		return err
	}
	p.n = int(min(p.left, p.rows))
	p.left -= int64(p.n)
	p.active = p.active[:0]
	for i := range p.columns {
		c := &p.columns[i]
		if err := p.turn(c); err != nil {
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
func (p *parquetRecords) begin() error {
	group := p.group
	p.group++
	p.left, p.nulls, p.rows = p.file.GroupRows(group), 0, parquetBatch
	for i := range p.columns {
		c := &p.columns[i]
		c.last = unset
		if p.kinds == nil || c.texts.onlyOdd {
			c.texts.reset()
		}
		if p.left == 0 {
			continue
		}
		if len(c.field.Parts) > 0 { // a text of a dictionary is stored once, and decoded in each row that has it
			longest := min(max(p.file.Bytes(c.field, group), 1), feed.MaxRecord)
			p.rows = min(p.rows, max(1, p.decoded/longest))
		}
		form := feed.ParquetForm{Longest: feed.MaxRecord}
		if c.field.IsText() {
			form.Number = c.texts.number
		}
		var err error
		if c.reader, err = p.file.Column(p.source, c.field, group, form); err != nil {
			return fmt.Errorf("column %s: %w", p.header[c.at], err)
		}
		c.idle = c.texts.onlyOdd && !c.texts.hasOdd() && c.field.IsText() && p.file.InDictionary(c.field, group)
	}
	return nil
}

// turn reads the next rows of a column.
func (p *parquetRecords) turn(c *parquetColumn) (err error) {
	if c.idle {
		c.indices = nil
		return nil
	}
	if c.array, err = c.reader.Next(p.n); err != nil {
		return err
	}
	if c.array == nil || c.array.Len() < p.n {
		return errors.New("it has fewer rows than its row group")
	}
	if c.field.IsText() {
		c.indices = c.array.(*array.Int32).Int32Values()
		if c.array.NullN() > 0 {
			for i := range c.indices {
				if c.array.IsNull(i) {
					c.indices[i] = noText
				}
			}
		}
		return nil
	}
	c.decimals, c.times, c.late = nil, nil, true
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
		if c.indices[i], err = c.texts.number([]byte(text)); err != nil {
			return err
		}
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
	return p.open.Close()
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
	case *array.List, *array.Struct:
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
