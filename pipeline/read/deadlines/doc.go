// Package deadlines lists what lapses if nothing is done: incentives (§6.5), and partners' coupons, quotas, funds,
// receivables and invoices (§9).
//
//	DUE-1  A deadline is the first instant at which something has lapsed. Its last day is the last day of the contract
//	       zone that contains an earlier instant.
//	DUE-2  States are those of the last run. A list has the deadlines after the run's as-of, and none that has passed.
//	DUE-3  Only things of value lapse: a coupon, a quota or a receivable of which nothing is left has no deadline.
//	DUE-4  A list is ordered by deadline, then kind, id, period, partner and customer.
package deadlines
