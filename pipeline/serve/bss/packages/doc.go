// Package packages answers the vendor-compatible operations about a customer's prepaid packages and what is left of
// them (§4.3). A package has one item, itself: free_resource_id is the package_id.
//
//	PACKAGES-1  What is left is that of the quota period that includes the as-of of the last run. If nothing was drawn
//	            from a package in that period, or it has not begun, all is left; if it has expired, nothing.
//	PACKAGES-2  An id that is not of the customer's packages is omitted, whether it exists or not.
package packages
