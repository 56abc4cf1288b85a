// Package measure gathers samples of bandwidth by what they are billed for: a link, or the links of a group (spec
// §4.7). What it gathers package percentile measures.
//
// Contract:
//
//	MEAS-1  The objects of a cycle are a function of links.csv alone: one for each customer, sku, region and group or
//	        link with a row in force at some instant of the cycle, with samples or without.
//	MEAS-2  A sample belongs to the object of its link's row in force at its slot's start. One without such a row, or
//	        of a customer that was not asked for, counts nowhere.
//	MEAS-3  Of a link, samples come one a slot and in ascending order of slots, as the lake holds them.
//	MEAS-4  Whose a link is today's books say. Samples that lie with another customer, since the books gave their link
//	        away after they had come, are strays: they are found and count for the link's customer.
//	MEAS-5  One customer's samples are in memory at a time, and strays.
package measure
