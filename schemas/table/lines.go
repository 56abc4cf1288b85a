package table

// Columns of the lines table, in file order (spec §5, §8).
const (
	LCycle = iota
	LCustomerID
	LPartnerID
	LAssociationType
	LServiceTypeCode
	LResourceTypeCode
	LRegionCode
	LChargingMode
	LBillDetailType
	LTradeID
	LTradeTime
	LConsumeTime
	LID
	LTier
	LKind
	LResourceID
	LResourceName
	LResourceTag
	LSKU
	LUsageType
	LMeasure
	LUsageAmount
	LFreeResourceUsage
	LQuantity
	LUnitPrice
	LOfficialAmount
	LDiscountAmount
	LDiscountID
	LTruncatedAmount
	LPaymentAmount
	LCashAmount
	LCreditAmount
	LCouponAmount
	LStoredValueAmount
	LFlexiCouponAmount
	LDebtAmount
	LOriginCycle
	LPriceValidFrom
	LPriceList
	LPriceRegion
	LPackageDraws
	LUsageStart
	LUsageEnd
	LDay
	LineColumns
)

// Lines is the consumption records (spec §5), one row a line.
func Lines() *Table {
	return define("lines", []Column{
		{"cycle", Word, "cycle the line is billed in"},
		{"customer_id", Word, "who consumed"},
		{"partner_id", Word, "partner of the association in force at the line's time; empty without one"},
		{"association_type", Word, "1 referral, 2 reseller; empty without a partner"},
		{"service_type_code", Word, "of the product"},
		{"resource_type_code", Word, "of the product"},
		{"region_code", Word, "of the record; of a month-end line: of its meter's first record"},
		{"charging_mode", Small, "1 period, 3 on demand"},
		{"bill_detail_type", Small, "1 new, 2 renew, 3 change, 4 unsubscribe, 5 usage, 8 auto-renew, 9 and 16 adjustment"},
		{"trade_id", Word, "order id, or the cycle of the run"},
		{"trade_time", Time, "usage_end, pay_time or the event's time"},
		{"consume_time", Time, "usage_end, pay_time or the event's time"},
		{"id", Text, "record_id; orders order_id/order_line; month-end lines cycle/sku/region/object"},
		{"tier", Small, "number of the price tier"},
		{"kind", Word, "usage, flat_fee, period, order, refund or adjustment"},
		{"resource_id", Text, "resource, or the link or group of a bandwidth line"},
		{"resource_name", Text, "as the record says"},
		{"resource_tag", Text, "as the record says"},
		{"sku", Word, "of the product"},
		{"usage_type", Word, "of the product"},
		{"measure", Word, "unit of the quantities"},
		{"usage_amount", Quantity, "what was used"},
		{"free_resource_usage", Quantity, "of it, taken from prepaid packages"},
		{"quantity", Quantity, "what is priced"},
		{"unit_price", Quantity, "official price of one unit"},
		{"official_amount", Amount, "quantity × unit_price, rounded half away from zero to 8 decimals"},
		{"official_discount_amount", Amount, "official_amount less what is left after the discount"},
		{"discount_id", Word, "the discount that applied; empty without one"},
		{"truncated_amount", Amount, "what the cut to the currency's digits took (rounding grain line)"},
		{"payment_amount", Amount, "what is to be paid"},
		{"cash_amount", Amount, "of it, paid in cash"},
		{"credit_amount", Amount, "of it, taken on credit"},
		{"coupon_amount", Amount, "of it, paid by coupons"},
		{"stored_value_card_amount", Amount, "of it, paid from stored value"},
		{"flexipurchase_coupon_amount", Amount, "of it, paid by flexi coupons"},
		{"debt_amount", Amount, "of it, owed"},
		{"origin_cycle", Word, "cycle the consumption belongs to"},
		{"price_valid_from", MaybeTime, "start of the price version"},
		{"price_list", Word, "list the price version is of"},
		{"price_region", Word, "region the price version is of; * = any"},
		{"package_draws", Text, "package_id:quantity;… drawn from prepaid packages"},
		{"usage_start", Time, "start of the usage; month-end lines: of the cycle"},
		{"usage_end", Time, "end of the usage; month-end lines: of the cycle"},
	}, Column{"day", Word, "day of usage_start in the contract zone; end = month-end lines"})
}
