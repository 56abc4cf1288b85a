// Package percentile measures bandwidth: it computes the billed value of one billing object from its samples of a cycle
// and a policy (§4.7). It is pure: no clock, no file, no floating point.
//
//	PCT-1  A result is a function of the object, the policy and the cycle. It does not depend on the order of links.
//	PCT-2  Values are exact: they are compared as integers, and only the few that decide become rationals. Only the
//	       quantity is rounded, once, to ten decimals.
//	PCT-3  A slot counts once. Winner reduces a link's samples of one slot to one before they are measured, and its
//	       result does not depend on the order of samples.
//	PCT-4  Without a point the value is 0, and with enhanced_p95 the floor. The commit is billed in either case.
//	PCT-5  A Meter keeps nothing of the previous object except memory.
package percentile
