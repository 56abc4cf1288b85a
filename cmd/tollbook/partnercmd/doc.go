// Package partnercmd holds the commands that show what partners owe and earn: statement, invoice and incentives.
//
//  1. The commands write only the file of --out.
package partnercmd
