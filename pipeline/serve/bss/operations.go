package bss

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/bss/accounts"
	"github.com/tollbook/tollbook/pipeline/serve/bss/benefits"
	"github.com/tollbook/tollbook/pipeline/serve/bss/catalogue"
	"github.com/tollbook/tollbook/pipeline/serve/bss/costs"
	"github.com/tollbook/tollbook/pipeline/serve/bss/packages"
	"github.com/tollbook/tollbook/pipeline/serve/bss/ratings"
	"github.com/tollbook/tollbook/pipeline/serve/bss/trade"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// Operations lists the vendor-compatible operations.
func Operations() []operation.Operation {
	bills := []operation.Operation{subCustomerBillDetail(), consumeSubCustomers(), subcustomerMonthlyBills(),
		customerselfResourceRecords(), customerselfResourceRecordDetails(), customerBillsFeeRecords(),
		customerMonthlySum(), resourceUsageSummary(), resourceUsage(), freeResourcesUsageRecords(),
		incentiveDiscountPolicies(), subCustomers(), subCustomerNewTag(), customerOnDemandResources(),
		indirectPartners()}
	return slices.Concat(bills, ratings.Operations(), catalogue.Operations(), trade.Operations(),
		benefits.Operations(), accounts.Operations(), packages.Operations(), costs.Operations())
}
