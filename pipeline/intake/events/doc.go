// Package events takes in what comes one by one and not by the million: orders, manual adjustments, account events,
// transfers of performance and the steps in the life of incentives. It checks them, decides them against each other and
// against what earlier runs accepted, stores them under the cycle they are billed in, and makes the lines of orders and
// adjustments.
//
//	EV-1  Every row of a feed of events ends in exactly one of accepted, duplicate, rejected (spec §3.20).
//	EV-2  An unsubscribe is decided in the order of pay_time, order_id, order_line over all runs (spec §4.9).
//	EV-3  A cycle's event lines lie in its day `events`, one file a bucket, in the order of spec §8; they are a
//	      function of the accepted events, the books and the lines of earlier cycles.
//	EV-4  All accepted orders, adjustments, transfers and incentive events are held in memory: they are few beside
//	      usage. Account events may be many: of those of earlier runs only the ones whose identity comes again are
//	      held, or those of one bucket of a cycle.
//	EV-5  Order-independence: what becomes of a run's rows does not depend on the order in which batches come; which
//	      of several equal rows is the accepted one follows from file and row.
//	EV-6  An event of a closed cycle is billed in the earliest open one and keeps its own time. An account event takes
//	      effect there at the clock of the run that accepted it, cut to the cycle; a transfer counts there (spec
//	      §4.11).
//	EV-7  An account event that passed acceptance keeps its identity whatever the balance holds. Each replay of its
//	      open cycle says anew whether a reclaim or a withdrawal counts or is refused; refused it is a reject of the
//	      row it came in, of that file's counts too, and stays stored. Closing its cycle makes the last verdict final
//	      (spec §6.3).
//	EV-8  An incentive event that passed acceptance keeps its identity likewise. Each run decides all incentive events
//	      anew, those of one incentive in order of time, event_id: one that does not fit the state it meets is a
//	      reject, and changes nothing (spec §6.5).
//	EV-9  The amount of an order, of an adjustment and of an account event has at most the currency's digits (spec
//	      §3.15, §3.16, §3.19).
package events
