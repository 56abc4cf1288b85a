// Package place determines where the lake stores a customer's rows: in which bucket, and in which bucket of which
// cycle.
//
//  1. The bucket of a customer depends only on the customer's id and the number of buckets.
package place
