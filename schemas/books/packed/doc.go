// Package packed stores the texts of the books in one file, from which the texts for one customer can be read without
// the rest.
//
//	PACKED-1  A read returns what was packed, or an error: the head and each part have a checksum, which is
//	          verified before the part is used.
//	PACKED-2  Of the books that have a row for each customer, Of returns the rows that sheet.Files.KeepCustomer keeps,
//	          in any order. It returns all other books completely.
//
// Key and Note of a packed file identify the books that it was made of. The caller checks whether the books are still
// the same.
package packed
