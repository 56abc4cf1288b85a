// Package epochs says in which time nothing changes of the books that cost files are billed by.
//
//  1. Within a span that Around returns, the same allocation rules, rows of customers, mark-ups and prices are in
//     force.
package epochs
