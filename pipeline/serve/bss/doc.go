// Package bss answers the vendor-compatible operations of the query API: paths, verbs, parameters, fields and types
// are those of huaweicloud-sdk-go-v3, services/bss/v2 (docs/api.md).
//
//	BSS-1  A field is sent in the type of the SDK's model: decimal.Decimal as a JSON number with its exact digits,
//	       *string as a string, *int32 as a whole number. Fields that tollbook does not know are omitted.
//	BSS-2  Rows have a fixed order, so that pagination never skips or repeats one within a committed state. No two
//	       records of a customer and a cycle have the same id, on whichever pages they are.
//	BSS-3  Everything that is read is within the call's scope (OP-3).
package bss
