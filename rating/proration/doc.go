// Package proration adds up the quantities of a prorated meter (§10.3). Each quantity counts with the share of the
// cycle's days from its own day on, by tier. A position stores the state of a meter as text.
//
//	PRORATE-1  Read of Text gives the same state.
package proration
