// Package storage is the only interface between the lake and a file system. Everything that the lake writes or reads
// uses Storage; no other package turns a name into a path.
//
// Names are slash-separated and relative to the root: `lines/cycle=2026-09/day=2026-09-03/003-….parquet`. An empty
// name is the root folder, and only SyncDir and List accept it.
//
// Every Storage guarantees:
//
//	STO-1  Create fails if the name exists; it never opens, truncates or replaces a file. Missing folders are
//	       created.
//	STO-2  Rename replaces the target in one step: a reader sees the old file or the new one, never a part of one and
//	       never none.
//	STO-3  Content is durable after File.Sync returned nil. A name (created, renamed or removed) is durable after
//	       SyncDir of its folder and, for a new folder, of the folders above it: SyncTree. Nothing is durable before
//	       that. The root is durable before a file is created in it.
//	STO-4  After an error of Sync or SyncDir the content of the disk is unknown: the caller stops and does not sync
//	       again.
//	STO-5  Remove deletes the file and the folders that become empty. Removing a file that does not exist is an error
//	       (fs.ErrNotExist).
//	STO-6  A file that is open for reading stays readable after it was removed or replaced.
//	STO-7  Lock admits one holder, across processes and within one. It is released when the holder unlocks or dies.
//	       The lock belongs to the file, not to its name: Held compares the two.
//	STO-8  Every method may be called from several goroutines at once. One File belongs to one goroutine.
//
// Sparing also guarantees:
//
//	STO-9  At most the agreed number of files have a descriptor at a time, however many are in use. A file has one
//	       while it is opened and while it is read.
//
// Keeping also guarantees:
//
//	STO-11 A file that was read once can be opened after it was removed, until the agreed number of other files were
//	       read or the agreed time has passed. It is closed then, so that its space on the disk is free. A file that
//	       was replaced is read again.
//
// An object store is a Chain (package objects):
//
//	STO-10  CreateOnly of one name succeeds for one caller, across processes and machines; every other one gets
//	        fs.ErrExist. Content and name are durable then. Rename of a temporary file is durable too.
//
// Dir is the real file system, and Sparing the same for a process with many readers. Mem distinguishes synced data
// from other data, so that a test can simulate a power failure. Faulty counts the mutating operations of another
// Storage and lets the n-th fail, for fault loops.
package storage
