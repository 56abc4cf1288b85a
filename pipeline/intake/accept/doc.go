// Package accept takes feed files in: it finds what is new in the inbox, checks every record against the books, and
// hands the records that pass to the fold as sorted runs. What depends on other records (duplicates, conflicts,
// replaces) is decided by Resolve, bucket by bucket, before the fold reads the runs.
//
//	INGEST-1  Every record of every taken file ends in exactly one of accepted, duplicate, rejected; per file the
//	          three add up to the rows read (spec §3.20).
//	INGEST-2  The outcome does not depend on the order, the number or the names of the files, nor on workers and
//	          batches.
//	INGEST-3  A file that fails whole leaves nothing: its rows and rejects are passed over everywhere.
//	INGEST-4  Memory is bounded by workers, chunk size and batch size, not by the size of the files.
//	INGEST-5  What a reject shows as column, value and id is what docs/formats.md says for its reason: the text of the
//	          record, or what is wrong with a record that cannot be read.
package accept
