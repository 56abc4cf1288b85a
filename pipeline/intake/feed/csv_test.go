package feed

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// record is one record without an end.
type record struct{ read int }

func (r *record) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	r.read += len(p)
	return len(p), nil
}

// TestCSVLimit checks that the reading of a record without an end stops at the limit, that the error names the line
// before it, and that a record of exactly the limit is read.
func TestCSVLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\nb\n": "the record after line 2 is longer than 1 MiB; a quote may not be closed",
		"a\n\"":  "the record after line 1 is longer than 1 MiB; a quote may not be closed",
		"":       "the record after line 0 is longer than 1 MiB; a quote may not be closed",
	} {
		var rest record
		c := NewCSV(io.MultiReader(strings.NewReader(text), &rest), MaxRecord)
		var err error
		for err == nil {
			_, err = c.Read()
		}
		if !errors.Is(err, ErrTooLong) || err.Error() != want || rest.read > MaxRecord+64<<10 {
			t.Errorf("%q: %v after %d bytes", text, err, rest.read)
		}
	}
	for over := range 2 {
		c := NewCSV(strings.NewReader("a\n"+strings.Repeat("x", MaxRecord-1+over)+"\nb\n"), MaxRecord)
		c.ReuseRecord = true
		var err error
		for range 2 {
			_, err = c.Read()
		}
		if (err != nil) != (over == 1) {
			t.Errorf("a record of %d bytes: %v", MaxRecord+over, err)
		}
	}
}

// TestBegin checks that a text is given without marks, in CSV also before its first row.
func TestBegin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		isCSV bool
		want  string
	}{
		{"\ufeff\ufeffa\n\ufeffb\n\ufeffc", true, "a\nb\n\ufeffc"},
		{"\ufeff\ufeffa\n\ufeffb\n", false, "a\n\ufeffb\n"},
		{"\ufeffa\n\ufeffb\n" + strings.Repeat("x", 3*beginBytes), true, "a\nb\n" + strings.Repeat("x", 3*beginBytes)},
	} {
		r, encoding, err := BeginText(strings.NewReader(c.text), c.isCSV)
		if err != nil || encoding != "" {
			t.Fatal(encoding, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != c.want {
			t.Errorf("%.20q: %.20q, %v", c.text, got, err)
		}
	}
}
