package bss

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// TestRowsAreWrittenAsEverythingElse fills every field, or all but optional fields, of the answers that have their own
// encoder, and compares its output with that of operation.Encode. Invariant: BSS-1.
func TestRowsAreWrittenAsEverythingElse(t *testing.T) {
	t.Parallel()
	words := []string{"", "plain", `a "quoted" \ word`, "<&>", "账期", "a\nb\x00\x7f", "\u2028", "\xff", "😀"}
	rapid.Check(t, func(t *rapid.T) {
		for _, answer := range []operation.Appender{&billDetail{}, &selfRecords{}} {
			v := reflect.ValueOf(answer).Elem()
			fill(t, v, words)
			var want bytes.Buffer
			if err := operation.Encode(&want, answer); err != nil {
				t.Fatal(err)
			}
			got, err := answer.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != want.String() {
				t.Fatalf("%s:\n%s\nwant\n%s", v.Type(), got, want.String())
			}
		}
	})
}

// fill draws a value for every field of a struct.
func fill(t *rapid.T, v reflect.Value, words []string) {
	switch {
	case v.Type() == reflect.TypeFor[operation.Decimal]():
		v.SetString(rapid.SampledFrom([]string{"0", "-1.50000000", "12345678901234567890.0000000001"}).Draw(t,
			"decimal"))
	case v.Kind() == reflect.String:
		v.SetString(rapid.SampledFrom(words).Draw(t, "text"))
	case v.CanInt():
		v.SetInt(rapid.SampledFrom([]int64{0, 1, -7, 1 << 40}).Draw(t, "number"))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 3).Draw(t, "rows"), 3))
		for i := range v.Len() {
			fill(t, v.Index(i), words)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if strings.Contains(string(v.Type().Field(i).Tag), "omitempty") && rapid.Bool().Draw(t, "left out") {
				continue
			}
			fill(t, v.Field(i), words)
		}
	default:
		t.Fatalf("a field of type %s", v.Type())
	}
}

// TestADecimalWithoutDigitsIsNoZero checks that an amount that was not set is not written as a number.
func TestADecimalWithoutDigitsIsNoZero(t *testing.T) {
	t.Parallel()
	for _, answer := range []operation.Appender{&billDetail{Records: []feeRecord{{}}},
		&selfRecords{Records: []selfRecord{{}}}} {
		if text, err := answer.AppendJSON(nil); err == nil {
			t.Errorf("%T: %s", answer, text)
		}
	}
}
