// Package backup copies a workspace while runs go on, and puts a copy back.
//
//	lake/             the lake at one committed state, readable where it lies
//	archive/          the lake of archived cycles, if there is one
//	files/ab/<hash>   settings, books, feed files, run ledger, volumes of the archive, by content
//	backup.json       what belongs to the backup: it replaces the one before in one step
//
//	BACKUP-1  A backup is one committed state of the lake: it is read as any reader does, and started over when a run
//	          takes a file away.
//	BACKUP-2  backup.json is written last, when all that it names is durable, including what a backup that was
//	          killed left behind. A backup that was killed leaves the one before it complete; what nobody names is
//	          deleted after it.
//	BACKUP-3  What the lake names is copied before the inbox, the inbox before the archive: a feed file that the lake
//	          took, or that is packed away meanwhile, is in the backup. One that changes while it is copied is left
//	          out and told.
//	BACKUP-4  What is there by its content's name is not copied again. Everything is hashed as it is copied, in both
//	          directions.
//	BACKUP-5  Secrets (keys of callers, passwords, TLS keys) are copied only when asked for.
//	BACKUP-6  A restore goes into an empty folder, checks every byte, and writes tollbook.yaml last: before that there
//	          is no workspace.
//	BACKUP-7  A restore that did not finish leaves its mark, the file .restoring. The same restore again finishes it:
//	          what is there and is, byte for byte, the backup's stays, all else is copied again, and the result is
//	          what one restore makes. A folder with the mark of another backup is refused.
package backup
