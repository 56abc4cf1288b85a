package books

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// ExchangeRate is one row of rates.csv: 1 unit of From costs Rate units of To, from Date to the pair's next row.
type ExchangeRate struct {
	From, To string // ISO 4217
	Date     period.Day
	Rate     money.UnitPrice
}

// ComparePair orders rates by their pair of currencies.
func (x ExchangeRate) ComparePair(y ExchangeRate) int {
	return cmp.Or(strings.Compare(x.From, y.From), strings.Compare(x.To, y.To))
}

func priceListsFormat() Format {
	return Format{File: "price_lists.csv", Key: "price_list",
		Meaning: "currencies of price lists; a list that is not here has the workspace's currency (§10.7)",
		Columns: []Column{id("price_list", "the list"), currencyColumn("currency of its prices")}}
}

func ratesFormat() Format {
	return Format{File: "rates.csv", Key: "from, to, date",
		Meaning: "exchange rates for partner statements (§10.7) and vendor costs (§11.5)", Columns: []Column{
			{Name: "date", Type: "date", Required: true, Meaning: "the day from which the rate applies"},
			id("from", "currency that is converted: that of a customer or of a cost file"),
			id("to", "currency that it is converted to: that of a partner, or for vendor costs that of a customer "+
				"or the workspace"),
			number("rate", "unit price", "", "how much of `to` one unit of `from` is, above 0"),
		}}
}

// currencyColumn is an optional column with a currency.
func currencyColumn(meaning string) Column {
	return Column{Name: "currency", Type: "id", Meaning: meaning + ": a code of ISO 4217; empty = the workspace's"}
}

// ListCurrency is the index in Currencies of a price list's currency; an empty list is standard.
func (b *Books) ListCurrency(list string) int32 {
	if list == "" {
		list = "standard"
	}
	return b.ListCurrencies[list]
}

// OwnCurrency is the workspace's currency.
func (b *Books) OwnCurrency() money.Currency {
	return money.Currency{Code: b.Currency, Digits: b.Digits}
}

// CustomerCurrency is the currency of a customer's money (§10.7).
func (b *Books) CustomerCurrency(customer int32) money.Currency {
	return b.currencyAt(b.Customers[customer].Currency)
}

func (b *Books) currencyAt(i int32) money.Currency {
	if i == 0 {
		return b.OwnCurrency()
	}
	return b.Currencies[i]
}

// CustomerCurrencyOf is CustomerCurrency by id. A customer that is not in the books has the workspace's currency.
func (b *Books) CustomerCurrencyOf(id string) money.Currency {
	if b.Mixed {
		if code := b.Customer(id); code >= 0 {
			return b.CustomerCurrency(code)
		}
	}
	return b.OwnCurrency()
}

// CurrencyNamed returns a currency by its code. If no book names it any more, its digits are those of ISO 4217.
func (b *Books) CurrencyNamed(code string) money.Currency {
	if code == "" || code == b.Currency {
		return b.OwnCurrency()
	}
	c, _ := money.CurrencyOf(code)
	return c
}

// PartnerCurrency is the currency of a partner's money (§10.7).
func (b *Books) PartnerCurrency(partner int32) money.Currency {
	return b.currencyAt(b.Partners[partner].Currency)
}

// ExchangeRates are the rows of rates.csv, sorted by From, To, Date.
type ExchangeRates []ExchangeRate

// On returns the exchange rate of a pair on a day: the row with the latest date up to that day, or nil. Rates are never
// inverted or crossed (§10.7).
func (xs ExchangeRates) On(from, to string, day period.Day) *ExchangeRate {
	rows := run(xs, func(x *ExchangeRate) int {
		return cmp.Or(strings.Compare(x.From, from), strings.Compare(x.To, to))
	})
	at, exact := slices.BinarySearchFunc(rows, day, func(x ExchangeRate, day period.Day) int {
		return cmp.Compare(x.Date, day)
	})
	if exact {
		return &rows[at]
	}
	if at == 0 {
		return nil
	}
	return &rows[at-1]
}
