package day_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// shopCommitment sells gb and mail, both of the service net, at 1, and vm of the service compute at 1.
const shopCommitment = `
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
mail,net,piece,flat
vm,compute,hour,flat
plan,compute,month,recurring
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
mail,2026-01-01,1,1
vm,2026-01-01,1,1
plan,2026-01-01,1,30
`

const header = "-- books/commitments.csv --\n" +
	"commitment_id,customer_id,sku,service_type_code,kind,value,window,prorate," +
	"true_up,overage_factor,basis,valid_from,valid_to\n"

// TestAmounts: what commitments of an open cycle owe (§10.4). In September 60 of gb, 30 of mail and 7 of vm were used.
func TestAmounts(t *testing.T) {
	t.Parallel()
	const use = `
-- usage --
a,acme,x,gb,2026-09-05T10:00,60
b,acme,x,mail,2026-09-05T10:00,30
c,acme,x,vm,2026-09-05T10:00,7
`
	const after = "-- run 2026-09 2026-10-05T04:00:00Z --\n" +
		"-- expect lines: id,kind,sku,service_type_code,payment_amount --\n" +
		"a,usage,gb,net,60\nb,usage,mail,net,30\nc,usage,vm,compute,7\n"
	foldtest.PlayEach(t, shopCommitment+use+header, map[string]string{
		"minimums of a sku, a service and everything, which count those before them": `
one,acme,gb,,minimum,100,,,,,,,
two,acme,,net,minimum,140,,,,,,,
three,acme,*,,minimum,150,,,,,,,
` + after + `
commitment/one,true_up,gb,net,40     # 100 - 60
commitment/two,true_up,,net,10       # 140 - 60 - 30 - 40
commitment/three,true_up,,,3         # 150 - 97 - 40 - 10
`,
		"a maximum after a minimum": `
floor,acme,gb,,minimum,100,,,,,,,
roof,acme,gb,,maximum,90,,,,,,,
` + after + `
commitment/floor,true_up,gb,net,40
commitment/roof,cap,gb,net,-10  # 90 - 60 - 40
`,
		"a maximum and a minimum that are not reached": `
floor,acme,gb,,minimum,60,,,,,,,
roof,acme,mail,,maximum,30,,,,,,,
` + after,
		"a commit charges what is missing, or more for what exceeds it": `
less,acme,gb,,commit,100,,,,1.5,,,
more,acme,mail,,commit,20,,,,1.5,,,
none,acme,vm,,commit,20,,,NO,1.5,,,
` + after + `
commitment/less,true_up,gb,net,40
commitment/more,overage,mail,net,5  # (30 - 20) x 0.5
`,
		"a quantity is worth its price": `
q,acme,gb,,commit,70.5,,,,1.5,quantity,,
` + after + `
commitment/q,true_up,gb,net,10.5  # 70.5 x 1 - 60
`,
		"a row in force from the 16th owes half, and counts its part of the month": `
half,acme,gb,,minimum,100,,,,,,2026-09-16,
full,acme,mail,,minimum,100,,none,,,,2026-09-16,
` + after + `
commitment/half,true_up,gb,net,50     # 100 x 15/30
commitment/full,true_up,mail,net,100  # a prorate of none
`,
		"a row that ended on the 16th": `
half,acme,gb,,minimum,130,,,,,,,2026-09-16
` + after + `
commitment/half,true_up,gb,net,5  # 130 x 15/30 - 60
`,
		"days": `
day,acme,gb,,minimum,1,day,,,,,2026-09-04,2026-09-08
` + after + `
commitment/day,true_up,gb,net,3  # the 4th, 6th and 7th
`,
	})
}

// TestClock: a shortfall is charged once its window has ended, a cap at once. Recurring charges and adjustments.
func TestClock(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, shopCommitment, map[string]string{
		"": header + `
floor,acme,gb,,minimum,100,,,,,,,
roof,acme,mail,,maximum,20,,,,,,,
-- usage --
a,acme,x,gb,2026-09-05T10:00,60
b,acme,x,mail,2026-09-05T10:00,30
-- run 2026-09 2026-09-20T04:00:00Z --
-- expect lines: id,payment_amount --
a,60
b,30
commitment/roof,-10
-- run 2026-09 2026-09-30T16:00:00Z --
-- expect lines: id,payment_amount,usage_start,usage_end,instant --
a,60,2026-09-05T02:00:00Z,2026-09-05T02:00:00Z,
b,30,2026-09-05T02:00:00Z,2026-09-05T02:00:00Z,
commitment/floor,40,2026-08-31T16:00:00Z,2026-09-30T16:00:00Z,2026-09-30T15:59:59.999999Z
commitment/roof,-10,2026-08-31T16:00:00Z,2026-09-30T16:00:00Z,2026-09-30T15:59:59.999999Z
`,
		"recurring charges count, manual adjustments do not": header + `
floor,acme,*,,minimum,100,,,,,,,
-- books/recurring.csv --
charge_id,customer_id,sku,timing,period,valid_from
p,acme,plan,advance,month,2026-09-01
-- inbox/adjustments/a.csv --
adjustment_id,customer_id,sku,time,amount,bill_detail_type
m,acme,gb,2026-09-02T12:00:00+08:00,25,9
-- run 2026-09 2026-10-05T04:00:00Z --
-- expect lines: id,payment_amount --
commitment/floor,70
m,25
p/2026-09-01,30
`,
	})
}

