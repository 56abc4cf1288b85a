package settle_test

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/foldtest"
)

// statementsShop rounds each statement once, half up. A GB costs 0.333.
const statementsShop = `
-- tollbook.yaml --
zone: Asia/Shanghai
currency: {code: CNY, digits: 2}
rounding: {grain: cycle, mode: half_up}
lake: {buckets: 1}
-- books/customers.csv --
customer_id
acme
bell
cora
dave
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
vol,net,GB,volume
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,0.333
vol,2026-01-01,1,2
-- usage --
a,acme,x,gb,2026-09-05T10:00,1
b,acme,x,gb,2026-09-06T10:00,2
c,bell,x,gb,2026-09-06T10:00,5
d,bell,x,gb,2026-09-07T10:00,5
d1,dave,x,gb,2026-09-08T10:00,1
d2,dave,x,gb,2026-09-09T10:00,1
d3,dave,x,gb,2026-09-10T10:00,1
d4,dave,x,gb,2026-09-11T10:00,1
d5,dave,x,gb,2026-09-12T10:00,1
-- run 2026-09 2026-10-05T04:00:00Z --
-- expect statements: customer_id,line_count,official_amount,payment_amount,rounding_amount,due_amount --
acme,2,0.999,0.999,-0.001,1  # 3 x 0.333
bell,2,3.33,3.33,0,3.33      # 10 x 0.333
dave,5,1.665,1.665,-0.005,1.67
`

const columns = "-- expect statements: customer_id,line_count,payment_amount,rounding_amount,due_amount --\n"

// TestStatementRows adds up the lines of a cycle (§6.3). Only customers with lines have a statement, and a statement is
// made from that of the live state if a few days changed.
func TestStatementRows(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing new": `
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
acme,2,0.999,-0.001,1
bell,2,3.33,0,3.33
dave,5,1.665,-0.005,1.67
`,
		"new records of one day, of a customer before, between and after the others": `
-- usage --
e,bell,x,gb,2026-09-07T10:00,2
f,cora,x,gb,2026-09-07T10:00,2
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
acme,2,0.999,-0.001,1
bell,3,3.996,-0.004,4      # 12 x 0.333
cora,1,0.666,-0.004,0.67
dave,5,1.665,-0.005,1.67
`,
		"a record replaces another one": `
-- usage --
e,acme,x,gb,2026-09-06T10:00,4,b
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
acme,2,1.665,-0.005,1.67   # 5 x 0.333, half up
bell,2,3.33,0,3.33
dave,5,1.665,-0.005,1.67
`,
		"month-end lines": `
-- usage --
e,cora,x,vol,2026-09-06T10:00,3
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
acme,2,0.999,-0.001,1
bell,2,3.33,0,3.33
cora,1,6,0,6
dave,5,1.665,-0.005,1.67
`,
		"adjustments": `
-- inbox/adjustments/a.csv --
adjustment_id,customer_id,sku,time,amount,bill_detail_type
m1,acme,gb,2026-09-02T12:00:00+08:00,-2,9
m2,cora,gb,2026-09-02T12:00:00+08:00,0.5,9
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
acme,3,-1.001,-0.001,-1
bell,2,3.33,0,3.33
cora,1,0.5,0,0.5
dave,5,1.665,-0.005,1.67
`,
		"another rounding": `
-- tollbook.yaml --
zone: Asia/Shanghai
currency: {code: CNY, digits: 2}
rounding: {grain: cycle, mode: truncate}
lake: {buckets: 1}
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
acme,2,0.999,0.009,0.99
bell,2,3.33,0,3.33
dave,5,1.665,0.005,1.66
`,
		"a price": `
-- books/prices.csv --
sku,valid_from,valid_to,tier,unit_price
gb,2026-01-01,2026-09-07,1,0.333
gb,2026-09-07,,1,1
vol,2026-01-01,,1,2
-- run 2026-09 2026-10-06T04:00:00Z --
` + columns + `
acme,2,0.999,-0.001,1
bell,2,6.665,-0.005,6.67   # 5 x 0.333 + 5 x 1
dave,5,5,0,5
`,
		"tax on top": `
-- books/taxes.csv --
tax_id,rate
vat,0.2
-- run 2026-09 2026-10-06T04:00:00Z --
-- expect statements: customer_id,payment_amount,tax_amount,rounding_amount,due_amount --
acme,0.999,0.2,-0.001,1.2   # 0.1998
bell,3.33,0.67,0,4          # 0.666
dave,1.665,0.33,-0.005,2     # 0.333
-- expect taxes: buyer_id,tax_id,taxable_amount,tax_amount --
acme,vat,0.999,0.2
bell,vat,3.33,0.67
dave,vat,1.665,0.33
`,
		"tax in the prices": `
-- tollbook.yaml --
zone: Asia/Shanghai
currency: {code: CNY, digits: 2}
rounding: {grain: cycle, mode: half_up}
lake: {buckets: 1}
tax: {prices: inclusive, rounding: bill}
-- books/taxes.csv --
tax_id,rate
vat,0.2
-- run 2026-09 2026-10-06T04:00:00Z --
-- expect statements: customer_id,payment_amount,tax_amount,rounding_amount,due_amount --
acme,0.999,0.17,-0.001,1    # 0.999 x 0.2/1.2 = 0.1665
bell,3.33,0.56,0,3.33       # 3.33 x 0.2/1.2 = 0.555
dave,1.665,0.28,-0.005,1.67  # 0.2775
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foldtest.Play(t, statementsShop+text)
		})
	}
}

// TestPaid: what balances pay is in the statement (§6.3). acme has 0.5 of cash for 0.999.
func TestPaid(t *testing.T) {
	t.Parallel()
	foldtest.Play(t, `
-- tollbook.yaml --
zone: Asia/Shanghai
currency: {code: CNY, digits: 2}
rounding: {grain: line, mode: truncate}
lake: {buckets: 1}
payments: ledger
-- books/products.csv --
sku,service_type_code,measure,pricing_model
gb,net,GB,flat
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,0.333
-- usage --
a,acme,x,gb,2026-09-05T10:00,1
b,acme,x,gb,2026-09-06T10:00,2
-- inbox/accounts/a.csv --
event_id,customer_id,time,type,balance_type,amount
r1,acme,2026-09-01T00:00:00+08:00,recharge,cash,0.5
-- run 2026-09 2026-10-05T04:00:00Z --
-- expect statements: customer_id,official_amount,truncated_amount,payment_amount,cash_amount,debt_amount,due_amount --
acme,0.999,0.009,0.99,0.5,0.49,0.99  # 0.33 + 0.66
`)
}
