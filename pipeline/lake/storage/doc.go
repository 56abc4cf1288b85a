// Package storage is the one door between the lake and a file system. Everything the lake writes or reads goes through
// Storage; nothing outside this package turns a name into a path.
//
// Names are slash-separated and relative to the root: `lines/cycle=2026-09/day=2026-09-03/003-….parquet`. An empty name
// is the root folder, and only SyncDir and List take it.
//
// What every Storage keeps:
//
//	STO-1 Create fails if the name exists; it never opens, truncates or replaces a file. Missing folders are made.
//	STO-2 Rename replaces the target in one step: a reader sees the old file or the new one, never part of one, never
//	      none.
//	STO-3 Content is durable after File.Sync returned nil; a name (made, renamed or removed) is durable after SyncDir
//	      of its folder and, for a folder that is new, of the folders above it. Nothing is durable before that.
//	STO-4 An error of Sync or SyncDir leaves unknown what is on disk: the caller stops and does not sync again.
//	STO-5 Remove takes the file and the folders it leaves empty. Removing what is not there is an error
//	      (fs.ErrNotExist).
//	STO-6 A file that is open for reading stays readable after it was removed or replaced.
//	STO-7 Lock lets one holder in, across processes and within one; it is let go when the holder unlocks or dies.
//	STO-8 Every method may be called from several goroutines at once. One File belongs to one goroutine.
//
// What Sparing keeps as well:
//
//	STO-9 At most as many files as were agreed have a descriptor at a time, however many are in use. A file has one
//	      while it is opened
//	      and while it is read.
//
// Dir is the real file system, and Sparing the same for a process with many readers. Mem keeps apart what was synced
// and what was not, so that a test can cut the power. Faulty counts
// the mutating operations of another Storage and breaks the n-th, for fault loops.
package storage
