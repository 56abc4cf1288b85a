package bss

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
)

// TestMeasureID checks that measures have the numbers given in the documentation of the vendor's SDK, and that other
// measures have no number.
func TestMeasureID(t *testing.T) {
	t.Parallel()
	for measure, want := range map[string]int{"GB": 17, "Mbps": 15, "piece": 14, "GB-hour": 0} {
		if got := MeasureID(measure); got != want {
			t.Errorf("%s: %d, want %d", measure, got, want)
		}
	}
}

// TestNamesOf checks that names are sorted by code, and that a code has its product's name.
func TestNamesOf(t *testing.T) {
	t.Parallel()
	n := NamesOf(&books.Books{Products: []books.Product{{ServiceTypeCode: "st", ServiceTypeName: "Stores",
		ResourceTypeCode: "st.gb", ResourceTypeName: "Store"}}})
	if n.Services["st"] != "Stores" || n.Resources["st.gb"] != "Store" || n.Services["st.gb"] != "" {
		t.Errorf("%+v", n)
	}
}
