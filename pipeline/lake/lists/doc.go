// Package lists reads the lists that a manifest names, on demand and once each.
//
//  1. A list is used if its hash, its format, its cycle and day, and the number of its entries are those that the file
//     that names it says, and if every file that it names belongs into it (READ-3, LAKE-17). Any other is a
//     *lakeerr.CorruptError.
//  2. Of a cycle whose list is cut by day, a question for a day reads the list of the cycle and that of the day.
package lists
