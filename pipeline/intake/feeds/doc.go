// Package feeds describes the feeds (§3.13–3.20): their columns, the kinds of the columns' values, and which columns a
// record must have. Readers, checks and documentation all use this description.
//
//  1. The order of a Spec's columns is the order of the checks and of the columns of a batch.
//  2. The columns of a feed have distinct names. No name begins with x_, which is reserved for senders' own columns.
package feeds
