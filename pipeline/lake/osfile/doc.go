// Package osfile makes folders, and replaces, locks and syncs files of the operating system that are not reached
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
package osfile
