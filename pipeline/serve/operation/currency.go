package operation

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
)

// OfCurrency is the parameter of operations with results in one currency, for callers that may see several (§10.7).
func OfCurrency() Param {
	return Param{Name: "currency", Max: 3,
		Meaning: "only amounts in this currency; by default the partner's, without a partner the workspace's"}
}

// InCurrency returns the currency of a result's amounts (§10.7). The first of these that is given decides: the customer
// of the call, the partner in partner_id, `currency`, the caller's partner, the workspace.
func (c *Call) InCurrency() money.Currency {
	b := c.State.Workspace.Books
	if !b.Mixed {
		return b.OwnCurrency()
	}
	for _, id := range []string{c.Scope.Customer, c.Text("customer_id")} {
		if id != "" {
			return b.CustomerCurrencyOf(id)
		}
	}
	if partner := b.Partner(c.Text("partner_id")); partner >= 0 {
		return b.PartnerCurrency(partner)
	}
	at := slices.IndexFunc(b.Currencies, func(one money.Currency) bool { return one.Code == c.Text("currency") })
	if at >= 0 {
		return b.CurrencyNamed(b.Currencies[at].Code)
	}
	if partner := b.Partner(c.Scope.Partner); partner >= 0 {
		return b.PartnerCurrency(partner)
	}
	return b.OwnCurrency()
}

// CurrencyOf returns the currency of a customer.
func (c *Call) CurrencyOf(customer string) string {
	return c.State.Workspace.Books.CustomerCurrencyOf(customer).Code
}

// BillsIn reports whether a customer's currency is that of the result.
func (c *Call) BillsIn(customer string) bool {
	return !c.State.Workspace.Books.Mixed || c.CurrencyOf(customer) == c.InCurrency().Code
}
