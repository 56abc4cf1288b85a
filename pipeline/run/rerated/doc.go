// Package rerated defines the input and the result of re-rating a closed cycle (§4.12): books in another folder, and
// the differences from what was billed.
//
//  1. Differences are listed in the order of customer, sku, region, resource and time.
package rerated
