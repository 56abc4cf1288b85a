package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// priceListRow is one row of price_lists.csv.
type priceListRow struct {
	list     string
	currency int32
}

// currency returns the index in Currencies of the currency that a cell names; an empty cell means the workspace's.
func (r *row) currency(name string) int32 {
	code := r.rec.Key(name)
	b := r.l.b
	for i := range b.Currencies {
		if code == "" || b.Currencies[i].Code == code {
			return int32(i)
		}
	}
	c, ok := money.CurrencyOf(code)
	if !ok {
		r.rec.Fail(name, "", "neither a currency of ISO 4217 nor that of tollbook.yaml")
		return 0
	}
	b.Currencies = append(b.Currencies, c)
	return int32(len(b.Currencies) - 1)
}

// priceLists reads price_lists.csv. It needs the prices.
func (l *loader) priceLists() {
	var rows []Entry[priceListRow]
	l.each("price_lists.csv", func(r *row) {
		p := priceListRow{r.rec.Key("price_list"), r.currency("currency")}
		r.notAny("price_list", p.list)
		if p.list != "" {
			rows = append(rows, Entry[priceListRow]{Row: p, At: r.rec.Mark("price_list")})
		}
	})
	byList := func(a, b *priceListRow) int { return strings.Compare(a.list, b.list) }
	rows = SortEntries(rows, byList)
	for _, p := range Once(l.files, "price_lists.csv", rows, byList, func(p *priceListRow) string {
		return "price_list " + p.list
	}) {
		if p.Row.currency > 0 {
			if l.b.ListCurrencies == nil {
				l.b.ListCurrencies = map[string]int32{}
			}
			l.b.ListCurrencies[p.Row.list] = p.Row.currency
		}
	}
}

// exchangeRates reads rates.csv.
func (l *loader) exchangeRates() {
	var rows []Entry[books.ExchangeRate]
	l.each("rates.csv", func(r *row) {
		day, ok := r.rec.Date("date")
		x := books.ExchangeRate{From: r.rec.Key("from"), To: r.rec.Key("to"), Date: day, Rate: r.rec.Price("rate")}
		for _, column := range [...]string{"from", "to"} {
			code := r.rec.Cell(column).Text
			if _, known := money.CurrencyOf(code); code != "" && !known && code != l.b.Currency {
				r.rec.Fail(column, "", "neither a currency of ISO 4217 nor that of tollbook.yaml")
			}
		}
		switch {
		case !r.rec.Bad && x.Rate.IsZero():
			r.rec.Fail("rate", "", "not above 0")
		case !r.rec.Bad && x.From == x.To:
			r.rec.Fail("to", "", "a rate is between two currencies")
		}
		if ok && !r.rec.Bad {
			rows = append(rows, Entry[books.ExchangeRate]{Row: x, At: r.rec.Mark("date")})
		}
	})
	compare := func(a, b *books.ExchangeRate) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), cmp.Compare(a.Date, b.Date))
	}
	rows = SortEntries(rows, compare)
	l.b.Rates = RowsOf(Once(l.files, "rates.csv", rows, compare, func(x *books.ExchangeRate) string {
		return "from " + x.From + ", to " + x.To + ", date " + x.Date.String()
	}))
}

// currencies sets each customer's currency to that of its price lists.
func (c customerRows) currencies() {
	l := c.l
	if len(l.b.Currencies) == 1 {
		return
	}
	for _, e := range c.rows {
		own := &l.b.Customers[l.b.Customer(e.Row.id)]
		first := l.b.ListCurrency(own.Rows[0].PriceList)
		of := l.b.ListCurrency(e.Row.row.PriceList)
		if own.Currency = first; of != first {
			at := books.Pos{File: Dir + "/customers.csv", Line: int(e.At.Line), Column: int(e.At.Column)}
			l.files.Problems.Add(at, "a customer's currency does not change: give it another customer_id",
				"customer_id %s: price_list is in %s, and that of its first row in %s", e.Row.id,
				l.b.Currencies[of].Code, l.b.Currencies[first].Code)
		}
	}
}

// currencies orders the currencies by code, so that the order of rows does not matter.
func (l *loader) currencies() {
	b := l.b
	if len(b.Currencies) == 1 {
		return
	}
	order := make([]int32, len(b.Currencies)) // old index → new index
	sorted := slices.Clone(b.Currencies)
	slices.SortFunc(sorted[1:], func(x, y money.Currency) int { return strings.Compare(x.Code, y.Code) })
	for i, c := range b.Currencies {
		order[i] = int32(slices.Index(sorted, c))
	}
	b.Currencies = sorted
	for list := range b.ListCurrencies {
		b.ListCurrencies[list] = order[b.ListCurrencies[list]]
	}
	for i := range b.Customers {
		b.Customers[i].Currency = order[b.Customers[i].Currency]
		b.Mixed = b.Mixed || b.Customers[i].Currency > 0
	}
	for i := range b.Partners {
		b.Partners[i].Currency = order[b.Partners[i].Currency]
		b.Mixed = b.Mixed || b.Partners[i].Currency > 0
	}
	for i := range b.Discounts {
		b.Discounts[i].Currency = order[b.Discounts[i].Currency]
	}
	if b.Mixed {
		l.oneCurrencyEach()
	}
}

// oneCurrencyEach reports a partner that is also a customer and has another currency as a customer: an invoice to it
// would add amounts in two currencies.
func (l *loader) oneCurrencyEach() {
	for i := range l.b.Partners {
		p := &l.b.Partners[i]
		if at := l.b.Customer(p.ID); at >= 0 && l.b.Customers[at].Currency != p.Currency {
			l.files.Problems.Add(books.Pos{File: Dir + "/partners.csv"}, "give the partner another partner_id",
				"partner_id %s: it is in %s, and the customer of the same id in %s: an invoice to it would have two "+
					"currencies", p.ID, l.b.PartnerCurrency(int32(i)).Code, l.b.CustomerCurrency(at).Code)
		}
	}
}
