// Package archive moves old data to the archive: feed files of the inbox as one compressed tar per cycle and time, and
// closed cycles of the lake as a separate lake. It decides what may leave. Package run decides when, and does both
// within one transaction on the lake.
//
//	ARCH-1  A feed file is packed only if the lake ingested it, by its hash, none of its rejects is open, and all of
//	        its records belong to cycles that were closed long enough ago. A file that was never ingested is never
//	        touched.
//	ARCH-2  A volume, archive/inbox/<cycle>.tar.zst, then <cycle>-2.tar.zst and so on, never changes once it has its
//	        name. It is synced and read back, and the hash of each member is verified, before an original is removed.
//	        An original that changed in the meantime stays. Links in the folders of feeds that lead to an original are
//	        removed before it.
//	ARCH-3  The same files give the same bytes: members by name, without owner or time; the header has their hash.
//	ARCH-4  A cycle leaves the lake with a copy of all its files durable in the archive and read back, hash by hash.
//	        Cycles leave in order. An archive that is older than a cycle that was archived to it is refused.
//	ARCH-5  Data of a closed cycle that a later run can read stays: low-volume events (orders, their lines,
//	        adjustments, account events, transfers), lines of recurring charges, the effect of late records and
//	        re-rating, the positions and balances that later cycles open with, performance, statements, entries of
//	        accounts. Lines of usage, samples, and what rating stores day by day leave.
//	ARCH-6  A cycle does not leave before its quarter is closed, nor while an open cycle bills late records or
//	        restated costs of it, nor before the last cycle that has a commitment with lines of it is closed.
//	ARCH-7  If it is killed at any point and started again, it leaves the same bytes.
package archive
