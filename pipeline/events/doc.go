// Package events takes in what comes one by one and not by the million: orders and manual adjustments. It checks them, decides them
// against each other and against what earlier runs accepted, stores them under the cycle they are billed in, and makes their lines.
//
//	EV-1  Every row of an orders or adjustments feed ends in exactly one of accepted, duplicate, rejected (spec §3.20).
//	EV-2  An unsubscribe is decided in the order of pay_time, order_id, order_line over all runs (spec §4.9).
//	EV-3  A cycle's event lines lie in its day `events`, one file a bucket, in the order of spec §8; they are a function of the
//	      accepted events, the books and the lines of earlier cycles.
//	EV-4  All accepted events of open cycles, and the bases of refunds, are held in memory: events are few beside usage.
package events
