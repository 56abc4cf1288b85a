// Package benefits answers the vendor-compatible operations about coupons: the quotas from which partners issue them,
// coupons, what happened to both, and stored value. It reads the tables of §9.2 through pipeline/read/coupons.
//
//	BENEFITS-1  A partner gets its own quotas and the coupons that it issued. A distributor gets a reseller's for the
//	            time in which it was its reseller, and of quotas with a parent only those that it handed down.
//	BENEFITS-2  States and amounts are those of the last run: a coupon expires at the run's as-of.
package benefits
