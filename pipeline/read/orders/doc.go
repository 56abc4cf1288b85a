// Package orders reads the life of order lines in one committed state, and what those that were not paid would cost.
//
//	ORDERS-1  An order line that was paid is completed, unless the last step in its life is processing. Any other one
//	          has the status of its last step. Rejected steps do not count.
//	ORDERS-2  What an order line costs that was not paid is the price of an order that is paid at the instant of the
//	          question. A line without a price, and an unsubscribe, cost 0.
package orders
