// Package bss answers the vendor-compatible operations of the query API: paths, verbs, parameters, fields and types are
// those of huaweicloud-sdk-go-v3, services/bss/v2 (spec §8).
//
//	BSS-1  A field goes out in the type that the SDK's model has: decimal.Decimal as a JSON number with its exact
//	       digits, *string as a string, *int32 as a whole number. What tollbook does not know is left out.
//	BSS-2  Rows come in a fixed order, so that paging never skips or repeats one within a committed state.
//	BSS-3  Everything read is within the call's scope (OP-3).
package bss
