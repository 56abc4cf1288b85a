package focus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	decimals "github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// test checks a row. about reports whether the check applies to the row: checks of formats do not apply to null.
type test func(row []RuleCell) (ok, about bool)

// compiler compiles checks to tests for the columns of one data set.
type compiler struct {
	at    map[string]int
	kinds []RuleKind
	names []string
	// version of FOCUS to which the columns of the data set belong
	version string
}

// absentError reports that a check needs a column that the data set does not have.
type absentError struct{ column string }

func (e *absentError) Error() string { return "no column " + e.column }

func (c *compiler) column(name string) (int, error) {
	if at, ok := c.at[name]; ok {
		return at, nil
	}
	return 0, &absentError{name}
}

// compile returns the test of a check.
func (c *compiler) compile(k *ModelCheck) (test, error) {
	switch k.Function {
	case "AND", "OR":
		return c.items(k)
	case "CheckSameValue", "CheckNotSameValue", "CheckSameNumber", "CheckAfter":
		return c.pair(k)
	case "ColumnByColumnEqualsColumnValue":
		return c.product(k)
	}
	at, err := c.column(k.Column)
	if err != nil {
		return nil, err
	}
	switch k.Function {
	case "CheckValue":
		equal, err := equals(k.Value)
		return func(row []RuleCell) (bool, bool) { return equal(row[at]), true }, err
	case "CheckNotValue":
		equal, err := equals(k.Value)
		return func(row []RuleCell) (bool, bool) { return !equal(row[at]), true }, err
	case "CheckGreaterOrEqualThanValue":
		least, err := decimals.NewFromString(string(k.Value))
		return valued(at, func(text string) bool {
			v, ok := number(text)
			return ok && v.Cmp(least) >= 0
		}), err
	}
	kind := c.kinds[at]
	is, ok := map[string]func(string) bool{
		"CheckDecimalValue": isNumber, "TypeDecimal": func(text string) bool {
			return typed(kind, Decimal) && isNumber(text)
		},
		"TypeString": func(string) bool {
			return typed(kind, String)
		}, "FormatString": utf8.ValidString, "FormatNumeric": isNumber,
		"TypeDateTime": func(text string) bool {
			return typed(kind, DateTime) && isTime(text)
		}, "FormatDateTime": isTime,
		"FormatKeyValue": isKeyValue, "FormatUnit": isUnit, "FormatCurrency": isCurrency,
		"CheckNationalCurrency": isNational,
	}[k.Function]
	if !ok {
		return nil, fmt.Errorf("the model has a check %q that is not known here", k.Function)
	}
	return valued(at, is), nil
}

// typed reports whether a column may have a kind: in CSVData it may have any.
func typed(have, want RuleKind) bool { return have == Untyped || have == want }

// valued returns a test for values that are not null.
func valued(at int, is func(string) bool) test {
	return func(row []RuleCell) (bool, bool) {
		if row[at].Null {
			return true, false
		}
		return is(row[at].Text), true
	}
}

// items combines tests with AND or OR. A list of allowed values does not apply to null.
func (c *compiler) items(k *ModelCheck) (test, error) {
	tests := make([]test, len(k.Items))
	for i, item := range k.Items {
		var err error
		if tests[i], err = c.compile(item); err != nil {
			return nil, err
		}
	}
	if k.Function == "AND" {
		return func(row []RuleCell) (bool, bool) {
			for _, t := range tests {
				if ok, _ := t(row); !ok {
					return false, true
				}
			}
			return true, true
		}, nil
	}
	list := allowed(k)
	return func(row []RuleCell) (bool, bool) {
		if list != "" && row[c.at[list]].Null {
			return true, false
		}
		return slices.ContainsFunc(tests, func(t test) bool { ok, _ := t(row); return ok }), true
	}, nil
}

// allowed returns the column of a list of allowed values, alone or with a second column; "" = it is no such list.
func allowed(k *ModelCheck) string {
	name := ""
	for _, item := range k.Items {
		one := item
		if item.Function == "AND" {
			one = item.Items[0]
		}
		if one.Function != "CheckValue" || string(one.Value) == "null" || name != "" && name != one.Column {
			return ""
		}
		name = one.Column
	}
	return name
}

// equals returns a comparison with a value of the model: null, a text or a number.
func equals(value json.RawMessage) (func(RuleCell) bool, error) {
	var v any
	in := json.NewDecoder(bytes.NewReader(value))
	in.UseNumber()
	if err := in.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("a value of the model: %w", err)
	}
	switch v := v.(type) {
	case nil:
		return func(c RuleCell) bool { return c.Null }, nil
	case string:
		return func(c RuleCell) bool { return !c.Null && c.Text == v }, nil
	case json.Number:
		want, err := decimals.NewFromString(v.String())
		return func(c RuleCell) bool {
			got, ok := number(c.Text)
			return !c.Null && ok && got.Equal(want)
		}, err
	}
	return nil, fmt.Errorf("a value of the model: %s is neither null, text nor number", value)
}

