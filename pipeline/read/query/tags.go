package query

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// TagPair is a tag.
type TagPair struct {
	Key   string
	Value string
	Bare  bool // a key without =
}

// TagPairs returns the tags of a text of key=value pairs, in order (TAGS-1). It trims spaces around keys and values.
func TagPairs(text string) []TagPair {
	var list []TagPair
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		key, value, found := strings.Cut(part, "=")
		if key = strings.TrimSpace(key); key == "" {
			continue
		}
		list = slices.DeleteFunc(list, func(p TagPair) bool { return p.Key == key })
		list = append(list, TagPair{key, strings.TrimSpace(value), !found})
	}
	return list
}

// HasTag reports whether tags contain a wanted one: key=value, or key for any value.
func HasTag(text []byte, want string) bool {
	key, value, exact := strings.Cut(want, "=")
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '{' {
		var object map[string]any
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if dec.Decode(&object) == nil {
			has, ok := object[key]
			return ok && (!exact || scalar(has) == value)
		}
	}
	for _, p := range TagPairs(string(text)) {
		if p.Key == key {
			return !exact || !p.Bare && p.Value == value
		}
	}
	return false
}

// scalar returns a value of an object as the text of a tag.
func scalar(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}
