// Package ratings answers the vendor-compatible operations that price an enquiry: what usage, an order or a renewal
// would cost a customer now. Only a renewal reads the lake, for the last orders of its resources.
//
//	RATINGS-1  Prices and discounts are those of bills at the time of the call: usage is priced by package rating with
//	           meters at 0 and without packages, with the month-end lines of an otherwise empty month; orders and
//	           renewals by package ordering.
//	RATINGS-2  Amounts of usage are truncated to 6 decimals unless all are requested, and a total adds up the amounts
//	           as they are shown.
//	RATINGS-3  A resource whose last order was unsubscribed, or that has no price now, is listed as failed. A product
//	           that cannot be priced fails the enquiry.
package ratings
