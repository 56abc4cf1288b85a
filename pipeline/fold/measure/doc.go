// Package measure groups samples of bandwidth by billing object: a link, or the links of a group (§4.7). Package
// percentile measures them. It also reads from the lake what commitments count and what recurring charges charged.
//
//	MEAS-1  The objects of a cycle are a function of links.csv alone: one for each customer, sku, region and group or
//	        link with a row in force at any instant of the cycle, with samples or without.
//	MEAS-2  A sample belongs to the object of its link's row in force at the start of its slot. A sample without such
//	        a row, or of a customer that was not requested, does not count.
//	MEAS-3  A link has one sample per slot, in ascending order of slots, as in the lake.
//	MEAS-4  The current books decide to whom a link belongs. Samples that are stored for another customer, because
//	        the books gave their link away after they were accepted, are strays: they are found and count for the
//	        link's customer.
//	MEAS-5  Memory holds the samples of one customer at a time, and strays.
//	MEAS-6  The charge of a part of a recurring charge is what its cycle billed, if it is closed, plus the differences
//	        that re-rating has posted since, with the partner of the first of these lines. The books determine it for
//	        an open cycle, for a cycle whose charges are archived, and for what a cycle before the first closed one
//	        never billed.
//	MEAS-7  The books alone determine whether a cycle without a record may have lines.
package measure
