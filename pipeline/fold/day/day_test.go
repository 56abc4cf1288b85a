package day

import (
	"errors"
	"testing"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/schemas/money"
)

// TestConserve checks that a day whose lines have a larger or smaller quantity than its records is an internal error
// that stops the run.
func TestConserve(t *testing.T) {
	t.Parallel()
	quantity := func(text string) (sum money.QuantityTotal) {
		q, err := money.ParseQuantity(text)
		if err == nil {
			err = sum.Add(q)
		}
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	for _, c := range []struct {
		used, billed string
		broken       bool
	}{
		{"7.5", "7.5", false},
		{"7.5", "7.4999999999", true},
		{"7.5", "7.5000000001", true},
		{"0", "1", true},
	} {
		d := &Folder{owed: quantity(c.used), lines: &state.LineWriter{}}
		d.lines.Sum.Usage = quantity(c.billed)
		var broken *state.ConservationError
		if err := d.conserve(); errors.As(err, &broken) != c.broken {
			t.Errorf("used %s, billed %s: %v", c.used, c.billed, err)
		}
	}
}
