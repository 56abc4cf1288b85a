// Package values calculates with the decimals of FOCUS data sets (FOCUS-2), and writes units and tags as FOCUS 1.2 has
// them.
package values
