package load

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/problem"
)

// TestMeant: a word of another system, or with other capitals, has a hint; any other word has none.
func TestMeant(t *testing.T) {
	t.Parallel()
	words := newFiles(nil).formats["products.csv"].Columns[8].Words
	for _, c := range [][3]string{
		{"pricing_model", "tiered", "write graduated"}, {"pricing_model", "Flat", "write flat"},
		{"pricing_model", "Per_Unit", "write flat"}, {"pricing_model", "cheap", ""},
		{"kind", "tiered", ""},
	} {
		if got := meant(c[0], c[1], words); got != c[2] {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
	for other, word := range otherModels() {
		if !slices.Contains(words, word) || slices.Contains(words, other) {
			t.Errorf("%s stands for %s", other, word)
		}
	}
}

// TestUnknownModel: a product with an unknown model gives one problem, and none about the tiers of its prices.
func TestUnknownModel(t *testing.T) {
	t.Parallel()
	_, err := Books(fstest.MapFS{
		"books/products.csv": {Data: []byte("sku,service_type_code,measure,pricing_model\ngb,net,GB,tiered\n")},
		"books/prices.csv": {Data: []byte("sku,region_code,valid_from,tier,up_to,unit_price\n" +
			"gb,*,2026-01-01,1,100,2\ngb,*,2026-01-01,2,,1\n")},
		"books/customers.csv": {Data: []byte("customer_id\nc1\n")},
	}, chosen(t))
	var problems problem.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	if len(problems) != 1 || problems[0].Hint != "write graduated" {
		t.Errorf("%v", problems)
	}
}
