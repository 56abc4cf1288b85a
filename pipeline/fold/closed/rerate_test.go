package closed_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// usage has 8 GB of x and 4 GB of y at 2: 16 and 8 were billed.
const usage = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2
-- usage --
r1,acme,x,gb,2026-09-10T10:00,8
r2,acme,y,gb,2026-09-11T10:00,4
-- close 2026-09 2026-10-05T04:00:00Z --
`

// TestUsage posts the differences of usage: all that is due now less all that was billed by the close, by late billing
// in closed cycles and by earlier re-rates (rules 1, 2).
func TestUsage(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, usage, map[string]string{
		"the books are as they were": `
-- rerate 2026-09 2026-10-06T04:00:00Z --
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: id --
`,
		"a price; again; back": `
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2.5
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,4,price  # 8 x 0.5
acme,gb,y,2,price  # 4 x 0.5
-- rerate 2026-09 2026-10-07T04:00:00Z --
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: origin_cycle,id,kind,bill_detail_type,trade_id,usage_amount,quantity,official_amount,payment_amount --
2026-09,2026-09/gb/east/x,adjustment,16,2026-10,0,0,4,4
2026-09,2026-09/gb/east/y,adjustment,16,2026-10,0,0,2,2
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2
-- rerate 2026-09 2026-10-09T04:00:00Z --
acme,gb,x,-4,other  # the lines of the close had this price
acme,gb,y,-2,other
-- run 2026-10 2026-10-10T04:00:00Z --
-- expect lines: id,payment_amount --
2026-09/gb/east/x,4
2026-09/gb/east/x,-4
2026-09/gb/east/y,2
2026-09/gb/east/y,-2
`,
		"a price of a part of the month": `
-- books/prices.csv --
sku,valid_from,valid_to,tier,unit_price
gb,2026-01-01,2026-09-11,1,2
gb,2026-09-11,,1,3
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,y,4,price  # 4 x 1
`,
		"a discount, without another price": `
-- books/discounts.csv --
discount_id,kind,customer_id,service_type_code,sku,mode,value,valid_from
tenth,commercial,acme,*,*,rate,0.9,2026-01-01
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,-1.6,discount  # a tenth of 16
acme,gb,y,-0.8,discount  # a tenth of 8
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: id,official_amount,official_discount_amount,payment_amount,discount_id --
2026-09/gb/east/x,0,1.6,-1.6,
2026-09/gb/east/y,0,0.8,-0.8,
`,
		"a package": `
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,10,cycle,2026-01-01
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,-16,package  # all 8 are drawn
acme,gb,y,-4,package   # 2 of 4 are drawn
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: id,usage_amount,free_resource_usage,official_amount,package_draws --
2026-09/gb/east/x,0,8,-16,p:8.0000000000
2026-09/gb/east/y,0,2,-4,p:2.0000000000
-- expect redraws: record_id,draws --
r1,p:8.0000000000
r2,p:2.0000000000
`,
		"a late record that is billed in a closed month belongs to what was billed": `
-- usage --
r3,acme,x,gb,2026-09-12T10:00,5
-- close 2026-10 2026-11-05T04:00:00Z --
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2.5
-- rerate 2026-09 2026-11-06T04:00:00Z --
acme,gb,x,6.5,price  # (8 + 5) x 0.5
acme,gb,y,2,price
`,
		"a late record of the open month is not rated again: its line has the new price": `
-- usage --
r3,acme,x,gb,2026-09-12T10:00,5
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,payment_amount --
r3,10  # 5 x 2
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2.5
-- rerate 2026-09 2026-10-07T04:00:00Z --
acme,gb,x,4,price  # 8 x 0.5
acme,gb,y,2,price
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: id,payment_amount --
2026-09/gb/east/x,4
2026-09/gb/east/y,2
r3,12.5
`,
		"a record that a late one replaced in a closed month": `
