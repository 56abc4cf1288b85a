// Package keys keeps who may call the query API: a file of keys, and what each of them is.
//
//	KEYS-1  The file is readable by its owner alone, or it is not read at all; it is replaced whole, never changed in
//	        place.
//	KEYS-2  A token is stored as its SHA-256. The secret of an access key has to be stored as it is, since signatures
//	        are made with it.
//	KEYS-3  A secret or token leaves the package once, from Add or AddShown, and is in no error, no list and no text
//	        of a Key.
//	KEYS-4  A key that was revoked stays in the file, without its secret; its id is never given again.
//	KEYS-5  A Store answers from the file as it is now: what was revoked is refused from the next request on. A file
//	        that cannot be read, or is not a keys file, refuses everybody.
//	KEYS-6  AddShown keeps a key only after it was shown: one whose secret nobody saw does not exist.
package keys
