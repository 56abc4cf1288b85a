// Package rejects stores the records that were not accepted: which of them are open, and how the others ended.
//
//	REJ-1  A reject is in exactly one of two tables of the lake: rejects has the open ones, ended_rejects those that
//	       ended. Every reader of rejects reads the first table, so that all of them agree on what is open.
//	REJ-2  A reject ends as corrected when a record of its identity is accepted in the run that rejected it or in a
//	       later one. If the identity was accepted before, the reject stays open, because its content differs from
//	       what is billed. So does a conflict if an event that it contradicts, and that was refused, is accepted.
//	REJ-3  A person ends any other reject by dismissing it, with a name and a reason, and opens it again by restoring
//	       it. A dismissed reject whose identity is accepted later is corrected too, and keeps the name and the
//	       reason.
//	REJ-4  A reject whose identity cannot be read is never corrected. It ends by a retry that accepts it, or by a
//	       dismissal.
//	REJ-5  An ended reject stays counted as rejected in its feed file (INGEST-1).
//	REJ-6  File names and rows alone decide which record is named as the correction, not workers or batches.
//
// If no reject of a lake ended, the lake has no table ended_rejects.
package rejects