-- usage --
r3,acme,x,gb,2026-09-10T10:00,3,r1
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,payment_amount --
r1,-16
r3,6
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2.5
-- rerate 2026-09 2026-11-06T04:00:00Z --
acme,gb,x,1.5,price  # 3 x 0.5: the 8 of r1 are billed and reversed at the new price
acme,gb,y,2,price
`,
	})
}

// TestReplaced: a record that another one replaced before the close is not rated again.
func TestReplaced(t *testing.T) {
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
r2,acme,x,gb,2026-09-10T10:00,3,r1
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2.5
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,1.5,price  # 3 x 0.5
`)
}

// TestPartner: a difference is divided where the partner changes, and has the partner of its part's first instant
// (LATE-9). acme is with pat until 11 September, then with sue.
func TestPartner(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, usage, map[string]string{"": `
-- books/partners.csv --
partner_id,kind
pat,reseller
sue,reseller
-- books/associations.csv --
customer_id,partner_id,association_type,valid_from,valid_to
acme,pat,2,2026-01-01,2026-09-11
acme,sue,1,2026-09-11,
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
plan,plan,month,recurring
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,2.5
plan,2026-01-01,1,30
-- books/recurring.csv --
charge_id,customer_id,sku,timing,period,valid_from
one,acme,plan,advance,month,2026-09-12
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,4,price
acme,gb,y,2,price
acme,plan,one/2026-09-12,19,price  # 19 of 30 days
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: id,partner_id,association_type,payment_amount --
2026-09/gb/east/x,pat,2,4
2026-09/gb/east/y,sue,1,2
one/2026-09-12,sue,1,19
one/2026-10-01,sue,1,30
-- expect reratings: resource_id,package_draws,partner_id,own_time --
x,,pat,  # that of the cycle
y,,sue,2026-09-10T16:00:00Z
,one/2026-09-12,sue,2026-09-10T16:00:00Z
`})
}

// charges has a charge of 100 in advance, one of 60 in arrears, and one of 90 in arrears for the quarter from July, of
// which only the end is in September.
const charges = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
adv,plan,month,recurring
arr,plan,month,recurring
qua,plan,quarter,recurring
-- books/prices.csv --
sku,valid_from,tier,unit_price
adv,2026-01-01,1,100
arr,2026-01-01,1,60
qua,2026-01-01,1,90
-- books/recurring.csv --
charge_id,customer_id,sku,timing,period,valid_from,valid_to
a,acme,adv,advance,month,2026-09-01,
b,acme,arr,arrears,month,2026-09-01,
c,acme,qua,arrears,quarter,2026-07-01,
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: id,payment_amount --
a/2026-09-01,100
b/2026-09-01,60
c/2026-07-01,90
`

// TestCharges rates recurring charges again: each has a difference of its own (§10.5).
func TestCharges(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, charges, map[string]string{
		"the books are as they were": "-- rerate 2026-09 2026-10-06T04:00:00Z --\n",
		"prices": `
-- books/prices.csv --
sku,valid_from,tier,unit_price
adv,2026-01-01,1,101
arr,2026-01-01,1,62
qua,2026-01-01,1,93
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,adv,a/2026-09-01,1,price
acme,arr,b/2026-09-01,2,price
acme,qua,c/2026-07-01,3,price
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: origin_cycle,id,kind,charging_mode,bill_detail_type,payment_amount --
,a/2026-10-01,recurring,1,2,101
2026-09,a/2026-09-01,adjustment,1,16,1
2026-09,b/2026-09-01,adjustment,1,16,2
2026-09,c/2026-07-01,adjustment,1,16,3
-- expect reratings: package_draws,payment_amount,in_advance --
a/2026-09-01,1,1
b/2026-09-01,2,0
c/2026-07-01,3,0
`,
		"a price from the middle of the part on does not count, nor one from the end of a quarter in arrears": `
-- books/prices.csv --
sku,valid_from,valid_to,tier,unit_price
adv,2026-01-01,2026-09-02,1,100
adv,2026-09-02,,1,101
arr,2026-01-01,,1,60
qua,2026-01-01,2026-09-30,1,90
qua,2026-09-30,,1,93
-- rerate 2026-09 2026-10-06T04:00:00Z --
`,
		"a charge that is no longer in the books, and a new one": `
