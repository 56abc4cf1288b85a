// Package accept ingests feed files: it finds new files in the inbox, checks every record against the books, and
// passes accepted records to the fold as sorted runs. The fold decides what depends on other records (duplicates,
// conflicts, replacements), bucket by bucket (pipeline/fold/incoming).
//
//	INGEST-1  Every record of every ingested file ends in exactly one of accepted, duplicate, rejected. Per file the
//	          three counts add up to the rows read (§3.20).
//	INGEST-2  The outcome does not depend on the order, number or names of the files, nor on workers and batches.
//	INGEST-3  A file that fails as a whole leaves nothing: its rows and rejects are ignored everywhere. If several
//	          tasks read it, the first in the order of its rows that failed says why.
//	INGEST-5  The column, value and id of a reject are those that docs/formats.md defines for its reason: the text of
//	          the record, or the error of a record that cannot be read.
//	INGEST-6  A scan task of another process takes rows of a file only if what it read is the content that the run was
//	          planned with. Otherwise the file is left, also if its content was restored since.
//
// Memory is bounded by workers, chunk size and batch size, not by the size of the files.
package accept
