// Package cells writes small tables as CSV, for programs or for spreadsheet programs.
//
//  1. Without excel a value is written unchanged; with it, package spreadsheet converts texts and numbers.
package cells
