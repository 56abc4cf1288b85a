package change_test

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/pipeline/fold/change"
)

// TestGone tests CHANGE-5. Books that are missing although the copy has rows of them are named; a book without rows may
// be missing, and so may all of them if there is no copy.
func TestGone(t *testing.T) {
	t.Parallel()
	const header = "package_id,customer_id,skus,quota,reset,valid_from\n"
	all := fstest.MapFS{
		"books/packages.csv":    {Data: []byte(header + "p,acme,gb,5,cycle,2026-01-01\n")},
		"books/discounts.csv":   {Data: []byte("discount_id\n\n")},
		"books/policies.yaml":   {Data: []byte("# percentiles\np95: {method: monthly_p95}\n")},
		"books/incentives.yaml": {Data: []byte("# none\n")},
		"books/prices.csv":      {Data: []byte("sku\ngb\n")}, // required: load.Books reports that it is missing
	}
	path := filepath.Join(t.TempDir(), "runs", "books.zip")
	if gone := change.Gone(path, fstest.MapFS{}); gone != nil {
		t.Errorf("without a copy: %v", gone)
	}
	if err := change.Save(path, all, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	if gone := change.Gone(path, all); gone != nil {
		t.Errorf("nothing is missing: %v", gone)
	}
	empty := fstest.MapFS{"books/packages.csv": {Data: []byte(header)}, "books/policies.yaml": {Data: []byte("#\n")}}
	if gone := change.Gone(path, empty); gone != nil {
		t.Errorf("emptied books: %v", gone)
	}
	gone := change.Gone(path, fstest.MapFS{})
	named := make(map[string]bool)
	for _, p := range gone {
		named[p.File] = true
	}
	if len(gone) != 2 || !named["books/packages.csv"] || !named["books/policies.yaml"] {
		t.Errorf("missing books: %v, want books/packages.csv and books/policies.yaml", gone)
	}
}
