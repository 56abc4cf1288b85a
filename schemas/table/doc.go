// Package table is the only definition of tollbook's tables: the columns of every table in the lake and of every
// exported table (§5, §8), in order, with type and meaning. The Arrow schema, the Parquet files, the exports and the
// reference in docs/formats.md are all made from it.
//
//  1. A column's name, position and type never change within a version of the lake. New columns are added at the
//     end, or after the last exported one; .adding names those that older files lack.
//  2. Amounts are DECIMAL(38,8), quantities and unit prices DECIMAL(38,10), times UTC microseconds.
//  3. Only MaybeTime columns are nullable; an empty text means "no value".
//  4. Code names a column by its handle (LineUsageStart), which contains the table and the type. Handles are generated
//     from the definitions. A handle of the wrong table or of the wrong type does not compile. ColumnOf is a column of
//     a known table and of any type, and List is a list of them; an int is neither. Code that learns the table only
//     when it runs uses the row type Any.
package table
