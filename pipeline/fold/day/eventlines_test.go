package day_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// shop sells months of vm at 300. acme is with pat until 5 September, then with sue. A refund is complete for 24 hours,
// and costs a tenth afterwards.
const shop = `
-- tollbook.yaml --
zone: Asia/Shanghai
currency: {code: CNY, digits: 2}
rounding: {grain: line, mode: truncate}
lake: {buckets: 1}
refund: {unconditional_hours: 24, fee_rate: "0.1"}
-- books/products.csv --
sku,service_type_code,measure,pricing_model
vm,compute,piece,period
gb,net,GB,flat
-- books/prices.csv --
sku,period_type,valid_from,tier,unit_price
vm,month,2026-01-01,1,300
gb,,2026-01-01,1,1
-- books/partners.csv --
partner_id,kind
pat,reseller
sue,reseller
-- books/associations.csv --
customer_id,partner_id,association_type,valid_from,valid_to
acme,pat,2,2026-01-01,2026-09-05
acme,sue,1,2026-09-05,
`

const orderHeader = "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num," +
	"pay_time,expire_time,base_order_id\n"

// TestOrders makes the lines of orders and unsubscribes (§4.8, §4.9).
func TestOrders(t *testing.T) {
	t.Parallel()
	const september = "2026-09-01T00:00:00+08:00,2026-10-01T00:00:00+08:00,"
	const run = "-- run 2026-09 2026-10-05T04:00:00Z --\n"
	for name, text := range map[string]string{
		"orders of each type": `
-- inbox/orders/a.csv --
` + orderHeader + `
o1,new,acme,vm,east,m1,2,month,3,2026-09-01T10:00:00+08:00,2026-12-01T10:00:00+08:00,
o2,renew,acme,vm,east,m1,1,month,1,2026-09-05T00:00:00+08:00,,
` + run + `
-- expect lines: id,trade_id,kind,charging_mode,bill_detail_type,quantity,payment_amount,partner_id,usage_start,usage_end --
o1/1,o1,order,1,1,2,1800,pat,2026-09-01T02:00:00Z,2026-12-01T02:00:00Z  # 300 x 2 x 3
o2/1,o2,order,1,2,1,300,sue,2026-09-04T16:00:00Z,
`,
		"a refund within 24 hours is complete; its partner is that of the order": `
-- inbox/orders/a.csv --
` + orderHeader + `
o1,new,acme,vm,east,m1,1,month,1,2026-09-04T10:00:00+08:00,2026-10-04T10:00:00+08:00,
u1,unsubscribe,acme,,,,,,,2026-09-05T10:00:00+08:00,,o1
` + run + `
-- expect lines: id,kind,bill_detail_type,sku,region_code,resource_id,official_amount,payment_amount,partner_id,own_time --
o1/1,order,1,vm,east,m1,300,300,pat,
u1/1,refund,4,vm,east,m1,-300,-300,pat,2026-09-04T02:00:00Z
`,
		"later the rest of the time comes back less a tenth": `
-- inbox/orders/a.csv --
` + orderHeader + `
o1,new,acme,vm,east,m1,1,month,1,` + september + `
u1,unsubscribe,acme,,,,,,,2026-09-16T00:00:00+08:00,,o1
` + run + `
-- expect lines: id,official_amount,payment_amount --
o1/1,300,300
u1/1,-120,-120  # 300 x 15/30 - 300 x 0.1
`,
		"a discount of the order": `
-- books/discounts.csv --
discount_id,kind,customer_id,service_type_code,sku,mode,value,valid_from
half,commercial,*,*,vm,rate,0.5,2026-01-01
-- inbox/orders/a.csv --
` + orderHeader + `
o1,new,acme,vm,east,m1,1,month,1,` + september + `
u1,unsubscribe,acme,,,,,,,2026-09-16T00:00:00+08:00,,o1
` + run + `
-- expect lines: id,official_amount,official_discount_amount,payment_amount,discount_id --
o1/1,300,150,150,half
u1/1,-120,-60,-60,half  # 150 x 15/30 - 15; the official amount in proportion
`,
		"a base of an open month follows the books": `
-- inbox/orders/a.csv --
` + orderHeader + `
o1,new,acme,vm,east,m1,1,month,1,` + september + `
u1,unsubscribe,acme,,,,,,,2026-09-16T00:00:00+08:00,,o1
` + run + `
-- books/prices.csv --
sku,period_type,valid_from,tier,unit_price
vm,month,2026-01-01,1,600
gb,,2026-01-01,1,1
-- run 2026-09 2026-10-06T04:00:00Z --
-- expect lines: id,payment_amount --
o1/1,600
u1/1,-240
`,
		"a base of a closed month is what its line says": `
-- inbox/orders/a.csv --
` + orderHeader + `
o1,new,acme,vm,east,m1,1,month,2,2026-09-01T00:00:00+08:00,2026-11-10T00:00:00+08:00,
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/prices.csv --
sku,period_type,valid_from,tier,unit_price
vm,month,2026-01-01,1,1000
gb,,2026-01-01,1,1
-- books/associations.csv --
customer_id,partner_id,association_type,valid_from,valid_to
acme,sue,1,2026-01-01,
-- inbox/orders/b.csv --
` + orderHeader + `
u1,unsubscribe,acme,,,,,,,2026-10-06T00:00:00+08:00,,o1
-- run 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,kind,payment_amount,partner_id,association_type --
u1/1,refund,-240,pat,2  # 600 x 35/70 - 60
`,
		"an order of a closed month": `
-- usage --
g,acme,x,gb,2026-09-05T10:00,1
-- close 2026-09 2026-10-05T04:00:00Z --
-- inbox/orders/a.csv --
` + orderHeader + `
o1,new,acme,vm,east,m1,1,month,1,2026-09-04T10:00:00+08:00,,
o2,new,acme,vm,east,m1,1,month,1,2026-10-04T10:00:00+08:00,,
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,origin_cycle,kind,bill_detail_type,payment_amount,partner_id,instant --
o1/1,2026-09,adjustment,16,300,pat,2026-10-06T04:00:00Z
o2/1,,order,1,300,sue,
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foldtest.Play(t, shop+text)
		})
	}
}

// TestAdjustments makes the lines of manual adjustments (§3.19): an amount without a quantity.
func TestAdjustments(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, shop+`
-- usage --
g,acme,x,gb,2026-09-05T10:00,1
-- close 2026-09 2026-10-05T04:00:00Z --
-- inbox/adjustments/a.csv --
adjustment_id,customer_id,sku,time,amount,bill_detail_type
a1,acme,gb,2026-10-02T12:00:00+08:00,-2.5,9
a2,acme,vm,2026-10-02T12:00:00+08:00,3,16
a3,acme,gb,2026-09-04T12:00:00+08:00,-1,9
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,origin_cycle,kind,charging_mode,bill_detail_type,quantity,official_amount,payment_amount,partner_id --
a1,,adjustment,3,9,0,-2.5,-2.5,sue
a2,,adjustment,1,16,0,3,3,sue       # a subscription is paid for a period
a3,2026-09,adjustment,3,16,0,-1,-1,pat  # of a closed month
`)
}
