// Package partnercmd holds the commands that show what partners settle and earn: statement and incentives.
//
//  1. Nothing is written but the file that --out names.
package partnercmd
