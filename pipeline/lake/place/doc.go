// Package place says where the lake stores a customer's rows: in which bucket, and in which bucket of which cycle.
//
//	PLACE-1  The bucket of a customer depends on the customer's id and the number of buckets alone.
package place
