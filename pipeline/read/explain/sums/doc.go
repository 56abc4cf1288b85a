// Package sums explains amounts that are sums over lines: what a partner's statement has about a customer, and a tax.
//
//  1. All data comes from one snapshot (LAKE-4).
//  2. The sum is added up again from the lines. The explanation says whether the stored amount agrees.
//  3. The package does not write to the lake.
package sums
