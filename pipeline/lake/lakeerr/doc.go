// Package lakeerr defines the errors of the lake: what is missing or damaged, what was not committed, and what a person
// can do about it.
//
//  1. An error names the file, cycle or manifest it is about, and says what to do; several of one type differ by their
//     Hint.
//  2. A type says what happened, so that a caller may act on it: a *MovedError is the only one after which a reader
//     starts over, a *SyncError the only one after which the content of the disk is unknown (WRITE-6).
//  3. Package lakeerr imports nothing of the lake.
package lakeerr
