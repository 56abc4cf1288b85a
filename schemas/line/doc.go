// Package line says what a consumption record (a line, spec §5) is: its charges, its kinds, and the one table of
// columns from which the Arrow schema, the Parquet files and the exports are made.
//
// Contract:
//
//	LINE-1  Official = Discount + Truncated + Payment for every charge, to the last digit (spec §4.2).
//	LINE-2  Nothing in a line depends on which run wrote it (spec §5).
//	LINE-3  The order of Kind's values is the order of lines that share everything before it (spec §8).
package line
