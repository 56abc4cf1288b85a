// Package events ingests low-volume feeds: orders, manual adjustments, account events, transfers of performance and
// incentive events. It checks them, decides them against each other and against what earlier runs accepted, and stores
// them under the cycle that bills them. Package event defines the events; package day makes their lines.
//
//	EV-1  Every row of a feed of events ends in exactly one of accepted, duplicate, rejected (§3.20).
//	EV-2  An unsubscribe is decided in the order of pay_time, order_id, order_line over all runs (§4.9).
//	EV-3  The accepted orders and adjustments of a cycle are in one file each per bucket, in order of customer and
//	      identity.
//	EV-4  Orders, adjustments and account events can be many: of those of earlier runs, only those are held in memory
//	      that decisions need, or those of one bucket of a cycle. Decisions need the events whose identity comes
//	      again, the orders that unsubscribes name with their unsubscribes, and the orders that have steps. All
//	      accepted transfers, incentive events and steps are held in memory.
//	EV-5  The result for a run's rows does not depend on the order of batches. File and row decide which of several
//	      equal rows is the accepted one.
//	EV-6  An event of a closed cycle is billed in the earliest open one and keeps its own time. An account event
//	      takes effect there at the as-of of the run that accepted it, at most the end of the cycle; a transfer
//	      counts there (§4.11).
//	EV-7  An account event that passed acceptance keeps its identity whatever the balance is. Each replay of its open
//	      cycle decides again whether a reclaim or a withdrawal counts or is refused. A refused event is a reject of
//	      its row, also in the counts of its file, and stays stored. Closing its cycle makes the last decision final
//	      (§6.3).
//	EV-8  An incentive event that passed acceptance keeps its identity in the same way. Each run decides all
//	      incentive events again, those of one incentive in the order of time, event_id. An event that does not fit
//	      the state is a reject and changes nothing (§6.5). The verdicts that a payment in a closed cycle of a
//	      partner's account follows from, and that of a payment that was rejected there, are final.
//	EV-9  The amount of an order, of an adjustment and of an account event has at most the currency's digits (§3.15,
//	      §3.16, §3.19).
//	EV-10 A step in the life of an order line brings no line, changes no order and belongs to no cycle. Each run
//	      decides all steps again, after all orders: those of one order line in the order of status_time and of the
//	      list of statuses. A step that does not fit the state that it meets is a reject and changes nothing.
//	EV-11 Events of partners' accounts are not held in memory: those of earlier runs are read in order of event_id and
//	      merged with the sorted rows of the run. The rows are decided by identity as those of other feeds are.
package events
