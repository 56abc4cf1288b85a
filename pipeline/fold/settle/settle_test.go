package settle_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// shop sells gb, of the service net, and vm and gpu of the service compute. acme buys from rex, whose parent is dora.
// bell buys from dora. cal was referred by ref, who is nobody's reseller. lone has no partner.
const shop = `
-- books/customers.csv --
customer_id
acme
bell
cal
lone
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
vm,compute,hour,flat
gpu,compute,hour,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
vm,2026-01-01,1,1
gpu,2026-01-01,1,1
-- books/discounts.csv --
discount_id,kind,customer_id,mode,value,valid_from
tenth,commercial,acme,rate,0.9,2026-01-01
-- books/partners.csv --
partner_id,kind,parent_partner_id
dora,distributor,
rex,reseller,dora
ref,reseller,
-- books/associations.csv --
customer_id,partner_id,association_type
acme,rex,2
bell,dora,2
cal,ref,1
-- books/terms.csv --
seller_id,buyer_id,service_type_code,sku,basis,rate,valid_from,valid_to
vendor,dora,*,*,official,0.7,2026-01-01,
dora,rex,*,*,payable,0.95,2026-01-01,2026-09-16
dora,rex,*,*,payable,0.9,2026-09-16,
dora,rex,compute,*,official,0.8,2026-01-01,
dora,rex,*,gpu,official,0.85,2026-01-01,
`

