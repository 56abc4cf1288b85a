// Package keys stores who may call the query API: a file of keys with their roles.
//
//	KEYS-1  The file is read only if its owner alone can read it. It is replaced as a whole, never changed in place.
//	KEYS-2  A token is stored as its SHA-256. The secret of an access key is stored as it is, because signatures are
//	        calculated with it.
//	KEYS-3  A secret or token leaves the package once, from Add or AddShown, and is in no error, no list and no text
//	        of a Key.
//	KEYS-4  A revoked key stays in the file, without its secret; its id is never assigned again.
//	KEYS-5  A Store answers from the current file: a revoked key is refused from the next request on. A file that
//	        cannot be read, or is not a keys file, refuses everybody.
//	KEYS-6  AddShown stores a key only after its secret was shown.
//	KEYS-7  A process that is killed while it writes leaves a file with secrets next to the keys file. The next Add or
//	        Revoke deletes it.
package keys
