// Package lakecmd holds the commands that maintain the lake: verify, prune, rebucket, backup, restore and restore-head.
//
//  1. verify and the dry runs write nothing. restore-head writes HEAD only, and only with --yes.
package lakecmd