// TestStatements makes the statements of partners at the close of a cycle (§6.4).
func TestStatements(t *testing.T) {
	t.Parallel()
	const closing = "-- close 2026-09 2026-10-05T04:00:00Z --\n"
	const columns = "-- expect partner_statements: partner_id,seller_id,reseller_id,customer_id,association_type," +
		"service_type_code,sign,line_count,payment_amount,performance_amount,owed_amount,revenue_amount,cost_amount," +
		"margin_amount --\n"
	for name, text := range map[string]string{
		"what each partner owes": `
-- usage --
a,acme,x,gb,2026-09-05T10:00,100
b,bell,x,gb,2026-09-05T10:00,20
e,bell,x,gb,2026-09-06T10:00,40
c,cal,x,gb,2026-09-05T10:00,30
d,lone,x,gb,2026-09-05T10:00,7
` + closing + columns + `
dora,vendor,,bell,2,net,+,2,60,60,42,0,0,0                # 60 x 0.7
dora,vendor,rex,acme,2,net,+,1,90,90,0,85.5,70,15.5       # 100 x 0.7
ref,,,cal,1,net,+,1,30,30,0,0,0,0                         # a referrer owes nothing
rex,dora,,acme,2,net,+,1,90,90,85.5,0,0,0                 # 100 x 0.9 x 0.95
`,
		"the terms of the line's own time, and the most specific ones": `
-- usage --
a,acme,x,gb,2026-09-15T23:59,100
b,acme,x,gb,2026-09-16T00:00,100
c,acme,x,vm,2026-09-05T10:00,40
d,acme,x,gpu,2026-09-05T10:00,20
` + closing + columns + `
dora,vendor,rex,acme,2,compute,+,2,54,54,0,49,42,7
dora,vendor,rex,acme,2,net,+,2,180,180,0,166.5,140,26.5
rex,dora,,acme,2,compute,+,2,54,54,49,0,0,0            # 40 x 0.8 + 20 x 0.85
rex,dora,,acme,2,net,+,2,180,180,166.5,0,0,0           # 90 x 0.95 + 90 x 0.9
`,
		"a row is rounded once; negative lines have a row of their own": `
-- usage --
a,acme,x,gb,2026-09-05T10:00,0.15
b,acme,x,gb,2026-09-05T11:00,0.15
-- inbox/adjustments/a.csv --
adjustment_id,customer_id,sku,time,amount,bill_detail_type
m,acme,gb,2026-09-09T12:00:00+08:00,-2,9
` + closing + columns + `
dora,vendor,rex,acme,2,net,+,2,0.26,0.26,0,0.25,0.21,0.04   # 0.135 is cut to 0.13; 0.26 x 0.95 = 0.247; 0.3 x 0.7
dora,vendor,rex,acme,2,net,-,1,-2,-2,0,-1.9,-1.4,-0.5
rex,dora,,acme,2,net,+,2,0.26,0.26,0.25,0,0,0
rex,dora,,acme,2,net,-,1,-2,-2,-1.9,0,0,0
`,
		"without terms the partner owes what the customer pays; those of another seller do not apply": `
-- books/partners.csv --
partner_id,kind,parent_partner_id
dora,distributor,
rex,reseller,
ref,reseller,
-- usage --
a,acme,x,gb,2026-09-05T10:00,100
` + closing + columns + `
rex,vendor,,acme,2,net,+,1,90,90,90,0,0,0
`,
		"a late line has the terms of its own time": `
-- usage --
a,acme,x,gb,2026-09-05T10:00,100
` + closing + `
-- usage --
b,acme,x,gb,2026-09-06T10:00,10
-- close 2026-10 2026-11-05T04:00:00Z --
` + columns + `
dora,vendor,rex,acme,2,net,+,1,9,9,0,8.55,7,1.55
rex,dora,,acme,2,net,+,1,9,9,8.55,0,0,0                # 10 x 0.9 x 0.95
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foldtest.Play(t, shop+text)
		})
	}
}

// TestTaxes: what partners owe is taxed by their taxes of the cycle's last microsecond, with one rounding per seller,
// tax and rate (§10.6). The cost of resellers' rows is taxed too.
func TestTaxes(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, shop+`
-- books/parties.csv --
party_id,country
dora,DE
rex,DE
-- books/taxes.csv --
tax_id,rate,country,valid_from,valid_to
vat,0.16,DE,,2026-09-16
vat,0.19,DE,2026-09-16,
-- usage --
a,acme,x,gb,2026-09-05T10:00,100
b,bell,x,gb,2026-09-05T10:00,20
-- close 2026-09 2026-10-05T04:00:00Z --
-- expect taxes: seller_id,buyer_id,tax_id,rate,taxable_amount,tax_amount --
dora,rex,vat,0.19,85.5,16.25      # 16.245
vendor,dora,vat,0.19,84,15.96     # 14 + 70
`)
}

// TestIncentives: a programme pays a share of the performance of a month, and keeps what a closed month earned (§6.5).
// rex sells 900 in September: 500 at 2 % and 400 at 5 %. The programme of 1 % in October changes October alone.
func TestIncentives(t *testing.T) {
	t.Parallel()
	const programme = `
-- books/incentives.yaml --
- id: growth
  valid_from: 2026-08-01
  period: month
  tier_rule: graduated
`
	const columns = "-- expect incentives: partner_id,period,performance_amount,tier_amount,incentive_amount --\n"
	foldtest.Play(t, shop+programme+`  tiers: [{from: "0", rate: "0.02"}, {from: "500", rate: "0.05"}]
-- usage --
a,acme,x,gb,2026-09-05T10:00,1000
-- close 2026-09 2026-10-05T04:00:00Z --
`+columns+`
rex,2026-09,900,30,30
`+programme+`  tiers: [{from: "0", rate: "0.01"}]
-- usage --
b,acme,x,gb,2026-09-06T10:00,10
c,acme,x,gb,2026-10-06T10:00,100
-- run 2026-10 2026-11-05T04:00:00Z --
`+columns+`
rex,2026-09,900,30,30
rex,2026-10,99,0.99,0.99  # 9 of a late line and 90
`)
}

// TestInstant: a late line is performance of the month that bills it (§4.11): within the validity of a programme that
// begins in October, although its usage was in September.
func TestInstant(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, shop+`
-- books/incentives.yaml --
- id: growth
  valid_from: 2026-10-01
  period: month
  tier_rule: graduated
  tiers: [{from: "0", rate: "0.1"}]
-- usage --
a,acme,x,gb,2026-09-05T10:00,1000
-- close 2026-09 2026-10-05T04:00:00Z --
-- usage --
b,acme,x,gb,2026-09-06T10:00,10
c,acme,x,gb,2026-10-06T10:00,100
-- run 2026-10 2026-11-05T04:00:00Z --
-- expect incentives: partner_id,period,performance_amount,incentive_amount --
rex,2026-10,99,9.9  # 9 and 90
`)
}
