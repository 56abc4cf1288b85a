// Package gate stops a run whose feed files have more rejects than the gates of the settings allow (§7.1).
//
//	GATE-1  If a feed has more rejects than its gate allows, over all its files that are taken, the run ends before
//	        anything is committed, unless the rejects are accepted with a reason.
//	GATE-2  No gate stops a retry: its records were rejected before.
package gate
