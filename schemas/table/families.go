package table

import "github.com/tollbook/tollbook/schemas/books"

// MarginCosts are the costs of a row of margins, in the order of package books.
func MarginCosts() [books.CostColumns]CostColumn[Margin] {
	return [...]CostColumn[Margin]{MarginCostList, MarginCostContracted, MarginCostEffective, MarginCostBilled}
}

// CostDeliveryCosts are the costs of a delivery, in the order of package books.
func CostDeliveryCosts() [books.CostColumns]CostColumn[CostDelivery] {
	return [...]CostColumn[CostDelivery]{CostDeliveryCostList, CostDeliveryCostContracted, CostDeliveryCostEffective,
		CostDeliveryCostBilled}
}

// CostGroupValues are the costs and quantities of a cost group, in the order of package books.
func CostGroupValues() [books.AllCostColumns]CostColumn[CostGroup] {
	return [...]CostColumn[CostGroup]{CostGroupCostList, CostGroupCostContracted, CostGroupCostEffective,
		CostGroupCostBilled, CostGroupPricingQuantity, CostGroupConsumedQuantity}
}

// CouponAmounts are the columns of a coupon's amount and of its used, taken back, expired and remaining part.
func CouponAmounts() [5]AmountColumn[Coupon] {
	return [...]AmountColumn[Coupon]{CouponAmount, CouponUsed, CouponTakenBack, CouponExpired, CouponLeft}
}

// FundAmounts are the columns of a fund's quota and of its listed, reserved, claimed, approved and paid amount.
func FundAmounts() [6]AmountColumn[Fund] {
	return [...]AmountColumn[Fund]{FundQuotaAmount, FundListedAmount, FundReservedAmount, FundClaimedAmount,
		FundApprovedAmount, FundPaidAmount}
}

// ReceivableAmounts are the columns of a receivable's amount and of its collected, paid and unpaid part.
func ReceivableAmounts() [4]AmountColumn[Receivable] {
	return [...]AmountColumn[Receivable]{ReceivableAmount, ReceivableCollectedAmount, ReceivablePaidAmount,
		ReceivableUnpaidAmount}
}

// InvoiceAmounts are the columns of an invoice's invoiceable, issued, returned, credited and remaining amount.
func InvoiceAmounts() [5]AmountColumn[Invoice] {
	return [...]AmountColumn[Invoice]{InvoiceInvoiceableAmount, InvoiceIssuedAmount, InvoiceReturnedAmount,
		InvoiceCreditedAmount, InvoiceLeftAmount}
}
