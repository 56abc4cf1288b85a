package operation

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

// Place is the place of a parameter in a request.
type Place uint8

// The places.
const (
	Query Place = iota
	Path
	Body // a member of the body's JSON object
)

// String returns the place in the words of openapi.yaml, which does not list `body` as a place of parameters.
func (p Place) String() string { return [...]string{"query", "path", "body"}[p] }

// Kind is the kind of a parameter's value.
type Kind uint8

// The kinds.
const (
	Text256 Kind = iota // 1 to Max characters (default 256), none of them a control character
	Whole               // a whole number from Min to Max
	Month               // 2026-09
	Date                // 2026-09-01
	Moment              // 2026-09-01T00:00:00Z
	Word                // one of Words
	Flag                // true, false
	Raw                 // any JSON value of a body, which the operation checks; in a query a list of texts
)

// Param is one parameter.
type Param struct {
	Name     string
	In       Place
	Kind     Kind
	Required bool
	Min, Max int64    // of Whole; for Text256 Max is the largest number of characters, for Raw of items of a list
	Of       any      // of Raw: a zero value of its content, for openapi.yaml
	Words    []string // of Word
	Default  string   // value if it is not given; empty = none
	Recent   bool     // of Month: at most 18 months before the current one, and not after it
	Meaning  string
}

// Window is for how many past months cycles can be requested (§8).
const Window = 18

// Values are the checked parameters of a request.
type Values struct {
	op     *Operation
	values map[string]string
	raw    map[string]jsontext.Value
}

// Said returns a parameter as the request has it, "" if it has none: for the log.
func (v *Values) Said(name string) string { return v.values[name] }

// Given reports whether a parameter has a value, from the request or by default.
func (v *Values) Given(name string) bool { _, ok := v.get(name); return ok }

// Key identifies a request to an operation by its parameters, except those in without.
func (v *Values) Key(without ...string) string {
	var out strings.Builder
	for i := range v.op.Params {
		name := v.op.Params[i].Name
		if slices.Contains(without, name) {
			continue
		}
		value, ok := v.get(name)
		out.WriteString(name + strconv.FormatBool(ok) + strconv.Quote(value) + strconv.Quote(string(v.raw[name])))
	}
	return out.String()
}

// Text returns a parameter's value or its default; "" = none.
func (v *Values) Text(name string) string { s, _ := v.get(name); return s }

// Whole returns the value of a Whole parameter; 0 = none.
func (v *Values) Whole(name string) int {
	n, _ := strconv.Atoi(v.Text(name)) // was checked before
	return n
}

// Month returns the value of a Month parameter; ok is false if there is none.
func (v *Values) Month(name string) (c period.Cycle, ok bool) {
	c, err := period.ParseCycle(v.Text(name))
	return c, err == nil
}

// Cycle returns the value of a Month parameter as a cycle of the manifest, or none.
func (v *Values) Cycle(name string) lake.Cycle {
	if c, ok := v.Month(name); ok {
		return lake.CycleOf(c)
	}
	return lake.Cycle{}
}

// Day returns the value of a Date parameter; ok is false if there is none.
func (v *Values) Day(name string) (d period.Day, ok bool) {
	d, err := period.ParseDay(v.Text(name))
	return d, err == nil
}

// Moment returns the value of a Moment parameter; ok is false if there is none.
func (v *Values) Moment(name string) (t period.Instant, ok bool) {
	t, err := period.ParseInstant(v.Text(name))
	return t, err == nil
}

// Flag is the value of a Flag parameter.
func (v *Values) Flag(name string) bool { return v.Text(name) == "true" }

// JSON returns the value of a Raw parameter; nil = none.
func (v *Values) JSON(name string) jsontext.Value { return v.raw[name] }

// Decode reads a Raw parameter into dst. The error is an Error.
func (v *Values) Decode(name string, dst any) error {
	if v.raw[name] == nil {
		return nil
	}
	if err := json.Unmarshal(v.raw[name], dst); err != nil {
		return BadParameter(name, malformed())
	}
	return nil
}

func (v *Values) get(name string) (string, bool) {
	s, ok := v.values[name]
	if ok || v.op == nil {
		return s, ok
	}
	p, known := v.op.Param(name)
	return p.Default, known && p.Default != ""
}

