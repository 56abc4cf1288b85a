package load

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/problem"
)

// TestUnknownModel checks that a product with an unknown model gives one problem, and no further ones about the tiers
// of its prices.
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
