package books

import "slices"

// Format describes one book: a CSV file with a header row, or a YAML file.
type Format struct {
	File     string // name in books/
	Required bool   // the file must exist; other books that do not exist are empty
	Key      string // key of which one row can be in force at any instant
	Meaning  string
	Columns  []Column // for a YAML file: its keys
}

// Column is one column of a book, or one key of a YAML book.
type Column struct {
	Name     string
	Type     string   // id, text, word, quantity, unit price, amount, rate, whole number, date, time, list
	Words    []string // the allowed values of a word
	Required bool     // the column must exist and its cells must not be empty
	Default  string   // value of an empty cell
	Meaning  string
}

var (
	meterWords    = []string{"region", "customer", "resource"}
	classWords    = []string{"ordinary", "specific", "none", "no_rebate"}
	periodWords   = []string{"hour", "day", "month", "year", "one_off"}
	partnerWords  = []string{"distributor", "reseller", "referrer"}
	discountWords = []string{"commercial", "channel", "partner", "order"}
	modeWords     = []string{"rate", "fixed", "reduction"}
	resetWords    = []string{"none", "cycle", "anniversary"}
	basisWords    = []string{"official", "payable"}
	couponWords   = []string{"voucher", "cash_coupon", "pickup"}
	besideWords   = []string{"YES", "NO", "NOT_COMMERCIAL"}
	yesNo         = []string{"YES", "NO"}
	methodWords   = []string{"monthly_p95", "daily_peak_mean", "daily_p95_mean", "monthly_4th_peak", "transit_p95",
		"enhanced_p95"}
	seriesWords    = []string{"max", "in", "out", "sum"}
	duplicateWords = []string{"max", "last", "reject"}
	missingWords   = []string{"skip", "zero"}
	daysWords      = []string{"all", "valid", "in_force"}
	spanWords      = []string{"month", "quarter"}
	tierRuleWords  = []string{"whole", "graduated"}
)

// String is the meter's word in the book.
func (m Meter) String() string { return wordOf(meterWords, int(m)) }

// String is the class's word in the book.
func (c Class) String() string { return wordOf(classWords, int(c)) }

// String is the kind's word in the book.
func (k PartnerKind) String() string { return wordOf(partnerWords, int(k)) }

// String is the kind's word in the book.
func (k DiscountKind) String() string { return wordOf(discountWords, int(k)) }

// String is the mode's word in the book.
func (m DiscountMode) String() string { return wordOf(modeWords, int(m)) }

// String is the reset's word in the book.
func (r PackageReset) String() string { return wordOf(resetWords, int(r)) }

// ResetOf returns the reset of a word that String returned.
func ResetOf(word string) PackageReset { return PackageReset(max(slices.Index(resetWords, word), 0)) }

// String is the method's word in the book.
func (m Method) String() string { return wordOf(methodWords, int(m)) }

// String is the series' word in the book.
func (s Series) String() string { return wordOf(seriesWords, int(s)) }

// String is the policy's word in the book.
func (d Duplicates) String() string { return wordOf(duplicateWords, int(d)) }

// String is the share's word in the book.
func (d DayShare) String() string { return wordOf(daysWords, int(d)) }

