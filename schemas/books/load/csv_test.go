package load

import (
	"slices"
	"strings"
	"testing"
)

// TestMeant checks that a word of another system, or one in other capitals, gives a hint, and other words do not.
func TestMeant(t *testing.T) {
	t.Parallel()
	words := NewSheet(nil).Formats["products.csv"].Columns[8].Words
	for _, c := range [][3]string{
		{"pricing_model", "tiered", "write graduated"}, {"pricing_model", "Flat", "write flat"},
		{"pricing_model", "Per_Unit", "write flat"}, {"pricing_model", "cheap", ""},
		{"kind", "tiered", ""},
	} {
		if got := meant(c[0], c[1], words); got != c[2] {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
	for other, word := range otherModels() {
		if !slices.Contains(words, word) || slices.Contains(words, other) {
			t.Errorf("%s stands for %s", other, word)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "\"a\"\"b\",\"c\nd\"\r\n", "a\"b,c\nd,e", "\"open", "\"a\"x", ",,\n\n,",
		"\r\r\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := csvReader{text: text, line: 1}
		lines := strings.Split(text, "\n")
		var cells []cell
		for range len(text) + 2 {
			record, ok, err := r.next(cells)
			if !ok {
				if r.at != len(text) {
					t.Fatalf("%q: stopped at %d", text, r.at)
				}
				return
			}
			if err != nil && err.fatal {
				return
			}
			for _, c := range record {
				line := lines[c.Line-1]
				plain := strings.SplitN(c.Text, "\n", 2)[0]
				if at := line[c.Column-1:]; !strings.HasPrefix(at, `"`) && !strings.HasPrefix(at, plain) {
					t.Fatalf("%q: cell %q is not at %d:%d", text, c.Text, c.Line, c.Column)
				}
			}
			cells = record
		}
		t.Fatalf("%q: no end", text)
	})
}
