// Package newfiles finds the feed files of the inbox that a run takes (§3.1).
//
//  1. A file is taken once, by its feed and the hash of its content. Two new files of one content are taken as one.
//  2. Every name that is not taken is in the report: with a fault, as deferred to a later run, or as the same as
//     another.
//  3. A hash that another process found counts only if the file has one stamp when it is listed, before and after it
//     is read, and when the hash is taken over.
package newfiles