func wordOf(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

// Formats lists every book in the order of the spec.
func Formats() []Format {
	return []Format{
		productsFormat(), pricesFormat(), customersFormat(), partnersFormat(), associationsFormat(), discountsFormat(),
		packagesFormat(), linksFormat(), termsFormat(), couponsFormat(), calendarFormat(), policiesFormat(),
		incentivesFormat(), recurringFormat(), commitmentsFormat(), fundsFormat(), fundQuotasFormat(), expertsFormat(),
		qualificationsFormat(), couponQuotasFormat(), solutionsFormat(), partiesFormat(), taxesFormat(),
		allocationFormat(), markupsFormat(), subscribersFormat(), budgetsFormat(), priceListsFormat(), ratesFormat(),
		managersFormat(),
	}
}

func id(name, meaning string) Column {
	return Column{Name: name, Type: "id", Required: true, Meaning: meaning}
}

func text(name, meaning string) Column { return Column{Name: name, Type: "text", Meaning: meaning} }

// code is an id that may be empty.
func code(name, meaning string) Column { return Column{Name: name, Type: "id", Meaning: meaning} }

// scope is a column that limits what a row applies to; empty or * means everything.
func scope(name, meaning string) Column {
	return Column{Name: name, Type: "id", Default: "*", Meaning: meaning + "; * = any"}
}

func word(name string, words []string, fallback, meaning string) Column {
	return Column{Name: name, Type: "word", Words: words, Required: fallback == "", Default: fallback, Meaning: meaning}
}

func number(name, kind, fallback, meaning string) Column {
	return Column{Name: name, Type: kind, Required: fallback == "", Default: fallback, Meaning: meaning}
}

// validFrom is required for agreements and prices, and optional for rows that only describe a party.
func validFrom(required bool) Column {
	meaning := "first instant in force: a date in the contract zone or a timestamp with an offset"
	if !required {
		meaning += "; empty = ever since"
	}
	return Column{Name: "valid_from", Type: "time", Required: required, Meaning: meaning}
}

func validTo() Column {
	return Column{Name: "valid_to", Type: "time", Meaning: "first instant no longer in force; empty = open"}
}

func productsFormat() Format {
	return Format{File: "products.csv", Required: true, Key: "sku",
		Meaning: "what is sold, and how it is measured and priced (§3.1)", Columns: append([]Column{
			id("sku", "the product"),
			text("name", "its name"),
			id("service_type_code", "the service it belongs to"),
			text("service_type_name", "the service's name"),
			code("resource_type_code", "kind of resource"),
			text("resource_type_name", "its name"),
			code("usage_type", "what is counted, such as duration or traffic"),
			{Name: "measure", Type: "id", Required: true, Meaning: "unit of quantities: GB, GB-hour, Mbps"},
			word("pricing_model", modelWords(), "", "how quantities become money"),
			word("meter", meterWords, "region", "what a meter distinguishes, in addition to the customer and the sku"),
			code("policy", "id in policies.yaml; percentile only, and required there"),
			word("allow_discount", yesNo, "YES", "NO: no discount ever lowers it"),
			word("performance_class", classWords, "ordinary", "ordinary and specific count as a partner's performance"),
			text("focus_service_category", "the service category in FOCUS exports"),
			costBasisColumn(),
		}, countingColumns()...)}
}

func pricesFormat() Format {
	return Format{File: "prices.csv", Required: true, Key: "sku, price_list, region_code, period_type",
		Meaning: "price versions: the rows that share key and validity are its tiers (§3.2)", Columns: append([]Column{
			id("sku", "the product"),
			{Name: "price_list", Type: "id", Default: "standard", Meaning: "the list it is in"},
			scope("region_code", "region"),
			{Name: "period_type", Type: "word", Words: periodWords,
				Meaning: "period products only, and required there"},
			validFrom(true), validTo(),
			number("tier", "whole number", "", "1, 2, … without gaps"),
			{Name: "up_to", Type: "quantity", Meaning: "inclusive upper bound of the tier; empty on the last one"},
			{Name: "unit_price", Type: "unit price",
				Meaning: "price of one measure, or of one block; required but for stairstep, which has none"},
			number("flat_fee", "unit price", "0", "fee of the tier; not for flat, block and period"),
			{Name: "block_size", Type: "quantity", Meaning: "block only, and required there"},
		}, percentageColumns()...)}
}

func customersFormat() Format {
	return Format{File: "customers.csv", Required: true, Key: "customer_id", Meaning: "who buys, and when (§3.3)",
		Columns: []Column{
			id("customer_id", "the customer"),
			text("name", "name on statements"),
			{Name: "price_list", Type: "id", Default: "standard", Meaning: "price list that is used before standard"},
			code("account_manager_id", "the customer's account manager"),
			validFrom(false), validTo(),
		}}
}

func partnersFormat() Format {
	return Format{File: "partners.csv", Key: "partner_id", Meaning: "who sells (§3.4)", Columns: []Column{
		id("partner_id", "the partner"),
		text("name", "name on statements"),
		word("kind", partnerWords, "", "tier 1, tier 2, or who only refers"),
		{Name: "parent_partner_id", Type: "id", Meaning: "a reseller's distributor; empty = the vendor"},
		validFrom(false), validTo(),
		{Name: "left_on", Type: "date", Meaning: "date it left the programme; empty = it has not"},
		{Name: "signing_entity", Type: "id", Default: "default",
			Meaning: "with whom it signed: a key of withdrawal.original_route in tollbook.yaml"},
		currencyColumn("currency of its statements; the same in all rows of a partner"),
	}}
}

// AssociationNames are words for the codes of associations, in their order; the book accepts both.
func AssociationNames() []string { return []string{"referral", "reseller"} }

func associationsFormat() Format {
	return Format{File: "associations.csv", Key: "customer_id", Meaning: "whose customer a customer is (§3.5)",
		Columns: []Column{
			id("customer_id", "the customer"),
			id("partner_id", "its partner"),
			word("association_type", []string{"1", "2"}, "", "1 or referral; 2 or reseller"),
			validFrom(false), validTo(),
		}}
}

func discountsFormat() Format {
	return Format{File: "discounts.csv", Key: "discount_id", Meaning: "offers (§3.6)", Columns: []Column{
		id("discount_id", "the discount"),
		word("kind", discountWords, "", "who offers it; order: only an order that names it"),
		scope("customer_id", "customer"),
		{Name: "partner_id", Type: "id", Meaning: "who grants it: partner kind only, and required there"},
		scope("service_type_code", "service"),
		scope("sku", "product"),
		word("mode", modeWords, "",
			"rate: share that is paid; fixed: unit price, or an order's amount; reduction: off the order"),
		number("value", "rate, unit price or amount", "", "by mode"),
		validFrom(true), validTo(),
		currencyColumn("fixed and reduction: currency of the value; other customers do not get it"),
	}}
}

func packagesFormat() Format {
	return Format{File: "packages.csv", Key: "customer_id, package_id", Meaning: "prepaid quotas (§3.7)",
		Columns: []Column{
			id("package_id", "the package"),
			id("customer_id", "whose it is"),
			{Name: "skus", Type: "list", Required: true, Meaning: "products it is for, joined by ;"},
			scope("region_code", "region"),
			number("quota", "quantity", "", "its quota, in the products' measure"),
			word("reset", resetWords, "", "when it refills: never, each cycle, each monthly anniversary of valid_from"),
			validFrom(true), validTo(),
		}}
}

func linksFormat() Format {
	return Format{File: "links.csv", Key: "resource_id", Meaning: "what bandwidth is measured on (§3.8)",
		Columns: []Column{
			id("resource_id", "the link"),
			id("customer_id", "who pays for it"),
			id("sku", "a percentile product"),
			id("region_code", "its region"),
			code("group", "links of one group share one bill; empty = alone"),
			number("size_mbps", "quantity", "0", "its size; required and above 0 under enhanced_p95"),
			number("commit_mbps", "quantity", "0", "owed even when less is used"),
			validFrom(true), validTo(),
		}}
}

func termsFormat() Format {
	return Format{File: "terms.csv", Key: "seller_id, buyer_id, service_type_code, sku",
		Meaning: "what a partner pays its seller (§3.9)", Columns: []Column{
			id("seller_id", "the vendor's id, or a distributor"),
			id("buyer_id", "a partner"),
			scope("service_type_code", "service"),
			scope("sku", "product"),
			word("basis", basisWords, "", "the official price, or what the customer pays"),
			number("rate", "rate", "", "owed share of the basis"),
			validFrom(true), validTo(),
		}}
}

func couponsFormat() Format {
	return Format{File: "coupons.csv", Key: "coupon_id", Meaning: "coupons (§3.10)", Columns: []Column{
		id("coupon_id", "the coupon"),
		id("customer_id", "whose it is"),
		word("kind", couponWords, "", "voucher, cash coupon, or pickup: a product voucher, which pays one order "+
			"line in full"),
		word("counts_as_performance", yesNo, "NO",
			"whether what it pays is performance; that of a voucher or a pickup never is"),
		number("amount", "amount", "", "what it is worth, above 0"),
		number("min_consumption", "amount", "0", "smallest payment it may be used on"),
		scope("service_type_code", "service"),
		scope("sku", "product"),
		word("with_discount", besideWords, "NO", withDiscountMeaning),
		validFrom(true), validTo(),
	}}
}

const withDiscountMeaning = "whether it may be combined with a discount; NOT_COMMERCIAL: with all but commercial ones"

func calendarFormat() Format {
	return Format{File: "calendar.csv", Key: "date",
		Meaning: "working days; a date not listed: Monday to Friday work (§3.11)", Columns: []Column{
			{Name: "date", Type: "date", Required: true, Meaning: "the day"},
			word("working", yesNo, "", "whether it is a working day"),
		}}
}

func policiesFormat() Format {
	return Format{File: "policies.yaml", Key: "policy id",
		Meaning: "percentile policies: a mapping of ids to these keys (§4.7)", Columns: []Column{
			word("method", methodWords, "", "how the samples of a cycle become one value"),
			word("series", seriesWords, "max", "a sample's value from its two directions"),
			word("duplicates", duplicateWords, "max", "which sample of one link's slot counts"),
			word("missing", missingWords, "skip", "zero: every slot in force counts"),
			word("valid_days_only", []string{"true", "false"}, "false", "true: only days with a point above 0 count"),
			word("kilo", []string{"1000", "1024"}, "1000", "Mbps = bps / kilo²"),
			number("drop", "rate below 1", "0.05", "share of the highest points that is ignored"),
			word("days", daysWords, "all", "the days the value is spread over"),
			number("floor_share", "rate", "0", "enhanced_p95 only: minimum as a share of the link size"),
		}}
}

func incentivesFormat() Format {
	return Format{File: "incentives.yaml", Key: "id", Meaning: "incentive programmes: a list of these keys (§6.5)",
		Columns: []Column{
			id("id", "the programme"),
			validFrom(false), validTo(),
			{Name: "partners", Type: "list", Default: "*", Meaning: "partner ids, or * = all"},
			{Name: "association_types", Type: "list", Words: []string{"1", "2"}, Default: "[1, 2]",
				Meaning: "associations whose lines count"},
			{Name: "product_classes", Type: "list", Words: classWords, Default: "[ordinary, specific]",
				Meaning: "performance classes that count"},
			word("period", spanWords, "", "what performance is added up over"),
			{Name: "tiers", Type: "list",
				Meaning: "{from, rate}: rate from a performance on; at least one, unless there is a " +
					"new_customer_bonus"},
			word("tier_rule", tierRuleWords, "whole",
				"whole: one tier's rate on everything; graduated: each slice at its own"),
			{Name: "new_customer_bonus", Type: "mapping",
				Meaning: "{rate, months}: on lines in an association's first months"},
			{Name: "cap", Type: "amount", Meaning: "most that is paid for a period; absent = no cap"},
			word("carry_negative", []string{"true", "false"}, "false",
				"carry a negative performance into the next period"),
			{Name: "confirm_within_working_days", Type: "whole number", Meaning: "1 or more; absent = no limit"},
			word("payout", spanWords, "month", "payable once this period has ended, too"),
			{Name: "lapse_after_days", Type: "whole number", Meaning: "days after leaving; absent = never"},
			word("roll_up", []string{"true", "false"}, "false", "count resellers' performance for their distributor"),
		}}
}
