// Package partners runs settlement over the lake: it reads the lines of a cycle as package settlement takes them and keeps what comes out.
//
//	SETTLE-1  What partners owe for a cycle is a function of its lines and the books. It is kept when the cycle is closed and worked out
//	          anew for whoever asks before; a server keeps that until the state or the books are others.
//	SETTLE-2  Performance is kept per file of lines and worked out again only for files that are new; a night costs what it brings.
//	SETTLE-3  Incentives are kept as one list. The amounts of a period whose last cycle is closed stay; states go on (spec §6.5).
//	SETTLE-4  Memory is bounded by the number of files of a bucket and its customers' rows, whatever the number of lines.
package partners
