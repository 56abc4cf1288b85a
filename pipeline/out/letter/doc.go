// Package letter writes the cover of a document that is sent: the first page of an invoice, a credit note or a
// partner's statement, with issuer, recipient, number, dates, amounts in the currency's digits and how to pay.
//
//	LETTER-1  Every amount of a cover has the currency's digits. The rows of each table add up to its last row; if the
//	          exact amounts have more digits, a row `Rounding` contains the difference. A table that does not add up
//	          is an error, and nothing is written.
//	LETTER-2  A cover has a number only if its cycle is closed. A draft is marked as one and requests no payment.
//	LETTER-3  A negative amount due makes a credit note: it shows what is credited and requests no payment.
//	LETTER-4  Text of books, settings and branding is escaped. A logo is an image, which cannot run scripts.
//
// The exact amounts are in the pages after the cover, which package document writes.
package letter
