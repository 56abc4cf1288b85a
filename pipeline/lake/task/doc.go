// Package task encodes the tasks of a run and their results as bytes.
//
//	TASKENC-1  Bytes that are decoded must be exactly those that encoding the value gives. Unknown, missing or
//	           repeated fields, another kind or version of message, and text after the message are errors.
//
// A message is one line of JSON. It names objects of the lake and has no rows of usage.
package task
