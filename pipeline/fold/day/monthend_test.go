package day_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// products are a volume, a block and a stairstep product, and the largest record of a month.
const products = `
-- books/customers.csv --
customer_id
acme
bell
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,aggregation
vol,net,GB,volume,,
blk,net,GB,block,,
stp,net,GB,stairstep,,
top,net,GB,volume,customer,max
-- books/prices.csv --
sku,valid_from,valid_to,tier,up_to,unit_price,flat_fee,block_size
vol,2026-01-01,2026-09-20,1,500,0.6,10,
vol,2026-01-01,2026-09-20,2,,0.5,20,
vol,2026-09-20,,1,,9,,
blk,2026-01-01,,1,1000,5,,100
blk,2026-01-01,,2,,4,,100
stp,2026-01-01,,1,10,,120,
stp,2026-01-01,,2,,,450,
top,2026-01-01,,1,,3,,
`

// TestModels makes the lines of what is priced for a complete month (§4.6, §10.1).
func TestModels(t *testing.T) {
	t.Parallel()
	const run = "-- run 2026-09 2026-10-05T04:00:00Z --\n"
	foldtest.PlayEach(t, products, map[string]string{
		"volume: one tier prices everything by the price of the month's first instant, with a line per resource": `
-- usage --
a,acme,x,vol,2026-09-05T10:00,100
b,acme,y,vol,2026-09-25T10:00,250
c,acme,y,vol,2026-09-26T10:00,50
d,bell,x,vol,2026-09-05T10:00,501
` + run + `
-- expect lines: customer_id,id,resource_id,tier,kind,quantity,unit_price,payment_amount --
acme,2026-09/vol/east/,,1,flat_fee,1,10,10
acme,2026-09/vol/east/x,x,1,period,100,0.6,60
acme,2026-09/vol/east/y,y,1,period,300,0.6,180
bell,2026-09/vol/east/,,2,flat_fee,1,20,20
bell,2026-09/vol/east/x,x,2,period,501,0.5,250.5
`,
		"the line lasts for the month, and is paid at its first instant": `
-- usage --
a,acme,x,stp,2026-09-05T10:00,10
` + run + `
-- expect lines: id,day,bill_detail_type,charging_mode,trade_id,usage_start,usage_end,payment_amount --
2026-09/stp/east/,end,5,3,2026-09,2026-08-31T16:00:00Z,2026-09-30T16:00:00Z,120
`,
		"a block that was begun costs as much as a complete one": `
-- usage --
a,acme,x,blk,2026-09-05T10:00,249.5
b,acme,y,blk,2026-09-06T10:00,0.5
c,bell,x,blk,2026-09-06T10:00,1001
` + run + `
-- expect lines: customer_id,id,tier,usage_amount,quantity,payment_amount --
acme,2026-09/blk/east/,1,250,3,15    # 3 x 5
bell,2026-09/blk/east/,2,1001,11,44  # 11 x 4
`,
		"the largest record; a month without records has no line": `
-- usage --
a,acme,x,top,2026-09-05T10:00,3
b,acme,y,top,2026-09-06T10:00,7
c,acme,y,top,2026-10-02T10:00,1
` + run + `
-- expect lines: id,usage_amount,payment_amount --
2026-09/top/east/,7,21
-- run 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,usage_amount,payment_amount --
2026-10/top/east/,1,3
-- run 2026-11 2026-12-05T04:00:00Z --
-- expect lines: id --
`,
		"what packages pay is not priced": `
-- books/packages.csv --
package_id,customer_id,skus,quota,reset,valid_from
p,acme,vol,600,none,2026-01-01
-- usage --
a,acme,x,vol,2026-09-05T10:00,500
b,acme,y,vol,2026-09-06T10:00,300
` + run + `
-- expect lines: id,tier,usage_amount,free_resource_usage,quantity,payment_amount,package_draws --
2026-09/vol/east/,1,0,0,1,10,
2026-09/vol/east/x,1,500,500,0,0,p:500.0000000000
2026-09/vol/east/y,1,300,100,200,120,p:100.0000000000  # 200 x 0.6
`,
		"a record replaces another one": `
-- usage --
a,acme,x,stp,2026-09-05T10:00,11
` + run + `
-- usage --
b,acme,x,stp,2026-09-05T10:00,2,a
-- run 2026-09 2026-10-06T04:00:00Z --
-- expect lines: id,usage_amount,payment_amount --
2026-09/stp/east/,2,120
`,
	})
}

// TestSubscribers: the order of customers with positions, with bandwidth and with rows of subscribers.csv alone. Each
// of them has its lines once.
func TestSubscribers(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, `
-- books/customers.csv --
customer_id
ann
ben
cal
dan
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,fee_at_zero,policy
meet,phone,minute,graduated,customer,YES,
seat,app,seat,stairstep,customer,YES,
pipe,net,Mbps,percentile,,,top
-- books/policies.yaml --
top: {method: monthly_p95, drop: "0"}
-- books/links.csv --
resource_id,customer_id,sku,region_code,valid_from,commit_mbps
l,ben,pipe,east,2026-01-01,4
-- books/prices.csv --
sku,valid_from,tier,up_to,unit_price,flat_fee
meet,2026-01-01,1,10,0,50
meet,2026-01-01,2,,1,
seat,2026-01-01,1,10,,120
seat,2026-01-01,2,,,450
pipe,2026-01-01,1,,2,
-- books/subscribers.csv --
customer_id,sku,region_code,valid_from,valid_to
ann,meet,east,2026-01-01,
cal,meet,west,2026-09-30,
cal,seat,east,2026-01-01,2026-09-01
dan,seat,east,2026-01-01,
-- usage --
d,dan,x,seat,2026-09-05T10:00,11
m,dan,x,meet,2026-09-05T10:00,0
-- run 2026-09 2026-10-05T04:00:00Z --
-- ordered lines: customer_id,id,kind,quantity,payment_amount --
dan,m,usage,0,0  # the file of its day
ann,2026-09/meet/east/,flat_fee,1,50
ben,2026-09/pipe/east/l,period,4,8  # the commit of 4 at 2, without samples
cal,2026-09/meet/west/,flat_fee,1,50
dan,2026-09/meet/east/,flat_fee,1,50
dan,2026-09/seat/east/,period,1,450  # the step that contains 11
`)
}

// TestLevels: a level is carried into a month without records, and ends with a record (§10.1).
func TestLevels(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, `
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,aggregation
held,store,unit-month,flat,customer,time_weighted
-- books/prices.csv --
sku,valid_from,tier,unit_price
held,2026-01-01,1,1
-- usage --
a,acme,x,held,2026-09-16T00:00,30
-- run 2026-09 2026-10-05T04:00:00Z --
-- expect lines: id,quantity,payment_amount --
2026-09/held/east/,15,15  # 30 x 15/30
-- run 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,quantity,payment_amount --
2026-10/held/east/,30,30
-- usage --
b,acme,x,held,2026-11-11T00:00,0
-- run 2026-11 2026-12-05T04:00:00Z --
-- expect lines: id,quantity,payment_amount --
2026-11/held/east/,10,10  # 30 x 10/30
-- run 2026-12 2027-01-05T04:00:00Z --
-- expect lines: id --
`)
}
