package table

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// TestReturned: draws that a reversal gives back have a minus sign.
func TestReturned(t *testing.T) {
	t.Parallel()
	draws := []PackageDraw{{1, quantity(t, "4")}, {0, quantity(t, "3")}}
	packages := books.Packages{{ID: "b"}, {ID: "a:x"}}
	if got := string(AppendReturned(nil, packages, draws)); got != "a:x:-4.0000000000;b:-3.0000000000" {
		t.Error(got)
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
