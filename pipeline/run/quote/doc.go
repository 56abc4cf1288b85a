// Package quote prices a usage file for one customer without touching the lake: what would it cost.
//
// Contract:
//
//	QUOTE-1  Records are accepted by the checks of a run and rated by the rater of a run, in the order of spec §4.1,
//	         from opening positions: those of an empty lake, or the customer's present ones. From those of an empty
//	         lake the amounts are the amounts that a run over an empty lake gives.
//	QUOTE-2  Month-end products are priced as if the cycle ended now. Where the opening positions hold something of
//	         them already, what that alone would come to is taken off again: a quote is what the file adds.
//	QUOTE-3  The statement's total is rounded as the settings say (spec §4.2), the quote's own lines alone being its
//	         total.
//	QUOTE-4  Nothing is written but below a folder of the system's temporary one, which is gone when Run returns. The
//	         workspace's lake is read for present positions alone.
//	QUOTE-5  Records of other customers are counted and left out. Bandwidth and orders are no usage: neither is in a
//	         quote.
package quote
