package bss

import (
	"context"
	"net/http"
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/settlement/payment"
)

func customerBalances() operation.Operation {
	return operation.Operation{
		Name: "ShowCustomerAccountBalances", Method: http.MethodGet, Path: "/v2/accounts/customer-accounts/balances",
		Summary: "The balances of a customer's account", Callers: Owners(), Subject: operation.ItsCustomer,
		Params: []operation.Param{WhoseBill()},
		Answer: customerBalanceList{},
		Handle: handleCustomerBalances,
	}
}

// customerBalanceList is ShowCustomerAccountBalancesResponse.
type customerBalanceList struct {
	Balances []accountBalance  `json:"account_balances"`
	Debt     operation.Decimal `json:"debt_amount"`
	Measure  int               `json:"measure_id"`
	Currency string            `json:"currency"`
}

func handleCustomerBalances(ctx context.Context, c *operation.Call) (any, error) {
	has, err := BalancesOf(ctx, c, c.Scope.Customer)
	if err != nil {
		return nil, err
	}
	out := &customerBalanceList{Balances: []accountBalance{}, Debt: operation.Decimal(has[payment.DebtOwed].String()),
		Measure: MeasureYuan, Currency: c.InCurrency().Code}
	if cash, ok := has[payment.HeldCash]; ok {
		out.Balances = append(out.Balances, balanceOf(c, payment.HeldCash.String(), ofCash, cash))
	}
	if limit, ok := has[payment.CreditLimit]; ok {
		left, err := limit.Sub(has[payment.CreditUsed])
		if err != nil {
			return nil, err
		}
		one := balanceOf(c, "credit", ofCredit, left)
		one.Credit = operation.Decimal(limit.String())
		out.Balances = append(out.Balances, one)
	}
	return out, nil
}

func customersBalances() operation.Operation {
	return operation.Operation{
		Name: "ListCustomersBalancesDetail", Method: http.MethodPost,
		Path:    "/v2/accounts/customer-accounts/balances/batch-query",
		Summary: "What customers of a partner have and owe; others than those of resale are left out",
		Callers: Partners(), Subject: operation.Customers,
		Params: InBody([]operation.Param{
			{Name: "customer_infos", Kind: operation.Raw, Of: []accountCustomer{}, Max: 100, Required: true,
				Meaning: "the customers"},
			{Name: "indirect_partner_id", Meaning: "customers of this reseller"},
		}),
		Answer: detailList{},
		Handle: handleCustomersBalances,
	}
}

// accountCustomer is CustomerInfoV2.
type accountCustomer struct {
	ID string `json:"customer_id"`
}

// detailList is ListCustomersBalancesDetailResponse.
type detailList struct {
	Customers []detail `json:"customer_balances"`
}

// detail is CustomerBalancesV2.
type detail struct {
	ID       string            `json:"customer_id"`
	Debt     operation.Decimal `json:"debt_amount"`
	Amount   operation.Decimal `json:"amount"`
	Currency string            `json:"currency"`
	Measure  int               `json:"measure_id"`
}

func handleCustomersBalances(ctx context.Context, c *operation.Call) (any, error) {
	var asked []accountCustomer
	if err := List(c, "customer_infos", &asked); err != nil {
		return nil, err
	}
	out := &detailList{Customers: []detail{}}
	var ids []string
	for _, ref := range asked {
		if slices.Contains(ids, ref.ID) || !accountResold(c, ref.ID) {
			continue
		}
		ids = append(ids, ref.ID)
		has, err := BalancesOf(ctx, c, ref.ID)
		if err != nil {
			return nil, err
		}
		amount, err := available(has)
		if err != nil {
			return nil, err
		}
		out.Customers = append(out.Customers, detail{ID: ref.ID,
			Debt: operation.Decimal(has[payment.DebtOwed].String()), Amount: operation.Decimal(amount.String()),
			Currency: c.CurrencyOf(ref.ID), Measure: MeasureYuan})
	}
	return out, nil
}

// accountResold reports whether a customer currently belongs to the scope's partner by resale (ACCOUNTS-2).
func accountResold(c *operation.Call, id string) bool {
	b := c.State.Workspace.Books
	customer := b.Customer(id)
	if customer < 0 {
		return false
	}
	a, ok := b.Associations.At(customer, c.State.Now)
	return ok && a.Type == books.Resale && c.Scope.Line(b.Partners[a.Partner].ID, c.State.Now)
}

// available returns what a customer can pay with: cash and unused credit.
func available(has Balances) (money.Amount, error) {
	left, err := has[payment.CreditLimit].Sub(has[payment.CreditUsed])
	if err != nil || left.Sign() < 0 {
		return has[payment.HeldCash], err
	}
	return left.Add(has[payment.HeldCash])
}
