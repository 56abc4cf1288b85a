// Package sign checks SDK-HMAC-SHA256 signatures of requests as the vendor's SDK makes them.
//
//	SIGN-1  What is signed is the verb, the path, the query, the signed headers and the body; a request that differs
//	        from the signed one in any of them has another signature. Path segments and query are decoded and written
//	        again in one form, so that two requests of one form mean the same.
//	SIGN-2  The date is signed, and lies within Window of the server's clock.
//	SIGN-3  Signatures are compared in constant time, and the work is the same for an access key that does not exist.
//	SIGN-4  A signature is good once (Seen). See Seen for the one exception. Servers that share files of the
//	        signatures they took, at the same time or one after the other, refuse what any of them took; a server that
//	        cannot use the files says so, and remembers its own.
//	SIGN-5  Nothing here reads a clock, keeps a secret, or puts a secret or a signature into an error.
package sign
