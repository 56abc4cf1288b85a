package bss

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// catalogueOperations lists the operations about products.
func catalogueOperations() []operation.Operation {
	return []operation.Operation{serviceTypes(), resourceTypes(), serviceResources(), usageTypes(), measureUnits(),
		conversions(), resourceSpecs()}
}
