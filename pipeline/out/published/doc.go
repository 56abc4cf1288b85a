// Package published reads what package publish has written to ClickHouse: consumption records by page, and finance
// queries by their SQL over the published views (sql/).
//
//	PUBLISHED-1  A result comes from one published state and equals the lake's result for that state, to the last
//	             digit (REC-1, ASK-2).
//	PUBLISHED-2  If the requested state is not on the server, the error names the state that is.
//	PUBLISHED-3  A page takes one statement, which finds no rows if the views show another state than before. It takes
//	             more only for the first page of a state, for a customer of more than maxAtOnce lines, and if no
//	             line is on the page. On a cluster a second one follows, for the pointer.
//	PUBLISHED-4  While the server does not have the state, or cannot be reached, the lake answers with
//	             the same records.
//	PUBLISHED-5  An answer names a state of the workspace's lake, or a newer one of the same lake. The copy of another
//	             lake, or of a state that a restore removed, does not answer.
package published
