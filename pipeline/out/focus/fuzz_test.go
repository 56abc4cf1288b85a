package focus

import (
	"strings"
	"testing"
)

// FuzzCSV reads arbitrary CSVData data sets: each row has a cell for each column, until the end or an error.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"", "BilledCost,ChargeCategory\n1.5,Usage\n", "\ufeffA,\"B\nC\"\n\"x\"\"y\",NULL\n",
		"A\n1,2\n", "A,A\n\"\n", "\n\n", "A\r\n\"a\"b\r\n"} {
		f.Add(text, "NULL")
	}
	f.Fuzz(func(t *testing.T, text, null string) {
		d, err := NewCSVData(strings.NewReader(text), null)
		if err != nil {
			return
		}
		names, kinds := d.Columns()
		if len(names) == 0 || len(names) != len(kinds) {
			t.Fatalf("%q: columns %q", text, names)
		}
		for range len(text) + 1 {
			row, err := d.Next()
			if err != nil {
				return // an error or io.EOF
			}
			if len(row) != len(names) {
				t.Fatalf("%q: a row of %d cells, %d columns", text, len(row), len(names))
			}
		}
		t.Fatalf("%q: no end", text)
	})
}
