// Package day folds the days of a cycle: (opening positions, accepted records, books) -> (lines, closing positions).
//
//  1. Records are rated in the order of start and record_id within a customer. Customers without records keep
//     their positions.
//  2. The lines of a day hold exactly the quantities of its records, or the run stops.
//  3. Package pay writes the lines that are paid, and their sums; this package does not (CASH-9).
//  4. A part of a large customer's day, a slice, can be rated before the rest of its bucket, with the positions that
//     its rows are expected to open with. The fold takes it over only if rating the rows in order would give the same
//     lines, positions and decisions; else it rates them. The files are the same.
//
// # Orders and adjustments
//
// This part makes the lines of accepted orders and manual adjustments in a bucket (§4.8, §4.9, §3.19).
//
//	EVENTLINE-1  The event lines of a cycle are in its day `events`, one file per bucket, in the order of §8. They are
//	             a function of the accepted events of the bucket, the books and the lines of closed cycles.
//	EVENTLINE-2  A refund has the amounts, the discount and the partner of its base's line: as the line says if its
//	             cycle is closed, else as today's books do.
//	EVENTLINE-3  A refund never counts before its base: its instant is the later of its own and its base's (§6.3).
//
// # Month ends
//
// This part writes the lines of products that are priced at the end of a cycle (§4.6, §4.7).
//
//  1. The lines are a function of the closing positions, the samples and the books. They hold exactly the gathered
//     quantities.
//
// # Commitments
//
// This part makes the lines of minimums, maximums and commits (§10.4) from the lines that they count.
//
//	FCOMMIT-1  The lines of an open cycle are a function of the lines of that and earlier cycles, the books and the
//	           run's clock. Without commitments in the books nothing is read or written.
//	FCOMMIT-2  Every run calculates a commitment of a closed cycle again if a line that the earliest open cycle bills
//	           is in one of its windows (a late record or a difference by its origin_cycle, a line of a cost file by
//	           its usage_start), or if the cycle was re-rated since the open one began. The difference from all that
//	           was billed is one line per commitment and scope in the earliest open cycle: what was billed is reversed
//	           in the scope of its line. Rows of a commitment that one billed line spans are calculated together.
//	FCOMMIT-3  Orders, manual adjustments and lines of other commitments do not count, except the lines of commitments
//	           that come earlier in the order of §10.4.
//	FCOMMIT-4  No amount is calculated from archived lines. The commitments of a customer that end in a cycle are
//	           final once the first cycle that they count is archived. For an open cycle this is an error.
package day
