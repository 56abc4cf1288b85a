// Package objects keeps a lake in an object store: it is a storage.Chain over a Store, which is S3
// or, in tests, memory. Temporary files are in a local folder, the scratch folder; a file goes to the store when it
// gets its name.
//
//	OBJECTS-1  Names in tmp/, and the lock, exist in the scratch folder only. All other names exist in the store
//	           only.
//	OBJECTS-2  Rename of a temporary file stores its content under the new name, also if an object has the name:
//	           content of one name is the same. The temporary file is deleted after the store has confirmed the
//	           content.
//	OBJECTS-3  An object with a name in a folder never changes. Parts that were read are kept in memory, up to an
//	           agreed number of bytes. An object without a folder (HEAD) may be replaced; it is read from the store
//	           each time.
//	OBJECTS-4  A read of the store asks for at least 1 MiB, or for all that is left of the object. Parts that follow
//	           each other are read with requests that grow to 4 MiB. A read of the sorted rows of a scan task
//	           (runs/*/rows-*) asks for exactly the bytes that its reader wants, and they are not kept in memory.
//	OBJECTS-5  CreateOnly never replaces an object. An answer that says that the name is taken may concern this
//	           caller's own earlier attempt: the caller compares the content.
//	OBJECTS-6  Probe accepts a store only if an object that exists cannot be created again, if exactly one of 16
//	           writers at once creates an object, and if a read returns what was written.
//	OBJECTS-7  Mem does what a store does that confirms a request too late, answers 409 or 503, delays what it
//	           was asked to do, and lists late.
//
// # S3
//
// This part is an objects.Store in a bucket of Amazon S3, or of another store with its interface.
//
//	BUCKET-1  Create sends If-None-Match: *. 412 is fs.ErrExist; 409 and 503 are objects.ErrBusy after the client's
//	          own retries.
//	BUCKET-2  Keys come from the environment variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
//	          AWS_SESSION_TOKEN, from the shared credentials file, or from the role of the machine, in this order.
//	          They are in no setting and in no message.
//	BUCKET-3  Opening a store sends no request.
package objects
