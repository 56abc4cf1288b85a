// Package published reads what package publish has written to ClickHouse: consumption records by page, and finance
// queries by their SQL over the published views (sql/).
//
//	PUBLISHED-1  An answer comes from one published state and equals the lake's answer for that state, to the last
//	             digit (REC-1, ASK-2).
//	PUBLISHED-2  If the requested state is not on the server, the error names the state that is.
package published
