// Package percentile measures bandwidth: from a cycle's samples of one billing object and a policy to the value that is
// billed (spec §4.7). It is pure: no clock, no file, no floating point.
//
// Contract:
//
//	PCT-1  A result is a function of the object, the policy and the cycle: not of the order of links.
//	PCT-2  Values are exact: they are compared as integers, and only the few that decide become rationals, of which
//	       the quantity alone is rounded, once, to ten decimals.
//	PCT-3  A slot counts once. A link's samples of one slot are brought down to one by Winner before they come here,
//	       and Winner's outcome does not depend on the order in which samples came.
//	PCT-4  Without a point the value is 0, and under enhanced_p95 the floor; the commit is owed in either case.
//	PCT-5  A Meter keeps nothing of the object before, but memory.
package percentile
