// Command tollbook bills cloud usage: it ingests feed files, rates them, settles cycles, and shows and checks the
// results. This folder and those below it contain only flags, wiring and printing: cli has what all commands share,
// commands has the commands.
//
//  1. tree lists every command. A command that this version does not implement has no name.
package main
