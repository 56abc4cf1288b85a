package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

func consumeSubCustomers() operation.Operation {
	return operation.Operation{
		Name: "ListConsumeSubCustomers", Method: http.MethodPost,
		Path:    "/v2/bills/subcustomer-bills/res-fee-records/sub-customers/query",
		Summary: "The customers that consumed as a partner's in a cycle, including those that left since",
		Callers: Partners(), Subject: operation.Customers,
		Params: InBody(append([]operation.Param{
			{Name: "bill_cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
		}, PageParams()...)),
		Answer: consumers{},
		Handle: handleConsumeSubCustomers,
	}
}

// consumers is ListConsumeSubCustomersResponse.
type consumers struct {
	Customers []customerRef `json:"sub_customers"`
	Total     int           `json:"total_count"`
}

// customerRef is SubCustomerInfoV3.
type customerRef struct {
	CustomerID string `json:"customer_id"`
}

func handleConsumeSubCustomers(ctx context.Context, c *operation.Call) (any, error) {
	name, _ := cycleOf(c, "bill_cycle")
	list, err := c.Customers(ctx, name, func(query.PartnerShare) bool { return true })
	out := &consumers{Customers: []customerRef{}, Total: len(list)}
	for _, id := range Window(c, list) {
		out.Customers = append(out.Customers, customerRef{id})
	}
	return out, err
}
