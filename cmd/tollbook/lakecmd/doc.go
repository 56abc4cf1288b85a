// Package lakecmd holds the commands that maintain the lake: verify, prune, rebucket, backup, restore, restore-head and
// upgrade.
//
//  1. verify and the dry runs write nothing. restore-head writes HEAD only, and only with --yes. upgrade writes nothing
//     to a lake of the program's format; a lake of another format is copied before it is converted.
package lakecmd
