// Package form has what groups of vendor-compatible operations share: parameters, pages, measures, and names from the
// books.
//
//	FORM-1  A page is the part of a list that offset and limit select. An offset past the end selects nothing.
package form
