// Package packages answers the vendor-compatible operations about a customer's prepaid packages: which it has, and what
// is left of them (§4.3). A package is its own one item, so that free_resource_id is the package_id.
//
//	PACKAGES-1  What is left is that of the quota period which holds the as-of of the last run. Of a package that
//	            nothing was drawn from in that period, or that has not begun, all is left; of one that has expired,
//	            nothing.
//	PACKAGES-2  An id that is not of the customer's packages is left out, whether it exists or not.
package packages
