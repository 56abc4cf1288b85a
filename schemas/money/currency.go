package money

import "slices"

// Currency is a currency with the number of decimals of amounts paid in it. Amounts of two currencies are never added
// (§10.7): totals that can hold several are PerCurrency.
type Currency struct {
	Code   string // ISO 4217
	Digits int
}

// CurrencyOf is a currency of ISO 4217 with the digits of its minor unit; ok is false for another code.
func CurrencyOf(code string) (c Currency, ok bool) {
	for digits, codes := range [...]string{0: noDecimals, 2: twoDecimals, 3: threeDecimals, 4: fourDecimals} {
		for at := 0; at+3 <= len(codes); at += 4 {
			if codes[at:at+3] == code {
				return Currency{code, digits}, true
			}
		}
	}
	return Currency{}, false
}

// The active currencies of ISO 4217 by the decimals of their minor unit. Codes of metals, funds and tests are left out.
const (
	noDecimals  = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
	twoDecimals = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF " +
		"CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
		"IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR " +
		"MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD " +
		"SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG " +
		"YER ZAR ZMW ZWG"
	threeDecimals = "BHD IQD JOD KWD LYD OMR TND"
	fourDecimals  = "CLF UYW"
)

// PerCurrency holds one total per currency. It has no operation that adds totals of different currencies. The zero
// value is empty.
type PerCurrency struct{ list []CurrencyTotal }

// CurrencyTotal is the total of one currency.
type CurrencyTotal struct {
	Currency string      `json:"currency"`
	Total    AmountTotal `json:"total"`
}

// Add adds an amount of a currency to the total of that currency.
func (p *PerCurrency) Add(currency string, a Amount) error {
	return p.AddTotal(currency, AmountTotal(a))
}

// AddTotal adds a total to the total of its currency.
func (p *PerCurrency) AddTotal(currency string, a AmountTotal) error {
	at, ok := slices.BinarySearchFunc(p.list, currency, func(t CurrencyTotal, code string) int {
		switch {
		case t.Currency == code:
			return 0
		case t.Currency < code:
			return -1
		}
		return 1
	})
	if !ok {
		p.list = slices.Insert(p.list, at, CurrencyTotal{Currency: currency})
	}
	return p.list[at].Total.AddTotal(a)
}

// List returns the totals, sorted by currency code.
func (p *PerCurrency) List() []CurrencyTotal { return slices.Clone(p.list) }

// Of returns the total of a currency; 0 if nothing was added.
func (p *PerCurrency) Of(currency string) AmountTotal {
	for _, t := range p.list {
		if t.Currency == currency {
			return t.Total
		}
	}
	return AmountTotal{}
}
