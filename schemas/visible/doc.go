// Package visible is the one checker of texts that come into tollbook: of feeds, cost files, books, settings and flags.
// It also finds the known word that a person meant (Nearest).
//
//	TEXT-1  An identity (an id, a code, a name of a list, an enumeration, a key) is visible text: it has no character
//	        of the Unicode classes Cc, Cf, Zl and Zp, no U+FFFD, and no white space at an end (§3.21).
//	TEXT-2  Byte order marks at the beginning of a file, and of the first field of its header and of its first row,
//	        are removed, however many there are.
//	TEXT-3  Every text that enters the lake is valid UTF-8. A file in UTF-16 is named as such.
//
// # Shielded text
//
// This part prepares texts of books and feeds for plain text that people read: a line, a table of a terminal, a
// title, a drawing.
//
//	PLAIN-1  Characters that steer a text (controls, separators of lines, marks and controls of writing direction) are
//	         shown by their code point and have no effect.
//	PLAIN-2  A name with a right-to-left character changes the order of nothing beside it: it is between isolates
//	         (Unicode Standard Annex 9). An id has none, because they would be copied with it, and neither have CSV
//	         and JSON.
package visible
