// Package published reads what package publish has written to ClickHouse: consumption records by page, and the
// questions of finance by their SQL over the published views (sql/).
//
//	PUBLISHED-1  An answer comes from one published state and equals the lake's answer for that state, to the last
//	             digit (REC-1, ASK-2).
//	PUBLISHED-2  If the state that is asked for is not on the server, the error says which state is.
package published
