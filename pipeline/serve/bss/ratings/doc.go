// Package ratings answers the vendor-compatible operations that price an enquiry: what usage, an order or a renewal
// would cost a customer now. Only a renewal reads the lake, for the orders of its resources.
//
//	RATINGS-1  Prices and discounts are those of bills at the time of the call: usage is priced by package rating with
//	           meters at 0 and without packages, with the month-end lines of an otherwise empty month; orders and
//	           renewals by package ordering.
//	RATINGS-2  Amounts of usage are truncated to 6 decimals unless all are requested. A discount is the difference of
//	           truncated amounts, and a total adds up the amounts as they are shown.
//	RATINGS-3  A resource is renewed by the last of its orders that was not unsubscribed. It is listed as failed if
//	           there is none, or no price now. A product that cannot be priced fails the enquiry.
package ratings
