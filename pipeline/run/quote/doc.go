// Package quote prices a usage file for one customer, or the change of an order, without changing the lake.
//
//	QUOTE-1  Records are accepted by the checks of a run and rated by the rater of a run, in the order of §4.1, from
//	         opening positions: those of an empty lake, or the customer's current ones. With those of an empty lake,
//	         the amounts are those of a run over an empty lake.
//	QUOTE-2  Month-end products are priced as if the cycle ended now. If the opening positions contain quantities of
//	         them already, the price of those alone is subtracted: a quote is what the file adds. Lines that the file
//	         does not change are not in it.
//	         With the positions of an empty lake, the quote has the recurring charges, commitments and fees at zero
//	         of the cycles of the file, as if these had ended. With current positions it has none, and the fees at
//	         zero that the file ends are subtracted.
//	QUOTE-3  The statement's total is rounded as the settings say (§4.2), over the quote's own lines.
//	QUOTE-4  Files are written only below a folder in the system's temporary folder, which is deleted when Run
//	         returns. The workspace's lake is read only for current positions.
//	QUOTE-5  Records of other customers are counted and ignored, also one that replaces a record of the lake.
//	         Bandwidth and orders are not usage and are not in a quote.
//	QUOTE-6  The change of an order line to another product costs what the other product costs for the rest of the
//	         term, by the prices and discounts of a new order at that time, less what was paid for the rest without
//	         coupons. An order of type change with the official amount that the quote gives is billed that. It is
//	         priced for new orders and renewals that no accepted order has changed or unsubscribed.
//	QUOTE-7  With current positions, the records are decided against those that the lake has (§3.20): duplicates and
//	         conflicts with them are not priced. The quote is the difference between the cycle's lines with the
//	         file and without it if records of the file replace records of the lake, or if the cycle is open and
//	         records of the file are of a product that counts the last record or a level over time, or are earlier
//	         than a record of the lake and move a meter or draw on a package. A replacement in a closed cycle is
//	         refused.
//	QUOTE-8  With current positions, the records of a closed cycle are priced as late ones (§4.11). The quote is the
//	         difference between the late lines of the earliest open cycle with the file and without it. Their
//	         effects on usage of later cycles are not in a quote.
package quote
