// Package lake keeps tollbook's results: immutable Parquet files, manifests that name them, and HEAD, which names the
// live manifest. Replacing HEAD is the commit. docs/lake.md says the same for people who read the lake with other
// tools.
//
//	HEAD                                                    <number> <hash> of the live manifest
//	LOCK                                                    the writer's lock: empty, or who holds it, or who was killed holding it
//	manifests/000042.json                                   one state: cycles, totals, the lists' names, files of no cycle
//	manifests/files-2026-09-<hash>.json                     the files of a cycle
//	manifests/inputs-<hash>.json                            the feed files taken so far
//	lines/cycle=2026-09/day=2026-09-03/003-<hash>.parquet   table, cycle, day (`end` for month-end), bucket
//	rejects/<hash>.parquet                                  a table without cycle
//	tmp/000007-lines                                        unfinished, or a spill of the run that is on
//	tmp/000000-commit                                       the manifest that a run is about to commit: what HEAD will say
//
// A hash is the first 128 bits of a SHA-256 in hexadecimal.
//
// # Invariants
//
// "Must": if broken, money may be lost or read twice. "Should": the next run repairs it.
//
//	LAKE-1  A data file or a list must never change; its name follows from its key and its content.
//	LAKE-2  HEAD must be the only name whose content changes, and it changes in one step.
//	LAKE-3  HEAD must name a manifest that is durable, and that only names lists and data files that are.
//	LAKE-4  A reader that starts at HEAD must see one whole state: before a run or after it (spec §7.2).
//	LAKE-5  Every named data file must be there with its size, else no run starts.
//	LAKE-6  Manifest n must hold the hash of manifest n−1, down to 1, which has no parent. Manifests are kept for
//	        ever.
//	LAKE-7  The same state on the same parent must have the same bytes and names: no clock, no random name, no order
//	        of workers gets in. (AsOf is the run's clock, given to it.)
//	LAKE-8  The files, month-end and books of a cycle that is closed must never change. Files may leave it, once, and
//	        only into an archive that has all of the cycle's files, durable and checked; the cycle says then what
//	        left, when and where to (Archived). Cycles leave in order, the oldest first. An archive is a lake
//	        (ArchiveOf) that keeps these rules too.
//	LAKE-9  One run at a time must hold the lock; any number of readers need none.
//	LAKE-10 A run that changes nothing must leave no new name and no new number. The clock of a run is no change,
//	        except to a run that resets the lake's clock (ResetClock).
//	LAKE-11 After a run that ended the lake should hold HEAD, LOCK, manifests 1 to n, and what manifest n names:
//	        nothing else of its own. Then, and only then, is a glob over a table's folder the truth.
//	LAKE-12 Cycle and day must be columns in the data files too: a file that lost its path still says what it is.
//	        (Kept by those who write the files' content.)
//	LAKE-13 A reader must never get a byte of a data file that is not the byte that was written: the lists hold
//	        checksums of blocks.
//	LAKE-14 A manifest after the one that HEAD names (any manifest, where there is no HEAD) must be announced in
//	        tmp/000000-commit: only then it was never committed. Otherwise HEAD was lost or replaced by an older one:
//	        the lake is damaged, and neither a run nor a reader uses it. RestoreHead repairs HEAD.
//	LAKE-15 HEAD must only be restored to the newest manifest, and only if all files that it names and its chain of
//	        parents are complete.
//
// # Write order
//
//	WRITE-1 A data file: written under a name in tmp/, synced, closed, renamed to its name. Several at once.
//	WRITE-2 When all are written: the announcement tmp/000000-commit, number and hash of the manifest, synced. Then
//	        every folder in which a name changed, and those above it, synced once.
//	WRITE-3 The lists that differ, and the manifest: as in WRITE-1, then their folder.
//	WRITE-4 HEAD: as in WRITE-1, then the root folder. The rename is the commit for readers, the sync for power cuts.
//	WRITE-5 Clearing up (DEL-2), the announcement included, then the lock.
//	WRITE-6 A sync that failed ends the run at once, and nothing of it is tried again: nobody knows what is on disk
//	        then.
//
// # Read order
//
//	READ-1  HEAD.
//	READ-2  The manifest it names; its hash is checked. The next manifest is not there, or is announced (LAKE-14).
//	READ-3  The lists that are needed; their hashes are checked.
//	READ-4  The data files; their sizes are checked on opening, the checksum of a block when it is first read, their
//	        hashes by CheckFiles.
//	READ-5  A file is gone: read HEAD again. It moved: start over. It did not: the lake is damaged (MissingError).
//
// # Delete order
//
//	DEL-1   Nothing is deleted before HEAD is durable: after WRITE-4, or after a run synced the root folder at its
//	        beginning. Every run does, so that a run that finds nothing to write does not report a state as
//	        committed that a power cut would take back.
//	DEL-2   At the end of a run: what the old state named and the new one does not (data files, lists), what the run
//	        finished and did not name, its temporary files; then their folders are synced.
//	DEL-3   At the begin of a run, with a line each that says why: temporary files, the announced manifest after
//	        HEAD's, and data files and lists that HEAD's manifest does not name. The announcement goes last, after the
//	        manifest's removal is durable.
//	DEL-4   Never deleted: HEAD, LOCK, manifests up to HEAD's, and files whose names the lake does not give (a line
//	        warns of them).
//	DEL-5   A HEAD that is missing beside a manifest, or older than the lake (LAKE-14), stops the run before anything
//	        is deleted.
//
// Lists of older manifests are deleted with the files they name. The manifests that are kept still hold their hashes
// and totals: the history can be audited, the old states cannot be read.
package lake
