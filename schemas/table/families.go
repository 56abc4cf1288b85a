package table

import "github.com/tollbook/tollbook/schemas/cost"

// MarginCosts are the costs of a row of margins, in the order of package cost.
func MarginCosts() [cost.CostColumns]CostColumn[Margin] {
	return [...]CostColumn[Margin]{MarginCostList, MarginCostContracted, MarginCostEffective, MarginCostBilled}
}

// CostDeliveryCosts are the costs of a delivery, in the order of package cost.
func CostDeliveryCosts() [cost.CostColumns]CostColumn[CostDelivery] {
	return [...]CostColumn[CostDelivery]{CostDeliveryCostList, CostDeliveryCostContracted, CostDeliveryCostEffective,
		CostDeliveryCostBilled}
}

// CostGroupValues are the costs and quantities of a cost group, in the order of package cost.
func CostGroupValues() [cost.Columns]CostColumn[CostGroup] {
	return [...]CostColumn[CostGroup]{CostGroupCostList, CostGroupCostContracted, CostGroupCostEffective,
		CostGroupCostBilled, CostGroupPricingQuantity, CostGroupConsumedQuantity}
}

// CouponAmounts are the amount, and what was used, taken back, expired and is left of a coupon.
func CouponAmounts() [5]AmountColumn[Coupon] {
	return [...]AmountColumn[Coupon]{CouponAmount, CouponUsed, CouponTakenBack, CouponExpired, CouponLeft}
}

// FundAmounts are the quota and the listed, reserved, claimed, approved and paid amount of a fund.
func FundAmounts() [6]AmountColumn[Fund] {
	return [...]AmountColumn[Fund]{FundQuotaAmount, FundListedAmount, FundReservedAmount, FundClaimedAmount,
		FundApprovedAmount, FundPaidAmount}
}

// ReceivableAmounts are the amount, and what was collected, paid and is unpaid of a receivable.
func ReceivableAmounts() [4]AmountColumn[Receivable] {
	return [...]AmountColumn[Receivable]{ReceivableAmount, ReceivableCollectedAmount, ReceivablePaidAmount,
		ReceivableUnpaidAmount}
}

// InvoiceAmounts are the invoiceable, issued, returned and credited amount of an invoice, and what is left.
func InvoiceAmounts() [5]AmountColumn[Invoice] {
	return [...]AmountColumn[Invoice]{InvoiceInvoiceableAmount, InvoiceIssuedAmount, InvoiceReturnedAmount,
		InvoiceCreditedAmount, InvoiceLeftAmount}
}
