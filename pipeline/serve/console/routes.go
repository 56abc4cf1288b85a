package console

import (
	"context"
	"math"
	"net/url"
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// billingRoutes returns the pages of the package, in the order of the navigation.
func billingRoutes() []Route { return slices.Concat(bills(), others(), ofMoney()) }

// bills returns the pages from the months down to one line.
func bills() []Route {
	none := operation.Text{}
	return []Route{
		preparedPlain(NewRoute("", operation.Text{Zh: "总览", En: "Overview"}, overview, operation.Operation{
			Callers: keys.Roles(), Subject: operation.Customers,
			Params: []operation.Param{ofCustomer(false), ofManager(), ofCycle(), operation.OfCurrency()}})),
		preparedPlain(NewRoute("customers", operation.Text{Zh: "客户", En: "Customers"}, customers, operation.Operation{
			Callers: sellers(), Subject: operation.Customers,
			Params: []operation.Param{ofManager(), ofCycle(), operation.OfCurrency()}})),
		NewRoute("customer", none, customer, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: []operation.Param{ofCustomer(true), ofManager()}}),
		preparedFor(NewRoute("bill", none, billPage, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: []operation.Param{ofCustomer(true), ofManager(), ofCycle()}}), largeBills),
		ofFile(NewRoute("bill.html", none, nil, ofOwnBooks(ofCycle())), billDocument),
		NewRoute("service", none, service, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: slices.Concat([]operation.Param{ofCustomer(true), ofManager(), ofCycle()}, filters())}),
		NewRoute("lines", none, lines, operation.Operation{
			Callers: keys.Roles(), Subject: operation.OneCustomer,
			Params: slices.Concat([]operation.Param{ofCustomer(true), ofManager(), ofCycle()}, filters())}),
		NewRoute("line", none, oneLine, operation.Operation{
			Callers: keys.Roles(), Subject: operation.WholeCustomer,
			Params: []operation.Param{
				{Name: "id", Required: true, Max: 1024, Meaning: "of a line or a record"},
				ofCustomer(false), ofCycle(),
				{Name: "origin_cycle", Kind: operation.Month, Meaning: "that it belongs to, if it is billed later"},
				{Name: "day", Kind: operation.Date, Meaning: "the day of the record, which finds it faster"},
				{Name: "feed", Kind: operation.Word, Words: []string{"1"},
					Meaning: "look through large feed files too"},
			}}),
	}
}

// others returns the pages about the inputs of bills and about what depends on bills.
func others() []Route {
	none := operation.Text{}
	return []Route{
		preparedPlain(NewRoute("bandwidth", operation.Text{Zh: "带宽", En: "Bandwidth"}, bandwidth, ofBandwidth())),
		drawing(NewRoute("bandwidth.svg", none, nil, ofBandwidth())),
		NewRoute("packages", none, packages, ofOwnBooks(ofCycle())),
		preparedPlain(NewRoute("partners", operation.Text{Zh: "伙伴", En: "Partners"}, Partners,
			operation.Operation{
				Callers: sellers(), Subject: operation.AnyStatement,
				Params: []operation.Param{ofCycle(), operation.OfCurrency()}})),
		NewRoute("statement", none, StatementPage, operation.Operation{
			Callers: sellers(), Subject: operation.AnyStatement,
			Params: []operation.Param{ofPartner(true), ofCycle()}}),
		ofFile(NewRoute("statement.html", none, nil, operation.Operation{
			Callers: sellers(), Subject: operation.AnyStatement,
			Params: []operation.Param{ofPartner(true), ofCycle()}}), statementDocument),
		NewRoute("incentives", operation.Text{Zh: "激励", En: "Incentives"}, Incentives,
			operation.Operation{
				Callers: sellers(), Subject: operation.AnyStatement, Params: []operation.Param{ofPartner(false)}}),
		preparedPlain(NewRoute("rejects", operation.Text{Zh: "拒收记录", En: "Rejects"}, Rejects,
			operation.Operation{
				Callers: []keys.Role{keys.Vendor, keys.Finance}, Subject: operation.Nobody,
				Params: []operation.Param{{Name: "reason", Meaning: "only rejects with this reason"},
					{Name: "file", Max: 1024, Meaning: "only rejects of this file below inbox/"},
					{Name: "row", Kind: operation.Whole, Min: 1, Max: math.MaxInt64,
						Meaning: "only this row of the file"}}})),
		NewRoute("runs", operation.Text{Zh: "运行", En: "Runs"}, Runs, operation.Operation{
			Callers: []keys.Role{keys.Vendor, keys.Finance}, Subject: operation.Nobody,
			Params: []operation.Param{{Name: "id", Meaning: "one run of a job"}, operation.OfCurrency()}}),
		NewRoute("calculator", operation.Text{Zh: "价格计算", En: "Price calculator"}, calculator,
			operation.Operation{Callers: []keys.Role{keys.Vendor, keys.Partner, keys.Customer},
				Subject: operation.Customers, Params: []operation.Param{ofCustomer(false), ofManager(),
					{Name: "sku", Meaning: "the product"}, {Name: "region_code", Meaning: "the region"},
					{Name: "quantity", Max: 40, Meaning: "the quantity, in the product's measure"}}}),
		NewRoute("orders", none, orders, ofOwnBooks()),
		NewRoute("account", none, account, ofOwnBooks(ofCycle())),
		NewRoute("search", none, search, operation.Operation{
			Callers: keys.Roles(), Subject: operation.Customers,
			Params: []operation.Param{{Name: "q", Max: 256, Meaning: "an id or a part of a name"}, ofManager(),
				{Name: "in", Kind: operation.Word, Words: []string{"lines"},
					Meaning: "look through all lines, however many there are"}}}),
	}
}