// Parse reads and checks the parameters of a request to an operation (OP-2). now and zone decide which months are
// recent. The error is an *Error.
func Parse(op *Operation, r *http.Request, body []byte, now period.Instant, zone *period.Zone) (Values, error) {
	v := Values{op: op, values: map[string]string{}, raw: map[string]jsontext.Value{}}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return v, BadRequest(Text{"查询参数格式错误", "the query is malformed"})
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if p, known := op.Param(name); op.ours() && (!known || p.In != Query) {
			return v, BadParameter(name, Text{"未知参数", "is unknown"})
		}
	}
	var members map[string]jsontext.Value
	if op.Method == http.MethodPost {
		if members, err = object(body); err != nil {
			return v, BadRequest(Text{"请求体不是JSON对象", "the body is not a JSON object"})
		}
	}
	for i := range op.Params {
		p := &op.Params[i]
		var given string
		switch p.In {
		case Query:
			if p.Kind == Raw {
				given = v.list(p.Name, query[p.Name])
				break
			}
			if len(query[p.Name]) > 1 {
				return v, BadParameter(p.Name, Text{"重复", "is duplicate"})
			}
			given = query.Get(p.Name)
		case Path:
			given = r.PathValue(p.Name)
		case Body:
			value := members[p.Name]
			if p.Kind == Raw {
				if value == nil || value.Kind() == 'n' {
					value = nil
				} else {
					v.raw[p.Name] = value
				}
				given = string(value)
				break
			}
			if given, err = scalar(value, p.Kind); err != nil {
				return v, BadParameter(p.Name, malformed())
			}
		}
		if given == "" {
			if p.Required {
				return v, BadParameter(p.Name, Text{"必填", "is missing"})
			}
			continue
		}
		if why, ok := p.check(given, now, zone); !ok {
			return v, BadParameter(p.Name, why)
		}
		v.values[p.Name] = given
	}
	return v, nil
}

// list converts the values of a parameter that a query may repeat to a JSON list, and returns it; "" = none.
func (v *Values) list(name string, values []string) string {
	values = slices.DeleteFunc(values, func(s string) bool { return s == "" })
	if len(values) == 0 {
		return ""
	}
	text, err := json.Marshal(values)
	if err != nil { // not UTF-8: Decode rejects it
		text = []byte("0")
	}
	v.raw[name] = text
	return string(text)
}

func malformed() Text { return Text{"格式错误", "is malformed"} }

// object parses a JSON object; an empty body is an object without members. Duplicate names are an error.
func object(body []byte) (map[string]jsontext.Value, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if jsontext.Value(body).Kind() != '{' {
		return nil, errors.New("not an object")
	}
	var members map[string]jsontext.Value
	return members, json.Unmarshal(body, &members)
}

// scalar converts a member of a body to the form that it has in a query: a string's text, or for numbers and flags also
// their literal. null is no value.
func scalar(value jsontext.Value, k Kind) (string, error) {
	switch value.Kind() {
	case 0, 'n':
		return "", nil
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		return string(text), err
	case '0':
		if k == Whole || k == Word {
			return string(value), nil
		}
	case 't', 'f':
		if k == Flag {
			return string(value), nil
		}
	}
	return "", errors.New("of another kind")
}

// check reports whether a value is valid for the parameter; if not, it returns the reason.
func (p *Param) check(text string, now period.Instant, zone *period.Zone) (Text, bool) {
	switch p.Kind {
	case Whole:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || strconv.FormatInt(n, 10) != text {
			return Text{"不是整数", "is not a whole number"}, false
		}
		if n < p.Min || n > p.Max {
			return Textf("取值范围为%d到%d", "is not from %d to %d", p.Min, p.Max), false
		}
	case Month:
		c, err := period.ParseCycle(text)
		if err != nil {
			return Text{"格式应为YYYY-MM", "is not written as YYYY-MM"}, false
		}
		if present := zone.Cycle(now); p.Recent && (c > present || c < present.Add(-Window)) {
			return Textf("不在最近%d个月内", "is not one of the last %d months", Window), false
		}
	case Date:
		if _, err := period.ParseDay(text); err != nil {
			return Text{"格式应为YYYY-MM-DD", "is not written as YYYY-MM-DD"}, false
		}
	case Moment:
		_, err := time.Parse("2006-01-02T15:04:05Z", text)
		if _, err2 := period.ParseInstant(text); err != nil || err2 != nil {
			return Text{"格式应为YYYY-MM-DDThh:mm:ssZ", "is not written as YYYY-MM-DDThh:mm:ssZ"}, false
		}
	case Word:
		if !slices.Contains(p.Words, text) {
			return Textf("取值应为%s", "is none of %s", strings.Join(p.Words, ", ")), false
		}
	case Flag:
		if text != "true" && text != "false" {
			return Text{"取值应为true或false", "is neither true nor false"}, false
		}
	case Text256:
		most := p.Max
		if most == 0 {
			most = 256
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) }) {
			return malformed(), false
		}
		if int64(utf8.RuneCountInString(text)) > most {
			return Textf("超过%d个字符", "is longer than %d characters", most), false
		}
	case Raw:
	}
	return Text{}, true
}
