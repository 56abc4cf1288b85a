package closed_test

import (
	"testing"

	"github.com/tollbook/tollbook/pipeline/fold/closed"
)

// FuzzDraws checks that draws of a line that are written and parsed again are unchanged.
func FuzzDraws(f *testing.F) {
	for _, text := range []string{"", "p:6.5000000000", "p:-1;q:2.5", "a:b:1;a:b:2", ":1", "p:", "p:1e3;;", "p:0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		draws, err := closed.ParseSumDraws(text)
		if err != nil {
			return
		}
		written := (&closed.Sum{Draws: draws}).DrawsText()
		again, err := closed.ParseSumDraws(written)
		if err != nil {
			t.Fatalf("%q: %q: %v", text, written, err)
		}
		for id, q := range draws {
			if q.IsZero() {
				delete(draws, id)
			}
		}
		if len(again) != len(draws) {
			t.Fatalf("%q: %q has %d draws, not %d", text, written, len(again), len(draws))
		}
		for id, q := range draws {
			if again[id] != q {
				t.Fatalf("%q: %q: %s of %q, not %s", text, written, again[id], id, q)
			}
		}
	})
}
