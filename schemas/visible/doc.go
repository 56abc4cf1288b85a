// Package visible is the one checker of texts that come into tollbook: of feeds, cost files, books, settings and flags.
//
//	TEXT-1  An identity (an id, a code, a name of a list, an enumeration, a key) is visible text: it has no character
//	        of the Unicode classes Cc, Cf, Zl and Zp, no U+FFFD, and no white space at an end (§3.21).
//	TEXT-2  Byte order marks at the beginning of a file, and of the first field of its header and of its first row,
//	        are removed, however many there are.
//	TEXT-3  Every text that enters the lake is valid UTF-8. A file in UTF-16 is named as such.
package visible
