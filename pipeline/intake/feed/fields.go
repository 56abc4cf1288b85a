package feed

import (
	"bytes"
	"encoding/csv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Fields reads the texts of one raw record by column: CSV with the header of Reader.Header, or a JSON object if the
// header is empty. Values that cannot be read are absent, and so are keys that occur twice in an object.
func Fields(header string, raw []byte) map[string]string {
	if header == "" {
		return objectFields(raw)
	}
	out := make(map[string]string)
	rows, err := csv.NewReader(strings.NewReader(header + "\n" + string(raw))).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		return out
	}
	for i, name := range rows[0] {
		out[name] = rows[1][i]
	}
	return out
}

// objectFields reads the texts of a JSON object. Values that are not texts keep their literal form; null is absent.
func objectFields(raw []byte) map[string]string {
	out, seen := make(map[string]string), make(map[string]bool)
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	if d.PeekKind() != '{' {
		return out
	}
	if _, err := d.ReadToken(); err != nil {
		return out
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return map[string]string{}
		}
		name, kind := token.String(), d.PeekKind()
		value, err := d.ReadValue()
		if err != nil {
			return map[string]string{}
		}
		text := string(value)
		if kind == '"' {
			unquoted, _ := jsontext.AppendUnquote(nil, value) // the decoder has checked the text
			text = string(unquoted)
		}
		if delete(out, name); !seen[name] && kind != 'n' {
			out[name] = text
		}
		seen[name] = true
	}
	if _, err := d.ReadToken(); err != nil {
		return map[string]string{}
	}
	return out
}
