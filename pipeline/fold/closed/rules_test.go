package closed_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// begin has three products whose September was closed: mail at 8 units of (0, 10] at 1 and (10, …) at 0.5, disk at 400
// of a volume up to 500 at 0.6, above at 0.5, and gb, which costs 2 in September and 3 from October on.
const begin = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
mail,net,piece,graduated
disk,st,GB,volume
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,valid_to,tier,up_to,unit_price,flat_fee
mail,2026-01-01,,1,10,1,
mail,2026-01-01,,2,,0.5,4
disk,2026-01-01,,1,500,0.6,
disk,2026-01-01,,2,,0.5,
gb,2026-01-01,2026-10-01,1,,2,
gb,2026-10-01,,1,,3,
-- usage --
m1,acme,x,mail,2026-09-10T10:00,8
d1,acme,x,disk,2026-09-10T10:00,400
g1,acme,x,gb,2026-09-10T10:00,7
-- close 2026-09 2026-10-05T04:00:00Z --
`

// TestRecords bills late records as if they had arrived in time (§4.11).
func TestRecords(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, begin, map[string]string{
		"the price of its own time, in the earliest open month": `
-- usage --
g2,acme,x,gb,2026-09-11T10:00,5
g3,acme,x,gb,2026-10-01T10:00,5
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,origin_cycle,kind,bill_detail_type,charging_mode,trade_id,unit_price,payment_amount --
g2,2026-09,adjustment,16,3,2026-10,2,10  # 5 x 2
g3,,usage,5,3,2026-10,3,15               # 5 x 3
-- expect late: record_id,origin_cycle --
g2,2026-09
`,
		"a meter continues where the month ended, with the fee of the tier that it enters": `
-- usage --
m3,acme,x,mail,2026-09-12T10:00,1
m2,acme,x,mail,2026-09-11T10:00,5
m9,acme,x,mail,2026-10-01T10:00,1
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,origin_cycle,tier,kind,quantity,payment_amount --
m2,2026-09,1,adjustment,2,2    # (8, 10]
m2,2026-09,2,adjustment,1,4    # the fee of tier 2
m2,2026-09,2,adjustment,3,1.5  # (10, 13]
m3,2026-09,2,adjustment,1,0.5  # (13, 14]
m9,,1,usage,1,1                # October begins at 0
`,
		"a later close bills nothing again, and the meter has moved": `
-- usage --
m2,acme,x,mail,2026-09-11T10:00,1
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,quantity,payment_amount --
m2,1,1  # (8, 9]
-- usage --
m3,acme,x,mail,2026-09-11T11:00,2
-- run 2026-11 2026-12-01T04:00:00Z --
-- expect lines: id,tier,quantity,payment_amount --
m3,1,1,1    # (9, 10]
m3,2,1,4    # the fee of tier 2
m3,2,1,0.5  # (10, 11]
`,
		"a replaced record leaves the end of the meter, and its replacement is the last one": `
-- usage --
m2,acme,x,mail,2026-09-11T10:00,6
-- close 2026-10 2026-11-05T04:00:00Z --
-- usage --
m3,acme,x,mail,2026-09-10T10:00,1,m1
-- run 2026-11 2026-12-01T04:00:00Z --
-- expect lines: id,tier,usage_amount,quantity,payment_amount --
m1,1,-4,-4,-4   # (6, 10] of (6, 14]
m1,2,-4,-4,-2   # (10, 14]
m1,2,0,-1,-4    # the fee of tier 2
m3,1,1,1,1      # (6, 7]
`,
		"a record that is replaced in the month that bills it": `
-- usage --
g2,acme,x,gb,2026-09-11T10:00,99
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,payment_amount --
g2,198
-- usage --
g3,acme,x,gb,2026-09-11T10:00,5,g2
-- run 2026-10 2026-10-07T04:00:00Z --
-- expect lines: id,payment_amount --
g3,10
`,
		"a chain of records": `
-- usage --
g2,acme,x,gb,2026-09-10T10:00,99,g1
g3,acme,x,gb,2026-09-10T10:00,5,g2
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,payment_amount --
g1,-7,-14
g3,5,10
`,
	})
}

// TestDifferences: products that are priced for the whole month give one difference per place (LATE-5).
func TestDifferences(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, begin, map[string]string{
		"into the next tier": `
-- usage --
d2,acme,x,disk,2026-09-11T10:00,500
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,origin_cycle,tier,kind,usage_amount,quantity,unit_price,official_amount,payment_amount --
2026-09/disk/east/x,2026-09,0,adjustment,500,0,0,210,210  # 900 x 0.5 - 400 x 0.6
`,
		"again in the next month": `
-- usage --
d2,acme,x,disk,2026-09-11T10:00,500
-- close 2026-10 2026-11-05T04:00:00Z --
-- usage --
d3,acme,x,disk,2026-09-12T10:00,100
-- run 2026-11 2026-12-01T04:00:00Z --
-- expect lines: id,usage_amount,payment_amount --
2026-09/disk/east/x,100,50
`,
		"a replacement counts instead": `
