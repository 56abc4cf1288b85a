package ratings

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// Operations lists the operations that price an enquiry.
func Operations() []operation.Operation {
	return []operation.Operation{onDemandResourceRatings(), rateOnPeriodDetail(), renewRateOnPeriod()}
}
