package load

import (
	"maps"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// countingSample has books with the columns of §10.1 to §10.3.
var countingSample = map[string]string{
	"products.csv": `sku,service_type_code,measure,pricing_model,aggregation,unique_by,convert,block_rounding,block_fill,fee_at_zero,prorate,level
calls,s,call,graduated,count,,,,,,,
plain,s,GB,flat,,,/1000000000^0,,,,,
pay,s,CNY,percentage,sum,,,,,,,
seats,s,seat,volume,unique_count,resource_tag,,,,,,
vm,s,vm,block,max,,*2,down,each,,,
last,s,GB,stairstep,last,,,,,,,
plan,s,month,recurring,,,,,,,,
call,s,minute,graduated,,,,,,YES,,
disk,s,GB,stairstep,last,,,,,YES,,
vms,s,vm,volume,,,,,,YES,,
units,s,unit,graduated,,,,,,,days,
held,s,unit,flat,time_weighted,,,,,,,delta
`,
	"prices.csv": "sku,valid_from,tier,up_to,unit_price,flat_fee,block_size," +
		"rate,fixed_fee,min_fee,max_fee,free_events,free_amount" + `
calls,2026-01-01,1,,1,,,,,,,,
plain,2026-01-01,1,,1,,,,,,,,
pay,2026-01-01,1,,,5,,0.013,2,1.75,12,0,250
seats,2026-01-01,1,,1,,,,,,,,
vm,2026-01-01,1,,1,,10,,,,,,
last,2026-01-01,1,,,7,,,,,,,
plan,2026-01-01,1,,9,,,,,,,,
call,2026-01-01,1,,1,5,,,,,,,
held,2026-01-01,1,,1,,,,,,,,
units,2026-01-01,1,,1,,,,,,,,
disk,2026-01-01,1,,,5,,,,,,,
vms,2026-01-01,1,,1,5,,,,,,,
`,
	"recurring.csv": "charge_id,customer_id,sku,region_code,resource_id,quantity,timing,period,anchor,proration," +
		"valid_from,valid_to\np,c1,plan,,,2,advance,quarter,start,seconds,2026-01-01,\n",
	"commitments.csv": "commitment_id,customer_id,service_type_code,sku,kind,basis,value,window,overage_factor," +
		"true_up,prorate,valid_from,valid_to\nm,c1,,plain,commit,quantity,5,day,2,NO,none,2026-01-01,\n",
	"subscribers.csv":  "customer_id,sku,region_code,resource_id,valid_from,valid_to\nc1,call,eu,,,\n",
	"customers.csv":    "customer_id\nc1\n",
	"associations.csv": "", "discounts.csv": "", "packages.csv": "", "links.csv": "", "terms.csv": "",
	"coupons.csv": "", "coupon_quotas.csv": "", "solutions.csv": "",
}

func TestCounting(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(countingSample), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	for sku, want := range map[string]string{
		"calls": "count", "plain": "sum /1000000000^0", "pay": "sum", "seats": "unique_count by resource_tag",
		"vm": "max *2 down each", "last": "last",
	} {
		p := b.Products[b.SKU(sku)]
		got := []string{p.Aggregation.String()}
		if p.UniqueBy != "" {
			got = append(got, "by "+p.UniqueBy)
		}
		if !p.Convert.IsZero() {
			got = append(got, p.Convert.String())
		}
		if p.BlockDown {
			got = append(got, "down")
		}
		if p.BlockEach {
			got = append(got, "each")
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %s, want %s", sku, text, want)
		}
	}
	price := b.Versions.Of(b.SKU("pay"), "standard", "*", "")[0].Tiers[0]
	terms := price.Percentage
	if price.UnitPrice.Trim() != "0.013" || price.FlatFee.Trim() != "5" || terms.FixedFee.Trim() != "2" ||
		terms.MinFee.Trim() != "1.75" ||
		!terms.HasMax || terms.MaxFee.Trim() != "12" || !terms.HasEvents || terms.FreeEvents != 0 ||
		terms.FreeAmount.Trim() != "250" {
		t.Errorf("%+v", price)
	}
}

// TestCountingOfProducts checks which products are priced at the cycle's end, have their own lines, and use packages.
func TestCountingOfProducts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p                          books.Product
		periodLevel, kept, drawing bool
	}{
		{books.Product{Model: books.Flat}, false, false, true},
		{books.Product{Model: books.Volume}, true, true, true},
		{books.Product{Model: books.Percentage}, false, false, false},
		{books.Product{Model: books.Graduated, Counting: books.Counting{Aggregation: books.Count}}, false, true, true},
		{books.Product{Model: books.Flat, Counting: books.Counting{Aggregation: books.Max}}, true, true, false},
		{books.Product{Model: books.Flat, Counting: books.Counting{Aggregation: books.UniqueCount}}, true, true, false},
	} {
		if c.p.PeriodLevel() != c.periodLevel || c.p.Kept() != c.kept || c.p.Draws() != c.drawing {
			t.Errorf("%s %s: %v %v %v", c.p.Model, c.p.Aggregation, c.p.PeriodLevel(), c.p.Kept(), c.p.Draws())
		}
	}
}