// TestLate: a line that is billed after the close in a window of a closed cycle has the difference of the commitment
// billed with it (FCOMMIT-2). 60 were used of a minimum of 100.
func TestLate(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, shopCommitment+header+`
floor,acme,gb,,minimum,100,,,,,,,
-- usage --
a,acme,x,gb,2026-09-05T10:00,60
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect lines: id,payment_amount --
a,60
commitment/floor,40
`, map[string]string{
		"less is missing": `
-- usage --
b,acme,x,gb,2026-09-06T10:00,25
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,origin_cycle,kind,bill_detail_type,trade_id,payment_amount,instant --
b,2026-09,adjustment,16,2026-10,25,2026-10-06T04:00:00Z
commitment/floor,2026-09,adjustment,16,2026-10,-25,2026-10-06T04:00:00Z
`,
		"nothing is missing any more": `
-- usage --
b,acme,x,gb,2026-09-06T10:00,50
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,payment_amount --
b,50
commitment/floor,-40
`,
		"a line of another product": `
-- usage --
b,acme,x,mail,2026-09-06T10:00,50
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,payment_amount --
b,50
`,
		"twice, in two months": `
-- usage --
b,acme,x,gb,2026-09-06T10:00,25
-- close 2026-10 2026-11-05T04:00:00Z --
-- expect lines: id,payment_amount --
b,25
commitment/floor,-25
commitment/floor,100  # of October
-- usage --
c,acme,x,gb,2026-09-07T10:00,10
-- run 2026-11 2026-11-06T04:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
c,2026-09,10
commitment/floor,2026-09,-10
`,
		"the books of today count, and what was billed comes back in its scope": header + `
floor,acme,*,,minimum,120,,,,,,,
-- usage --
b,acme,x,gb,2026-09-06T10:00,25
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,origin_cycle,sku,service_type_code,payment_amount --
b,2026-09,gb,net,25
commitment/floor,2026-09,,,35       # 120 - 60 - 25
commitment/floor,2026-09,gb,net,-40  # as it was billed
`,
		"two rows that replace the billed one are calculated together": header + `
floor,acme,gb,,minimum,100,,,,,,,2026-09-16
floor,acme,gb,,minimum,200,,,,,,2026-09-16,
-- usage --
b,acme,x,gb,2026-09-20T10:00,25
-- run 2026-10 2026-10-06T04:00:00Z --
-- expect lines: id,payment_amount,usage_start,usage_end --
b,25,2026-09-20T02:00:00Z,2026-09-20T02:00:00Z
commitment/floor,-40,2026-08-31T16:00:00Z,2026-09-30T16:00:00Z  # billed
commitment/floor,75,2026-09-15T16:00:00Z,2026-09-30T16:00:00Z   # 200 x 15/30 - 25; of the first row nothing is missing
`,
	})
}

// TestRerated: the commitments of a cycle that was re-rated since the open cycle began are calculated in every run,
// also when the books change again (FCOMMIT-2).
func TestRerated(t *testing.T) {
	t.Parallel()
	foldtest.PlayEach(t, shopCommitment+header+`
floor,acme,gb,,minimum,100,,,,,,,
-- usage --
a,acme,x,gb,2026-09-05T10:00,60
-- close 2026-09 2026-10-05T04:00:00Z --
`+header+`
floor,acme,gb,,minimum,110,,,,,,,
-- rerate 2026-09 2026-10-06T04:00:00Z --
acme,gb,commitment "floor",10,commitment
-- run 2026-10 2026-10-06T05:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
commitment/floor,2026-09,10
`, map[string]string{
		"the books change again": header + `
floor,acme,gb,,minimum,500,,,,,,,
-- run 2026-10 2026-10-07T04:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
commitment/floor,2026-09,400  # 500 - 60 - 40
`,
		"a late record": header + `
floor,acme,gb,,minimum,500,,,,,,,
-- usage --
b,acme,x,gb,2026-09-06T10:00,5
-- run 2026-10 2026-10-07T04:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
b,2026-09,5
commitment/floor,2026-09,395  # 500 - 65 - 40
`,
		"the row is removed": `
-- remove books/commitments.csv --
-- rerate 2026-09 2026-10-07T04:00:00Z --
acme,gb,commitment "floor",-50,commitment  # 40 were billed and 10 posted
-- run 2026-10 2026-10-07T05:00:00Z --
-- expect lines: id,origin_cycle,payment_amount --
commitment/floor,2026-09,-40
`,
	})
}
