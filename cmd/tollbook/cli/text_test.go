package cli

import "testing"

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got := Printable("a\x1b[31mb\nc\x7f\u0085ü"); got != "a‹U+001B›[31mb‹U+000A›c‹U+007F›‹U+0085›ü" {
		t.Errorf("got %q", got)
	}
	if got := Printable("evil\u202e 1.00\u2066\u200f\u2028"); got != "evil‹U+202E› 1.00‹U+2066›‹U+200F›‹U+2028›" {
		t.Errorf("got %q", got)
	}
	if got := Shown("0123456789012345678901234567890123456789x"); got != "012345678901234567890123456789012345678…" {
		t.Errorf("got %q", got)
	}
	if got := TrimZeros("10.2500000000"); got != "10.25" {
		t.Errorf("got %q", got)
	}
	if got := TrimZeros("100.0000000000"); got != "100" {
		t.Errorf("got %q", got)
	}
	for text, want := range map[string]string{"a/b-c.d": "a/b-c.d", "": "''", "our shop": "'our shop'",
		"it's": `'it'\''s'`, "$HOME": "'$HOME'", "s3://b/p": "s3://b/p"} {
		if got := Word(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := TrimZeros("100"); got != "100" {
		t.Errorf("got %q", got)
	}
}
