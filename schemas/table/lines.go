package table

// Columns of the lines table, in file order (§5, §8).
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
	LCountedCoupon
	LOwnTime
	LInstant
	LineColumns
)

// Lines is the consumption records (§5), one row a line.
func Lines() *Table { return linesTable }

var linesTable = define("lines", []Column{
	{"cycle", Word, "cycle the line is billed in"},
	{"customer_id", Word, "who consumed"},
	{"partner_id", Word, "partner of the association in force at the line's time; empty without one"},
	{"association_type", Word, "1 referral, 2 reseller; empty without a partner"},
	{"service_type_code", Word, "the product's service"},
	{"resource_type_code", Word, "the product's kind of resource"},
	{"region_code", Word, "region of the record; on a month-end line that of the meter's first record"},
	{"charging_mode", Small, "1: paid for a period; 3: on demand"},
	{"bill_detail_type", Small,
		"what happened: 1 new, 2 renew, 3 change, 4 unsubscribe, 5 usage, 8 auto-renew, 9 and 16 adjustment"},
	{"trade_id", Word, "id of the order; the cycle on lines that no order made"},
	{"trade_time", Time, "when it was traded: usage_end, pay_time or the event's time"},
	{"consume_time", Time, "when it was consumed: usage_end, pay_time or the event's time"},
	{"id", Text, "record_id; on order lines order_id/order_line; on month-end lines cycle/sku/region/object"},
	{"tier", Small, "number of the price tier, from 1; empty without one"},
	{"kind", Word, "what the line is for: usage, flat_fee, period, order, refund or adjustment"},
	{"resource_id", Text, "the resource; on a bandwidth line the link or the group"},
	{"resource_name", Text, "the resource's name, as the record says"},
	{"resource_tag", Text, "the resource's tags, as the record says"},
	{"sku", Word, "the product"},
	{"usage_type", Word, "the usage type of the product"},
	{"measure", Word, "unit of the quantities, as the product says"},
	{"usage_amount", Quantity, "what was used"},
	{"free_resource_usage", Quantity, "the part of usage_amount that was taken from prepaid packages"},
	{"quantity", Quantity, "what is priced"},
	{"unit_price", Quantity, "official price of one unit of quantity"},
	{"official_amount", Amount, "quantity × unit_price, rounded half away from zero to 8 decimals"},
	{"official_discount_amount", Amount, "official_amount less what is left after the discount"},
	{"discount_id", Word, "the discount that applied; empty without one"},
	{"truncated_amount", Amount, "what the cut to the currency's digits took; 0 with rounding grain cycle"},
	{"payment_amount", Amount, "what is to be paid"},
	{"cash_amount", Amount, "the part of payment_amount that was paid in cash"},
	{"credit_amount", Amount, "the part of payment_amount that was taken on credit"},
	{"coupon_amount", Amount, "the part of payment_amount that was paid by coupons"},
	{"stored_value_card_amount", Amount, "the part of payment_amount that was paid from stored value"},
	{"flexipurchase_coupon_amount", Amount, "the part of payment_amount that was paid by flexi coupons"},
	{"debt_amount", Amount, "the part of payment_amount that is still owed"},
	{"origin_cycle", Word, "cycle that the consumption belongs to, where it is not cycle; else empty"},
	{"price_valid_from", MaybeTime, "start of the price version"},
	{"price_list", Word, "price list that the version was found in"},
	{"price_region", Word, "region that the version is for; * = any"},
	{"package_draws", Text, "what was drawn from prepaid packages: package_id:quantity;…"},
	{"usage_start", Time, "start of the use; on month-end lines that of the cycle"},
	{"usage_end", MaybeTime,
		"end of the use; on month-end lines that of the cycle; null for an order that never expires"},
},
	Column{"day", Word,
		"day of usage_start in the contract zone; end on month-end lines, events on lines of orders and " +
			"adjustments, late on those of late records, rerate on those of re-rating"},
	Column{"counted_coupon_amount", Amount, "the part of coupon_amount that counts as performance"},
	Column{"own_time", MaybeTime,
		"when the line's partner, terms and prices are looked up; null where that is usage_start"},
	Column{"instant", MaybeTime,
		"when the line is paid, and the period that its performance falls in; null where that is usage_start"})