-- books/recurring.csv --
charge_id,customer_id,sku,quantity,timing,period,valid_from,valid_to
b,acme,arr,1,arrears,month,2026-09-01,
c,acme,qua,1,arrears,quarter,2026-07-01,
d,acme,adv,3,advance,month,2026-09-01,
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,adv,a/2026-09-01,-100,price
acme,adv,d/2026-09-01,300,price
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect reratings: package_draws,payment_amount,in_advance --
a/2026-09-01,-100,1  # the books do not have it in arrears
d/2026-09-01,300,1
`,
		"a charge that ended on the 16th gives 15 of 30 days back": `
-- books/recurring.csv --
charge_id,customer_id,sku,timing,period,valid_from,valid_to
a,acme,adv,advance,month,2026-09-01,2026-09-16
b,acme,arr,arrears,month,2026-09-01,2026-09-16
c,acme,qua,arrears,quarter,2026-07-01,
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,adv,a/2026-09-01,-50,price  # a line with the unit price 0 of a refund
acme,arr,b/2026-09-01,-30,other  # 60 x 15/30 less 60, at the same price
`,
		"timing that changed after the close counts as it is in today's books": `
-- books/prices.csv --
sku,valid_from,tier,unit_price
adv,2026-01-01,1,101
arr,2026-01-01,1,62
qua,2026-01-01,1,90
-- books/recurring.csv --
charge_id,customer_id,sku,timing,period,valid_from,valid_to
a,acme,adv,arrears,month,2026-09-01,
b,acme,arr,advance,month,2026-09-01,
c,acme,qua,arrears,quarter,2026-07-01,
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,adv,a/2026-09-01,1,price
acme,arr,b/2026-09-01,2,price
-- expect reratings 2026-10: package_draws,payment_amount,in_advance --
a/2026-09-01,1,0
b/2026-09-01,2,1
`,
	})
}

// fees has a product with a fee of 50 at zero. acme used 3 minutes, which a package query, so that its fee is one at
// zero. dora is a subscriber without usage. ed used 20 minutes: 10 x 1 and the fee.
const fees = `
-- books/customers.csv --
customer_id
acme
dora
ed
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,fee_at_zero
meet,phone,minute,graduated,customer,YES
-- books/prices.csv --
sku,valid_from,tier,up_to,unit_price,flat_fee
meet,2026-01-01,1,10,0,50
meet,2026-01-01,2,,1,
-- books/subscribers.csv --
customer_id,sku,region_code,valid_from
dora,meet,east,2026-01-01
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
free,acme,meet,100,cycle,2026-01-01
-- usage --
a,acme,r1,meet,2026-09-05T10:00,3
e,ed,r2,meet,2026-09-05T10:00,20
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: customer_id,id,kind,usage_amount,payment_amount --
acme,2026-09/meet/east/,flat_fee,0,50
acme,a,usage,3,0
dora,2026-09/meet/east/,flat_fee,0,50
ed,e,flat_fee,0,50
ed,e,usage,10,0
ed,e,usage,10,10
`

// TestFeeAtZero shows a fee at zero apart from the other lines of its place (§10.3).
func TestFeeAtZero(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, fees, map[string]string{
		"the books are as they were": "-- rerate 2026-09 2026-10-06T04:00:00Z --\n",
		"another fee": `
-- books/prices.csv --
sku,valid_from,tier,up_to,unit_price,flat_fee
meet,2026-01-01,1,10,0,55
meet,2026-01-01,2,,1,
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,meet,fee,5,price
dora,meet,fee,5,price
ed,meet,r2,5,price
-- run 2026-10 2026-10-08T04:00:00Z --
-- expect lines: customer_id,origin_cycle,id,tier,kind,payment_amount --
acme,2026-09,2026-09/meet/east/,1,adjustment,5
dora,,2026-10/meet/east/,1,flat_fee,55
dora,2026-09,2026-09/meet/east/,1,adjustment,5
ed,2026-09,2026-09/meet/east/r2,0,adjustment,5
-- rerate 2026-09 2026-10-09T04:00:00Z --
`,
		"without the package the usage owes the fee": `
