// Package verdict defines the verdict of a replay on an event: that it counts, or why it is rejected (§9).
//
//	VERD-1  A rejected event changes nothing. The verdict names the column and the value that a reject shows.
package verdict
