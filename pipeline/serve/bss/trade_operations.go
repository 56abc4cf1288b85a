package bss

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// tradeOperations lists the operations about orders and partners' account changes.
func tradeOperations() []operation.Operation {
	return []operation.Operation{customerOrders(), customerOrderDetails(), refundOrderDetails(),
		orderCoupons(), orderDiscounts(), periodResources(),
		partnerAccountChanges(), partnerAdjustRecords()}
}
