// Package codes turns the words of lake files into the codes of the books: indexes of customers and products.
//
//  1. A word that the books no longer contain is a *books.MissingError, which names the book.
package codes
