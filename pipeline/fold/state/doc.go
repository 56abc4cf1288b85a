// Package state holds what every step of the fold works with: the next state of the lake, and the books.
//
//  1. Steps of a bucket communicate only through the state: a step finds what earlier steps put into it.
//  2. One worker uses a State. Workers share the transaction, whose next state several goroutines may use.
package state
