package line

import (
	"slices"
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
		if got, err := Returned(drew, quantity(t, most)); got != want || err != nil {
			t.Errorf("at most %s: %q, %v, want %q", most, got, err, want)
		}
	}
}

// TestWithout subtracts what was given back from draws of the same packages and omits those that are zero then.
func TestWithout(t *testing.T) {
	t.Parallel()
	draws := []Draw{{0, quantity(t, "4")}, {1, quantity(t, "3")}, {2, quantity(t, "1")}}
	returned := []Draw{{0, quantity(t, "4")}, {1, quantity(t, "0.5")}}
	got, err := Without(draws, returned)
	want := []Draw{{1, quantity(t, "2.5")}, {2, quantity(t, "1")}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := Without(draws[:1], []Draw{{0, quantity(t, "5")}}); err == nil {
		t.Error("no error although more was given back than drawn")
	}
}

func quantity(t *testing.T, text string) money.Quantity {
	t.Helper()
	q, err := money.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}