// ofMoney returns the pages about partners' money and vendor costs.
func ofMoney() []Route {
	none := operation.Text{}
	settled := func(more ...operation.Param) operation.Operation {
		return operation.Operation{Callers: sellers(), Subject: operation.AnyStatement,
			Params: append([]operation.Param{ofPartner(false)}, more...)}
	}
	return []Route{
		preparedPlain(NewRoute("chain", none, Chain, settled(ofCycle()))),
		NewRoute("funds", none, Funds, settled()),
		NewRoute("coupons", none, CouponPage, settled(operation.Param{Name: "coupon_id", Max: 1024,
			Meaning: "the coupon"})),
		NewRoute("receivables", none, Receivables, settled()),
		NewRoute("withdrawals", none, Withdrawals, settled()),
		NewRoute("invoices", none, Invoices, settled()),
		NewRoute("deadlines", operation.Text{Zh: "期限", En: "Deadlines"}, DeadlinePage, settled()),
		NewRoute("margins", operation.Text{Zh: "毛利", En: "Margins"}, Margins, operation.Operation{
			Callers: []keys.Role{keys.Vendor, keys.Finance}, Subject: operation.Customers,
			Params: []operation.Param{ofCustomer(false), ofCycle(),
				{Name: "reason", Max: 256, Meaning: "costs that were kept or not allocated for this reason"},
				{Name: "service_name", Max: 256, Meaning: "the service; - = none"},
				{Name: "account", Max: 1024, Meaning: "the account; - = none"}}}),
	}
}

// ofFile marks a route that returns a file instead of a page.
func ofFile(r Route, file func(*View) (*File, error)) Route {
	r.File = file
	return r
}

// preparedPlain marks a route whose page is prepared without parameters.
func preparedPlain(r Route) Route {
	return preparedFor(r, func(context.Context, *operation.State) ([]url.Values, error) {
		return []url.Values{nil}, nil
	})
}

// preparedFor marks a route whose page is prepared with the parameters that which returns.
func preparedFor(r Route, which func(context.Context, *operation.State) ([]url.Values, error)) Route {
	r.Prepare = which
	return r
}

// sellers returns the roles that see more than one customer.
func sellers() []keys.Role { return []keys.Role{keys.Vendor, keys.Finance, keys.Partner} }

func ofCustomer(required bool) operation.Param {
	return operation.Param{Name: "customer_id", Required: required, Meaning: "the customer"}
}

// ofBandwidth describes the pages about measured links. The value of a month depends on all its samples, so a partner
// sees it only for customers that never had another partner.
func ofBandwidth() operation.Operation {
	return operation.Operation{Callers: keys.Roles(), Subject: operation.WholeCustomer,
		Params: []operation.Param{ofCustomer(false), ofCycle(),
			{Name: "resource", Meaning: "a link or a group of links"}, {Name: "sku", Meaning: "the product"},
			{Name: "day", Kind: operation.Date, Meaning: "the day whose curve is drawn; default: the cycle"}}}
}

// ofOwnBooks describes pages about a customer's own data, whoever its partner is: packages, orders and balances.
func ofOwnBooks(more ...operation.Param) operation.Operation {
	return operation.Operation{Callers: []keys.Role{keys.Vendor, keys.Finance, keys.Customer},
		Subject: operation.OneCustomer, Params: append([]operation.Param{ofCustomer(true)}, more...)}
}

func ofPartner(required bool) operation.Param {
	return operation.Param{Name: "partner_id", Required: required, Meaning: "the partner"}
}

func ofManager() operation.Param {
	return operation.Param{Name: "account_manager_id", Meaning: "only customers of this account manager"}
}

func ofCycle() operation.Param {
	return operation.Param{Name: "cycle", Kind: operation.Month, Meaning: "the cycle; the newest one by default"}
}
