package visible

import (
	"testing"
	"unicode/utf8"
)

// TestFlaw checks every class of characters that an identity may not contain, inside and at its ends.
func TestFlaw(t *testing.T) {
	t.Parallel()
	const unseen = ", which nobody sees"
	for _, c := range [...][3]string{
		{"", "", ""}, {"acme-01_x:y/z", "", "acme-01_x:y/z"}, {"a b", "", "a b"}, {"客户 一", "", "客户 一"},
		{"a\u00a0b", "", "a\u00a0b"}, // white space inside is visible
		{" a", "U+0020, white space at an end", "<U+0020>a"},
		{"a\u3000\u3000", "U+3000, white space at an end", "a<U+3000><U+3000>"},
		{"  ", "U+0020, white space at an end", "<U+0020><U+0020>"},
		{"a\x00b", "U+0000" + unseen, "a<U+0000>b"}, // Cc
		{"a\tb\x7f", "U+0009" + unseen, "a<U+0009>b<U+007F>"},
		{"a\u0085b", "U+0085" + unseen, "a<U+0085>b"},
		{"acme\u200b", "U+200B" + unseen, "acme<U+200B>"}, // Cf
		{"\ufeffr1", "U+FEFF" + unseen, "<U+FEFF>r1"},
		{"a\u2028b", "U+2028" + unseen, "a<U+2028>b"}, // Zl
		{"a\u2029b", "U+2029" + unseen, "a<U+2029>b"}, // Zp
		{"a\ufffdb", "U+FFFD" + unseen, "a<U+FFFD>b"},
	} {
		if got := Flaw(c[0]); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
		if got := FlawOf([]byte(c[0])); got != c[1] {
			t.Errorf("bytes %q: %q, want %q", c[0], got, c[1])
		}
		if got := Shown(c[0]); got != c[2] {
			t.Errorf("%q is shown as %q, want %q", c[0], got, c[2])
		}
	}
}

// TestPrintable checks each byte at each place of a block of eight.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for at := range 11 {
		for b := range 256 {
			text := []byte("abcdefghijk")
			text[at] = byte(b)
			if got, want := PrintableBytes(text), b >= ' ' && b < 0x7f; got != want {
				t.Errorf("byte %#x at %d: %v", b, at, got)
			}
			if Printable(string(text)) != PrintableBytes(text) {
				t.Errorf("byte %#x at %d differs as a string", b, at)
			}
		}
	}
}

// TestUnmarked checks marks before and in the first fields of the header and of the first row, and no others.
func TestUnmarked(t *testing.T) {
	t.Parallel()
	for _, c := range [...][2]string{
		{"a,b\n1,2\n", "a,b\n1,2\n"},
		{"^^a,b\n^1,2\n^3,4\n", "a,b\n1,2\n^3,4\n"},
		{"^a,^b\n1,^2\n", "a,^b\n1,^2\n"},
		{"^\"^a\",b\r\n^\"^^1\",2\r\n", "\"a\",b\r\n\"1\",2\r\n"},
		{"^\n^a,b\n\n^\r\n^1,2\n", "\na,b\n\n\r\n1,2\n"},
		{"\"a\nx\"\"\",b\n^1,2\n", "\"a\nx\"\"\",b\n1,2\n"},
		{"^", ""}, {"a^", "a^"}, {"\"^", "\""},
	} {
		marked := func(text string) string {
			var out []rune
			for _, r := range text {
				if r == '^' {
					r = '\ufeff'
				}
				out = append(out, r)
			}
			return string(out)
		}
		if got := Unmarked(marked(c[0])); got != marked(c[1]) {
			t.Errorf("%q: %q, want %q", c[0], got, marked(c[1]))
		}
	}
}

// TestNotUTF8 checks that UTF-16 is named, with and without a mark.
func TestNotUTF8(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "a": "", "caf\u00e9": "", "\ufeffa": "", "caf\xe9": "not UTF-8",
		"\xff\xfea\x00": "UTF-16, not UTF-8", "\xfe\xff\x00a": "UTF-16, not UTF-8", "a\x00b\x00": "UTF-16, not UTF-8",
		"\x00a\x00b": "UTF-16, not UTF-8", "\xff": "not UTF-8"} {
		if got := NotUTF8(text); got != want || want == "" && !utf8.ValidString(text) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func BenchmarkFlaw(b *testing.B) {
	id := []byte("record-0000000001")
	for b.Loop() {
		if FlawOf(id) != "" {
			b.Fatal()
		}
	}
}
