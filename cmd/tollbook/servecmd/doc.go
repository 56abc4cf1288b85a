// Package servecmd contains the commands serve and console, which start the query API and the console (package serve).
//
//  1. serve prints nothing on standard output, and console prints its address. Both log to standard error.
package servecmd