-- usage --
d2,acme,x,disk,2026-09-10T10:00,300,d1
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,payment_amount --
2026-09/disk/east/x,-100,-60
`,
		"a record of the same quantity gives no line": `
-- usage --
d2,acme,x,disk,2026-09-10T10:00,400,d1
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id --
`,
	})
}

// TestAdjust: a late line has the partner of its own time, and the instant of the run that accepted it, at most the
// last and at least the first microsecond of the month that bills it (§4.11). acme is with pat until 5 September.
func TestAdjust(t *testing.T) {
	t.Parallel()
	partners := `
-- books/partners.csv --
partner_id,kind
pat,reseller
sue,reseller
-- books/associations.csv --
customer_id,partner_id,association_type,valid_from,valid_to
acme,pat,2,2026-01-01,2026-09-05
acme,sue,1,2026-09-05,
` + begin
	const columns = "-- expect lines: id,partner_id,association_type,own_time,instant --\n"
	foldtest.PlayEach(t, partners, map[string]string{
		"": `
-- usage --
g2,acme,x,gb,2026-09-04T10:00,1
g3,acme,x,gb,2026-09-05T10:00,1
d2,acme,x,disk,2026-09-29T10:00,100
-- run 2026-10 2026-10-06T04:00:00Z --
` + columns + `
2026-09/disk/east/x,pat,2,,2026-10-06T04:00:00Z  # its own time is the first instant of September
g2,pat,2,,2026-10-06T04:00:00Z
g3,sue,1,,2026-10-06T04:00:00Z
-- usage --
g4,acme,x,gb,2026-09-06T10:00,1
-- run 2026-10 2026-10-07T05:00:00Z --
` + columns + `
2026-09/disk/east/x,pat,2,,2026-10-06T04:00:00Z
g2,pat,2,,2026-10-06T04:00:00Z
g3,sue,1,,2026-10-06T04:00:00Z
g4,sue,1,,2026-10-07T05:00:00Z
`,
		"after the month that bills it": `
-- usage --
g2,acme,x,gb,2026-09-04T10:00,1
-- run 2026-10 2026-11-06T04:00:00Z --
` + columns + `
g2,pat,2,,2026-10-31T15:59:59.999999Z
`,
	})
}

// TestPackages: a late record draws what is left of the quota period that was in force then, after everything billed
// since, and a reversal gives back first (LATE-4). p has 10 each month, q has 100 for good. 7 were drawn from p.
func TestPackages(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, `
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,gb,10,cycle,2026-01-01
q,acme,mail,100,none,2026-01-01
`+begin, map[string]string{
		"what is left of September": `
-- usage --
g2,acme,x,gb,2026-09-04T10:00,5
g9,acme,x,gb,2026-10-04T10:00,4
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,free_resource_usage,quantity,payment_amount,package_draws --
g2,5,3,2,4,p:3.0000000000
g9,4,4,0,0,p:4.0000000000
`,
		"a reversal gives back": `
-- usage --
g2,acme,x,gb,2026-09-10T10:00,9,g1
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,free_resource_usage,quantity,payment_amount,package_draws --
g1,-7,-7,0,0,p:-7.0000000000
g2,9,9,0,0,p:9.0000000000
`,
		"late records come before those of the month, and so does what they draw": `
-- usage --
m2,acme,x,mail,2026-09-04T10:00,90
m9,acme,x,mail,2026-10-04T10:00,4
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,tier,free_resource_usage,quantity,payment_amount --
m2,1,90,0,0  # 92 are left
m9,1,2,2,2   # 2 are left
-- expect late_positions: key,count,usage --
mail,0,0  # the meter: q paid everything
q,2,100
`,
	})
}

// TestFees: a late record that uses something takes the fee at zero back, in a line of its own with tier 1; a fee that
// priced usage owed when the product was priced at the month's end stays with the usage (§10.3).
func TestFees(t *testing.T) {
	t.Parallel()
	const at = `
-- books/customers.csv --
customer_id
acme
dora
-- books/subscribers.csv --
customer_id,sku,region_code,resource_id,valid_from
acme,meet,east,x,2026-01-01
dora,meet,east,d,2026-01-01
-- books/prices.csv --
sku,valid_from,tier,unit_price,flat_fee
meet,2026-01-01,1,1,50
-- usage --
a,acme,x,meet,2026-09-05T10:00,3
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,fee_at_zero`
	foldtest.PlayEach(t, "", map[string]string{
		"of a graduated product": at + `
