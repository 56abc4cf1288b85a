package load

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// costSample has the books of a reseller whose vendor delivers cost files.
var costSample = map[string]string{
	"products.csv": `sku,service_type_code,measure,pricing_model,basis
cloud,s,CNY,pass_through,effective
gold,s,CNY,pass_through,list
vm,s,Hours,flat,
`,
	"prices.csv": `sku,valid_from,tier,up_to,unit_price,rate,flat_fee
cloud,2026-01-01,1,100,,0.1,5
cloud,2026-01-01,2,,,-1,
gold,2026-01-01,1,,,1.25,
vm,2026-01-01,1,,2,,
`,
	"customers.csv": "customer_id\nx\ny\n",
	"allocation.yaml": `- match: {SubAccountId: "0012", Tags.org: [a*, "", "*"]}
  customer: x
  valid_from: 2026-01-01
  sku: vm
  quantity: ConsumedQuantity
  unit: Hours
- {customer: tag:owner}
- {customer: "column:x_customer", valid_to: 2026-06-01}
- match: {ChargeCategory: Tax}
  split: {y: "0.4", x: "0.6"}
- split: even [y, x]
- split: by_cost [x]
- split: by_cost "*"
- keep: overhead
`,
	"markups.csv": `customer_id,source,service_name,sku,min_margin,valid_from,valid_to
,,,cloud,,,
x,,,gold,0.05,2026-01-01,2026-06-01
x,,Amazon S3,vm,,,
,aws,Amazon S3,gold,,,
`,
	"associations.csv": "",
	"budgets.csv":      "",
	"managers.csv":     "",
	"discounts.csv":    "",
	"packages.csv":     "",
	"links.csv":        "",
	"terms.csv":        "",
	"coupons.csv":      "",
	"partners.csv":     "",
	"policies.yaml":    "",
	"incentives.yaml":  "",
	"calendar.csv":     "",

	"funds.yaml":         "",
	"fund_quotas.csv":    "",
	"experts.csv":        "",
	"qualifications.csv": "",
	"parties.csv":        "",
	"coupon_quotas.csv":  "",
	"solutions.csv":      "",
}

