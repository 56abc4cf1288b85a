package rerate_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// TestUsage: 8 GB were billed at 2, and cost 2.50 now: 8 x 0.5 = 4.
func TestUsage(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2
-- usage --
r1,acme,x,gb,2026-09-10T10:00,8
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2.5
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,4,price
-- rerate 2026-09 2026-10-07T04:00:00Z --
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: origin_cycle,id,kind,usage_amount,payment_amount --
2026-09,2026-09/gb/east/x,adjustment,0,4
`)
}
