// Package archive packs away what is old: feed files of the inbox as one compressed tar a cycle and time, and closed
// cycles of the lake as a lake of their own. It decides what may leave; pipeline says when, and does both within one
// transaction on the lake.
//
//	ARCH-1  A feed file is packed only if the lake took it, by its hash, none of its rejects is open, and all of its
//	        records belong to cycles that were closed long enough ago. A file that was never taken is never touched.
//	ARCH-2  A volume, archive/inbox/<cycle>.tar.zst, then <cycle>-2.tar.zst and so on, never changes once it has its
//	        name. It is synced and read back, each member's hash compared, before an original is removed; an original
//	        that changed meanwhile stays.
//	ARCH-3  The same files give the same bytes: members by name, without owner or time; their hash stands in the
//	        header.
//	ARCH-4  A cycle leaves the lake with a copy of all its files durable in the archive and read back, hash by hash.
//	        Cycles leave in order.
//	ARCH-5  What any later run can read of a closed cycle stays: all that came one by one (orders, their lines,
//	        adjustments, account events, transfers), what late records and re-rating left behind, the positions and
//	        balances that later cycles open with, performance, statements, entries of accounts. Lines of usage,
//	        samples, and what rating keeps day by day leave.
//	ARCH-6  A cycle does not leave before its quarter is closed, nor while an open cycle bills late records of it.
//	ARCH-7  Killed at any point and done again, it leaves the same bytes.
package archive
