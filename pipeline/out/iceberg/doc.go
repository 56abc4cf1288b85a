// Package iceberg keeps Apache Iceberg tables of a lake: lines, statements and accounts, for engines that read Iceberg.
// docs/guides/read-as-iceberg.md describes the same for people who query them.
//
// Below WAREHOUSE/NAMESPACE, for each table:
//
//	lines/metadata/v7.metadata.json            version 7 of the table; the one with the largest number counts
//	lines/metadata/version-hint.text           its number
//	lines/metadata/snap-<id>.avro              a snapshot: its manifests (of Iceberg)
//	lines/metadata/2026-09-<files>-<id>.avro   the files of a cycle
//	lines/data/cycle=2026-09/…                 data files, where the lake is in a folder
//
// # Invariants
//
//	ICE-1  The data files of a table's newest snapshot are exactly the files of the lake's table in the state that
//	       its summary names (tollbook.manifest, tollbook.manifest-hash).
//	ICE-2  No data is copied. Where the lake is in a folder, a data file is a hard link to the lake's file; where it
//	       is in an object store, it is the lake's object.
//	ICE-3  Creating the next version of the metadata file is the commit of a table. It never replaces one that
//	       exists. Of two publishers one commits, and the other starts over.
//	ICE-4  The data files of every snapshot of the newest version exist: a link is deleted, and a pin on the lake's
//	       state is ended, only after the snapshots that need it have expired.
//	ICE-5  A snapshot expires when it was replaced longer than `keep` ago. The newest never expires.
//	ICE-6  A column keeps its id. Columns are added, never removed, and none is required.
//	ICE-7  A table of another lake is changed only with TakeOver.
//	ICE-8  A publish that is stopped at any point leaves each table in the old or the new state. The next one
//	       completes the others, and deletes what no snapshot names.
//
// The tables are committed one after another: a reader that joins them compares tollbook.manifest.
//
// The metadata files are written here, and Iceberg's manifests by iceberg-go. Its package table, which does both, reads
// the catalogue of Substrait functions when a program starts: 0.2 s for each command.
package iceberg
