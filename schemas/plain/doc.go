// Package plain prepares texts of books and feeds for plain text that people read: a line, a table of a terminal, a
// title, a drawing.
//
//	PLAIN-1  Characters that steer a text (controls, separators of lines, marks and controls of writing direction) are
//	         shown by their code point and have no effect.
//	PLAIN-2  A name with a right-to-left character changes the order of nothing beside it: it is between isolates
//	         (Unicode Standard Annex 9). An id has none, because they would be copied with it, and neither have CSV
//	         and JSON.
package plain