func costSettings(t *testing.T) settings.Settings {
	t.Helper()
	s, err := settings.Parse("tollbook.yaml", []byte("zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n"+
		"rounding: {grain: line, mode: half_up}\ncosts: {sources: [{source: aws}, {source: gcp}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCostBooks(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(costSample), costSettings(t))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, a := range b.Allocations {
		fmt.Fprintf(&got, "%d:%d %d", a.At.Line, a.Kind, a.Customer)
		for _, m := range a.Match {
			fmt.Fprintf(&got, " %s|%s=%q", m.Column, m.Tag, m.Values)
		}
		fmt.Fprintf(&got, " %s%s %v %v %s sku=%d %s %q\n", a.Tag, a.Column, a.Shares, a.Customers, a.Reason, a.SKU,
			a.Quantity, a.Unit)
	}
	const want = `1:0 0 SubAccountId|=["0012"] |org=["a*" "" "*"]  [] []  sku=2 ConsumedQuantity "Hours"
7:1 -1 owner [] []  sku=-1 PricingQuantity ""
8:1 -1 x_customer [] []  sku=-1 PricingQuantity ""
9:2 -1 ChargeCategory|=["Tax"]  [{0 0.6000000000} {1 0.4000000000}] []  sku=-1 PricingQuantity ""
11:3 -1  [] [0 1]  sku=-1 PricingQuantity ""
12:4 -1  [] [0]  sku=-1 PricingQuantity ""
13:4 -1  [] []  sku=-1 PricingQuantity ""
14:5 -1  [] [] overhead sku=-1 PricingQuantity ""
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	prices := ""
	for _, v := range b.Versions {
		for _, tier := range v.Tiers {
			prices += " " + tier.UnitPrice.Trim()
		}
	}
	if prices != " 1.1 0 2.25 2" {
		t.Errorf("unit prices%s", prices)
	}
}

func TestMarkupAt(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(costSample), costSettings(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ customer, source, service, at, want string }{
		{"x", "aws", "Amazon S3", "2026-03-01T00:00:00Z", "vm"}, // the customer's own row of the service
		{"x", "aws", "Amazon EC2", "2026-03-01T00:00:00Z", "gold"},
		{"x", "aws", "Amazon EC2", "2026-09-01T00:00:00Z", "cloud"}, // the customer's own row is not in force
		{"y", "aws", "Amazon S3", "2026-03-01T00:00:00Z", "gold"},
		{"y", "gcp", "Amazon S3", "2026-03-01T00:00:00Z", "cloud"},
	} {
		at, err := period.ParseInstant(tc.at)
		if err != nil {
			t.Fatal(err)
		}
		m := b.Markups.At(b.Customer(tc.customer), tc.source, tc.service, at)
		if m == nil || b.Products[m.SKU].SKU != tc.want {
			t.Errorf("%+v: %+v", tc, m)
		}
	}
}

func TestCostBookProblems(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for name, text := range costSample {
		files[name] = text
	}
	files["products.csv"] = `sku,service_type_code,measure,pricing_model,basis
cloud,s,CNY,pass_through,
vm,s,Hours,flat,list
sub,s,count,period,
drawn,s,GB,flat,
fed,s,GB,flat,
mixed,s,GB,flat,
taken,s,CNY,pass_through,list
`
	files["prices.csv"] = `sku,valid_from,tier,unit_price,rate,period_type
cloud,2026-01-01,1,1,,
cloud,2027-01-01,1,,-1.1,
cloud,2028-01-01,1,,,
vm,2026-01-01,1,2,0.1,
sub,2026-01-01,1,2,,month
drawn,2026-01-01,1,2,,
fed,2026-01-01,1,2,,
mixed,2026-01-01,1,2,,
taken,2026-01-01,1,,0.1,
`
	files["packages.csv"] = "package_id,customer_id,skus,quota,reset,valid_from\np,x,drawn,5,none,2026-01-01\n" +
		"q,x,fed;mixed,5,cycle,2026-01-01\nr,x,taken,5,cycle,2026-01-01\n"
	files["allocation.yaml"] = `- {keep: a, customer: x}
- {}
- customer: z
- customer: "tag:"
- split: {x: "0.5", y: "0.4"}
- split: odd [x]
- split: even [x, x, z]
- {keep: no_rule}
- {keep: a, sku: vm}
- {customer: x, sku: sub}
- {customer: x, sku: drawn}
- {customer: x, match: [a], colour: red}
- {customer: x, sku: taken}
- {customer: x, sku: mixed}
`
	files["markups.csv"] = "source,sku\nazure,cloud\n,cloud\n,cloud\n,sub\n"
	_, err := Books(workspace(files), costSettings(t))
	if err == nil {
		t.Fatal("no problem is found")
	}
	for _, want := range []string{
		"products.csv:2:26: basis: a pass_through product needs one",
		`products.csv:3:17: basis "list": only a pass_through product has one`,
		`prices.csv:2:20: unit_price "1": a pass_through price has a rate`,
		`prices.csv:3:21: rate "-1.1": not from -1`, "prices.csv:4:21: rate: a pass_through price needs one",
		`prices.csv:5:19: rate "0.1": only a percentage price and a pass_through price`,
		"allocation.yaml:1:3: a rule with 2 results", "allocation.yaml:2:3: a rule with 0 results",
		`allocation.yaml:3:13: rule 3.customer "z": not in customers.csv`, `rule 4.customer "tag:": names no tag`,
		"rule 5.split: the shares add up to 0.9", `rule 6.split "odd [x]": not a way to split`,
		`customer "x" is listed twice`, `customer "z" is not in customers.csv`, `rule 8.keep "no_rule"`,
		`rule 9.sku "vm": a row that is kept is not billed`, `rule 10.sku "sub": a period product does not bill`,
		`rule 11.sku "drawn": package p names the product: packages that cover cost files have reset cycle`,
		"packages.csv:3:1: package q is of mixed, which bills cost files, and of fed, which does not",
		`rule 13.sku "taken": package r names the product: a package is of quantities`, "rule 12.match: ",
		`"rule 12.colour"`,
		`markups.csv:2:1: source "azure": not a source`, "markups.csv:4:",
		`markups.csv:5:2: sku "sub": a period product`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}
