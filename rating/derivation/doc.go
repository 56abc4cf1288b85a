// Package derivation describes how an amount was calculated, step by step: a Step is one decision with its numbers, and
// its String is the sentence that `tollbook explain` shows. The packages that calculate make the steps.
//
//	DERIV-1  The text of a step is a function of the step. It shows each number as the calculation used it, without
//	         zeros at the end.
package derivation
