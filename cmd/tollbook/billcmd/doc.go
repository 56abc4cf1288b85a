// Package billcmd holds the commands that show what customers are billed and why: bill, documents, explain, bandwidth,
// packages and quote.
//
//  1. The commands write only the file of --out or --svg; documents writes the folder of --dir.
//  2. explain, bandwidth and packages recalculate amounts and compare them with the lake. A difference is exit
//     code 3.
package billcmd
