// Package deducted names what documents deduct because it is paid already: of what a customer owes, by package paid; of
// what a partner owes one of its sellers, by the table of receivables.
//
//	DEDUCT-1  The parts that the sellers of a partner have received add up to what the receivable has as collected,
//	          where it is set off, and paid.
//	DEDUCT-2  A cover from an archive deducts nothing and asks for no payment: the archive has no later payments.
package deducted
