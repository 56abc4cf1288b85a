// Package proration adds up the quantities of a prorated meter (§10.3): each quantity counts for the share of the
// cycle's days from its own day on, tier by tier. A position holds the state of a meter as text.
//
//	PRORATE-1  Read of Text gives the same state.
package proration
