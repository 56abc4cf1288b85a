// Package lexicon numbers the distinct texts of a column: names and tags come back with every record of a resource, and
// finding a text by its hash takes less than searching a page for it.
//
//  1. Codes are given in the order in which texts first occur.
package lexicon
