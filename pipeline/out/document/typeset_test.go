package document

import "testing"

// TestNumbersForPeople tests DOC-4.
func TestNumbersForPeople(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"0": "0", "12": "12", "123": "123", "1234": "1,234", "-123": "−123",
		"-1234567.00010000": "−1,234,567.00010000", "100000": "100,000", "0.5": "0.5"} {
		if got := GroupedDigits(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]int{"abc": 3, "云计算": 6, "é": 1, "e\u0301": 1, "😀": 2, "a\u200bb": 2} {
		if got := TextColumns(in); got != want {
			t.Errorf("%q takes %d columns, want %d", in, got, want)
		}
	}
	for in, want := range map[string]string{"abcdef": "abcd…", "abcde": "abcde", "云计算": "云计…", "a各日": "a各日",
		"ab各日": "ab各…", "abc def": "abc…",
		"\u2068אבגדהו\u2069": "\u2068אבגד\u2069…", "\u2068אבגדה\u2069": "\u2068אבגדה\u2069"} {
		if got := CutText(in, 5); got != want {
			t.Errorf("%q is cut to %q, want %q", in, got, want)
		}
	}
}

func TestSignificant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"0": 0, "0.00000000": 0, "1": 1, "-1.50000000": 2, "100": 1, "100.01": 5,
		"0.00000001": 1, "123456789012345": 15, "1234567890123456": 16, "12345678901234.50": 15,
		"12345678901234.56": 16, "999999999999999999999999999999.99999999": 38} {
		if got := SignificantDigits(text); got != want {
			t.Errorf("%s has %d digits, want %d", text, got, want)
		}
	}
}
