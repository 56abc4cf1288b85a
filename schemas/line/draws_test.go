package line

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
)

// TestReturned returns at most 5 of 7, from draws in the order in which they were made.
func TestReturned(t *testing.T) {
	t.Parallel()
	const drew = "a:x:4.0000000000;b:3.0000000000"
	for most, want := range map[string]string{
		"7": "a:x:-4.0000000000;b:-3.0000000000",
		"5": "a:x:-4.0000000000;b:-1.0000000000",
		"4": "a:x:-4.0000000000",
		"0": "",
	} {
		q, err := money.ParseQuantity(most)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Returned(drew, q); got != want || err != nil {
			t.Errorf("at most %s: %q, %v, want %q", most, got, err, want)
		}
	}
}
