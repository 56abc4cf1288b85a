package feed

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/go-json-experiment/json/jsontext"
)

// appendText appends a non-null value in the form of the text formats.
func appendText(dst []byte, a arrow.Array, row int) []byte {
	switch a := a.(type) {
	case *array.String, *array.Binary:
		return append(dst, textAt(a, row)...)
	case *array.Dictionary:
		return appendText(dst, a.Dictionary(), a.GetValueIndex(row))
	case *array.Decimal128:
		return append(dst, a.Value(row).ToString(a.DataType().(*arrow.Decimal128Type).Scale)...)
	case *array.Decimal256:
		return append(dst, a.Value(row).ToString(a.DataType().(*arrow.Decimal256Type).Scale)...)
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		at := toTime(int64(a.Value(row)), t.Unit)
		if t.TimeZone == "" {
			return at.AppendFormat(dst, "2006-01-02T15:04:05.999999999")
		}
		return at.AppendFormat(dst, time.RFC3339Nano)
	}
	return append(dst, a.ValueStr(row)...)
}

func toTime(v int64, unit arrow.TimeUnit) time.Time {
	switch unit {
	case arrow.Second:
		return time.Unix(v, 0).UTC()
	case arrow.Millisecond:
		return time.UnixMilli(v).UTC()
	case arrow.Microsecond:
		return time.UnixMicro(v).UTC()
	}
	return time.Unix(0, v).UTC()
}

// appendJSON appends a non-null value as JSON: integers and booleans literally, all others as text.
func appendJSON(dst []byte, a arrow.Array, row int) []byte {
	switch a := a.(type) {
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(row))
	case *array.Int8, *array.Int16, *array.Int32, *array.Int64, *array.Uint8, *array.Uint16, *array.Uint32,
		*array.Uint64:
		return append(dst, a.ValueStr(row)...)
	case *array.String, *array.Binary:
		return appendQuoted(dst, textAt(a, row))
	case *array.Dictionary:
		return appendJSON(dst, a.Dictionary(), a.GetValueIndex(row))
	}
	return appendQuoted(dst, appendText(nil, a, row))
}

// appendQuoted appends a text as JSON. Runs of bytes that are not UTF-8 become one U+FFFD each.
func appendQuoted(dst, text []byte) []byte {
	if !utf8.Valid(text) { // checked first, because ToValidUTF8 also copies valid text
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	dst, _ = jsontext.AppendQuote(dst, text) // valid UTF-8 has no error
	return dst
}

// parquetRows is the position of a batch's rows in a file.
type parquetRows struct {
	file   *parquetFile
	arrays []arrow.Array // the file's arrays, by column of the Spec
	group  int
	offset int64 // of the first row in its group
	n      int64
}

// parquetRaw formats the raw records of a batch.
type parquetRaw struct {
	parquetRows
	extras *extras

	once sync.Once
	own  map[string]arrow.Array // x_ columns, read on demand
}

func (e *extras) raw(rows parquetRows) *parquetRaw {
	e.held.Add(1)
	return &parquetRaw{parquetRows: rows, extras: e}
}

// AppendRaw is feedrows.Raw: it appends a row as a JSON object.
func (p *parquetRaw) AppendRaw(dst []byte, row int) []byte {
	p.once.Do(func() { p.own = p.extras.read(p.group, p.offset, p.n) })
	dst = append(dst, '{')
	begin := len(dst)
	for _, c := range p.file.columns {
		var a arrow.Array
		if c.column >= 0 {
			a = p.arrays[c.column]
		} else {
			a = p.own[c.name]
		}
		if a == nil || a.IsNull(row) {
			continue
		}
		mark := len(dst)
		if mark > begin {
			dst = append(dst, ',')
		}
		err := Guard(func() error {
			dst = appendJSON(append(dst, c.key...), a, row)
			return nil
		})
		if err != nil {
			dst = dst[:mark] // the type of an x_ column cannot be formatted
		}
	}
	return append(dst, '}')
}

// Release is feedrows.Raw.
func (p *parquetRaw) Release() {
	for _, a := range p.arrays {
		if a != nil {
			a.Release()
		}
	}
	for _, a := range p.own {
		a.Release()
	}
	_ = p.extras.letGo() // the file was only read
}

// extras reads the x_ columns of rows whose raw records are requested. Requests come from any goroutine, mostly in the
// order of the file. One set of column readers moves forward; for an earlier batch it restarts the row group. It keeps
// the file open while the reader or a batch needs it.
type extras struct {
	file    *parquetFile
	columns []parquetColumn
	held    atomic.Int32

	mu    sync.Mutex
	rows  []*ParquetGroup // by column; nil = it cannot be read
	group int
	at    int64 // next row of the group
}

func newExtras(f *parquetFile) *extras {
	e := &extras{file: f}
	e.held.Store(1)
	for _, c := range f.columns {
		if c.column < 0 && len(c.Parts) == 0 {
			e.columns = append(e.columns, c)
		}
	}
	return e
}

// letGo closes the file when it is no longer needed.
func (e *extras) letGo() error {
	if e.held.Add(-1) > 0 {
		return nil
	}
	return e.file.src.Close()
}

// skipRows is the number of rows that are skipped at once.
const skipRows = 4096

// read returns the x_ columns of n rows. Columns that cannot be read are left out: raw records are for people.
func (e *extras) read(group int, offset, n int64) map[string]arrow.Array {
	if len(e.columns) == 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.rows == nil || e.group != group || e.at > offset {
		e.rows, e.group, e.at = make([]*ParquetGroup, len(e.columns)), group, 0
		for i := range e.columns {
			e.rows[i], _ = e.file.readGroup(e.columns[i:i+1], group)
		}
	}
	own := make(map[string]arrow.Array, len(e.columns))
	for i, c := range e.columns {
		if a := e.readOne(e.rows[i], offset, n); a != nil {
			own[c.name] = a
		}
	}
	e.at = offset + n
	return own
}

func (e *extras) readOne(rows *ParquetGroup, offset, n int64) arrow.Array {
	if rows == nil {
		return nil
	}
	for at := e.at; at < offset; {
		skipped, err := rows.Next(int(min(skipRows, offset-at)))
		if err != nil {
			return nil
		}
		at += int64(skipped[0].Len())
		skipped[0].Release()
	}
	a, err := rows.Next(int(n))
	if err != nil {
		return nil
	}
	if int64(a[0].Len()) < n { // of so long texts few rows have room in memory
		a[0].Release()
		return nil
	}
	return a[0]
}
