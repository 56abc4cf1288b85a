// Package cells writes small tables as CSV, for programs or for spreadsheet programs.
//
//  1. Without excel a value is written as it is; with it, texts and numbers are those of package spreadsheet.
package cells
