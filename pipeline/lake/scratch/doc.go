// Package scratch makes folders for files that a process needs while it works, below TMPDIR or another folder.
//
//	SCRATCH-1  A folder is named tollbook-KIND-NUMBER and is deleted when its owner closes it.
//	SCRATCH-2  What a process left that was killed goes when the next folder is made in the same place, so that such
//	           folders do not add up. An owner holds a lock on its folder, which the system releases when the process
//	           ends: a folder without a lock has no owner. Folders of processes that run, in other containers too, are
//	           not touched.
package scratch
