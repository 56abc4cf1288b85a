// Package billcmd holds the commands that show what customers are billed and why: bill, explain, bandwidth, packages
// and quote.
//
//  1. Nothing is written but the file that --out or --svg names.
//  2. explain, bandwidth and packages compare what they calculate again with the lake: a difference is exit
//     code 3.
package billcmd
