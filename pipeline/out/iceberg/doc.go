// Package iceberg maintains Apache Iceberg tables of a lake: lines, statements and accounts, for engines that read
// Iceberg. docs/guides/read-as-iceberg.md describes the same for people who query them.
//
// Below WAREHOUSE/NAMESPACE, for each table:
//
//	lines/metadata/v7.metadata.json            version 7 of the table; the one with the largest number counts
//	lines/metadata/version-hint.text           its number
//	lines/metadata/snap-<id>.avro              a snapshot: its manifests (of Iceberg)
//	lines/metadata/2026-09-<files>-<id>.avro   the files of a cycle
//	lines/data/cycle=2026-09/…                 data files, if the lake is in a folder
//	lines/metadata/catalog.json                which catalog, if any, names the newest version
//
// With a catalog (package iceberg), that server writes the metadata files and names the newest one, and there is
// neither a v7.metadata.json nor a version-hint.text.
//
// # Invariants
//
//	ICE-1  The data files of a table's newest snapshot are exactly the files of the lake's table in the state that
//	       its summary names (tollbook.manifest, tollbook.manifest-hash).
//	ICE-2  No data is copied. If the lake is in a folder, a data file is a hard link to the lake's file; if it is in
//	       an object store, it is the lake's object.
//	ICE-3  Creating the next version of the metadata file is the commit of a table. It never replaces one that
//	       exists. Of two publishers one commits, and the other starts over.
//	ICE-4  The data files of every snapshot of the newest version exist: a link is deleted, and a pin on the lake's
//	       state is ended, only after the snapshots that need it have expired. With a catalog, the newest version is
//	       the catalog's response to the commit.
//	ICE-5  A snapshot expires if it was replaced longer than `keep` ago. The newest never expires, nor does one that a
//	       branch or tag of a catalog names.
//	ICE-6  A column keeps its id. Columns are added, never removed, and none is required.
//	ICE-7  A table with the rows of another lake is changed only with TakeOver.
//	ICE-8  A publish that is interrupted at any point leaves each table in the old or the new state. The next one
//	       completes the others, corrects their hints, and deletes what no snapshot names.
//	ICE-9  With a catalog, the commit of a table is one request, which requires that the table is the one that was
//	       read and that its main branch shows the snapshot that was read. Of two publishers one commits, and the
//	       other starts over.
//	ICE-10  If the response to a change of the catalog is lost, or says that the server failed, the table is loaded.
//	        If it has the snapshot, the commit succeeded; otherwise it did not, and if it is executed later, its
//	        requirements are no longer met.
//	ICE-11  Either the folder or one catalog names the newest version of a table: catalog.json says which. It is
//	        written before the catalog knows the table, and deleted if the catalog rejects the table. A publish with
//	        other settings changes nothing.
//
// The tables are committed one after another: a reader that joins them compares tollbook.manifest.
//
// The metadata files and the manifests are written here: iceberg-go would bring the Parquet packages of arrow-go, grpc
// and a test library into the program. Tests read the tables with it.
//
// # Catalogs
//
// This part is a client of Iceberg catalogs with a REST interface: it loads, creates, registers and commits
// tables. It does not know what the tables contain.
//
// The interface is the Iceberg REST catalog open API of apache/iceberg. This package uses these parts of it:
//
//	GET  v1/config?warehouse=W                          the prefix of the other paths
//	GET  v1/PREFIX/namespaces/N                         is there the namespace
//	POST v1/PREFIX/namespaces                           create it
//	GET  v1/PREFIX/namespaces/N/tables/T                the newest metadata of a table
//	POST v1/PREFIX/namespaces/N/tables                  create a table
//	POST v1/PREFIX/namespaces/N/register                create a table from a metadata file
//	POST v1/PREFIX/namespaces/N/tables/T                commit: requirements and updates
//	POST v1/oauth/tokens, or another address            a token for a client's secret
//
// # Invariants
//
//	CATALOG-1  No error contains a token or a secret: they are removed from the text of every response.
//	CATALOG-2  Only requests that change nothing are repeated, after 1 s, 2 s and 4 s, if the response was lost or
//	           says that the server is busy or failed. The error of a request that changes something is Unknown if its
//	           outcome is not known.
//	CATALOG-3  If the catalog no longer accepts a token obtained with a client's secret, a new one is requested, once,
//	           and the request is sent again: it was not executed.
//	CATALOG-4  Redirects are not followed: no token and no commit is sent to a server that the settings do not name.
//
// Credentials for the storage, which a catalog can hand out, are not used: files are written with the keys of the lake.
//
// iceberg-go has a client in its package iceberg/rest. It imports the package table, which reads the catalogue of
// Substrait functions when a program starts, and the SDK of Amazon: the start of each command would take 215 ms of
// processor time instead of 37, and the program would be 20 MB larger.
package iceberg
