// Package footer writes the end of a Parquet file: the page index and the metadata. It also takes over the row groups
// of another file of the same table, without decoding their pages.
//
//	FOOT-1  The end of a file that took over the row groups of another is the one that it has if the same groups were
//	        written to it.
package footer
