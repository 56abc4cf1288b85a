package trade

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// Operations lists the operations about orders and partners' account changes.
func Operations() []operation.Operation {
	return []operation.Operation{customerOrders(), customerOrderDetails(), refundOrderDetails(),
		orderCoupons(), orderDiscounts(), periodResources(),
		partnerAccountChanges(), partnerAdjustRecords()}
}
