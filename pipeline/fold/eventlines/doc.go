// Package eventlines makes the lines of accepted orders and manual adjustments in a bucket (§4.8, §4.9, §3.19).
//
//	EVENTLINE-1  The event lines of a cycle are in its day `events`, one file per bucket, in the order of §8. They are
//	             a function of the accepted events of the bucket, the books and the lines of closed cycles.
//	EVENTLINE-2  A refund has the amounts, the discount and the partner of its base's line: as the line says if its
//	             cycle is closed, else as today's books do.
//	EVENTLINE-3  A refund never counts before its base: its instant is the later of its own and its base's (§6.3).
package eventlines
