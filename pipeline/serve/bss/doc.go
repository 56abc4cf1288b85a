// Package bss answers the vendor-compatible operations of the query API: paths, verbs, parameters, fields and types
// are those of huaweicloud-sdk-go-v3, services/bss/v2 (docs/api.md).
//
//	BSS-1  A field is sent in the type of the SDK's model: decimal.Decimal as a JSON number with its exact digits,
//	       *string as a string, *int32 as a whole number. Fields that tollbook does not know are omitted.
//	BSS-2  Rows have a fixed order, so that pagination never skips or repeats one within a committed state. No two
//	       records of a customer and a cycle have the same id, on whichever pages they are.
//	BSS-3  Everything that is read is within the call's scope (OP-3).
//
// # Accounts
//
// This part answers the vendor-compatible operations about the accounts of customers and partners: their
// balances, and the changes of customers' balances. It reads the balances and entries that payments leave in the lake
// (§6.3, §9.1).
//
//	ACCOUNTS-1  Balances are those after the last run. A distributor sees a reseller's only while it is its reseller.
//	ACCOUNTS-2  A list of customers omits those that do not currently belong to the scope's partner by resale, whether
//	            they exist or not.
//
// # Coupons
//
// This part answers the vendor-compatible operations about coupons: the quotas from which partners issue them,
// coupons, changes of both, and stored value. It reads the tables of §9.2 through pipeline/read/query.
//
//	BENEFITS-1  A partner sees its own quotas and the coupons that it issued. A distributor sees a reseller's for the
//	            time in which it was its reseller, and of quotas with a parent only those that it handed down.
//	BENEFITS-2  States and amounts are those of the last run: a coupon expires at the run's as-of.
//
// # Catalogue
//
// This part answers the vendor-compatible operations about products: services, kinds of resources, usage types,
// measures and specifications. It reads only the books, not the lake.
//
//	CATALOGUE-1  A list has each code once, sorted by code. Names are those of products.csv.
//	CATALOGUE-2  A specification is listed for a region and a charge mode if a price of the standard list is in
//	             force for it there.
//
// # Costs
//
// This part answers the vendor-compatible operations about a customer's costs: ListCosts adds up its lines by
// dimensions and by day or month; ListCustomerBillsMonthlyBreakDown spreads payments over the period that they pay for.
//
//	DIMENSIONS-1  A line counts in the month of its cycle, or on its bill date, which is a day of that month.
//	DIMENSIONS-2  PAYMENT_AMOUNT is the payment; NET_AMOUNT is the payment without what coupons, flexi coupons
//	              and stored value paid.
//	DIMENSIONS-3  In the breakdown, the payments of orders and of recurring charges are spread over their days as in
//	              deferred revenue. The amounts of all months add up to the payment. A line counts from its cycle on,
//	              and the rest of a refunded one is in the month of the refund.
//
// # What operations share
//
// This part has what several groups of vendor-compatible operations need: parameters, pages, measures, and names
// from the books.
//
//	FORM-1  A page is the part of a list that offset and limit select. An offset past the end selects nothing.
//
// # Packages
//
// This part answers the vendor-compatible operations about a customer's prepaid packages and what is left of
// them (§4.3). A package has one item, itself: free_resource_id is the package_id.
//
//	PACKAGES-1  What is left is that of the quota period that includes the as-of of the last run. If nothing was drawn
//	            from a package in that period, or it has not begun, all is left; if it has expired, nothing.
//	PACKAGES-2  An id that is not of the customer's packages is omitted, whether it exists or not.
//
// # Enquiries
//
// This part answers the vendor-compatible operations that price an enquiry: what usage, an order or a renewal
// would cost a customer now. Only a renewal reads the lake, for the orders of its resources.
//
//	RATINGS-1  Prices and discounts are those of bills at the time of the call: usage is priced by package rating with
//	           meters at 0 and without packages, with the month-end lines of an otherwise empty month; orders and
//	           renewals by package ordering.
//	RATINGS-2  Amounts of usage are truncated to 6 decimals unless all are requested. A discount is the difference of
//	           truncated amounts, and a total adds up the amounts as they are shown.
//	RATINGS-3  A resource is renewed by the last of its orders that was not unsubscribed. It is listed as failed if
//	           there is none, or no price now. A product that cannot be priced fails the enquiry.
//
// # Orders and accounts
//
// This part answers the vendor-compatible operations about orders and about changes of partners' accounts: the
// orders that partners paid and the amounts that they allocated to their customers.
//
//	TRADE-1  An order is shown as it was billed: its amounts are those of its lines.
//	TRADE-2  An order that was not paid is shown with what it would cost at the last run, or at its cancellation. Its
//	         partner is that of its creation.
//	TRADE-3  The coupons and discounts of an order are those that fit it at the last run by the rules of billing. An
//	         order that was paid or cancelled has none.
//	TRADE-4  A resource is in use from its first order on until the last of its orders expires, without those that
//	         were unsubscribed; if all were, it is unsubscribed.
package bss
