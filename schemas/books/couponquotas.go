package books

import "github.com/tollbook/tollbook/schemas/period"

func couponQuotasFormat() Format {
	return Format{File: "coupon_quotas.csv", Key: "quota_id",
		Meaning: "quotas from which partners issue coupons (§9.2)", Columns: []Column{
			id("quota_id", "the quota"),
			id("partner_id", "who issues coupons from it"),
			code("parent_quota_id", "the quota of a distributor that it was handed down from"),
			word("kind", couponWords, "", "of its coupons, as in coupons.csv"),
			number("amount", "amount", "", "the quota"),
			{Name: "max_face", Type: "amount", Meaning: "largest amount of one coupon; empty = no limit"},
			{Name: "coupon_months", Type: "whole number", Required: true, Meaning: "validity of its coupons, from 1"},
			number("min_consumption", "amount", "0", "smallest payment a coupon may be used on"),
			scope("service_type_code", "service"),
			scope("sku", "product"),
			word("with_discount", besideWords, "NO", withDiscountMeaning),
			word("counts_as_performance", yesNo, "NO",
				"whether what its coupons pay is performance; that of a voucher or a pickup never is"),
			validFrom(false), validTo(),
		}}
}

func solutionsFormat() Format {
	return Format{File: "solutions.csv", Key: "solution_id",
		Meaning: "partners' solutions, for which they apply for test coupons (§9.3)", Columns: []Column{
			id("solution_id", "the solution"),
			id("partner_id", "whose it is"),
			id("customer_id", "the account that receives its coupons"),
			id("level", "its level: a key of test_coupons.ceilings in tollbook.yaml"),
			validFrom(false), validTo(),
		}}
}

// Commercial returns the periods in which each discount is of kind commercial, by id and sorted by start. A discount
// can change its kind from one row to the next.
func (b *Books) Commercial() map[string][]period.Span {
	out := map[string][]period.Span{}
	for i := range b.Discounts {
		if d := &b.Discounts[i]; d.Kind == Commercial {
			out[d.ID] = append(out[d.ID], d.Valid)
		}
	}
	return out
}

// ValidFor returns the validity of a coupon that is issued at t and is valid for some months.
func ValidFor(zone *period.Zone, t period.Instant, months int) period.Span {
	return period.Span{From: t, To: zone.MonthsAfter(t, months)}
}
