// Package graphic has what the charts of annexes and of documents share: the scale of an axis, and text in markup.
//
//	DRAW-1  The steps of an axis are 1, 2 or 5 times a power of ten, the smallest that keep their number within the
//	        limit. Everything is calculated with rationals.
package graphic
