package operation

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
)

// OfCurrency is the parameter of operations whose answer is of one currency, of a caller that may see several (§10.7).
func OfCurrency() Param {
	return Param{Name: "currency", Max: 3,
		Meaning: "only amounts in this currency; by default the partner's, without a partner the workspace's"}
}

// InCurrency is the currency of the amounts of an answer (§10.7): that of the customer that it is about, else of the
// partner that partner_id names, else the one that `currency` names, else of the caller's partner, else the
// workspace's.
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

// CurrencyOf is the currency of a customer's money.
func (c *Call) CurrencyOf(customer string) string {
	return c.State.Workspace.Books.CustomerCurrencyOf(customer).Code
}

// BillsIn reports whether a customer's money is in the currency of the answer.
func (c *Call) BillsIn(customer string) bool {
	return !c.State.Workspace.Books.Mixed || c.CurrencyOf(customer) == c.InCurrency().Code
}
