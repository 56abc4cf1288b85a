// Package own answers tollbook's own operations of the query API: settlements for finance and partners, explanations,
// runs, and the state of the server (docs/api.md).
//
//  1. Decimals are strings with all digits of their scale, times are UTC.
//  2. Everything that is read is within the call's scope (OP-3).
package own
