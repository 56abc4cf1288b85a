// Package typeset formats values and texts for people: on a page, in a table of a terminal, in a drawing. It depends on
// no document, currency or language.
//
//  1. No digit is lost: numbers are decimals as text, and only trailing zeros of their decimals are removed.
//  2. A negative number has the typographic minus, which is as wide as a digit; numbers stay aligned.
//  3. Widths are those of a terminal: East Asian wide characters take two columns, combining marks none.
//  4. A text that is cut ends no column later than asked, and leaves no isolate open.
//  5. In a page, a name is an element of its own (bdi), so that its direction changes nothing beside it.
package typeset
