package document

import (
	"slices"
	"testing"

	"github.com/tollbook/tollbook/schemas/table"
)

// TestKindsInOrder checks that items that differ only in their kind are in the order of kinds (§8), although they are
// collected in a map.
func TestKindsInOrder(t *testing.T) {
	t.Parallel()
	var keys []itemKey
	for k := table.UsageLine; k <= table.CapLine; k++ {
		keys = append(keys, itemKey{sku: "gb", kind: k.String()})
	}
	turned := slices.Clone(keys)
	slices.Reverse(turned)
	slices.SortFunc(turned, compareItems)
	if !slices.Equal(turned, keys) {
		t.Errorf("%v", turned)
	}
}
