// Package feeds describes the feeds (§3.13–3.20): their columns, what the values of a column are, and which columns a
// record must have. Readers, checks and documentation all use this description.
//
//  1. The order of a Spec's columns is the order of the checks and of the columns of a batch.
//  2. No two columns of a feed have the same name, and no column has a name of the sender's own, which begins with x_.
package feeds
