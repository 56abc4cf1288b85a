package serve

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/bss"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// Operations returns the table of all operations (OP-1).
func Operations() []operation.Operation { return slices.Concat(bss.Operations(), ownOperations()) }
