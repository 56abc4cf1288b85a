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
//
// # Files of the system
//
// This part makes folders, and replaces, locks and syncs files of the operating system that are not reached
// through a storage.Storage: the keys file, the run ledger, caches and the files of the command line.
//
//	OSFILE-1  Replace writes a temporary file in the folder of the file and gives it the final name in one step. A
//	          reader sees the previous file or the new one. After an error the previous file is unchanged and there
//	          is no temporary file, unless the error is one of syncing the folder, or of removing the temporary file
//	          after Publish.
//	OSFILE-2  With the durability Content, a power failure leaves the previous file or the new one. With Name, the new
//	          file is durable when Replace returns nil. With Unsynced, a power failure can leave a damaged file.
//	OSFILE-3  A lock belongs to the open file. The system releases it when the file is closed, however the process
//	          ends. A signal does not interrupt a call that takes or releases a lock.
//	OSFILE-4  With the durability Name, a folder and the folders above it are durable when MakeDir returns nil: each
//	          new one is synced in its parent before the next one is made in it, and so is the name of the last one
//	          that existed, because a process can have been killed between the two. No other function makes folders.
//
// # Scratch folders
//
// This part creates temporary folders for files of one process, below TMPDIR or another folder.
//
//	SCRATCH-1  A folder is named tollbook-KIND-NUMBER and is deleted when its owner closes it.
//	SCRATCH-2  Folders of a killed process are deleted when the next folder is created in the same place, so that
//	           they do not accumulate. An owner holds a lock on its folder, which the system releases when the
//	           process ends: a folder without a lock has no owner. Folders of running processes, also in other
//	           containers, are not touched.
package storage
