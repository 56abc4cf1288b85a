// Package table is the only definition of tollbook's tables: the columns of every table in the lake and of every
// exported table (§5, §8), in order, with type and meaning. The Arrow schema, the Parquet files, the exports and the
// reference in docs/formats.md are all made from it.
//
//  1. A column's name, position and type never change within a version of the lake. New columns are added at the
//     end, or after the last exported one; .adding names those that files of a table can lack.
//  2. Amounts are DECIMAL(38,8), quantities and unit prices DECIMAL(38,10), times UTC microseconds.
//  3. Only MaybeTime columns are nullable; an empty text means "no value".
//  4. Code names a column by its handle (LineUsageStart), which contains the table and the type. Handles are generated
//     from the definitions. A handle of the wrong table or of the wrong type does not compile. ColumnOf is a column of
//     a known table and of any type, and List is a list of them; an int is neither. Code that learns the table only
//     when it runs uses the row type Any.
//
// # Lines
//
// This part defines a consumption record (a line, §5): its charges, its kinds, and the one table of columns from
// which the Arrow schema, the Parquet files and the exports are made.
//
//	LINE-1  Official = Discount + Truncated + Payment for every charge, to the last digit (§4.2).
//	LINE-2  Nothing in a line depends on which run wrote it (§5).
//	LINE-3  The order of Kind's values is the order of lines that are equal in everything before it (§8).
//
// # Positions
//
// PackagePosition position defines what rating a day needs to know about the days before: meter counts, remaining
// packages, sums of customers. Kind is the type of a row; a new rule adds a kind and never changes the meaning of
// another.
//
//  1. The closing positions of a day are the opening positions of the next day.
//  2. Positions are a function of the accepted records and the books. They do not depend on runs, files or workers.
//  3. Meter and Events rows add up: what records count does not depend on what is counted before them
//     (AddPositionCounts).
//  4. Meter and Gather rows end with their cycle; Package rows continue into the next.
package table
