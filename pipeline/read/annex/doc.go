// Package annex shows a customer how a bandwidth bill was calculated (§4.7): the samples of a link or a group over a
// cycle, the measured values, the points above the value, and the billed quantity; as values and as a chart for an
// invoice.
//
//	ANNEX-1  Package percentile measures, from the samples of the lake and the current books; nothing here measures
//	         again. Lines are those of the lake. If there are none yet, package rating prices them and they are
//	         marked as provisional.
//	ANNEX-3  A chart is a function of the annex: the same annex gives the same bytes. Its coordinates are whole
//	         tenths, calculated in integers and rationals.
//	ANNEX-4  A chart is self-contained: SVG 1.1 without scripts, references and fonts; all text of the books is
//	         escaped.
//	ANNEX-5  The series has at most one value per column of the chart: the largest of the column's points. No peak is
//	         lost.
//
// All data comes from one snapshot. Nothing here writes to the lake.
package annex
