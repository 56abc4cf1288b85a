// Package epochs finds the spans in which the books that bill cost files do not change.
//
//  1. Within a span that Around returns, the same allocation rules, rows of customers, mark-ups and prices are in
//     force.
package epochs
