package operation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// Appender is a result with many rows that is written with the bytes that Encode would write: looking up the fields of
// each row costs more than reading the row. AppendRows implements it.
type Appender interface {
	AppendJSON(b []byte) ([]byte, error)
}

// Encode writes a value in the form of all results: JSON without HTML escapes, and a newline.
func Encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// AppendRows appends a struct by its tags. Its members, and those of its rows, are texts, whole numbers, decimals and
// lists of structs. The members of a type are looked up once, not for each row. A decimal without digits is an error,
// never 0.
func AppendRows[T any](b []byte, v *T) ([]byte, error) {
	list, err := membersOf(reflect.TypeFor[T]())
	if err != nil {
		return b, err
	}
	return list.append(b, reflect.ValueOf(v).Elem())
}

// members lists the members of a struct, in order.
type members []member

// member is a field of a struct, which is written as `"name":value`.
type member struct {
	name    string
	field   int
	decimal bool    // of type Decimal: digits without quotes
	omit    bool    // if it is empty or 0
	rows    members // of a list
}

// membersOf looks up the members of a struct type.
func membersOf(t reflect.Type) (list members, err error) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := member{name: `"` + name + `":`, field: i, decimal: f.Type == reflect.TypeFor[Decimal](),
			omit: option == "omitempty"}
		switch f.Type.Kind() {
		case reflect.String, reflect.Int, reflect.Int64:
		case reflect.Slice:
			if m.rows, err = membersOf(f.Type.Elem()); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("write the answer: %s.%s is a %s", t, f.Name, f.Type)
		}
		list = append(list, m)
	}
	return list, nil
}

func (list members) append(b []byte, v reflect.Value) (_ []byte, err error) {
	b = append(b, '{')
	for i := range list {
		m := &list[i]
		value := v.Field(m.field)
		if m.omit && value.IsZero() {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		if b, err = m.append(append(b, m.name...), value); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// append appends the value of a member.
func (m *member) append(b []byte, value reflect.Value) (_ []byte, err error) {
	switch value.Kind() {
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(b, value.Int(), 10), nil
	case reflect.Slice:
		b = append(b, '[')
		for i := range value.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = m.rows.append(b, value.Index(i)); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
	text := value.String()
	switch {
	case !m.decimal:
		return appendText(b, text), nil
	case text == "":
		return b, fmt.Errorf("write the answer: %s is no decimal", strings.Trim(m.name, `":`))
	}
	return append(b, text...), nil
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
