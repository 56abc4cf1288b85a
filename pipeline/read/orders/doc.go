// Package orders reads the states of order lines from one committed state, and what unpaid ones would cost.
//
//	ORDERS-1  A paid order line is completed, unless its last step is processing. Any other order line has the status
//	          of its last step. Rejected steps do not count.
//	ORDERS-2  An unpaid order line costs what an order costs that is paid at the instant of the question. A line
//	          without a price, and an unsubscribe, cost 0.
package orders
