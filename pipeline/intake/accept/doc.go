// Package accept ingests feed files: it finds new files in the inbox, checks every record against the books, and
// passes accepted records to the fold as sorted runs. The fold decides what depends on other records (duplicates,
// conflicts, replacements), bucket by bucket (pipeline/fold/state).
//
//	INGEST-1  Every record of every ingested file ends in exactly one of accepted, duplicate, rejected. Per file the
//	          three counts add up to the rows read (§3.20).
//	INGEST-2  The outcome does not depend on the order, number or names of the files, nor on workers and batches.
//	INGEST-3  A file that fails as a whole leaves nothing: its rows and rejects are ignored everywhere. If several
//	          tasks read it, the first in the order of its rows that failed says why.
//	INGEST-5  The column, value and id of a reject are those that docs/formats.md defines for its reason: the text of
//	          the record, or the error of a record that cannot be read.
//	INGEST-6  A scan task of another process takes rows of a file only if what it read is the content that the run was
//	          planned with. Otherwise the file is left, also if its content was restored since.
//
// Memory is bounded by workers, chunk size and batch size, not by the size of the files.
//
// # Costs
//
// This part reads the vendors' cost files: FOCUS 1.0 to 1.3, as CSV or Parquet, in deliveries below
// inbox/costs/SOURCE/YYYY-MM/DELIVERY/ (§11.1).
//
//	COSTS-1  Each row is accepted or rejected on its own. A delivery with a rejected row is held until a person
//	         accepts it. A delivery with an unreadable file or with mixed currencies fails.
//	COSTS-2  For each source and period one delivery counts: the last, by the bytes of its name, that is complete, did
//	         not fail and is not held. It depends on the inbox, not on the order in which deliveries came.
//	COSTS-3  Everything that is read although FOCUS does not allow it is counted by name (Tolerance).
//	COSTS-4  The result does not depend on the order or the split of files, except row numbers in rejects.
//	COSTS-5  The first 10,000 rejects of a delivery, or 64 MiB of them, are kept one by one; the others as a number of
//	         rows for each file, column and reason. Their sum is the number of rejects.
//	COSTS-6  Months, days, times without an offset, ends and nulls of a file are what Found.Reading says (§11.8).
//
// # Accepted events
//
// This part describes accepted events as plain data, and reads and writes them as rows of their tables in the lake:
// orders, steps in the life of orders, adjustments, account events, transfers, incentive events and events about
// partners' money. Package events decides which rows become events and when they are stored.
//
//  1. The Each function of a table returns the fields that AppendTo wrote, except File and Row. File is −1 in an event
//     that was read.
//  2. Same compares the fields of the feed's row, not the fields that a run adds.
//  3. The Each functions visit events in the order of the file, refused events included.
//
// # Decisions on events
//
// This part ingests low-volume feeds: orders, manual adjustments, account events, transfers of performance and
// incentive events. It checks them, decides them against each other and against what earlier runs accepted, and stores
// them under the cycle that bills them. Package event defines the events; package day makes their lines.
//
//	EV-1  Every row of a feed of events ends in exactly one of accepted, duplicate, rejected (§3.20).
//	EV-2  An unsubscribe is decided in the order of pay_time, order_id, order_line over all runs (§4.9).
//	EV-3  The accepted orders and adjustments of a cycle are in one file each per bucket, in order of customer and
//	      identity.
//	EV-4  Orders, adjustments and account events can be many: of those of earlier runs, only those are held in memory
//	      that decisions need, or those of one bucket of a cycle. Decisions need the events whose identity comes
//	      again, the orders that unsubscribes name with their unsubscribes, and the orders that have steps. All
//	      accepted transfers, incentive events and steps are held in memory.
//	EV-5  The result for a run's rows does not depend on the order of batches. File and row decide which of several
//	      equal rows is the accepted one.
//	EV-6  An event of a closed cycle is billed in the earliest open one and keeps its own time. An account event
//	      takes effect there at the as-of of the run that accepted it, at most the end of the cycle; a transfer
//	      counts there (§4.11).
//	EV-7  An account event that passed acceptance keeps its identity whatever the balance is. Each replay of its open
//	      cycle decides again whether a reclaim or a withdrawal counts or is refused. A refused event is a reject of
//	      its row, also in the counts of its file, and stays stored. Closing its cycle makes the last decision final
//	      (§6.3).
//	EV-8  An incentive event that passed acceptance keeps its identity in the same way. Each run decides all
//	      incentive events again, those of one incentive in the order of time, event_id. An event that does not fit
//	      the state is a reject and changes nothing (§6.5). The verdicts that a payment in a closed cycle of a
//	      partner's account follows from, and that of a payment that was rejected there, are final.
//	EV-9  The amount of an order, of an adjustment and of an account event has at most the currency's digits (§3.15,
//	      §3.16, §3.19).
//	EV-10 A step in the life of an order line brings no line, changes no order and belongs to no cycle. Each run
//	      decides all steps again, after all orders: those of one order line in the order of status_time and of the
//	      list of statuses. A step that does not fit the state that it meets is a reject and changes nothing.
//	EV-11 Events of partners' accounts are not held in memory: those of earlier runs are read in order of event_id and
//	      merged with the sorted rows of the run. The rows are decided by identity as those of other feeds are.
//
// # Rejects
//
// This part stores the records that were not accepted: which of them are open, and how the others ended.
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
//
// # Sorted runs
//
// This part sorts any number of usage records and bandwidth samples into the order in which they are rated.
// Chunks of a bounded size are sorted in memory, written to scratch files of the lake as runs, and merged one (bucket,
// day) at a time.
//
//	SORT-1  Rows of one partition are returned by customer, usage_start, record id, content, file, row (§4.1).
//	        Samples are returned by customer, slot, link, content, file, row.
//	SORT-3  A row that is read points into the merger's memory and is valid until the next one is requested.
//	SORT-4  A run that is stored in a file has the words of its region codes. A reader gets its rows with the codes of
//	        its own, in the order that these give.
//	SORT-5  A run that is stored in a file has a checksum of each segment and of its footer. They are compared before
//	        the first row of a segment is parsed. A footer or a segment that has another one is an error.
//	SORT-6  A range of a part has the rows of the part whose customer and start are in it, in the order of SORT-1. A
//	        run has a segment for each part and for every 32,768 rows of it, and only segments that can have rows of
//	        the range are read. All rows of one customer and start are in one segment.
//	SORT-7  A segment of a run that is stored in a file is read once for all merges of a worker's task, with others of
//	        its bucket that are next to it. Merges read a copy in a temporary file.
//
// Memory is bounded by the chunk size, the number of workers and a read buffer per run, not by the number of rows.
package accept
