package load

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// small is a workspace with one product per model. Each test adds one invalid file.
var small = map[string]string{
	"products.csv": `sku,service_type_code,measure,pricing_model,policy
flt,s1,GB,flat,
grd,s1,GB,graduated,
blk,s1,GB,block,
stp,s2,GB,stairstep,
bw,s2,Mbps,percentile,p95
sub,s2,count,period,
enh,s2,Mbps,percentile,enh
`,
	"prices.csv": `sku,region_code,period_type,valid_from,valid_to,tier,up_to,unit_price,flat_fee,block_size
flt,*,,2026-01-01,,1,,1,,
`,
	"customers.csv": "customer_id,price_list\nc1,\nc2,\n",
	"partners.csv":  "partner_id,kind,parent_partner_id\nd1,distributor,\nr1,reseller,d1\n",
	"policies.yaml": "p95: {method: monthly_p95}\nenh: {method: enhanced_p95}\n",
}

// told loads small with some files replaced and returns the problems, without the name of the folder.
func told(t testing.TB, files map[string]string) string {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, m := range []map[string]string{small, files} {
		for name, text := range m {
			fsys["books/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	_, err := Books(fsys, chosen(t))
	if err == nil {
		return ""
	}
	var ps books.Problems
	if !errors.As(err, &ps) {
		t.Fatalf("%T is no Problems: %v", err, err)
	}
	return strings.ReplaceAll(ps.Error(), "books/", "")
}

func TestSmallIsRight(t *testing.T) {
	t.Parallel()
	if got := told(t, nil); got != "" {
		t.Error(got)
	}
}

// wrongFile is an invalid file with all its problems. Columns are counted in bytes from 1.
type wrongFile struct{ text, want string }

func (w wrongFile) check(t *testing.T, file string) {
	t.Helper()
	want := w.want
	if want != "" {
		want = file + ":" + strings.ReplaceAll(want, "\n", "\n"+file+":")
	}
	if got := told(t, map[string]string{file: w.text}); got != want {
		t.Errorf("%s:\n%s\ngot\n%s\nwant\n%s", file, w.text, got, want)
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	for _, w := range []wrongFile{
		{"", "1:1: empty: a header row is needed"},
		{"\ufeff\r\n", "1:1: empty: a header row is needed"},
		{"\ufeff\ufeff\"\ufeffdate\",working\n\ufeff2026-10-01,NO\n", ""},
		{"date,working\n2026-10-02,NO\n\ufeff2026-10-01,NO\n",
			"3:1: date \"\\ufeff2026-10-01\": not a date YYYY-MM-DD"},
		{"d\x00a\x00t\x00e\x00", "1:1: UTF-16, not UTF-8"}, {"\xff\xfed\x00", "1:1: UTF-16, not UTF-8"},
		{"date\n2026-10-01\n", `1:1: missing column "working"`},
		{"working,date,date\n", `1:14: column "date" is duplicate`},
		{"date,working,Working\n", `1:14: unknown column "Working"`},
		{"date,working,x_a,x_b\n2026-10-01,NO,,\n", ""},
		{"date,working,\n", `1:14: unknown column ""`},
		{"date ,working\n", "1:1: missing column \"date\"\n1:1: unknown column \"date \""},
		{"date,working\n2026-10-01\n", "2:1: 1 cell where the header has 2"},
		{"date,working\n\n2026-10-01,NO,\n", "3:1: 3 cells where the header has 2"},
		{"date,working\n2026-10-01,NO\n2026-10-02,\"NO\n2026-10-03,NO\n",
			"3:12: the quote opened here is never closed"},
		{"date,working\n\"2026-10-01\"x,NO\n", "2:13: text after the closing quote"},
		{"date,working\n2026-\"10-01,NO\n2026-13-01,NO\n", "2:6: a quote in a cell that is not quoted\n" +
			"3:1: date \"2026-13-01\": no such month"},
		{"x_note,date,working\n\"two\nlines, \"\"quoted\"\"\",2026-10-01,MAYBE\n",
			`3:31: working "MAYBE": not one of YES, NO`},
		{"date,working\n2026-10-01,\xff\n", "2:12: not UTF-8"},
		{"date,working\n2026-10-01,N\u00f6\n", "2:12: working \"N\u00f6\": not one of YES, NO"},
		{"date,working\n2026-10-01,\n,NO\n", "2:12: working: empty\n3:1: date: empty"},
		{"date,working\n2026-10-01,NO\n2026-10-02,NO\n2026-10-01,YES\n",
			`4:1: date "2026-10-01": is duplicate: also calendar.csv:2`},
		{"date,working\n2026-10-01T00:00:00Z,NO\n", `2:1: date "2026-10-01T00:00:00Z": text after the date`},
	} {
		w.check(t, "calendar.csv")
	}
}

func TestProducts(t *testing.T) {
	t.Parallel()
	rest := strings.SplitN(small["products.csv"], "\n", 2)[1]
	header := "sku,service_type_code,measure,pricing_model,policy,meter,allow_discount,performance_class\n"
	for _, w := range []wrongFile{
		{"a,s,GB,flat,,,,\na,s,GB,flat,,,,\n", "10:1: sku a is duplicate: also products.csv:9"},
		{",s,GB,flat,,,,\n", "9:1: sku: empty"},
		{" a,s,GB,flat,,,,\n", `9:1: sku " a": U+0020, white space at an end`},
		{"a\u200b,s,GB,flat,,,,\n", `9:1: sku "a\u200b": U+200B, which nobody sees`},
		{"a,s,GB,flat\u00ad,,,,\n", `9:8: pricing_model "flat\u00ad": U+00AD, which nobody sees`},
		{"a;b,s,GB,flat,,,,\n", `9:1: sku "a;b": an id may not contain ";"`},
		{"\"a\nb\",s,GB,flat,,,,\n", `9:1: sku "a\nb": U+000A, which nobody sees`},
		{"*,s,GB,flat,,,,\n", `9:1: sku "*": means any and cannot be a name`},
		{"a,*,GB,flat,,,,\n", `9:3: service_type_code "*": means any and cannot be a name`},
		{"a,,,flat,,,,\n", "9:3: service_type_code: empty\n9:4: measure: empty"},
		{"a,s,GB,tiered,,,,\n",
			`9:8: pricing_model "tiered": not one of flat, graduated, volume, block, stairstep, percentile, period, ` +
				`percentage, recurring, pass_through`},
		{"a,s,GB,Flat,,,,\n",
			`9:8: pricing_model "Flat": not one of flat, graduated, volume, block, stairstep, percentile, period, ` +
				`percentage, recurring, pass_through`},
		{"a,s,GB,percentile,,,,\n", "9:19: policy: a percentile product needs one"},
		{"a,s,GB,percentile,p96,,,\n", `9:19: policy "p96": not in policies.yaml`},
		{"a,s,GB,flat,p95,,,\n", `9:13: policy "p95": only a percentile product has one`},
		{"a,s,GB,flat,,zone,yes,good\n", "9:14: meter \"zone\": not one of region, customer, resource\n" +
			"9:19: allow_discount \"yes\": not one of YES, NO\n" +
			"9:23: performance_class \"good\": not one of ordinary, specific, none, no_rebate"},
	} {
		w.text = header + strings.ReplaceAll(rest, "\n", ",,,\n") + w.text
		w.check(t, "products.csv")
	}
}

func TestPrices(t *testing.T) {
	t.Parallel()
	header := "sku,price_list,region_code,period_type,valid_from,valid_to,tier,up_to,unit_price,flat_fee,block_size\n"
	for _, w := range []wrongFile{
		{"xxx,,,,2026-01-01,,1,,1,,\n", `2:1: sku "xxx": not in products.csv`},
		{"flt,,,,,,1,,1,,\n", "2:8: valid_from: empty"},
		{"flt,,,,2026-01-01T00:00:00,,1,,1,,\n", `2:8: valid_from "2026-01-01T00:00:00": no offset`},
		{"flt,,,,2026-01-01,2026-02-30,1,,1,,\n", `2:19: valid_to "2026-02-30": no such day`},
		{"flt,,,,2026-01-01,2026-01-01,1,,1,,\n", `2:19: valid_to "2026-01-01": not after valid_from "2026-01-01"`},
		{"flt,,,,2026-01-01,2025-12-31T16:00:00Z,1,,1,,\n",
			`2:19: valid_to "2025-12-31T16:00:00Z": not after valid_from "2026-01-01"`},
		{"flt,,,,2026-01-01,,0,,1,,\n", `2:20: tier "0": not a whole number from 1`},
		{"flt,,,,2026-01-01,,01,,1,,\n", `2:20: tier "01": not a whole number from 1`},
		{"flt,,,,2026-01-01,,,,1,,\n", "2:20: tier: empty"},
		{"flt,,,,2026-01-01,,1,,\"1,000\",,\n", `2:23: unit_price "1,000": thousands separator`},
		{"flt,,,,2026-01-01,,1,,1000000001,,\n", `2:23: unit_price "1000000001": outside 0 to 10^9`},
		{"flt,,,,2026-01-01,,1,,,,\n", "2:23: unit_price: empty"},
		{"flt,,,,2026-01-01,,1,,1,2,\n", `2:25: flat_fee "2": a flat price has none`},
		{"flt,,,,2026-01-01,,1,,1,0,5\n", `2:27: block_size "5": only a block price has one`},
		{"flt,,,month,2026-01-01,,1,,1,,\n", `2:7: period_type "month": only a period price has one`},
		{"flt,,,,2026-01-01,,1,5,1,,\nflt,,,,2026-01-01,,2,,1,,\n", "3:8: tier 2: a flat price has one tier"},
		{"sub,,,month,2026-01-01,,1,,1,7,\n", `2:30: flat_fee "7": a period price has none`},
		{"sub,,,,2026-01-01,,1,,1,,\n", "2:7: period_type: a period price needs one"},
		{"sub,,,week,2026-01-01,,1,,1,,\n", `2:7: period_type "week": not one of hour, day, month, year, one_off`},
		{"sub,,,day,2026-01-01,,1,5,1,,\nsub,,,day,2026-01-01,,2,,1,,\n", "3:11: tier 2: a period price has one tier"},
		{"blk,,,,2026-01-01,,1,,1,,\n", "2:26: block_size: a block price needs one"},
		{"blk,,,,2026-01-01,,1,,1,,0\n", `2:26: block_size "0": not above 0`},
		{"blk,,,,2026-01-01,,1,,1,3,5\n", `2:25: flat_fee "3": a block price has none`},
		{"stp,,,,2026-01-01,,1,,1,3,\n", `2:23: unit_price "1": a stairstep price has only flat_fee`},
		{"stp,,,,2026-01-01,,1,,0,3,\n", ""},
		{"grd,,,,2026-01-01,,1,10,1,,\n", `2:22: up_to "10": the last tier must be open`},
		{"grd,,,,2026-01-01,,1,0,1,,\ngrd,,,,2026-01-01,,2,,1,,\n", `2:22: up_to "0": not above 0`},
		{"grd,,,,2026-01-01,,1,,1,,\ngrd,,,,2026-01-01,,2,,1,,\n",
			"2:22: up_to: empty on tier 1 of 2; only the last tier is open"},
		{"grd,,,,2026-01-01,,1,10,1,,\ngrd,,,,2026-01-01,,2,10,1,,\ngrd,,,,2026-01-01,,3,,1,,\n",
			`3:22: up_to "10": not above that of the tier before, 10`},
		{"grd,,,,2026-01-01,,2,,1,,\n",
			"2:8: tier 2 of sku grd, price_list standard, region_code * where tier 1 is missing"},
		{"grd,,,,2026-01-01,,1,5,1,,\ngrd,,,,2026-01-01,,3,,1,,\n",
			"3:8: tier 3 of sku grd, price_list standard, region_code * where tier 2 is missing"},
		{"grd,a,b,,2026-01-01,,1,5,1,,\ngrd,a,b,,2026-01-01,,1,,1,,\n",
			"3:10: tier 1 of sku grd, price_list a, region_code b is duplicate: also prices.csv:2"},
		{"flt,,,,2026-01-01,,1,,1,,\ngrd,,,,2026-01-01,,1,,1,,\nflt,standard,*,,2026-03-01,,1,,2,,\n",
			"4:17: overlaps prices.csv:2: sku flt, price_list standard, region_code *, both in force in " +
				"[2026-02-28T16:00:00Z, )"},
		{"flt,,,,2026-03-01,2026-04-01,1,,1,,\nflt,,,,2026-01-01,2026-03-01,1,,1,,\nflt,,,,2026-04-01,,1,,1,,\n", ""},
		{"flt,,,,2026-03-01,2026-05-01,1,,1,,\nflt,,,,2026-01-01,2026-03-02,1,,1,,\n",
			"3:8: overlaps prices.csv:2: sku flt, price_list standard, region_code *, both in force in " +
				"[2026-02-28T16:00:00Z, 2026-03-01T16:00:00Z)"},
		{"sub,,,day,2026-01-01,,1,,1,,\nsub,,,month,2026-01-01,,1,,1,,\nsub,,,day,2026-02-01,,1,,1,,\n",
			"4:11: overlaps prices.csv:2: sku sub, price_list standard, region_code *, period_type day, both in " +
				"force in [2026-01-31T16:00:00Z, )"},
		{"flt,,eu,,2026-01-01,,1,,1,,\nflt,gold,eu,,2026-01-01,,1,,1,,\nflt,,*,,2026-01-01,,1,,1,,\n", ""},
		// The first row is in force beyond the second and overlaps the third.
		{"flt,,,,2026-01-01,2026-12-01,1,,1,,\nflt,,,,2026-02-01,2026-03-01,1,,1,,\n" +
			"flt,,,,2026-04-01,2026-05-01,1,,1,,\n",
			"3:8: overlaps prices.csv:2: sku flt, price_list standard, region_code *, both in force in " +
				"[2026-01-31T16:00:00Z, 2026-02-28T16:00:00Z)\n" +
				"4:8: overlaps prices.csv:2: sku flt, price_list standard, region_code *, both in force in " +
				"[2026-03-31T16:00:00Z, 2026-04-30T16:00:00Z)"},
	} {
		w.text = header + w.text
		w.check(t, "prices.csv")
	}
}

func TestCustomersAndPartners(t *testing.T) {
	t.Parallel()
	for _, w := range []wrongFile{
		{"customer_id,valid_from,valid_to\n,2026-01-01,\n", "2:1: customer_id: empty"},
		{"customer_id,valid_from,valid_to\n*,2026-01-01,\n",
			`2:1: customer_id "*": means any and cannot be a name`},
		{"customer_id,valid_from,valid_to\nc1,2026-01-01,\nc2,,\nc1,2026-05-01,2026-06-01\n",
			"4:1: overlaps customers.csv:2: customer_id c1, both in force in [2026-04-30T16:00:00Z, " +
				"2026-05-31T16:00:00Z)"},
		{"customer_id\nc1\nc1\n", "3:1: overlaps customers.csv:2: customer_id c1, both in force in [, )"},
	} {
		w.check(t, "customers.csv")
	}
	for _, w := range []wrongFile{
		{"d1,distributor,,,,\nd1,distributor,,,,\n",
			"3:1: overlaps partners.csv:2: partner_id d1, both in force in [, )"},
		{"d1,distributor,,,2026-05-01,\nd1,referrer,,2026-05-01,,\n", ""},
		{"d1,vendor,,,,\n", `2:4: kind "vendor": not one of distributor, reseller, referrer`},
		{"vendor,distributor,,,,\ncustomer,referrer,,,,\n",
			"2:1: partner_id \"vendor\": means somebody else and cannot be a partner's id\n" +
				"3:1: partner_id \"customer\": means somebody else and cannot be a partner's id"},
		{"r1,reseller,d9,,,\n", `2:13: parent_partner_id "d9": not in partners.csv`},
		{"d1,distributor,,,,\nd2,distributor,d1,,,\n", `3:16: parent_partner_id "d1": only a reseller has one`},
		{"r1,reseller,,,,\nr2,reseller,r1,,,\n", `3:13: parent_partner_id "r1": no distributor in all of [, )`},
		{"d1,distributor,,2026-02-01,,\nr1,reseller,d1,2026-01-01,2026-03-01,\n",
			`3:13: parent_partner_id "d1": no distributor in all of [2025-12-31T16:00:00Z, 2026-02-28T16:00:00Z)`},
		{"d1,distributor,,2026-01-01,2026-02-01,\nd1,distributor,,2026-02-01,,\n" +
			"r1,reseller,d1,2026-01-01,2026-03-01,\n", ""},
		{"d1,distributor,,,,soon\n", `2:19: left_on "soon": not a date YYYY-MM-DD`},
	} {
		w.text = "partner_id,kind,parent_partner_id,valid_from,valid_to,left_on\n" + w.text
		w.check(t, "partners.csv")
	}
	for _, w := range []wrongFile{
		{"c9,d1,2,,\n", `2:1: customer_id "c9": not in customers.csv`},
		{"c1,d9,2,,\n", `2:4: partner_id "d9": not in partners.csv`},
		{"c1,d1,3,,\n", `2:7: association_type "3": not one of 1, 2`},
		{"c1,d1,2,,2026-06-01\nc1,r1,1,2026-06-01,\nc2,r1,2,,\n", ""},
		{"c1,d1,2,,2026-06-02\nc1,r1,1,2026-06-01,\n",
			"3:1: overlaps associations.csv:2: customer_id c1, both in force in [2026-05-31T16:00:00Z, " +
				"2026-06-01T16:00:00Z)"},
	} {
		w.text = "customer_id,partner_id,association_type,valid_from,valid_to\n" + w.text
		w.check(t, "associations.csv")
	}
}

func TestOffers(t *testing.T) {
	t.Parallel()
	for _, w := range []wrongFile{
		{"a,gift,,,,,rate,1,2026-01-01,\n", `2:3: kind "gift": not one of commercial, channel, partner, order`},
		{"a,partner,,,,,rate,1,2026-01-01,\n", "2:12: partner_id: a partner's discount needs one"},
		{"a,channel,,d1,,,rate,1,2026-01-01,\n", `2:12: partner_id "d1": only kind partner has one`},
		{"a,partner,c9,d9,s9,x,rate,1,2026-01-01,\n", "2:11: customer_id \"c9\": not in customers.csv\n" +
			"2:14: partner_id \"d9\": not in partners.csv\n" +
			"2:17: service_type_code \"s9\": of no product in products.csv\n2:20: sku \"x\": not in products.csv"},
		{"a,channel,,,s2,flt,rate,1,2026-01-01,\n", `2:16: sku "flt": of service "s1", not "s2"`},
		{"a,channel,,,,,rate,1.01,2026-01-01,\n", `2:20: value "1.01": outside 0 to 1`},
		{"a,channel,,,,,rate,,2026-01-01,\n", "2:20: value: empty"},
		{"a,channel,,,,,percent,1,2026-01-01,\n", `2:15: mode "percent": not one of rate, fixed, reduction`},
		{"a,channel,,,,flt,reduction,1,2026-01-01,\n",
			`2:18: mode "reduction": a reduction is for orders, and the product is flat`},
		{"a,channel,,,,sub,reduction,-1,2026-01-01,\n", `2:28: value "-1": below 0`},
		{"a,channel,,,,sub,fixed,0.123456789,2026-01-01,\n", `2:24: value "0.123456789": more than 8 decimals`},
		{"a,channel,,,,flt,fixed,0.1234567891,2026-01-01,\n", ""},
		{"a,channel,,,,,fixed,5,,\n", "2:23: valid_from: empty"},
		{"a,channel,,,,,rate,1,2026-01-01,\na,order,,,,,rate,1,2026-02-01,\n",
			"3:1: overlaps discounts.csv:2: discount_id a, both in force in [2026-01-31T16:00:00Z, )"},
	} {
		w.text = "discount_id,kind,customer_id,partner_id,service_type_code,sku,mode,value,valid_from,valid_to\n" +
			w.text
		w.check(t, "discounts.csv")
	}
	for _, w := range []wrongFile{
		{"p,c1,flt;x;;flt,,1,none,2026-01-01,\n", "2:6: skus \"flt;x;;flt\": \"flt\" is duplicate\n" +
			"2:6: skus \"flt;x;;flt\": \"x\" is not in products.csv\n" +
			"2:6: skus \"flt;x;;flt\": an empty sku in the list"},
		{"p,c1,,,1,none,2026-01-01,\n", "2:6: skus: empty"},
		{"p:1,c1,flt,,1,none,2026-01-01,\n", `2:1: package_id "p:1": an id of a package may not contain ":"`},
		{"p,c9,flt,,-1,weekly,2026-01-01,\n", "2:3: customer_id \"c9\": not in customers.csv\n" +
			"2:11: quota \"-1\": a minus is not allowed\n" +
			"2:14: reset \"weekly\": not one of none, cycle, anniversary"},
		{"p,c1,flt,,1,none,2026-01-01,2026-02-01\np,c1,flt,,1,none,2026-02-01,\np,c2,flt,,1,none,2026-01-01,\n", ""},
		{"p,c1,flt,,1,none,2026-01-01,\np,c1,grd,,1,none,2026-02-01,\n",
			"3:1: overlaps packages.csv:2: customer_id c1, package_id p, both in force in [2026-01-31T16:00:00Z, )"},
	} {
		w.text = "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n" + w.text
		w.check(t, "packages.csv")
	}
	for _, w := range []wrongFile{
		{"k,c1,gift,NO,5,0,,,NO,2026-01-01,\n", `2:6: kind "gift": not one of voucher, cash_coupon, pickup`},
		{"k,c1,voucher,NO,0,0,,,NO,2026-01-01,\n", `2:17: amount "0": not above 0`},
		{"k,c1,voucher,NO,-5,0,,,NO,2026-01-01,\n", `2:17: amount "-5": below 0`},
		{"k,*,voucher,NO,5,0,,,NO,2026-01-01,\n", `2:3: customer_id "*": not in customers.csv`},
		{"k,c1,voucher,NO,5,0,,,NO,2026-01-01,2026-02-01\nk,c1,voucher,NO,5,0,,,NO,2026-02-01,\n", ""},
		{"k,c1,voucher,NO,5,0,,,NO,2026-01-01,2026-02-02\nk,c1,voucher,NO,5,0,,,NO,2026-02-01,\n",
			"3:1: overlaps coupons.csv:2: coupon_id k, both in force in [2026-01-31T16:00:00Z, 2026-02-01T16:00:00Z)"},
	} {
		w.text =
			"coupon_id,customer_id,kind,counts_as_performance,amount,min_consumption,service_type_code,sku," +
				"with_discount,valid_from,valid_to\n" + w.text
		w.check(t, "coupons.csv")
	}
}

func TestLinksAndTerms(t *testing.T) {
	t.Parallel()
	for _, w := range []wrongFile{
		{"l,c1,flt,r,,1,0,2026-01-01,\n", `2:6: sku "flt": a link needs a percentile product, and this is flat`},
		{"l,c9,xx,*,,1,0,2026-01-01,\n", "2:3: customer_id \"c9\": not in customers.csv\n" +
			"2:6: sku \"xx\": not in products.csv\n" +
			"2:9: region_code \"*\": means any and cannot be a name"},
		{"l,c1,enh,r,,,0,2026-01-01,\n", "2:13: size_mbps: enhanced_p95 needs a size above 0"},
		{"l,c1,bw,r,,1,5,2026-01-01,\n",
			`2:14: commit_mbps "5": owed, and no price of sku "bw" fits the customer and the region`},
		{"l,c1,bw,r,g,,,2026-01-01,\nl,c1,bw,r,h,,,2026-02-01,\n",
			"3:1: overlaps links.csv:2: resource_id l, both in force in [2026-01-31T16:00:00Z, )"},
		{"l,c1,bw,r,,,,2026-01-01,\nm,c1,bw,r,l,,,2026-01-01,\n",
			`3:1: group "l" is also the resource_id of a link without a group: links.csv:2`},
		{"l,c1,bw,r,,,,2026-01-01,\nm,c2,bw,r,l,,,2026-01-01,\n", ""},
	} {
		w.text = "resource_id,customer_id,sku,region_code,group,size_mbps,commit_mbps,valid_from,valid_to\n" + w.text
		w.check(t, "links.csv")
	}
	for _, links := range []struct{ row, want string }{
		{"l,c1,bw,r,,5,2026-01-01",
			`links.csv:2:12: size_mbps "5": its share floor_share is billed, and no price of sku "bw" fits the ` +
				`customer and the region`},
		{"l,c1,bw,r,,4.9,2026-01-01", ""}, // 0.2 of 4.9 is below 1 Mbps, so there is no floor
	} {
		got := told(t, map[string]string{"policies.yaml": "p95: {method: enhanced_p95, floor_share: \"0.2\"}\n" +
			"enh: {method: enhanced_p95}\n",
			"links.csv": "resource_id,customer_id,sku,region_code,group,size_mbps,valid_from\n" + links.row +
				"\nm,c1,enh,r,,5,2026-01-01\n"})
		if got != links.want {
			t.Errorf("link %s\ngot  %s\nwant %s", links.row, got, links.want)
		}
	}
	for _, w := range []wrongFile{
		{"r1,d1,,,official,1,2026-01-01,\n", `2:1: seller_id "r1": neither the vendor nor a distributor`},
		{"x,d1,,,official,1,2026-01-01,\n", `2:1: seller_id "x": not in partners.csv`},
		{"d1,d1,,,official,1,2026-01-01,\n", `2:4: buyer_id "d1": the seller itself`},
		{"d1,x,,,list,2,2026-01-01,\n", "2:4: buyer_id \"x\": not in partners.csv\n" +
			"2:8: basis \"list\": not one of official, payable\n2:13: rate \"2\": outside 0 to 1"},
		{"d1,r1,,,official,1,2026-01-01,\nd1,r1,*,*,payable,1,2026-02-01,\n",
			"3:1: overlaps terms.csv:2: seller_id d1, buyer_id r1, service_type_code *, sku *, both in force in " +
				"[2026-01-31T16:00:00Z, )"},
		{"vendor,d1,s1,flt,official,1,2026-01-01,\nvendor,d1,,flt,payable,1,2026-02-01,\n",
			"3:1: overlaps terms.csv:2: seller_id vendor, buyer_id d1, service_type_code *, sku flt, both in force " +
				"in [2026-01-31T16:00:00Z, )"},
		{"vendor,d1,s1,,official,1,2026-01-01,\nvendor,d1,,flt,payable,1,2026-02-01,\n" +
			"vendor,r1,,flt,payable,1,2026-02-01,\n", ""},
	} {
		w.text = "seller_id,buyer_id,service_type_code,sku,basis,rate,valid_from,valid_to\n" + w.text
		w.check(t, "terms.csv")
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	head := "p95: {method: monthly_p95}\nenh: {method: enhanced_p95}\n"
	for _, w := range []wrongFile{
		{head + "q: {methods: x}\n", "3:4: missing key \"q.method\"\n3:5: unknown key \"q.methods\""},
		{head + "q:\n", "3:1: q is nothing, not a mapping"},
		{head + "q:\n  method: p95\n",
			`4:11: q.method "p95": not one of monthly_p95, daily_peak_mean, daily_p95_mean, monthly_4th_peak, transit_p95, enhanced_p95`},
		{head + "q:\n  method: transit_p95\n  series: both\n  duplicates: first\n  missing: drop\n" +
			"  valid_days_only: yes\n  kilo: 1e3\n  drop: \"1\"\n  days: work\n  floor_share: \"0.1\"\n",
			"5:11: q.series \"both\": not one of max, in, out, sum\n" +
				"6:15: q.duplicates \"first\": not one of max, last, reject\n" +
				"7:12: q.missing \"drop\": not one of skip, zero\n" +
				"8:20: q.valid_days_only \"yes\": not true or false\n9:9: q.kilo \"1e3\": not one of 1000, 1024\n" +
				"10:9: q.drop \"1\": not below 1\n" +
				"11:9: q.days \"work\": not one of all, valid, in_force\n" +
				"12:16: q.floor_share \"0.1\": only enhanced_p95 has one"},
		{head + "p95: {method: transit_p95}\n", `3:1: key "p95" is duplicate: first on line 1`},
		{"- method: monthly_p95\n", "1:1: a list, not a mapping of policy ids"},
		{head + "q: {method: daily_p95_mean\n", "3:4: not YAML: could not find flow mapping end token '}'"},
	} {
		w.check(t, "policies.yaml")
	}
}

func TestIncentives(t *testing.T) {
	t.Parallel()
	for _, w := range []wrongFile{
		{"growth: {}\n", "1:1: a mapping, not a list of programmes"},
		{"- growth\n", "1:3: programme 1 is a single value, not a mapping"},
		{"- {}\n", "1:3: missing key \"programme 1.id\"\n1:3: missing key \"programme 1.period\"\n" +
			"1:3: missing key \"programme 1.tiers\""},
		{"- {id: a, period: month, tiers: []}\n- {id: a, period: month, tiers: []}\n",
			`2:8: programme 2.id "a": is duplicate: also on line 1`},
		{"- id: a\n  period: week\n  tiers:\n    - {from: 0, rate: 1.5}\n    - {from: -1, rate: \"0\"}\n" +
			"    - {from: \"1,000\", size: 3}\n  color: red\n",
			"2:11: programme 1.period \"week\": not one of month, quarter\n" +
				"4:23: programme 1.tiers[1].rate \"1.5\": outside 0 to 1\n" +
				"5:14: programme 1.tiers[2].from \"-1\": below 0\n" +
				"5:14: programme 1.tiers[2].from \"-1\": not above that of the tier before\n" +
				"6:7: missing key \"programme 1.tiers[3].rate\"\n" +
				"6:14: programme 1.tiers[3].from \"1,000\": not above that of the tier before\n" +
				"6:14: programme 1.tiers[3].from \"1,000\": thousands separator\n" +
				"6:23: unknown key \"programme 1.tiers[3].size\"\n7:3: unknown key \"programme 1.color\""},
		{"- id: a\n  period: month\n  partners: [d1, d9, d1]\n  association_types: [1, 3]\n  product_classes: none\n" +
			"  new_customer_bonus: {rate: \"0.1\"}\n",
			"3:18: programme 1.partners \"d9\": not in partners.csv\n" +
				"3:22: programme 1.partners \"d1\": is duplicate\n" +
				"4:26: programme 1.association_types \"3\": not one of 1, 2\n" +
				"5:20: programme 1.product_classes \"none\": not a list of ordinary, specific, none, no_rebate\n" +
				"6:23: missing key \"programme 1.new_customer_bonus.months\""},
		{"- id: a\n  period: month\n  tiers: []\n  valid_from: 2026-01-01\n  valid_to: 2026-01-01\n  cap: -5\n" +
			"  confirm_within_working_days: 0\n  lapse_after_days: -1\n  carry_negative: NO\n  partners: d1\n",
			"5:13: programme 1.valid_to \"2026-01-01\": not after valid_from\n6:8: programme 1.cap \"-5\": below 0\n" +
				"7:32: programme 1.confirm_within_working_days \"0\": not from 1 to 10000\n" +
				"8:21: programme 1.lapse_after_days \"-1\": not from 0 to 100000\n" +
				"9:19: programme 1.carry_negative \"NO\": not true or false\n" +
				"10:13: programme 1.partners \"d1\": neither a list of partner ids nor *"},
	} {
		w.check(t, "incentives.yaml")
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	got := told(t, map[string]string{
		"products.csv":  "sku,service_type_code,measure,pricing_model\nflt,s1,GB,flat\nodd,s1,GB,flatt\n",
		"prices.csv":    "sku,valid_from,tier,unit_price,colour\nflt,2026-01-01,1,1,red\n",
		"customers.csv": "customer_id\nc1\nc1\n",
		"links.csv":     "resource_id,customer_id,sku,region_code,valid_from\nl,c2,odd,r,2026-01-01\n",
		"policies.yaml": "p: {method: monthly_p95, kilo: 1}\n",
	})
	want := `customers.csv:3:1: overlaps customers.csv:2: customer_id c1, both in force in [, )
links.csv:2:3: customer_id "c2": not in customers.csv
policies.yaml:1:32: p.kilo "1": not one of 1000, 1024
prices.csv:1:32: unknown column "colour"
products.csv:3:11: pricing_model "flatt": not one of flat, graduated, volume, block, stairstep, percentile, period, ` +
		`percentage, recurring, pass_through`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMissingBooks(t *testing.T) {
	t.Parallel()
	_, err := Books(fstest.MapFS{}, chosen(t))
	want := "books/customers.csv: not there\nbooks/prices.csv: not there\nbooks/products.csv: not there"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if _, err := Books(fstest.MapFS{}, settings.Settings{}); err == nil || errors.As(err, new(books.Problems)) {
		t.Errorf("settings without a zone: %v", err)
	}
	broken := fstest.MapFS{"books/products.csv": {Mode: fs.ModeDir}}
	if _, err := Books(broken, chosen(t)); err == nil || errors.As(err, new(books.Problems)) {
		t.Errorf("a folder where a book should be: %v", err)
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	t.Parallel()
	text := "date,working\n" + strings.Repeat("never,NO\n", 2500)
	got := strings.Split(told(t, map[string]string{"calendar.csv": text}), "\n")
	if len(got) != problem.Limit+1 || got[0] != `calendar.csv:2:1: date "never": not a date YYYY-MM-DD` ||
		got[problem.Limit] != "and 1500 more problems" {
		t.Errorf("%d lines, first %q, last %q", len(got), got[0], got[len(got)-1])
	}
}

// TestNoFollowUpProblems checks that references to rows of a book that could not be read completely are not reported.
func TestNoFollowUpProblems(t *testing.T) {
	t.Parallel()
	got := told(t, map[string]string{"products.csv": "sku,service_type_code,measure\nflt,s1,GB\n"})
	if got != `products.csv:1:1: missing column "pricing_model"` {
		t.Error(got)
	}
}

// FuzzBooks reads one text as every CSV and YAML book: Load never panics, and every problem has a place.
func FuzzBooks(f *testing.F) {
	for name, text := range sample {
		f.Add(name, text)
	}
	names := map[string]bool{}
	for _, format := range books.Formats() {
		names[format.File] = true
	}
	s := chosen(f)
	f.Fuzz(func(t *testing.T, name, text string) {
		if !names[name] || text == "" {
			return
		}
		_, err := Books(workspace(map[string]string{name: text}), s)
		var ps books.Problems
		if err != nil && !errors.As(err, &ps) {
			t.Fatalf("%T %v", err, err)
		}
		for _, p := range ps {
			if p.File != "" && (p.Line < 1 || p.Column < 1) || p.Text == "" {
				t.Fatalf("%+v has no place", p)
			}
		}
	})
}
