package bss

import (
	"net/http"
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// Operations lists the vendor-compatible operations.
func Operations() []operation.Operation {
	bills := []operation.Operation{subCustomerBillDetail(), consumeSubCustomers(), subcustomerMonthlyBills(),
		customerselfResourceRecords(), customerselfResourceRecordDetails(), customerBillsFeeRecords(),
		customerMonthlySum(), resourceUsageSummary(), resourceUsage(), freeResourcesUsageRecords(),
		incentiveDiscountPolicies(), subCustomers(), subCustomerNewTag(), customerOnDemandResources(),
		indirectPartners()}
	ofRecords := slices.Concat(bills, tradeOperations(), benefitOperations(), accountOperations(),
		packageOperations(), costOperations())
	for i := range ofRecords {
		readAsPartner(&ofRecords[i])
	}
	return slices.Concat(ofRecords, ratingOperations(), catalogueOperations())
}

// readAsPartner adds to each operation that a partner may call a parameter by which the vendor names the partner whose
// customers' records it reads.
func readAsPartner(o *operation.Operation) {
	_, has := o.Param("partner_id")
	ofCustomers := o.Subject == operation.OneCustomer || o.Subject == operation.WholeCustomer ||
		o.Subject == operation.Customers
	if has || !ofCustomers || !slices.Contains(o.Callers, keys.Partner) {
		return
	}
	whose := []operation.Param{WhosePartner()}
	if o.Method == http.MethodPost {
		whose = InBody(whose)
	}
	o.Params = append(o.Params, whose...)
}
