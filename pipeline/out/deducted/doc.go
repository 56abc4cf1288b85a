// Package deducted determines what documents deduct because it is already paid: for customers from package paid, for a
// partner's debt to one of its sellers from the table of receivables.
//
//	DEDUCT-1  The parts that the sellers of a partner have received add up to the collected amount of the receivable,
//	          if it is set off, and its paid amount.
//	DEDUCT-2  A cover from an archive deducts nothing and requests no payment: the archive has no later payments.
package deducted
