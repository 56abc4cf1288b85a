// Package backup copies a workspace, also during runs, and restores a copy.
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
package backup
