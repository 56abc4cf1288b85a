package catalogue

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// Operations lists the operations about what is sold.
func Operations() []operation.Operation {
	return []operation.Operation{serviceTypes(), resourceTypes(), serviceResources(), usageTypes(), measureUnits(),
		conversions(), resourceSpecs()}
}
