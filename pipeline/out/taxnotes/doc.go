// Package taxnotes says below bills how their tax is calculated (§10.6).
//
//	TAXNOTE-1  The bill of an open cycle says what the settings and books say. That of a closed cycle says what the
//	           stored taxes show.
//	TAXNOTE-2  The books of today say whether a customer is exempt or has no country, like its name. It is omitted if
//	           the stored taxes contradict it.
package taxnotes
