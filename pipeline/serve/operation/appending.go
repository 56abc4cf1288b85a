package operation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// Appender is a result with many rows that writes its own JSON, with the bytes that Encode would write: looking up the
// fields of each row costs more than reading the row.
type Appender interface {
	AppendJSON(b []byte) ([]byte, error)
}

// Encode writes a value in the form of all results: JSON without HTML escapes, and a newline.
func Encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Object appends the members of a JSON object. Begin starts it, End ends it.
type Object struct {
	B   []byte
	Err error // the first invalid decimal
}

// Begin starts an object.
func (o *Object) Begin() { o.B = append(o.B, '{') }

// End ends the object.
func (o *Object) End() { o.B = append(o.B, '}') }

// Name begins a member. name must not need escapes.
func (o *Object) Name(name string) {
	if o.B[len(o.B)-1] != '{' {
		o.B = append(o.B, ',')
	}
	o.B = append(append(append(o.B, '"'), name...), '"', ':')
}

// List writes a member that is a list of n objects; item writes one.
func (o *Object) List(name string, n int, item func(i int)) {
	o.Name(name)
	o.B = append(o.B, '[')
	for i := range n {
		if i > 0 {
			o.B = append(o.B, ',')
		}
		item(i)
	}
	o.B = append(o.B, ']')
}

// Text writes a member that is a string.
func (o *Object) Text(name, text string) {
	o.Name(name)
	o.B = appendText(o.B, text)
}

// Some is Text for a member that is omitted if it is empty.
func (o *Object) Some(name, text string) {
	if text != "" {
		o.Text(name, text)
	}
}

// Whole writes a member that is a whole number.
func (o *Object) Whole(name string, n int64) {
	o.Name(name)
	o.B = strconv.AppendInt(o.B, n, 10)
}

// SomeWhole is Whole for a member that is omitted if it is 0.
func (o *Object) SomeWhole(name string, n int) {
	if n != 0 {
		o.Whole(name, int64(n))
	}
}

// Decimal writes a member that is a decimal. One without digits is an error, never 0.
func (o *Object) Decimal(name string, d Decimal) {
	if d == "" && o.Err == nil {
		o.Err = fmt.Errorf("write the answer: %s is no decimal", name)
	}
	o.Name(name)
	o.B = append(o.B, d...)
}

// SomeDecimal is Decimal for a member that is omitted if it is empty.
func (o *Object) SomeDecimal(name string, d Decimal) {
	if d != "" {
		o.Decimal(name, d)
	}
}

// appendText appends a JSON string as Encode writes it.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			var w bytes.Buffer
			_ = Encode(&w, text) // cannot fail for a string
			return append(b, bytes.TrimSuffix(w.Bytes(), []byte("\n"))...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}
