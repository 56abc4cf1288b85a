// Package admin moves old data to the archive: feed files of the inbox as one compressed tar per cycle and time, and
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
//
// # Backup
//
// This part copies a workspace, also during runs, and restores a copy.
//
//	lake/             the lake at one committed state, readable in place
//	archive/          the lake of archived cycles, if there is one
//	archives/<hash>   the lakes of other archives
//	files/ab/<hash>   settings, books, branding, feed files, run ledger, volumes of the archive, by content
//	secrets/<hash>    files that the settings name as secrets, by content
//	backup.json       what belongs to the backup; it replaces the previous one in one step
//
//	BACKUP-1  A backup is one committed state of the lake. It is read as by any reader, and started over if a run
//	          deletes a file of it.
//	BACKUP-2  backup.json is written last, when everything that it names is durable, also files that a killed backup
//	          left. A backup that was killed leaves the previous one complete. Files that no backup names are
//	          deleted afterwards.
//	BACKUP-3  The run ledger is copied before the lake: it names no state that the copied lake lacks. What the lake
//	          names is copied before the inbox, the inbox before the archive: a feed file that the lake ingested, or
//	          that is archived meanwhile, is in the backup. One that changes during the copy, or
//	          whose name is not UTF-8, is omitted and reported. A link that leads nowhere is no file.
//	BACKUP-4  A file that exists under its content's name, with its size, is not copied again. Every file is hashed
//	          while it is copied, in both directions.
//	BACKUP-5  Secrets (keys of callers, passwords, TLS keys) are copied only on request.
//	BACKUP-6  A restore requires an empty folder, checks every byte, and writes tollbook.yaml last: before that there
//	          is no workspace.
//	BACKUP-7  A restore that did not finish leaves the file .restoring. The same restore, run again, finishes it:
//	          files that are equal to the backup stay, all others are copied again, and the result is that of one
//	          restore. A folder with an unfinished restore of another backup is refused.
//	BACKUP-8  In an object store, a file that the backup does not name is deleted a day after it was written at the
//	          earliest, by the store's clock: another machine may be making a backup there. Before backup.json is
//	          written, everything that it will name must be there.
//	BACKUP-9  Every backup reads settings and books that are in a folder. Another file in a folder is not read again
//	          only if its size, mtime, ctime and inode are those of the previous backup and both times are at least
//	          two seconds before that backup began. An object is not read again if it has the same version.
//	BACKUP-10 Every cycle that the lake names as archived is in an archive that is copied, or is reported with the
//	          folder that it was archived to. The archive of the settings is copied, and those of the workspace that
//	          have a cycle which no other copy has. A copy of an archive never replaces that of another lake.
//	BACKUP-11 A backup of a lake, or of an archive, never replaces one of a state that is not in its history: an empty
//	          lake, and one that was replaced by an older copy, are refused.
//	BACKUP-12 A feed file that the lake ingested and that is neither in the inbox nor in a volume stays as in the
//	          previous backup, under another name if its own now belongs to another file. If no backup has it, it
//	          is reported.
//	BACKUP-13 A copied file has the mode of the original. Secrets are in the folder secrets, which only the owner can
//	          enter, and are copied only to a folder that nobody else can read.
//
// # Pruning
//
// This part archives old cycles of a lake and packs old feed files of the inbox (§7.4).
//
//  1. A cycle leaves the lake after the archive has committed it.
//  2. The amounts that it adds to partners' money stay in the lake, also if the workspace does not use that yet.
//  3. A feed file with open rejects stays.
//  4. A dry run takes no lock and writes nothing.
//
// # Rebucketing
//
// This part distributes the customers of a lake over more buckets: a lake that has grown gets smaller tasks.
//
//	REBUCKET-1  The new number must be a multiple of the old one. Each bucket is then divided by itself, and its rows
//	            keep their order.
//	REBUCKET-2  All files of all buckets are written again in one transaction (LAKE-19). Killed at any point, the lake
//	            has the old number or the new one.
//	REBUCKET-3  Rows and sums of each table, cycle and day must be the same before and after, and the index of record
//	            ids that lines and usage give must be the one that is stored. Otherwise nothing is committed.
//	REBUCKET-4  The files of rating, payment and statements must be those of a lake that had the new number from the
//	            beginning: positions only of days on which the new bucket has a record, balances only of days on which
//	            one of its balances moved.
//	REBUCKET-5  performances of a closed cycle keep their amounts, in the first of the new buckets that has lines of
//	            the day. Those of an open cycle are removed; the next run calculates them from the lines.
//	REBUCKET-6  The clock of the lake does not change.
//	REBUCKET-7  Of an archived cycle, the index of its last day and its performances stay as they are, in the bucket
//	            of that number: the lines that divide them are in the archive. No record is compared with this index
//	            any more, performances of all buckets are added up, and positions alone say which day is the last.
package admin