func (c *compiler) pair(k *ModelCheck) (test, error) {
	a, err := c.column(k.A)
	if err != nil {
		return nil, err
	}
	b, err := c.column(k.B)
	switch k.Function {
	case "CheckSameValue":
		return func(row []RuleCell) (bool, bool) { return row[a] == row[b], true }, err
	case "CheckNotSameValue":
		return func(row []RuleCell) (bool, bool) { return row[a] != row[b], true }, err
	case "CheckAfter":
		return func(row []RuleCell) (bool, bool) { return after(row[a], row[b]) }, err
	}
	return func(row []RuleCell) (bool, bool) {
		x, isX := number(row[a].Text)
		y, isY := number(row[b].Text)
		return isX && isY && x.Equal(y), true
	}, err
}

// after reports whether a time is after another. The rules about formats report values that are not times.
func after(a, b RuleCell) (ok, about bool) {
	x, isX := instantText(a.Text)
	y, isY := instantText(b.Text)
	if a.Null || b.Null || !isX || !isY {
		return true, false
	}
	return x.After(y), true
}

// instantText reads a time in the format of FOCUS, or in formats that are in use: with a blank, with a fraction, with
// another offset; without an offset it is UTC.
func instantText(text string) (time.Time, bool) {
	layouts := []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", time.DateTime, time.DateOnly}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// product compares A × B with a third column, as exact decimals. It does not apply if one of them is null.
func (c *compiler) product(k *ModelCheck) (test, error) {
	var at [3]int
	for i, name := range []string{k.A, k.B, k.Result} {
		var err error
		if at[i], err = c.column(name); err != nil {
			return nil, err
		}
	}
	return func(row []RuleCell) (bool, bool) {
		if row[at[0]].Null || row[at[1]].Null || row[at[2]].Null {
			return true, false
		}
		a, isA := number(row[at[0]].Text)
		b, isB := number(row[at[1]].Text)
		p, isP := number(row[at[2]].Text)
		return isA && isB && isP && a.Mul(b).Equal(p), true
	}, nil
}

// numeric is the numeric format: no plus sign, no blanks; an exponent may have a minus sign.
var numeric = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]{1,3})?$`)

func isNumber(text string) bool { return numeric.MatchString(text) }

// ParseNumber reads a number of the numeric format.
func ParseNumber(text string) (decimals.Decimal, bool) { return number(text) }

func number(text string) (decimals.Decimal, bool) {
	if !isNumber(text) {
		return decimals.Decimal{}, false
	}
	v, err := decimals.NewFromString(text)
	return v, err == nil
}

func isTime(text string) bool {
	t, err := time.Parse("2006-01-02T15:04:05Z", text)
	return err == nil && t.Format("2006-01-02T15:04:05Z") == text
}

// isKeyValue reports whether a text is an object with unique keys and only scalar values.
func isKeyValue(text string) bool {
	in := json.NewDecoder(strings.NewReader(text))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	seen := map[string]bool{}
	for in.More() {
		key, err := in.Token()
		name, isText := key.(string)
		if err != nil || !isText || seen[name] {
			return false
		}
		seen[name] = true
		value, err := in.Token()
		if _, nested := value.(json.Delim); err != nil || nested {
			return false
		}
	}
	if _, err := in.Token(); err != nil {
		return false
	}
	_, err := in.Token()
	return errors.Is(err, io.EOF)
}

// units are the words for units in the specification, with its capitalization.
var units = strings.Fields("b B Kb KB Mb MB Gb GB Tb TB Pb PB Eb EB Kib KiB Mib MiB Gib GiB Tib TiB Pib PiB Eib EiB " +
	"Year Years Month Months Day Days Hour Hours Minute Minutes Second Seconds Count Unit Units Request Requests " +
	"Token Tokens")

var unitForm = regexp.MustCompile(`^([0-9]+ )?[^\s/]+( [^\s/]+)*(/([0-9]+ )?[^\s/]+)?$`)

// isUnit reports whether a text is a unit: one unit, perhaps after a whole number, two joined by a hyphen, or one per
// another. Words of the specification must be written as it lists them; others must begin with a capital or contain
// one.
func isUnit(text string) bool {
	if !unitForm.MatchString(text) {
		return false
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '-' || r == '/' }) {
		if word == strings.ToLower(word) && word != "b" && strings.Trim(word, "0123456789") != "" {
			return false
		}
		same := func(listed string) bool { return len(listed) > 2 && strings.EqualFold(listed, word) }
		if slices.ContainsFunc(units, same) && !slices.Contains(units, word) {
			return false
		}
	}
	return true
}

var code = regexp.MustCompile(`^[A-Z]{3}$`)

// isCurrency reports whether a text is a code of three letters, or the name of a virtual currency: any longer text.
func isCurrency(text string) bool {
	return code.MatchString(text) || utf8.ValidString(text) && len(strings.TrimSpace(text)) > 3
}

func isNational(text string) bool {
	_, err := currency.ParseISO(text)
	return err == nil && code.MatchString(text)
}
