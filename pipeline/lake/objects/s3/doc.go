// Package s3 is an objects.Store in a bucket of Amazon S3, or of another store with its interface.
//
//	BUCKET-1  Create sends If-None-Match: *. 412 is fs.ErrExist; 409 and 503 are objects.ErrBusy after the client's
//	          own retries.
//	BUCKET-2  Keys come from the environment variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
//	          AWS_SESSION_TOKEN, from the shared credentials file, or from the role of the machine, in this order.
//	          They are in no setting and in no message.
//	BUCKET-3  Opening a store sends no request.
package s3
