package compose

import (
	"slices"
	"testing"

	"github.com/tollbook/tollbook/schemas/line"
)

// TestKindsInOrder checks that items that differ in their kind alone have one order, that of the kinds (§8): items are
// collected in a map.
func TestKindsInOrder(t *testing.T) {
	t.Parallel()
	var keys []itemKey
	for k := line.Usage; k <= line.Cap; k++ {
		keys = append(keys, itemKey{sku: "gb", kind: k.String()})
	}
	turned := slices.Clone(keys)
	slices.Reverse(turned)
	slices.SortFunc(turned, compareItems)
	if !slices.Equal(turned, keys) {
		t.Errorf("%v", turned)
	}
}
