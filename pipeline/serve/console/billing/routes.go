package billing

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/console/page"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// Routes are the pages of the package, in the order of the navigation.
func Routes() []page.Route {
	none := operation.Text{}
	return []page.Route{
		page.NewRoute("", operation.Text{Zh: "总览", En: "Overview"}, overview, operation.Operation{
			Callers: keys.Roles(), Subject: operation.Customers,
			Params: []operation.Param{ofCustomer(false), ofManager(), ofCycle()}}),
		page.NewRoute("customers", operation.Text{Zh: "客户", En: "Customers"}, customers, operation.Operation{
			Callers: sellers(), Subject: operation.Customers, Params: []operation.Param{ofManager(), ofCycle()}}),
		page.NewRoute("customer", none, customer, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: []operation.Param{ofCustomer(true), ofManager()}}),
		page.NewRoute("bill", none, bill, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: []operation.Param{ofCustomer(true), ofManager(), ofCycle()}}),
		page.NewRoute("service", none, service, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: slices.Concat([]operation.Param{ofCustomer(true), ofManager(), ofCycle()}, filters())}),
		page.NewRoute("lines", none, lines, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: slices.Concat([]operation.Param{ofCustomer(true), ofManager(), ofCycle()}, filters())}),
		page.NewRoute("line", none, oneLine, operation.Operation{
			Callers: keys.Roles(), Subject: operation.WholeCustomer,
			Params: []operation.Param{
				{Name: "id", Required: true, Max: 1024, Meaning: "of a line or a record"},
				ofCustomer(false), ofCycle(),
				{Name: "origin_cycle", Kind: operation.Month, Meaning: "that it belongs to, if it is billed later"},
			}}),
	}
}

// sellers are those who see more than one customer.
func sellers() []keys.Role { return []keys.Role{keys.Vendor, keys.Finance, keys.Partner} }

func ofCustomer(required bool) operation.Param {
	return operation.Param{Name: "customer_id", Required: required, Meaning: "the customer"}
}

func ofManager() operation.Param {
	return operation.Param{Name: "account_manager_id", Meaning: "only customers of this account manager"}
}

func ofCycle() operation.Param {
	return operation.Param{Name: "cycle", Kind: operation.Month, Meaning: "the cycle; the newest one by default"}
}
