// Package values calculates with the decimals of FOCUS data sets (FOCUS-2), and writes units and tags in the form of
// FOCUS 1.2.
package values
