package catalogue

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// Operations lists the operations about products.
func Operations() []operation.Operation {
	return []operation.Operation{serviceTypes(), resourceTypes(), serviceResources(), usageTypes(), measureUnits(),
		conversions(), resourceSpecs()}
}
