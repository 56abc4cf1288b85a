// Package sums explains amounts that are sums over lines: rows of a partner's statement about a customer, and taxes.
//
//  1. All data comes from one snapshot (LAKE-4).
//  2. The sum is calculated again from the lines. The explanation reports whether the stored amount agrees.
//  3. The package does not write to the lake.
package sums
