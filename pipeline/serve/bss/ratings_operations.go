package bss

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// ratingOperations lists the operations that price an enquiry.
func ratingOperations() []operation.Operation {
	return []operation.Operation{onDemandResourceRatings(), rateOnPeriodDetail(), renewRateOnPeriod()}
}
