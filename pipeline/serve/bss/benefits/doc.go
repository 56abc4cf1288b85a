// Package benefits answers the vendor-compatible operations about coupons: the quotas from which partners issue them,
// coupons, changes of both, and stored value. It reads the tables of §9.2 through pipeline/read/coupons.
//
//	BENEFITS-1  A partner sees its own quotas and the coupons that it issued. A distributor sees a reseller's for the
//	            time in which it was its reseller, and of quotas with a parent only those that it handed down.
//	BENEFITS-2  States and amounts are those of the last run: a coupon expires at the run's as-of.
package benefits
