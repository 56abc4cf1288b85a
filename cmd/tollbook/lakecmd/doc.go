// Package lakecmd holds the commands that keep the lake: verify, prune, backup, restore and restore-head.
//
//  1. verify and the dry runs write nothing. restore-head writes HEAD only, and only with --yes.
package lakecmd