-- remove books/packages.csv --
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,meet,fee,-50,price  # a line on one side only
acme,meet,r1,50,package+price
`,
		"no fee at zero any more": `
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter
meet,phone,minute,graduated,customer
-- remove books/subscribers.csv --
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,meet,fee,-50,price
dora,meet,fee,-50,price
`,
	})
}

// TestFeeOfMonthEnd: a product that was priced at the month's end had the fee of its usage on a line of its own. It is
// no fee at zero after the product has lines of records (§10.3): 50 + 3 x 2 now less 50 + 3 x 1. dora's was one at
// zero.
func TestFeeOfMonthEnd(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, `
-- books/customers.csv --
customer_id
acme
dora
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,fee_at_zero
meet,phone,minute,volume,resource,YES
-- books/prices.csv --
sku,valid_from,tier,unit_price,flat_fee
meet,2026-01-01,1,1,50
-- books/subscribers.csv --
customer_id,sku,region_code,resource_id,valid_from
dora,meet,east,d,2026-01-01
-- usage --
a,acme,x,meet,2026-09-05T10:00,3
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: customer_id,id,kind,payment_amount --
acme,2026-09/meet/east/x,flat_fee,50
acme,2026-09/meet/east/x,period,3
dora,2026-09/meet/east/d,flat_fee,50
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,fee_at_zero
meet,phone,minute,graduated,resource,YES
-- books/prices.csv --
sku,valid_from,tier,unit_price,flat_fee
meet,2026-01-01,1,2,50
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,meet,x,3,price
`)
}

// TestEarly: the lake first closed October. September owes only for its late record (rule 4).
func TestEarly(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, `
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,fee_at_zero
gb,net,GB,flat,,
meet,phone,minute,graduated,customer,YES
plan,plan,month,recurring,,
-- books/prices.csv --
sku,valid_from,tier,unit_price,flat_fee
gb,2026-01-01,1,2,
meet,2026-01-01,1,1,50
plan,2026-01-01,1,100,
-- books/recurring.csv --
charge_id,customer_id,sku,timing,period,valid_from
a,acme,plan,advance,month,2026-01-01
-- books/subscribers.csv --
customer_id,sku,region_code,valid_from
acme,meet,east,2026-01-01
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,payment_amount --
2026-10/meet/east/,50
a/2026-10-01,100
-- usage --
r1,acme,x,gb,2026-09-10T10:00,8
-- close 2026-11 2026-12-05T04:00:00Z --
-- expect lines: id,payment_amount --
2026-11/meet/east/,50
a/2026-11-01,100
r1,16
-- books/prices.csv --
sku,valid_from,tier,unit_price,flat_fee
gb,2026-01-01,1,2.5,
meet,2026-01-01,1,1,51
plan,2026-01-01,1,102,
-- rerate 2026-09 2026-12-06T04:00:00Z --
acme,gb,x,4,price
-- rerate 2026-10 2026-12-06T04:00:00Z --
acme,meet,fee,1,price
acme,plan,a/2026-10-01,2,price
`)
}

// pack has a package of 100 GB that is never refilled. A GB that it does not pay costs 1. September draws 60, October
// 40 of 50.
const pack = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,100,none,2026-01-01
-- usage --
r1,acme,x,gb,2026-09-10T10:00,60
-- close 2026-09 2026-10-05T04:00:00Z --
-- usage --
r2,acme,x,gb,2026-10-10T10:00,50
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
r2,40,10
`

