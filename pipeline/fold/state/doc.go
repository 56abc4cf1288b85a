// Package state is the small value that every step of the fold works with: the next state of the lake, and the books.
//
//  1. What one step puts into the state the next one finds: there is no other way between steps of a bucket.
//  2. A State is of one worker. Workers share the transaction, whose next state may be used by several
//     goroutines.
package state
