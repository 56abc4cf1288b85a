// Package serve is the query API's server (spec §8): it routes requests to operations, finds out who calls, keeps
// limits, and writes answers and errors. It reads what runs have committed and changes nothing.
//
//	SERVE-1  A request is answered from one committed state. Where a run takes that state away before the first byte
//	         is out, the answer is made again from the new one.
//	SERVE-2  Nothing is read of the lake for a caller before its signature or token, its limit, its parameters and its
//	         scope were found good.
//	SERVE-3  Every answer that is no success has the shape {"error_code","error_msg"}, neither empty, and every answer
//	         has an X-Request-Id, under which the log has it. Inside of TLS, what is not valid HTTP gets net/http's
//	         own text instead.
//	SERVE-4  No secret, token or signature is logged; of a query only what the operation knows as its parameters is.
//	SERVE-5  What a caller sends is bounded in bytes and in time. What waits for a caller is bounded in time.
//	SERVE-6  Told to stop, the server takes no new request, lets those that are on end within StopTimeout, and cuts
//	         the rest.
//	SERVE-7  Who pages goes on with the state of the first page, for ten minutes after the last one, as far as its
//	         files can still be read, and with the live state from there on; who begins anew, at offset 0, gets the
//	         live state. Several pagings of one question by one key are told apart as pins says; who names a state by
//	         the header X-Tollbook-State gets that one or an error.
//	SERVE-8  From an address where more requests a second are nobody's than FailureLimit, no large body is read. A
//	         valid request with a body of at most 64 KiB is never refused because of other requests from its address.
//	SERVE-9  Answers of text are compressed for callers that accept gzip. The compressed form has an ETag of its own,
//	         parts of files
//	         are never compressed, and an answer that was cut is not a valid gzip stream.
//	SERVE-10 At most 64 files of the lake have a file descriptor at a time (storage.Sparing). A request continues to
//	         read the files of
//	         its state after a run removed them.
//	SERVE-11 Everything that answers GET answers HEAD.
package serve