// TestMoves: records draw again in the order of billing, those of other cycles keep their draws, and what comes later
// draws from the result (§4.12, FOLD-6).
func TestMoves(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, pack, map[string]string{
		"a smaller quota: what October finds is 80 less the 60 of September": `
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,80,none,2026-01-01
-- rerate 2026-09 2026-11-06T04:00:00Z --
-- rerate 2026-10 2026-11-06T04:00:00Z --
acme,gb,x,20,package
-- expect shifts 2026-11: origin_cycle,key,shift --
2026-10,p,-20
-- usage --
r3,acme,x,gb,2026-11-20T10:00,5
-- run 2026-11 2026-12-02T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
2026-10/gb/east/x,-20,20
r3,0,5
`,
		"a larger quota: October draws 50, and 150 - 60 - 50 are left": `
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,150,none,2026-01-01
-- rerate 2026-10 2026-11-06T04:00:00Z --
acme,gb,x,-10,package
-- usage --
r3,acme,x,gb,2026-11-20T10:00,45
-- run 2026-11 2026-12-02T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
2026-10/gb/east/x,10,-10
r3,40,5
`,
		"September draws less: October keeps its 40 until it is rated again, and then draws 50": `
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,0,none,2026-01-01
-- rerate 2026-09 2026-11-06T04:00:00Z --
acme,gb,x,60,package
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,100,none,2026-01-01
-- usage --
r3,acme,x,gb,2026-11-20T10:00,70
-- run 2026-11 2026-12-02T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
2026-09/gb/east/x,-60,60
r3,60,10
-- rerate 2026-10 2026-12-02T05:00:00Z --
acme,gb,x,-10,package
-- run 2026-11 2026-12-02T06:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
2026-09/gb/east/x,-60,60
2026-10/gb/east/x,10,-10
r3,50,20
`,
		"a late record that was billed in October before its own records": `
-- usage --
r0,acme,x,gb,2026-09-20T10:00,30
-- close 2026-11 2026-12-02T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
r0,0,30  # nothing is left
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,120,none,2026-01-01
-- rerate 2026-09 2026-12-03T04:00:00Z --
acme,gb,x,-20,package  # 120 - 60 - 40 are left for r0, which is billed after October
-- expect redraws 2026-12: origin_cycle,record_id,draws --
2026-09,r0,p:20.0000000000
-- rerate 2026-10 2026-12-03T05:00:00Z --
acme,gb,x,-10,package  # r2 is billed before r0, and finds 120 - 60
`,
	})
}

// TestOrder: late records of a cycle are billed before its own, a replaced record counts until its replacement is
// billed, and what re-rates posted in a cycle is known to its own records (§4.11, §4.12).
func TestOrder(t *testing.T) {
	t.Parallel()
	const begin = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,100,none,2026-01-01
-- usage --
`
	foldtest.PlayEach(t, begin, map[string]string{
		"late records before the cycle's own": `r1,acme,x,gb,2026-09-10T10:00,60
-- close 2026-09 2026-10-05T04:00:00Z --
-- usage --
r0,acme,x,gb,2026-09-20T10:00,30
r2,acme,x,gb,2026-10-20T10:00,95
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
r0,30,0
r2,10,85
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,100,none,2026-09-21
-- rerate 2026-09 2026-11-06T04:00:00Z --
acme,gb,x,90,package
-- rerate 2026-10 2026-11-06T05:00:00Z --
acme,gb,x,-85,package  # neither r1 nor r0 draw before r2
`,
		"a record that was replaced": `r1,acme,x,gb,2026-09-10T10:00,60
-- close 2026-09 2026-10-05T04:00:00Z --
-- usage --
r3,acme,x,gb,2026-09-10T10:00,20,r1
r4,acme,x,gb,2026-09-20T10:00,70
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
r1,-60,0
r3,20,0
r4,70,0
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,100,none,2026-09-11
-- rerate 2026-09 2026-11-06T04:00:00Z --
acme,gb,x,20,package  # of r3; what r1 cost is reversed
-- usage --
r5,acme,x,gb,2026-11-20T10:00,35
-- run 2026-11 2026-12-02T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
2026-09/gb/east/x,-20,20
r5,30,5  # 100 - 70 are left
`,
		"a re-rate that was posted in the cycle": `r1,acme,x,gb,2026-09-10T10:00,60
r2,acme,x,gb,2026-09-20T10:00,30
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,100,none,2026-09-11
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,60,package
-- usage --
r3,acme,x,gb,2026-10-20T10:00,80
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
2026-09/gb/east/x,-60,60
r3,70,10
-- rerate 2026-10 2026-11-06T05:00:00Z --
`,
	})
}

// TestAnniversary: a package p of 100 is refilled on the 15th of each month, so that its quota period from 15 September
// continues into October. A new package q of September, which ends first, is drawn before p when September is rated
// again. Nothing costs more or less then, but October finds what is left of p (rule 2, FOLD-6).
func TestAnniversary(t *testing.T) {
	t.Parallel()
	const books = `
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from,valid_to
p,acme,gb,100,anniversary,2026-01-15,
`
	const begin = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
` + books + `
-- usage --
r1,acme,x,gb,2026-09-16T10:00,60
`
	foldtest.PlayEach(t, begin, map[string]string{
		"late records are billed before the cycle's own": `
-- close 2026-09 2026-10-05T04:00:00Z --
-- usage --
r0,acme,x,gb,2026-09-20T10:00,30
r2,acme,x,gb,2026-10-10T10:00,95
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
r0,30,0
r2,10,85
` + books + `
q,acme,gb,1000,cycle,2026-09-01,2026-10-01
-- rerate 2026-09 2026-11-06T04:00:00Z --
-- expect redraws 2026-11: record_id,draws --
r0,q:30.0000000000
r1,q:60.0000000000
-- rerate 2026-10 2026-11-06T05:00:00Z --
acme,gb,x,-85,package  # all of p is left for r2
`,
		"a record counts until its replacement is billed": `
-- close 2026-09 2026-10-05T04:00:00Z --
-- usage --
r3,acme,x,gb,2026-09-16T10:00,20,r1
r4,acme,x,gb,2026-09-20T10:00,70
-- close 2026-10 2026-11-05T04:00:00Z --
` + books + `
q,acme,gb,1000,cycle,2026-09-01,2026-10-01
-- rerate 2026-09 2026-11-06T04:00:00Z --
-- expect shifts 2026-11: key,shift --
p,-90  # 20 + 70
q,90
`,
		"a re-rate that was posted in the cycle is known to its records": `
r2,acme,x,gb,2026-09-17T10:00,30
-- close 2026-09 2026-10-05T04:00:00Z --
` + books + `
q,acme,gb,60,cycle,2026-09-01,2026-10-01
-- rerate 2026-09 2026-10-06T04:00:00Z --
-- usage --
r3,acme,x,gb,2026-10-10T10:00,80
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,free_resource_usage,payment_amount --
r3,70,10  # 30 of r2 are drawn from p, and q paid r1
-- rerate 2026-10 2026-11-06T05:00:00Z --
`,
	})
}

