// Package cyclecmd holds the commands that close a cycle and rate a closed one again: close and rerate.
//
//  1. close with open items asks a person on a terminal and requires --yes elsewhere. Every answer but yes
//     leaves the lake as it was: exit code 2.
//  2. A dry run writes nothing.
package cyclecmd
