package bss

import (
	"context"
	"net/http"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func subCustomers() operation.Operation {
	return operation.Operation{
		Name: "ListSubCustomers", Method: http.MethodPost, Path: "/v2/partners/sub-customers/query",
		Summary: "The customers that belong to a partner now",
		Callers: Partners(), Subject: operation.Customers,
		Params: InBody(append([]operation.Param{
			{Name: "account_name", Meaning: "part of the customer's name"},
			{Name: "customer", Meaning: "part of the customer's name"},
			{Name: "label", Meaning: "part of the customer's label; no customer has one"},
			{Name: "association_type", Kind: operation.Word, Words: []string{"1", "2"},
				Meaning: "1 referral, 2 reseller"},
			{Name: "associated_on_begin", Kind: operation.Moment, Meaning: "associated then or later"},
			{Name: "associated_on_end", Kind: operation.Moment, Meaning: "associated before then"},
			{Name: "customer_id", Meaning: "only this customer"},
			{Name: "indirect_partner_id", Meaning: "the customers of this reseller"},
		}, PageParams()...)),
		Answer: subCustomerList{},
		Handle: handleSubCustomers,
	}
}

// subCustomerList is ListSubCustomersResponse.
type subCustomerList struct {
	Customers []subCustomer `json:"customer_infos"`
	Count     int           `json:"count"`
}

// subCustomer is CustomerInformation. tollbook stores one name per customer, used as both login name and real name, or
// the id if it has none. It stores no label, telephone, country, level, e-mail, verification, kind or freeze.
type subCustomer struct {
	Customer        string           `json:"customer,omitempty"`
	AccountName     string           `json:"account_name"`
	CustomerID      string           `json:"customer_id"`
	AssociatedOn    string           `json:"associated_on,omitempty"`
	AssociationType string           `json:"association_type"`
	Managers        []accountManager `json:"account_managers,omitempty"`
}

// accountManager is AccountManager.
type accountManager struct {
	AccountName string `json:"account_name"`
}

func handleSubCustomers(_ context.Context, c *operation.Call) (any, error) {
	during, err := Span(c, "associated_on_begin", "associated_on_end", 0)
	if err != nil {
		return nil, err
	}
	list := []subCustomer{}
	b := c.State.Workspace.Books
	for code := range b.Customers {
		customer := int32(code)
		a, ok := b.Associations.At(customer, c.State.Now)
		if !ok || !c.Scope.Line(b.Partners[a.Partner].ID, c.State.Now) || c.Scope.Customer != "" &&
			c.Scope.Customer != b.Customers[code].ID {
			continue
		}
		s := subCustomer{Customer: CustomerName(c, b.Customers[code].ID), CustomerID: b.Customers[code].ID,
			AssociationType: a.Type.Word()}
		s.AccountName = s.Customer
		if s.AccountName == "" {
			s.AccountName = s.CustomerID
		}
		since := associatedSince(b, customer, a)
		if !during.Holds(since) || c.Given("association_type") && s.AssociationType != c.Text("association_type") ||
			!strings.Contains(s.AccountName, c.Text("account_name")) ||
			!strings.Contains(s.Customer, c.Text("customer")) || c.Given("label") {
			continue
		}
		if since != period.Past {
			s.AssociatedOn = operation.Time(since)
		}
		if manager := books.ManagerOf(b, customer, c.State.Now); manager != "" {
			if row := books.ManagerNamed(b, manager); row != nil && row.Name != "" {
				manager = row.Name
			}
			s.Managers = []accountManager{{manager}}
		}
		list = append(list, s)
	}
	return &subCustomerList{Customers: Window(c, list), Count: len(list)}, nil
}

// associatedSince returns since when a customer has its partner: consecutive rows of the book without a gap and with
// the same partner and type are one association.
func associatedSince(b *books.Books, customer int32, now books.Association) period.Instant {
	rows := b.Associations.Of(customer)
	since := now.Valid.From
	for i := len(rows) - 1; i >= 0; i-- {
		if r := rows[i]; r.Valid.To == since && r.Partner == now.Partner && r.Type == now.Type {
			since = r.Valid.From
		}
	}
	return since
}