// TestRerateLevels: a time-weighted product has the level 30 from 16 September on: 15 at 1 each in September, 30 in
// October.
func TestRerateLevels(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, `
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,aggregation
held,store,unit-month,flat,customer,time_weighted
-- books/prices.csv --
sku,valid_from,tier,unit_price
held,2026-01-01,1,1
-- usage --
a,acme,x,held,2026-09-16T00:00,30
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: id,payment_amount --
2026-09/held/east/,15
`, map[string]string{
		"a price": `
-- books/prices.csv --
sku,valid_from,tier,unit_price
held,2026-01-01,1,2
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,held,,15,price
`,
		"a late record of the open month does not count yet": `
-- usage --
b,acme,y,held,2026-09-01T00:00,7
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,payment_amount --
2026-09/held/east/,7
2026-10/held/east/,37
-- books/prices.csv --
sku,valid_from,tier,unit_price
held,2026-01-01,1,2
-- rerate 2026-09 2026-10-07T04:00:00Z --
acme,held,,15,price  # 15 of a; b is billed at 2 by the run of October
`,
		"a late record that was billed counts": `
-- usage --
b,acme,y,held,2026-09-01T00:00,7
-- close 2026-10 2026-11-05T04:00:00Z --
-- books/prices.csv --
sku,valid_from,tier,unit_price
held,2026-01-01,1,2
-- rerate 2026-09 2026-11-07T04:00:00Z --
acme,held,,22,price
-- rerate 2026-10 2026-11-07T05:00:00Z --
acme,held,,37,price
`,
	})
}

// TestCommitment: of a minimum of 100, 60 were used and 40 charged. At a price of 12 instead of 10 the usage is 72, and
// 28 are due (§10.4).
func TestCommitment(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,10
-- books/commitments.csv --
commitment_id,customer_id,sku,kind,value
floor,acme,gb,minimum,100
-- usage --
a,acme,x,gb,2026-09-05T10:00,6
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: id,payment_amount --
a,60
commitment/floor,40
`, map[string]string{
		"a price": `
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,12
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,x,12,price
acme,gb,commitment "floor",-12,commitment
`,
	})
}
