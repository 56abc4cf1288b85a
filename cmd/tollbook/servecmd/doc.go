// Package servecmd holds the command serve, which starts the query API (package serve).
//
//  1. Standard output has nothing; what the server does is logged on standard error.
package servecmd
