package bss

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// accountOperations lists the operations about accounts.
func accountOperations() []operation.Operation {
	return []operation.Operation{partnerBalances(), customerBalances(), customersBalances(), customerChanges()}
}

// The vendor's numbers of kinds of accounts.
const (
	ofCash   = 1
	ofCredit = 2
	ofRebate = 5
)
