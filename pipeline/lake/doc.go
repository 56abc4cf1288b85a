// Package lake stores tollbook's results: immutable Parquet files, manifests that name them, and HEAD, which names the
// live manifest. Replacing HEAD is the commit. docs/lake.md describes the same for people who read the lake with other
// tools. Names and formats are those of package lake, the state that a run will commit is a NextState, and
// errors are those of package lake.
//
//	HEAD                                                    <number> <hash> of the live manifest
//	LOCK                                                    the writer's lock: empty, or its last holder
//	manifests/000042.json                                   one state: cycles, totals, lists, files of no cycle
//	manifests/files-2026-09-<hash>.json                     the files of a cycle
//	manifests/files-2026-09-2026-09-03-<hash>.json          the files of a day, if the list of the cycle is cut by day
//	manifests/inputs-<hash>.json                            the feed files ingested so far
//	lines/cycle=2026-09/day=2026-09-03/003-<hash>.parquet   table, cycle, day (`end` for month-end), bucket
//	rejects/<hash>.parquet                                  a table without cycle
//	runs/<hash>/bucket/000003.result                        an object of a run whose tasks other processes do
//	tmp/000007-lines                                        an unfinished file, or a spill of the current run
//	tmp/000000-commit                                       the announced manifest: what HEAD will contain
//
// A hash is the first 128 bits of a SHA-256 in hexadecimal.
//
// # Invariants
//
// "Must": if it is violated, money may be lost or counted twice. "Should": the next run repairs it.
//
//	LAKE-1  A data file or a list must never change. Its name follows from its key and content.
//	LAKE-2  HEAD must be the only name whose content changes, and it changes in one step.
//	LAKE-3  HEAD must name a durable manifest, and that manifest must name only durable lists and data files.
//	LAKE-4  A reader that starts at HEAD must see one complete state: the state before a run or the state after it
//	        (§7.2).
//	LAKE-5  Every named data file must exist with its size. Otherwise no run starts.
//	LAKE-6  Manifest n must contain the hash of manifest n−1, down to 1, which has no parent. Manifests are kept
//	        forever.
//	LAKE-7  The same state on the same parent must have the same bytes and names. They do not depend on the clock, on
//	        random names or on the order of workers. (AsOf is the run's clock, an argument.)
//	LAKE-8  The files, month-end, books and ClosedWith of a closed cycle must never change. Files may leave it
//	        once, and only into an archive that has all of the cycle's files, durable and checked; the cycle then
//	        records what left, when and where to (Archived). Cycles leave in order, the oldest first. An archive is
//	        a lake (ArchiveOf) and keeps these invariants too. LAKE-19 is the exception.
//	LAKE-9  Only one run at a time must hold the lock. Readers need no lock. A run whose lock's file was removed or
//	        replaced neither makes, names nor deletes a file, and commits nothing.
//	LAKE-10  A run that changes nothing must leave no new name and no new number. The clock of a run is not a change,
//	         except for a run that resets the lake's clock (ResetClock).
//	LAKE-11  After a run that ended, the lake should contain HEAD, LOCK, manifests 1 to n, what manifest n names, and
//	         nothing else that tollbook wrote. Only then is a glob over a table's folder correct.
//	LAKE-12  Cycle and day must be columns in the data files too, so that a file without its path still identifies
//	         itself. (The writers of the files' content ensure it.)
//	LAKE-13  A reader must never get a byte of a data file that differs from the byte that was written: the lists
//	         contain checksums of blocks.
//	LAKE-14  A manifest after the one that HEAD names (any manifest, if there is no HEAD) must be announced in
//	         tmp/000000-commit; then it was never committed. Otherwise HEAD was lost or replaced by an older one: the
//	         lake is damaged, and neither a run nor a reader uses it. RestoreHead repairs HEAD.
//	LAKE-15  HEAD must only be restored to the newest manifest, and only if all files that it names and its chain of
//	         parents are complete.
//	LAKE-16  Every manifest and list must have the format of the program. A program must refuse a newer format, and
//	         change nothing.
//	LAKE-17  The list of a cycle must be cut by day if its text has about 4 MiB: then it names a list for each day of
//	         the calendar that has files, and holds the files of no such day. Whether it is cut must follow from the
//	         entries alone when the files of the cycle change, and stay as it is when they do not; an archive keeps
//	         the form. The list of a day must change only with the files of the day.
//	LAKE-18  The checksums of blocks that a file has in itself must be in blocks whose checksums are in the list. They
//	         are compared with these before they are used.
//	LAKE-19  The number of buckets must only change in a commit that writes the files of all buckets again, of closed
//	         cycles too. The rows of each table, cycle and day, and the sums of their columns, must be the same
//	         before and after. What follows from other files may differ: positions and balances of days on which
//	         nothing of a bucket changed, and how performances are distributed over files. An archive must keep its
//	         number.
//	LAKE-20  The zone and the currency of a lake, with its digits, must never change: days, cycles and amounts are in
//	         them (Units).
//
// # Write order
//
//	WRITE-1  A data file: written under a name in tmp/, renamed, then synced in the background and closed. Many files
//	         are written and synced concurrently.
//	WRITE-2  When all data files are synced: the announcement tmp/000000-commit, number and hash of the manifest,
//	         synced. Then every folder in which a name changed, and its parents, synced once.
//	WRITE-3  The lists that differ, and the manifest: written under a name in tmp/, synced, closed, renamed. Then
//	         their folder.
//	WRITE-4  HEAD: the lock is still the run's, HEAD is the base's, and every data file of the new state exists with
//	         its size. Then as in WRITE-3, and the root folder. For readers the rename is the commit, for a
//	         power failure the sync.
//	WRITE-5  Deletion of old files (DEL-2) and of the announcement; then the lock is released.
//	WRITE-6  A sync that failed ends the run at once, and nothing of it is retried, because the content of the disk
//	         is unknown then.
//
// # Read order
//
//	READ-1  HEAD.
//	READ-2  The manifest that it names. Its hash is checked. The next manifest does not exist, or is announced
//	        (LAKE-14).
//	READ-3  The lists that are needed. Their hashes are checked: that of the list of a day is in the list of its
//	        cycle.
//	READ-4  The data files. Their sizes are checked when they are opened, the checksum of a block when it is first
//	        read, their hashes by CheckFiles.
//	READ-5  If a file is missing, HEAD is read again. If HEAD changed, the reader starts over. If not, the lake is
//	        damaged (MissingError).
//
// # Delete order
//
//	DEL-1  Nothing is deleted before HEAD is durable: after WRITE-4, or after a run synced the root folder at its
//	       beginning. Every run does so, so that a run that finds nothing to write does not report a state as
//	       committed that a power failure would revert.
//	DEL-2  At the end of a run: data files and lists that the old state named and the new one does not, files that
//	       the run finished and did not name, and its temporary files. Then their folders are synced.
//	DEL-3  When a run commits, fails or finds nothing to do, what was there when it began, with a line per file that
//	       gives the reason: temporary files, the announced manifest after HEAD's, and data files and lists that
//	       HEAD's manifest does not name. The announcement is deleted last, after the manifest's removal is durable.
//	       A run that refuses, and a dry run, delete nothing that they did not make.
//	DEL-4  Never deleted: HEAD, LOCK, manifests up to HEAD's, and files with names that the lake does not use (a line
//	       warns of them).
//	DEL-5  A HEAD that is missing although manifests exist, or older than the lake (LAKE-14), stops the run before
//	       anything is deleted.
//
// # Tasks
//
// A task is a function of a run: from named inputs to named outputs. It works in a SubTxn and commits nothing.
//
//	TASK-1  The task of a bucket must read and change no files of another bucket in the state to come. What it did is
//	        returned as Changes; the state to come must not depend on the order in which Changes are taken.
//	TASK-2  A file that a task made must be named in its Changes, also if no key names it any more: the run deletes it
//	        at its end.
//	TASK-3  A run whose tasks other processes do (a shared run) keeps its objects in runs/<hash of its plan>/ and the
//	        files of its tasks under their names until it commits. It must only be continued on the state it was
//	        planned for, and must only name files of tasks that are there with their sizes. Any other run that begins
//	        deletes all of them (DEL-3); on an object store they are deleted by their age (CHAIN-6).
//
// # On an object store
//
// A storage.Chain has no rename and no lock across machines. There the manifest is the commit:
//
//	CHAIN-1  Data files and lists first; then the manifest n+1 is created if it does not exist. This is the commit. If
//	         it exists with another content, another writer committed it: the run ends (FencedError), and nothing of
//	         it is named.
//	CHAIN-2  HEAD must only be a hint, written after the commit. A reader starts at the manifest that HEAD names and
//	         follows manifests n+1, n+2, …, each of which must contain the hash of the one before, until one does not
//	         exist. If HEAD is missing, damaged or wrong, it starts at the newest manifest that is listed.
//	CHAIN-3  If the store does not confirm the commit, the run reads the manifest. With the run's hash it is
//	         committed. If it does not exist, the outcome is not known (UnknownCommitError). If the store says that it
//	         exists, it is read again for about a second: some stores refuse a writer before they show what another
//	         one wrote.
//	CHAIN-4  A run must delete nothing at its end: a reader of an earlier state and a writer that is about to be
//	         fenced may need it. LAKE-11, LAKE-14, LAKE-15, the write order after WRITE-1 and the delete order do not
//	         apply; a glob is never correct.
//	CHAIN-5  The store is probed before the first manifest is created, and by doctor. One that fails is refused.
//	CHAIN-6  A run must delete at its beginning only data files and lists that were written more than 24 hours ago and
//	         that no state names which is the newest or was replaced in the last 24 hours. All times are the store's.
//	         Before it lists what to delete, it puts a mark into sweeps/; it sends deletions for at most ten minutes,
//	         and then deletes the mark.
//	CHAIN-7  Before the commit a run must see that there is no mark in sweeps/ and, after that, that each file exists
//	         that it uploaded. A sweep whose mark it does not see has either ended, or lists the files after they were
//	         written and keeps them. A mark is an obstacle only if one of the files existed when the run began, or was
//	         uploaded more than 12 hours ago: no sweep deletes others.
//
//	CHAIN-8  A sweep must delete nothing that a state names on which there is a pin: an object in pins/ with the
//	         number and hash of the manifest. A reader that needs a state for longer than 24 hours makes one.
//
// Lists of older manifests are deleted with the files that they name. The manifests that are kept still contain their
// hashes and totals: the history can be audited, but old states cannot be read.
//
// # Checksums of blocks
//
// This part computes the checksums of the blocks of data files when a file is written, and checks them when it is
// read (LAKE-13).
//
//  1. A block is 64 KiB; the last one of a file may be shorter. Its checksum is the CRC-32C of its bytes.
//  2. No byte of a block is returned before the complete block was compared. A block is compared once per opened file.
//  3. If the entry of a file has no checksums, the file is read without them. If it has too few or too many, the file
//     is not opened.
//  4. A file with at least 16 complete blocks before its page index has their checksums there. The entry has those of
//     the other blocks, in which the checksums in the file are.
//
// # Durable writes
//
// This part makes what a run writes durable: data files in the background, and the folders in which names
// changed.
//
//  1. A data file is synced and closed after it has its name, many at the same time (WRITE-1). Wait returns when all
//     are.
//  2. A folder is synced after the content of all data files is durable, and after every folder below it (WRITE-2).
//  3. After a sync or a close that failed, every File, Wait and Sync returns that error: nothing of the run is
//     committed, and nothing is retried (WRITE-6).
//
// # Lists of a manifest
//
// This part reads the lists that a manifest names, on demand and once each.
//
//  1. A list is used if its hash, its format, its cycle and day, and the number of its entries are those that the file
//     that names it says, and if every file that it names belongs into it (READ-3, LAKE-17). Any other is a
//     *CorruptError.
//  2. Of a cycle whose list is cut by day, a question for a day reads the list of the cycle and that of the day.
//
// # The next state
//
// This part is the state of the lake that a transaction will commit, as it is built in memory.
//
//  1. A state begins as a copy of its base. Plan gives the manifest and the lists that follow from what was set, not
//     from the order in which different keys were, and not from the clock (LAKE-7).
//  2. Closing never goes back, and files leave a closed cycle once, the oldest cycle first, with a note of what left
//     (LAKE-8). Whether a state may be committed is for the commit to check.
//  3. The entries of the task of a bucket refuse files of another bucket (TASK-1).
//  4. A plan writes the lists of cycles, and of days of a cycle whose list is cut, only where files are others than
//     those of the base. All other lists are named as they are (LAKE-10, LAKE-17).
//  5. It reads and writes no file, and does not check that files exist.
//
// # Copies of a state
//
// This part copies a state of the lake to another storage, which is a lake then: for backups and restores.
//
//  1. A file is durable before a file that names it is written, and HEAD is last, as in a commit (LAKE-3). Newer
//     manifests of the copy are announced before the manifest that HEAD will name is written (LAKE-14).
//  2. A file is hashed while it is copied. If its content differs from the hash in the state, it never gets its name.
//  3. Copy deletes nothing but temporary files; Sweep deletes what the state does not name, in an object store after 24
//     hours only.
//  4. A copy that was killed is continued by copying again.
//
// # Errors
//
// This part defines the errors of the lake: what is missing or damaged, what was not committed, and what a person
// can do about it.
//
//  1. An error names the file, cycle or manifest it is about, and says what to do; several of one type differ by their
//     Hint.
//  2. A type says what happened, so that a caller may act on it: a *MovedError is the only one after which a reader
//     starts over, a *SyncError the only one after which the content of the disk is unknown (WRITE-6).
//  3. Package lakeerr imports nothing of the lake.
//
// # Manifests
//
// This part defines the names of the lake and the formats of its small files: manifests, the lists that they
// name, and HEAD. Package lake defines states and their succession; the labels cited here are from there.
//
//  1. A value has one encoding: the same value has the same bytes and the same hash (LAKE-7).
//  2. Package manifest alone knows the names of the lake. The name of a data file or a list follows from its key and
//     content (LAKE-1), and Classify determines the kind of a file from its name alone.
//  3. Decoding is strict: an unknown field, or anything after the value, is an error. The fast parser of lists takes
//     only the form that EncodeList writes and leaves any other to it, so that both say the same.
//  4. The cycle and the day of a file's key are values, Cycle and Day: no other text or number can be put there, and
//     nobody parses them again. Their order is that of their texts, and their texts are what manifests, lists and paths
//     hold.
//  5. It reads and writes no file.
//
// # Files that are never replaced
//
// This part determines where the lake stores a customer's rows: in which bucket, and in which bucket of which
// cycle.
//
//  1. The bucket of a customer depends only on the customer's id and the number of buckets.
//
// # Tasks
//
// This part encodes the tasks of a run and their results as bytes.
//
//	TASKENC-1  Bytes that are decoded must be exactly those that encoding the value gives. Unknown, missing or
//	           repeated fields, another kind or version of message, and text after the message are errors.
//
// A message is one line of JSON. It names objects of the lake and has no rows of usage.
package lake