// TestWrittenDefaults checks that each row may state the default value of a column explicitly.
func TestWrittenDefaults(t *testing.T) {
	t.Parallel()
	files := maps.Clone(countingSample)
	for _, model := range []string{"flat", "graduated", "stairstep", "period", "recurring"} {
		files["products.csv"] += "all-" + model + ",s,GB," + model + ",sum,resource_id,,up,top,NO,none,absolute\n"
	}
	files["commitments.csv"] += "n,c1,,,minimum,amount,5,cycle,1.0,YES,days,,\nn2,c1,,,maximum,,5,,1,YES,,,\n"
	files["incentives.yaml"] = "- {id: a, valid_from: \"\", valid_to: \"\", period: month, " +
		"tiers: [{from: 0, rate: \"0.05\"}]}\n" +
		"- id: b\n  valid_from:\n  valid_to:\n  period: month\n  tiers: [{from: 0, rate: \"0.05\"}]\n"
	files["policies.yaml"] = "p: {method: monthly_p95, floor_share: \"0\"}\n"
	b, err := Books(workspace(files), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Products {
		if p := &b.Products[i]; strings.HasPrefix(p.SKU, "all-") && p.Counting != (books.Counting{}) {
			t.Errorf("%s: %+v", p.SKU, p.Counting)
		}
	}
	for _, p := range b.Programmes {
		if p.Valid != period.Always() {
			t.Errorf("%s: %v", p.ID, p.Valid)
		}
	}
}

// TestCountingProblems checks that conflicting values are an error of the books with its place.
func TestCountingProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, row, want string }{
		{"products.csv", "x,s,GB,flat,avg,,,,,,,",
			`aggregation "avg": not one of sum, count, unique_count, max, last, time_weighted`},
		{"products.csv", "x,s,GB,percentage,count,,,,,,,", `aggregation "count": does not fit a percentage product`},
		{"products.csv", "x,s,GB,period,max,,,,,,,", `aggregation "max": does not fit a period product`},
		{"products.csv", "x,s,GB,percentage,,,/10,,,,,", `convert "/10": does not fit a percentage product`},
		{"products.csv", "x,s,GB,flat,,,10,,,,,", `convert conversion "10": does not begin with * or /`},
		{"products.csv", "x,s,GB,flat,,resource_tag,,,,,,",
			`unique_by "resource_tag": only aggregation unique_count has one`},
		{"products.csv", "x,s,GB,flat,unique_count,user,,,,,,", `unique_by "user": not one of resource_id`},
		{"products.csv", "x,s,GB,flat,,,,down,,,,", `block_rounding "down": only a block product has one`},
		{"products.csv", "x,s,GB,volume,,,,,each,,,", `block_fill "each": only a block product has one`},
		{"products.csv", "x,s,GB,flat,,,,,,YES,,", `fee_at_zero "YES": does not fit a flat product`},
		{"products.csv", "x,s,GB,block,,,,,,YES,,", `fee_at_zero "YES": does not fit a block product`},
		{"products.csv", "x,s,GB,flat,,,,,,,days,", `prorate "days": does not fit a flat product`},
		{"products.csv", "x,s,GB,graduated,count,,,,,,days,", `prorate "days": does not go with aggregation`},
		{"products.csv", "x,s,GB,volume,,,/10,,,,days,", `prorate "days": does not go with aggregation, convert`},
		{"products.csv", "x,s,GB,volume,,,,,,YES,days,",
			`prorate "days": does not go with aggregation, convert or fee`},
		{"products.csv", "x,s,GB,volume,,,,,,,weeks,", `prorate "weeks": not one of none, days`},
		{"products.csv", "x,s,GB,flat,max,,,,,,,delta", `level "delta": only aggregation time_weighted has one`},
		{"products.csv", "x,s,GB,flat,time_weighted,,,,,,,up", `level "up": not one of absolute, delta`},
		{"products.csv", "x,s,GB,percentage,time_weighted,,,,,,,", "does not fit a percentage product"},
		{"subscribers.csv", "c1,call,eu,,2026-01-01,", "overlaps"},
		{"subscribers.csv", "c1,plain,eu,,,", `sku "plain": a product without a fee at zero`},
		{"subscribers.csv", "c1,call,*,,,", `region_code "*": means any and cannot be a name`},
		{"subscribers.csv", "c1,call,,,,", "region_code"},
		{"subscribers.csv", "c2,call,eu,,,", `customer_id "c2"`},
		{"recurring.csv", "p,c1,plan,,,,,month,,,2026-02-01,", "overlaps"},
		{"recurring.csv", "q,c1,plain,,,,,month,,,2026-02-01,",
			`sku "plain": a flat product; a recurring charge needs`},
		{"recurring.csv", "q,c1,plan,,,,late,month,,,2026-02-01,", `timing "late": not one of arrears, advance`},
		{"recurring.csv", "p,c1,plan,,,,,month,,,2025-02-01,2026-01-01", "its rows do not agree in timing"},
		{"commitments.csv", "m,c1,,,minimum,,5,,,,,2026-02-01,", "overlaps"},
		{"commitments.csv", "n,c1,,plain,minimum,quantity,5,,,,,,", `basis "quantity": a minimum is an amount`},
		{"commitments.csv", "n,c1,,pay,commit,quantity,5,,,,,,", "a quantity is a commit on one flat product"},
		{"commitments.csv", "n,c1,,,maximum,,5,,2,,,,", `overage_factor "2": only a commit has one`},
		{"commitments.csv", "n,c1,,,minimum,,5,,,NO,,,", `true_up "NO": only a commit has one`},
		{"commitments.csv", "n,c1,,,commit,,5,year,,,,,", "a window of a year is counted from it"},
		{"commitments.csv", "n,c1,,,commit,,-5,,,,,,", `value "-5": below 0`},
		{"prices.csv", "plain,2025-01-01,1,,1,,,0.5,,,,,",
			`rate "0.5": only a percentage price and a pass_through price have`},
		{"prices.csv", "plain,2025-01-01,1,,1,,,,,,,3,", `free_events "3": only a percentage price has one`},
		{"prices.csv", "pay,2025-01-01,1,,1,,,0.5,,,,,", `unit_price "1": a percentage price has a rate`},
		{"prices.csv", "pay,2025-01-01,1,,,,,,,,,,", `rate: a percentage price needs one`},
		{"prices.csv", "pay,2025-01-01,1,,,,,0.5,,,,1.5,", `free_events "1.5": not a whole number from 0`},
		{"prices.csv", "pay,2025-01-01,1,9,,,,0.5,2,,,,\npay,2025-01-01,2,,,,,0.4,,,,,",
			"do not fit a percentage price of 2 tiers"},
	} {
		files := map[string]string{}
		for name, text := range countingSample {
			files[name] = text
		}
		files[c.file] += c.row + "\n"
		if c.file == "prices.csv" { // the version in the sample starts when this one ends
			files[c.file] = strings.ReplaceAll(files[c.file], "valid_from,tier", "valid_from,valid_to,tier")
			files[c.file] = strings.ReplaceAll(files[c.file], "2026-01-01,", "2026-01-01,,")
			files[c.file] = strings.ReplaceAll(files[c.file], "2025-01-01,", "2025-01-01,2026-01-01,")
		}
		if _, err := Books(workspace(files), chosen(t)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.row, err, c.want)
		}
	}
}
