// Package sign checks SDK-HMAC-SHA256 signatures of requests in the form of the vendor's SDK.
//
//	SIGN-1  The signature covers the verb, the path, the query, the signed headers and the body; a request that
//	        differs in any of them has another signature. Path segments and query are decoded and encoded again in
//	        one form, so that two requests of one form have the same meaning.
//	SIGN-2  The date is signed and within Window of the server's clock.
//	SIGN-3  Signatures are compared in constant time, and the work is the same for an access key that does not exist.
//	SIGN-4  A signature is valid once (Seen, which documents the one exception). Servers that share files of the used
//	        signatures, at the same time or one after the other, refuse what any of them accepted. A server that
//	        cannot use the files reports it, and keeps its own in memory.
//	SIGN-6  A key whose signatures fill the memory is refused, and no other key is: each may have as many signatures
//	        in memory as are free.
//
// Nothing here reads a clock, stores a secret, or puts a secret or a signature into an error.
package sign
