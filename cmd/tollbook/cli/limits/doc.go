// Package limits says what to do when the operating system refuses an operation for lack of room, files or rights.
//
//	LIMITS-1  An error that wraps one of these causes has a hint, whatever wraps it. It is used for errors whose own
//	          type has no hint; their message names the file.
package limits
