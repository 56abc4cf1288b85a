package table

// sumOfRow is the meaning of a partner row's amounts.
const sumOfRow = "sum of that column over the row's lines"

// PartnerStatements defines what partners owe their sellers for a cycle, and what distributors earn on their resellers
// (§6.4, §8).
func PartnerStatements() Def[PartnerStatement] { return Def[PartnerStatement]{partnerStatementsTable} }

var partnerStatementsTable = define("partner_statements", []Column{
	{"cycle", Word, "the cycle"}, {"partner_id", Word, "whose statement the row is in"},
	{"seller_id", Word, "whom the partner buys from: a distributor, or vendor; empty on referral rows"},
	{"reseller_id", Word, "on a distributor's row about a reseller: the reseller; else empty"},
	{"customer_id", Word, "who consumed"}, {"association_type", Word, "1 referral, 2 reseller"},
	{"service_type_code", Word, "the service"}, {"charging_mode", Small, "1: paid for a period; 3: on demand"},
	{"sign", Word, "- for lines with a payment below 0, + for the others"},
	{"line_count", Whole, "number of lines"},
	{"official_amount", Amount, sumOfRow}, {"official_discount_amount", Amount, sumOfRow},
	{"truncated_amount", Amount, sumOfRow}, {"payment_amount", Amount, sumOfRow},
	{"performance_amount", Amount,
		"performance of the row's lines: cash, stored value and coupons that count, of products that count"},
	{"owed_amount", Amount,
		"what the partner owes the seller for the row, in the currency's digits; 0 on a row about a reseller"},
	{"revenue_amount", Amount, "row about a reseller: what the reseller owes the distributor; else 0"},
	{"cost_amount", Amount, "row about a reseller: what the distributor owes the vendor; else 0"},
	{"margin_amount", Amount, "revenue_amount less cost_amount"},
})

// PartnerStatementsOf is PartnerStatements; if mixed, with the currency and the conversion of amounts, for a cycle that
// was billed in several currencies (§10.7).
func PartnerStatementsOf(mixed bool) Def[PartnerStatement] {
	plain := PartnerStatements()
	if !mixed {
		return plain
	}
	columns := append(plain.Columns,
		Column{"currency", Word, "currency of the partner: of performance_amount and the amounts after it; the " +
			"amounts before it are in the customer's. It and the columns after it: only of cycles that were " +
			"billed with several currencies"},
		Column{"fx_rate", Word, "rate from the customer's currency to this one; empty where they are the same"},
		Column{"fx_date", Word, "date of the rate in rates.csv"})
	return Def[PartnerStatement]{define(plain.Name, columns).adding("currency", "fx_rate", "fx_date")}
}

// ExchangeRates defines the exchange rates with which a cycle of several currencies was closed (§10.7).
func ExchangeRates() Def[ExchangeRate] { return Def[ExchangeRate]{exchangeRatesTable} }

var exchangeRatesTable = define("exchange_rates", nil, Column{"from", Word, "the currency that is converted"},
	Column{"to", Word, "the currency that it is converted to"},
	Column{"date", Word, "date of the row of rates.csv"},
	Column{"rate", Quantity, "how much of `to` one unit of `from` is"})

// Incentives defines what partners earn in the periods of programmes, with states (§6.5, §8).
func Incentives() Def[Incentive] { return Def[Incentive]{incentivesTable} }

var incentivesTable = define("incentives", []Column{
	{"partner_id", Word, "who earns it"}, {"programme_id", Word, "the programme"},
	{"period", Word, "its period: 2026-09 or 2026-Q3"},
	{"performance_amount", Amount, "performance of the period's lines that count"},
	{"transferred_amount", Amount, "performance that transfers brought less what they took"},
	{"carried_in", Amount, "performance that earlier periods lacked: 0 or less"},
	{"tier_amount", Amount, "what the tiers give, in the currency's digits"},
	{"bonus_amount", Amount, "what new customers' business gives on top"},
	{"incentive_amount", Amount, "what is earned: both, at most the cap"},
	{"carried_out", Amount, "performance that the next period begins with: 0 or less"},
	{"state", Word, "estimated, to_confirm, confirmed, disputed, payable, paying, paid or void, as of the last " +
		"run that wrote"},
})

// Performances defines what each file of lines adds to the performance of partners, from which incentives are
// calculated. A file that adds nothing has one row without a programme.
func Performances() Def[Performance] { return Def[Performance]{performancesTable} }

var performancesTable = define("performances", nil, Column{"day", Word, "day of the lines, as in the table lines"},
	Column{"lines_hash", Word, "content hash of the file of lines"},
	Column{"programme_id", Word, "the programme; empty where the file adds nothing"},
	Column{"partner_id", Word, "the partner"},
	Column{"own_amount", Amount, "performance of the file's lines that count"},
	Column{"new_amount", Amount, "that of new customers' lines among them"})
