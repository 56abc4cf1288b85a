// Package partners reads what partners owe and earn in one committed state: partner statements, incentives and their
// rows.
//
//	PARTNERS-1  The statements of a closed cycle are those that its close stored. Those of an open cycle are computed
//	            from its lines on request (SETTLE-1); a server keeps them until the state or the books change.
package partners
