package bss

import (
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// Operations lists the vendor-compatible operations.
func Operations() []operation.Operation {
	return []operation.Operation{subCustomerBillDetail(), consumeSubCustomers(), subcustomerMonthlyBills(),
		customerselfResourceRecords(),
		customerBillsFeeRecords(), customerMonthlySum(), resourceUsageSummary(), resourceUsage(),
		freeResourcesUsageRecords(),
		incentiveDiscountPolicies(), partnerAccountChanges(), partnerAdjustRecords(), onDemandResourceRatings(),
		rateOnPeriodDetail(),
		renewRateOnPeriod(), subCustomers(), indirectPartners(), customerOrders()}
}

// partners may call what reads customers of partners.
func partners() []keys.Role { return []keys.Role{keys.Vendor, keys.Partner} }

// pageParams is offset and limit as most operations have them.
func pageParams() []operation.Param {
	return []operation.Param{
		{Name: "offset", Kind: operation.Whole, Min: 0, Max: 1<<31 - 1, Default: "0", Meaning: "rows to pass over"},
		{Name: "limit", Kind: operation.Whole, Min: 1, Max: 100, Default: "10", Meaning: "most rows to give"},
	}
}
