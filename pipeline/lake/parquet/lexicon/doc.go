// Package lexicon numbers the distinct texts of a column. Names and tags occur in every record of a resource, and
// looking up a text by its hash is faster than searching a page for it.
//
//  1. Codes are given in the order in which texts first occur.
package lexicon
