// Package rerated defines what re-rating a closed cycle is given and returns (§4.12): the books of another folder, and
// the differences to what was billed.
//
//  1. Differences are listed in the order of customer, sku, region and resource.
package rerated
