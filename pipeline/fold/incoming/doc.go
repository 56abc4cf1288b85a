// Package incoming decides the new rows of a run against each other and against the records of the lake (§3.20).
//
//  1. A decision does not depend on the order of files or rows. Of several rows with one content the first
//     by file and row is accepted; rows of one identity with several contents are all conflicts.
//  2. Every row that passed the checks of single rows is counted once: accepted, duplicate or rejected.
//  3. Memory is bounded by the rows of one bucket and cycle, whatever the size of the lake. The identities of many rows
//     are divided into parts in scratch files.
//  4. Hashes of identities only select the records to look at, because several identities can have one hash.
//     Decisions are made on the identities themselves.
package incoming
