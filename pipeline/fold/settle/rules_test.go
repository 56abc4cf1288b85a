package settle_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// taxesShop charges acme in DE a vat of 16 % until 15 September and of 19 % from the 16th, and a levy. bell has no
// country. cora is exempt.
const taxesShop = `
-- books/customers.csv --
customer_id
acme
bell
cora
-- books/parties.csv --
party_id,country,tax_exempt
acme,DE,
cora,DE,YES
-- books/taxes.csv --
tax_id,rate,country,service_type_code,customer_id,valid_from,valid_to
vat,0.16,DE,,,,2026-09-16
vat,0.19,DE,,,2026-09-16,
vat,0.05,,net,,,
levy,0.01,,mail,,,
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
ml,mail,piece,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
ml,2026-01-01,1,1
`

// TestRules calculates the taxes of customers (§10.6).
func TestRules(t *testing.T) {
	t.Parallel()
	const columns = "-- expect taxes: buyer_id,tax_id,rate,taxable_amount,tax_amount --\n"
	const settings = "-- tollbook.yaml --\nzone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n" +
		"rounding: {grain: line, mode: truncate}\nlake: {buckets: 1}\ntax: "
	const use = `
-- usage --
a,acme,x,gb,2026-09-15T23:59,10.13
b,acme,x,gb,2026-09-16T00:00,20
c,acme,x,ml,2026-09-17T00:00,5
d,bell,x,gb,2026-09-17T00:00,7
e,bell,x,ml,2026-09-17T00:00,3
f,cora,x,gb,2026-09-17T00:00,9
`
	const run = "-- run 2026-09 2026-10-05T04:00:00Z --\n"
	for name, text := range map[string]string{
		"the rows of each line": use + run + columns + `
acme,vat,0.16,10.13,1.62  # 1.6208; a country comes before a service
acme,vat,0.19,25,4.75
acme,levy,0.01,5,0.05
bell,vat,0.05,7,0.35
bell,levy,0.01,3,0.03
`,
		"each sum is rounded once": `
-- usage --
a,bell,x,gb,2026-09-17T00:00,0.10
b,bell,x,gb,2026-09-18T00:00,0.10
c,bell,x,gb,2026-09-18T01:00,0.10
` + run + columns + `
bell,vat,0.05,0.3,0.02  # 0.015
`,
		"each line is rounded": settings + `{prices: exclusive, rounding: line}
-- usage --
a,bell,x,gb,2026-09-17T00:00,0.10
b,bell,x,gb,2026-09-18T00:00,0.10
c,bell,x,gb,2026-09-18T01:00,0.10
` + run + columns + `
bell,vat,0.05,0.3,0.03  # 3 x 0.005, rounded up
`,
		"two taxes in the prices": settings + `{prices: inclusive, rounding: bill}
-- usage --
c,acme,x,ml,2026-09-17T00:00,6
` + run + columns + `
acme,vat,0.19,6,0.95   # 6 x 0.19/1.20
acme,levy,0.01,6,0.05  # 6 x 0.01/1.20
`,
		"a late line has the tax of its own time, and a correction the sign of its line": use + `
-- close 2026-09 2026-10-05T04:00:00Z --
-- usage --
g,acme,x,gb,2026-09-15T10:00,100
h,acme,x,gb,2026-10-02T10:00,100
-- inbox/adjustments/a.csv --
adjustment_id,customer_id,sku,time,amount,bill_detail_type
m,bell,gb,2026-10-02T12:00:00+08:00,-2,9
-- run 2026-10 2026-11-05T04:00:00Z --
` + columns + `
acme,vat,0.16,100,16
acme,vat,0.19,100,19
bell,vat,0.05,-2,-0.1
`,
		"a rate that changed in the books": use + run + `
-- books/taxes.csv --
tax_id,rate,customer_id
vat,0.3,bell
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
bell,vat,0.3,10,3
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foldtest.Play(t, taxesShop+text)
		})
	}
}
