// Package form has what several groups of vendor-compatible operations need: parameters, pages, measures, and names
// from the books.
//
//	FORM-1  A page is the part of a list that offset and limit select. An offset past the end selects nothing.
package form
