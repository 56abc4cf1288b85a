// Package state holds what every step of the fold works with: the next state of the lake, and the books.
//
//  1. Steps of a bucket communicate only through the state: a step finds what earlier steps put into it.
//  2. One worker uses a State. Workers share the transaction, whose next state several goroutines may use.
//
// # Changed books
//
// This part determines what a change of the books affects, so that a run rates only that part again. It compares
// the books with which open cycles were rated, of which a copy is stored next to the run ledger, with the current
// books.
//
//	CHANGE-1  A copy is used only if its hash, settings included, is the one with which the lake says a cycle was
//	          rated. If it is lost, damaged or not writable, the run takes longer and nothing else changes.
//	CHANGE-2  Usage that is in no scope of a change, on a day of a bucket that opens with the same positions, has the
//	          same lines and closing positions with the old books and the new ones. Usage for which this is not known
//	          counts as affected.
//	CHANGE-3  A nil *Change affects everything. Compare returns it if a customer, product, partner or programme was
//	          removed, or if a product changed.
//	CHANGE-4  The affected part is found from the validity of rows, not from their text: a price that was ended and
//	          followed by a higher one affects usage from then on, and another spelling of the same row affects
//	          nothing.
//	CHANGE-5  A book with rows in the copy that is missing from the workspace is an error of the books. It is not
//	          read as an empty one.
//	CHANGE-6  Before it commits, a run writes the copy under a name with the number of the manifest that it began
//	          with, and renames it afterwards. If it is stopped between, the copy counts once a later manifest exists.
//
// # Numbers and words
//
// This part turns the words of lake files into the codes of the books: indexes of customers and products.
//
//  1. A word that the books no longer contain is a *books.MissingError, which names the book.
//
// # Incoming records
//
// This part decides the new rows of a run against each other and against the records of the lake (§3.20).
//
//  1. A decision does not depend on the order of files or rows. Of several rows with one content the first
//     by file and row is accepted; rows of one identity with several contents are all conflicts.
//  2. Every row that passed the checks of single rows is counted once: accepted, duplicate or rejected.
//  3. Memory is bounded by the rows of one bucket and cycle, whatever the size of the lake. The identities of many rows
//     are divided into parts in scratch files.
//  4. Hashes of identities only select the records to look at, because several identities can have one hash.
//     Decisions are made on the identities themselves.
//
// # Lines of days
//
// This part writes lines of usage and their sums by customer.
//
//  1. The sums of a file are the sums of its lines, added up in one place.
//  2. Repeated values are written from dictionaries: writing a line allocates nothing.
//
// # Measured bandwidth
//
// This part groups samples of bandwidth by billing object: a link, or the links of a group (§4.7). Package
// percentile measures them. It also reads from the lake what commitments count and what recurring charges charged.
//
//	MEAS-1  The objects of a cycle are a function of links.csv alone: one for each customer, sku, region and group or
//	        link with a row in force at any instant of the cycle, with samples or without.
//	MEAS-2  A sample belongs to the object of its link's row in force at the start of its slot. A sample without such
//	        a row, or of a customer that was not requested, does not count.
//	MEAS-3  A link has one sample per slot, in ascending order of slots, as in the lake.
//	MEAS-4  The current books decide to whom a link belongs. Samples that are stored for another customer, because
//	        the books gave their link away after they were accepted, are strays: they are found and count for the
//	        link's customer.
//	MEAS-5  Memory holds the samples of one customer at a time, and strays.
//	MEAS-6  The charge of a part of a recurring charge is what its cycle billed, if it is closed, plus the differences
//	        that re-rating has posted since, with the partner of the first of these lines. The books determine it for
//	        an open cycle, for a cycle whose charges are archived, and for what a cycle before the first closed one
//	        never billed.
//	MEAS-7  The books alone determine whether a cycle without a record may have lines.
//
// # Positions
//
// This part reads the positions with which a day of a bucket opens, from any state of the lake: the next state of
// a run, or a snapshot. A run, an explanation, a report on packages and a quote read them with this code.
//
//	OPEN-1  A day opens with the closing positions of the last day before it that has accepted records in the bucket,
//	        in this cycle or an earlier one. A day has records if it has an index of identities.
//	OPEN-2  Positions of an earlier cycle are changed by what was billed late and by re-rating since then (OPEN-3),
//	        and pass to the new cycle by the rules of package rating.
//	OPEN-3  Changes apply in the order of the cycles they were billed in. In each cycle shifts apply before the states
//	        after late records, which already include them. A change applies only if its quota period is still open
//	        when the cycle it was billed in begins.
//	OPEN-4  A state replaces the package's position. A shift changes what was drawn in its own quota period, never
//	        below 0. Both replace the position of another quota period of the package.
//	OPEN-5  Positions that a day does not change are copied byte by byte.
//	OPEN-6  A position is of the quota period that begins at its time, of the row to which a draw at that time belongs
//	        (§3.7). One at whose time no quota period begins counts nothing: no closed cycle draws from its row.
//	OPEN-7  A row of a package from which closed cycles draw keeps what its positions go by: customer, package_id,
//	        valid_from and reset. Other books are refused before anything is done.
//
// # Lines to be paid
//
// This part keeps the lines of days that the task of a bucket has rated and will pay, between these two steps, so
// that the lake gets only one file of them: the one that contains what paid each line.
//
//	RATED-1  A reader returns the row groups that were added, in their order, as a reader of a file of them would:
//	         pay writes the same file from either.
//	RATED-2  Up to 131,072 rows of a worker are held in memory. Others are in temporary files of the run: in one, if
//	         nothing is read before everything is added.
//	RATED-3  Lines can be read before they are paid: commitments count them (§10.4). They are still available to pay.
//
// # Records of a month
//
// This part reads accepted usage records from the lake and stores those that lines do not hold.
//
//  1. A record is read from its lines, or from the usage table if lines do not hold all of it. If both have a
//     record, the usage table takes precedence.
//  2. Records of a day come in the order in which they are rated: customer, start, record_id.
//
// # Samples
//
// This part decides and stores bandwidth samples, and measures billing objects with them (§4.7).
//
//  1. One sample counts per slot of a link. The duplicates rule of the link's policy selects it.
//  2. A sample belongs to the customer that the current books name for its link, in whatever bucket it is
//     stored.
package state
