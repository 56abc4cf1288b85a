// Package catalog is a client of Iceberg catalogs with a REST interface: it loads, creates, registers and commits
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
// iceberg-go has a client in its package catalog/rest. It imports the package table, which reads the catalogue of
// Substrait functions when a program starts, and the SDK of Amazon: the start of each command would take 215 ms of
// processor time instead of 37, and the program would be 20 MB larger.
package catalog
