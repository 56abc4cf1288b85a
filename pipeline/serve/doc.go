// Package serve is the server of the query API (docs/api.md): it routes requests to operations, authenticates callers,
// enforces limits, and writes results and errors. It reads what runs have committed and changes nothing.
//
//	SERVE-1  A request is answered from one committed state. If a run deletes that state's files before the first byte
//	         is sent, the response is built again from the new one.
//	SERVE-2  Nothing of the lake is read for a caller before its signature or token, its limit, its parameters and
//	         its scope were checked.
//	SERVE-3  Every response that is not a success has the shape {"error_code","error_msg"}, neither empty. Every
//	         response has an X-Request-Id, which the log also has. Within TLS, a request that is not valid HTTP gets
//	         net/http's own text instead.
//	SERVE-4  No secret, token or signature is logged. Of a query only the operation's parameters are.
//	SERVE-5  The input of a caller is bounded in bytes and in time. The time for which a response waits for its
//	         caller is bounded too.
//	SERVE-6  When stopped, the server accepts no new request, lets current ones end within StopTimeout, and cuts the
//	         rest.
//	SERVE-7  A paginating client stays on the snapshot of its first page, until ten minutes after its last request,
//	         while the files of that state can be read, and continues with the live state after that. A client that
//	         starts again, at offset 0, gets the live state. Several cursors of one question by one key are
//	         distinguished as pins describes. A client that names a state in the header X-Tollbook-State gets that
//	         one or an error.
//	SERVE-8  From an address with more unauthenticated requests per second than FailureLimit, no large body is read.
//	         A valid request with a body of at most 64 KiB is never refused because of other requests from its
//	         address.
//	SERVE-9  Text answers are compressed for callers that accept gzip. The compressed form has an ETag of its own,
//	         parts of files are never compressed, and a truncated answer is not a valid gzip stream.
//	SERVE-10  At most 64 files of the lake have a file descriptor at a time (storage.Sparing). A request continues to
//	          read the files of its state after a run removed them.
//	SERVE-11  Every path that supports GET also supports HEAD.
//	SERVE-12 If a file of the lake is missing or damaged, only the requests that need it fail, with CBC.0999. The log
//	         names the file and says what to do.
//	SERVE-13 The number of connections follows from the limit of file descriptors. A connection above it is answered
//	         with CBC.0503 and Retry-After before its request is read. Of those the newest few stay open.
//
// # tollbook's own operations
//
// This part answers tollbook's own operations of the query API: settlements for finance and partners, explanations,
// runs, and the state of the server (docs/api.md).
//
//  1. Decimals are strings with all digits of their scale, times are UTC.
//  2. Everything that is read is within the call's scope (OP-3).
package serve
