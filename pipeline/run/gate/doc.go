// Package gate holds back a run whose feed files have more rejects than the gates of the settings allow (§7.1).
//
//	GATE-1  A feed with more rejects than its gate allows, over all its files that are taken, ends the run before
//	        anything is committed, unless the rejects are accepted with a reason.
//	GATE-2  What is tried again was rejected before: no gate holds it back.
package gate