meet,phone,minute,graduated,resource,YES
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: customer_id,id,kind,payment_amount --
acme,a,flat_fee,50
acme,a,usage,3
dora,2026-09/meet/east/d,flat_fee,50
-- usage --
b,acme,x,meet,2026-09-06T10:00,2
d,dora,d,meet,2026-09-06T10:00,2
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: customer_id,origin_cycle,id,tier,kind,payment_amount --
acme,,2026-10/meet/east/x,1,flat_fee,50
acme,2026-09,b,1,adjustment,2
dora,,2026-10/meet/east/d,1,flat_fee,50
dora,2026-09,2026-09/meet/east/d,1,adjustment,-50
dora,2026-09,d,1,adjustment,2
dora,2026-09,d,1,adjustment,50
`,
		"of a product that was priced at the month's end": at + `
meet,phone,minute,volume,resource,YES
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: customer_id,id,kind,payment_amount --
acme,2026-09/meet/east/x,flat_fee,50
acme,2026-09/meet/east/x,period,3
dora,2026-09/meet/east/d,flat_fee,50
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,fee_at_zero
meet,phone,minute,graduated,resource,YES
-- usage --
b,acme,x,meet,2026-09-06T10:00,2
d,dora,d,meet,2026-09-06T10:00,2
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: customer_id,origin_cycle,id,tier,kind,payment_amount --
acme,,2026-10/meet/east/x,1,flat_fee,50
acme,2026-09,2026-09/meet/east/x,0,adjustment,2
dora,,2026-10/meet/east/d,1,flat_fee,50
dora,2026-09,2026-09/meet/east/d,0,adjustment,52  # 2 and the flat fee, which the usage owes
dora,2026-09,2026-09/meet/east/d,1,adjustment,-50  # the fee at zero
`,
	})
}

// TestLevels: a late record of a time-weighted product moves every closed cycle from its own on (§10.1). The level of
// 30 from 16 September is 15 in September and 30 in October.
func TestLevels(t *testing.T) {
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
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,payment_amount --
2026-10/held/east/,30
`, map[string]string{
		"a level that October carries": `
-- usage --
b,acme,y,held,2026-09-01T00:00,7
-- run 2026-11 2026-12-06T04:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
2026-09/held/east/,2026-09,7
2026-10/held/east/,2026-10,7
2026-11/held/east/,,37
`,
		"a level that ends before October": `
-- usage --
b,acme,x,held,2026-09-26T00:00,0
-- run 2026-11 2026-12-06T04:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
2026-09/held/east/,2026-09,-5
2026-10/held/east/,2026-10,-30
`,
		"a record that was replaced": `
-- usage --
b,acme,x,held,2026-09-16T00:00,10,a
-- run 2026-11 2026-12-06T04:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
2026-09/held/east/,2026-09,-10
2026-10/held/east/,2026-10,-20
2026-11/held/east/,,10
`,
		"each cycle has the instant of the last run that brought a record of it or of an earlier one": `
-- usage --
b,acme,y,held,2026-09-01T00:00,7
-- run 2026-11 2026-11-06T04:00:00Z --
-- expect lines: id,payment_amount,instant --
2026-09/held/east/,7,2026-11-06T04:00:00Z
2026-10/held/east/,7,2026-11-06T04:00:00Z
2026-11/held/east/,37,2026-11-30T15:59:59.999999Z
-- usage --
c,acme,z,held,2026-10-01T00:00,1
-- run 2026-11 2026-11-07T05:00:00Z --
-- expect lines: id,payment_amount,instant --
2026-09/held/east/,7,2026-11-06T04:00:00Z
2026-10/held/east/,8,2026-11-07T05:00:00Z
2026-11/held/east/,38,2026-11-30T15:59:59.999999Z
`,
	})
}

// TestCountsOtherwise: a late record of a product that counts otherwise than when its cycle was closed makes one
// difference per place (LATE-7). The product was flat at 1; now it is 1 up to 10, then 0.5.
func TestCountsOtherwise(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
-- usage --
a,acme,x,gb,2026-09-10T10:00,5
b,acme,y,gb,2026-09-10T10:00,3
-- close 2026-09 2026-10-05T04:00:00Z --
-- books/prices.csv --
sku,valid_from,tier,up_to,unit_price
gb,2026-01-01,1,10,1
gb,2026-01-01,2,,0.5
-- usage --
c,acme,x,gb,2026-09-11T10:00,7
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter`, map[string]string{
		"of the customer": `
gb,net,GB,graduated,customer
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,quantity,payment_amount --
2026-09/gb/east/x,7,0,4.5  # 5 + (8, 10] x 1 + (10, 15] x 0.5 - 5
`,
		"of the resource": `
gb,net,GB,graduated,resource
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,quantity,payment_amount --
2026-09/gb/east/x,7,0,6  # 5 + (5, 10] x 1 + (10, 12] x 0.5 - 5
`,
		"of a volume product: what was billed record by record is subtracted": `
gb,net,GB,volume,customer
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,payment_amount --
2026-09/gb/east/x,7,1     # 12 x 0.5 - 5
2026-09/gb/east/y,0,-1.5  # 3 x 0.5 - 3
`,
	})
}
