package accounts

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// Operations lists the operations about accounts.
func Operations() []operation.Operation {
	return []operation.Operation{partnerBalances(), customerBalances(), customersBalances(), customerChanges()}
}

// The vendor's numbers of kinds of accounts.
const (
	ofCash   = 1
	ofCredit = 2
	ofRebate = 5
)
