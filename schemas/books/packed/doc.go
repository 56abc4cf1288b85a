// Package packed keeps the texts of the books in one file from which those that concern one customer can be read
// without the others.
//
//	PACKED-1  What is read is what was packed, or an error: the head and each part have a checksum, which is compared
//	          before the part is used.
//	PACKED-2  Of the books that have a row for each customer, Of returns the rows that sheet.Files.KeepCustomer keeps,
//	          in any order. It returns all other books completely.
//
// A packed file says by its Key and Note of which books it is. Whether they are still the books is the caller's to find
// out.
package packed
