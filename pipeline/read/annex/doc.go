// Package annex shows a customer how a bandwidth bill came about (spec §4.7): the samples of a link or a group over a
// cycle, what was measured of them, what was above, what is billed; as values and as a drawing that goes with an
// invoice.
//
// Contract:
//
//	ANNEX-1  What is measured is measured by package percentile, from the samples the lake holds and today's books;
//	         nothing here measures a second time. Lines are those of the lake; where there are none yet they are
//	         priced by package rating and said to be provisional.
//	ANNEX-2  Everything comes from one snapshot. Nothing here writes to the lake.
//	ANNEX-3  A drawing is a function of the annex: the same annex, the same bytes. Its coordinates are whole tenths,
//	         worked out in integers and rationals.
//	ANNEX-4  A drawing needs nothing beside itself: SVG 1.1 without scripts, references and fonts of its own; any text
//	         of the books is escaped.
//	ANNEX-5  The drawn series has at most one value a column of the drawing: the largest of the column's points. No
//	         peak gets lost.
package annex
