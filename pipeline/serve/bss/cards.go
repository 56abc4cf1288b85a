package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/settlement/payment"
)

func storedValueCards() operation.Operation {
	return operation.Operation{
		Name: "ListStoredValueCards", Method: http.MethodGet, Path: "/v2/promotions/benefits/stored-value-cards",
		Summary: "The stored value of a customer, as one card",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			WhoseBill(),
			{Name: "status", Kind: operation.Whole, Min: 1, Max: 2, Required: true, Meaning: "1 usable, 2 used up"},
			{Name: "card_id", Meaning: "only this card"},
		}, PageParams()...),
		Answer: cardList{},
		Handle: handleStoredValueCards,
	}
}

// cardList is ListStoredValueCardsResponse.
type cardList struct {
	Total int    `json:"total_count"`
	Cards []card `json:"stored_value_cards"`
}

// card is UserStoredValueCard. tollbook stores one balance of stored value per customer and no cards, so there is no
// name, face value or validity.
type card struct {
	ID      string `json:"card_id"`
	Status  int    `json:"status"`
	Balance string `json:"balance"`
}

// States of a card.
const (
	cardUsable = 1
	cardUsed   = 2
)

func handleStoredValueCards(ctx context.Context, c *operation.Call) (any, error) {
	out := []card{}
	b, err := BalancesOf(ctx, c, c.Scope.Customer)
	if err != nil {
		return nil, err
	}
	if amount, has := b[payment.HeldStored]; has {
		one := card{ID: payment.HeldStored.String(), Status: cardUsable, Balance: amount.String()}
		if amount.IsZero() {
			one.Status = cardUsed
		}
		if one.Status == c.Whole("status") && (!c.Given("card_id") || c.Text("card_id") == one.ID) {
			out = append(out, one)
		}
	}
	return &cardList{Total: len(out), Cards: Window(c, out)}, nil
}
