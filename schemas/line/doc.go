// Package line defines a consumption record (a line, §5): its charges, its kinds, and the one table of columns from
// which the Arrow schema, the Parquet files and the exports are made.
//
//	LINE-1  Official = Discount + Truncated + Payment for every charge, to the last digit (§4.2).
//	LINE-2  Nothing in a line depends on which run wrote it (§5).
//	LINE-3  The order of Kind's values is the order of lines that are equal in everything before it (§8).
package line
