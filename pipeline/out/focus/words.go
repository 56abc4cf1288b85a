package focus

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"

	resourcetags "github.com/tollbook/tollbook/pipeline/read/query"
)

// listed are the units that FOCUS writes in its own way, by their lower-case singular.
var listed = map[string]string{"year": "Years", "month": "Months", "day": "Days", "hour": "Hours", "minute": "Minutes",
	"second": "Seconds", "count": "Count", "unit": "Units", "request": "Requests", "token": "Tokens", "b": "B",
	"kb": "KB", "mb": "MB", "gb": "GB", "tb": "TB", "pb": "PB", "eb": "EB", "kib": "KiB", "mib": "MiB", "gib": "GiB",
	"tib": "TiB", "pib": "PiB"}

// Unit converts a measure to the form of FOCUS: GB-hour becomes GB-Hours, call becomes Calls, 1000 calls 1000 Calls.
func Unit(measure string) string {
	amount, unit, found := strings.Cut(measure, " ")
	if _, err := strconv.ParseUint(amount, 10, 64); !found || err != nil {
		amount, unit = "", measure
	} else {
		amount += " "
	}
	over, per, ratio := strings.Cut(unit, "/")
	parts := strings.Split(over, "-")
	for i := range parts {
		parts[i] = unitWord(parts[i], i == len(parts)-1)
	}
	unit = amount + strings.Join(parts, "-")
	if ratio {
		unit += "/" + unitWord(per, false)
	}
	return unit
}

// unitWord converts one word of a unit; plural if it is counted.
func unitWord(word string, plural bool) string {
	small := strings.ToLower(word)
	known, ok := listed[strings.TrimSuffix(small, "s")]
	if !ok {
		known, ok = listed[small]
	}
	switch {
	case ok && plural || ok && !strings.HasSuffix(known, "s"):
		return known
	case ok:
		return strings.TrimSuffix(known, "s")
	case word == "" || word != small:
		return word
	}
	runes := []rune(word)
	runes[0] = unicode.ToUpper(runes[0])
	if plural && !strings.HasSuffix(small, "s") {
		return string(runes) + "s"
	}
	return string(runes)
}

// Tags converts the tags of a record to an object. An object of scalars is unchanged; key=value pairs between commas or
// semicolons become its keys, a key alone is true; later pairs of a key win. Any other text is one tag, `tag`.
func Tags(text []byte) string {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return ""
	}
	if text[0] == '{' {
		if flat, ok := flatObject(text); ok {
			return flat
		}
		return string(Object([]Pair{{"tag", string(text)}}))
	}
	var list []Pair
	for _, p := range resourcetags.TagPairs(string(text)) {
		if p.Bare {
			list = append(list, Pair{p.Key, true})
		} else {
			list = append(list, Pair{p.Key, p.Value})
		}
	}
	if len(list) == 0 {
		return ""
	}
	return string(Object(list))
}

// Pair is a key of an object with a text or true.
type Pair struct {
	Key   string
	Value any
}

// Object writes pairs in their order.
func Object(list []Pair) []byte {
	out := []byte{'{'}
	for i, p := range list {
		if i > 0 {
			out = append(out, ',')
		}
		key, value := quoted(p.Key), quoted(p.Value)
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}')
}

// quoted returns a text or a truth value as JSON.
func quoted(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // cannot fail: texts and truth values
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// flatObject returns an object of scalars with unique keys, without blanks.
func flatObject(text []byte) (string, bool) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return "", false
	}
	seen := map[string]bool{}
	for in.More() {
		key, err := in.Token()
		name, isText := key.(string)
		if err != nil || !isText || seen[name] {
			return "", false
		}
		seen[name] = true
		if value, err := in.Token(); err != nil {
			return "", false
		} else if _, nested := value.(json.Delim); nested {
			return "", false
		}
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, text); err != nil {
		return "", false
	}
	return flat.String(), true
}
