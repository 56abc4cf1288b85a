// Package scratch creates temporary folders for files of one process, below TMPDIR or another folder.
//
//	SCRATCH-1  A folder is named tollbook-KIND-NUMBER and is deleted when its owner closes it.
//	SCRATCH-2  Folders of a killed process are deleted when the next folder is created in the same place, so that
//	           they do not accumulate. An owner holds a lock on its folder, which the system releases when the
//	           process ends: a folder without a lock has no owner. Folders of running processes, also in other
//	           containers, are not touched.
package scratch
