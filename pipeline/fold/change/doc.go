// Package change determines what a change of the books affects, so that a run rates only that part again. It compares
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
package change
