package load

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// sample is a workspace whose books use every column once. Tests replace files in it.
var sample = map[string]string{
	"products.csv": `sku,name,service_type_code,service_type_name,resource_type_code,resource_type_name,usage_type,measure,pricing_model,meter,policy,allow_discount,performance_class,focus_service_category
ecs,Server,compute,Compute,vm,VM,duration,GB-hour,flat,,,,,Compute
obs,Storage,storage,Storage,bucket,Bucket,capacity,GB,graduated,customer,,NO,specific,Storage
cdn,Delivery,network,Network,domain,Domain,traffic,GB,volume,,,,,
msg,Messages,app,App,topic,Topic,count,count,block,,,,,
seat,Seats,app,App,user,User,count,count,stairstep,resource,,,none,
bw,Bandwidth,network,Network,link,Link,bandwidth,Mbps,percentile,,p95,,,
vm-month,Server,compute,Compute,vm,VM,subscription,count,period,,,,no_rebate,
`,
	"prices.csv": `sku,price_list,region_code,period_type,valid_from,valid_to,tier,up_to,unit_price,flat_fee,block_size
ecs,,*,,2026-01-01,,1,,0.5,,
obs,,*,,2026-01-01,2026-07-01,1,100,0.2,,
obs,,*,,2026-01-01,2026-07-01,2,,0.1,5,
obs,,*,,2026-07-01,,1,,0.15,,
obs,gold,cn-north-1,,2026-01-01,,1,,0.05,,
cdn,standard,*,,2026-01-01,,1,,0.3,0,
msg,,*,,2026-01-01,,1,,1.5,,1000
seat,,*,,2026-01-01,,1,10,,100,
seat,,*,,2026-01-01,,2,,,80,
bw,,*,,2026-01-01,,1,,20,,
vm-month,,*,month,2026-01-01,,1,,99.9,,
`,
	"customers.csv": `customer_id,name,price_list,account_manager_id,valid_from,valid_to
c2,Second,gold,am1,2026-01-01,2026-06-01
c2,Second,,am1,2026-06-01,
c1,First,,,,
`,
	"partners.csv": `partner_id,name,kind,parent_partner_id,valid_from,valid_to,left_on,signing_entity,currency
d1,Dist,distributor,,,,,,
r1,Res,reseller,d1,2026-01-01,,2026-09-30,overseas,
f1,Ref,referrer,,,,,,
`,
	"funds.yaml": `- id: heads
  kind: headcount
  valid_from: 2026-07-01
  valid_to: 2027-01-01
  partners: [r1]
  requires: [gold]
  pay_requires: [bank]
  levels: [{level: senior, amount: "8000"}]
  min_days: 15
  share: by_days
  max_heads: 3
  cap: "20000"
  confirm_within_working_days: 10
- id: mdf
  kind: marketing
  period: year
  activities: [{type: fair, share: "0.5"}]
  claim_within_days: 45
- id: mdf2
  kind: marketing
  quota: {of_performance: "0.03", max: "900"}
  activities: [{type: fair, share: "0.5"}]
`,
	"fund_quotas.csv": `programme_id,partner_id,period,amount
mdf,d1,2026,50000
`,
	"experts.csv": `expert_id,partner_id,programme_id,level,project_id,valid_from,valid_to
ann,r1,heads,senior,p1,2026-07-01,
`,
	"qualifications.csv": `partner_id,programme_id,qualification,valid_from,valid_to
r1,heads,gold,2026-01-01,
`,
	"coupon_quotas.csv": `quota_id,partner_id,parent_quota_id,kind,amount,max_face,coupon_months,min_consumption,service_type_code,sku,with_discount,counts_as_performance,valid_from,valid_to
down,r1,up,cash_coupon,400,50,3,10,compute,,NO,YES,2026-01-01,2027-01-01
up,d1,,pickup,1000,,1,,,vm-month,NOT_COMMERCIAL,,,
`,
	"solutions.csv": `solution_id,partner_id,customer_id,level,valid_from,valid_to
s1,r1,c1,basic,2026-01-01,2026-06-01
s1,r1,c1,certified,2026-06-01,
`,
	"parties.csv": `party_id,legal_name,address,tax_id,country,email,bank,tax_exempt,exempt_reason,purchase_order
c1,First Ltd,1 Street,T1,GB,a@b.example,IBAN 1,YES,charity,PO-7
`,
	"taxes.csv": `tax_id,name,rate,country,customer_id,service_type_code,valid_from,valid_to
vat,VAT,0.2,GB,,,2026-01-01,
`,
	"price_lists.csv": `price_list,currency
gold,
`,
	"rates.csv": `date,from,to,rate
2026-09-01,USD,CNY,7.1
`,
	"associations.csv": `customer_id,partner_id,association_type,valid_from,valid_to
c1,r1,2,2026-01-01,2026-06-01
c1,f1,1,2026-06-01,
c2,d1,2,,
`,
	"discounts.csv": `discount_id,kind,customer_id,partner_id,service_type_code,sku,mode,value,valid_from,valid_to,currency
a,commercial,*,,*,*,rate,0.85,2026-01-01,2026-06-01,
a,commercial,,,,,rate,0.8,2026-06-01,,
b,partner,c1,r1,compute,ecs,fixed,0.1234567891,2026-01-01,,
c,order,c2,,*,vm-month,reduction,10.5,2026-01-01,,
d,channel,*,,compute,vm-month,fixed,50,2026-01-01,,
`,
	"packages.csv": `package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to
p1,c1,obs;cdn,*,1000,cycle,2026-01-01,2027-01-01
p1,c2,ecs,cn-north-1,5.5,anniversary,2026-01-31T12:00:00+08:00,
`,
	"links.csv": `resource_id,customer_id,sku,region_code,group,size_mbps,commit_mbps,valid_from,valid_to
l2,c1,bw,cn-north-1,g,100,10,2026-01-01,2026-06-01
l2,c1,bw,cn-north-1,g,200,10,2026-06-01,
l1,c2,bw,cn-north-1,,,,2026-01-01,
`,
	"terms.csv": `seller_id,buyer_id,service_type_code,sku,basis,rate,valid_from,valid_to
vendor,d1,*,*,official,0.7,2026-01-01,
d1,r1,compute,*,payable,0.9,2026-01-01,
d1,r1,*,ecs,payable,0.8,2026-01-01,
d1,r1,,,official,0.95,2026-01-01,2026-06-01
`,
	"coupons.csv": `coupon_id,customer_id,kind,counts_as_performance,amount,min_consumption,service_type_code,sku,with_discount,valid_from,valid_to
k1,c1,cash_coupon,YES,100,10,*,*,YES,2026-01-01,2027-01-01
k2,c2,voucher,,50.5,,app,msg,,2026-01-01,
`,
	"budgets.csv":  "customer_id,amount,thresholds,valid_from,valid_to\nc1,100,50;100,2026-01-01,\n",
	"managers.csv": "account_manager_id,name,partner_id,email\nm1,Ann,r1,ann@example.com\n",
	"calendar.csv": `date,working
2026-10-01,NO
2026-10-10,YES
`,
	"policies.yaml": `p95:
  method: monthly_p95
e95: {method: enhanced_p95, series: sum, duplicates: last, missing: zero, valid_days_only: true, kilo: 1024, drop: "0.1", days: in_force, floor_share: "0.2"}
`,
	"incentives.yaml": `- id: growth
  valid_from: 2026-01-01
  valid_to: 2027-01-01
  partners: [r1, d1]
  association_types: [2]
  product_classes: [ordinary]
  period: quarter
  tiers:
    - {from: "0", rate: "0.01"}
    - {from: 10000, rate: "0.02"}
  tier_rule: graduated
  new_customer_bonus: {rate: "0.05", months: 6}
  cap: "5000"
  carry_negative: true
  confirm_within_working_days: 10
  payout: quarter
  lapse_after_days: 90
  roll_up: true
- id: base
  period: month
  tiers: [{from: "0", rate: "0.03"}]
`,
}

// workspace returns the sample with some files replaced; an empty text removes the file.
func workspace(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range sample {
		fsys["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range files {
		if text == "" {
			delete(fsys, "books/"+name)
			continue
		}
		fsys["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func chosen(t testing.TB) settings.Settings {
	t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	s := settings.Default()
	s.Zone, s.Currency = zone, settings.Currency{Code: "CNY", Digits: 2}
	return s
}

// TestCustomerFrom checks that CustomerFrom finds what Customer finds, wherever the search starts.
func TestCustomerFrom(t *testing.T) {
	t.Parallel()
	b := &books.Books{}
	for i := range 40 {
		b.Customers = append(b.Customers, books.Customer{ID: fmt.Sprintf("c%02d", 2*i)})
	}
	for i := range 82 {
		id := fmt.Sprintf("c%02d", i)
		want := int32(-1)
		if i%2 == 0 && i < 80 {
			want = int32(i / 2)
		}
		for near := int32(-1); near <= 41; near++ {
			if got := b.CustomerFrom(id, near); got != want {
				t.Fatalf("%s from %d: %d, want %d", id, near, got, want)
			}
		}
	}
}
