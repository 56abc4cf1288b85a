// Package exportcmd holds the commands that write and check data for other programs: export and focus check.
//
//  1. A file is written completely or not at all, and an existing one is replaced only with --force.
//  2. A binary format is not written to a terminal.
package exportcmd
