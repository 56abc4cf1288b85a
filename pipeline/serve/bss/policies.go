package bss

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
)

func incentiveDiscountPolicies() operation.Operation {
	return operation.Operation{
		Name: "ListIncentiveDiscountPolicies", Method: http.MethodGet, Path: "/v2/products/incentive-discount-policies",
		Summary: "Of each service, whether its business counts as performance and takes a partner's discounts",
		Callers: Partners(), Subject: operation.Nobody,
		Params: append([]operation.Param{
			{Name: "time", Kind: operation.Month, Required: true,
				Meaning: "the policies at this month's end; products have no history, so today's are given"},
			{Name: "service_type_code", Meaning: "only this service"},
		}, PageParams()...),
		Answer: policies{},
		Handle: handleIncentiveDiscountPolicies,
	}
}

// policies is ListIncentiveDiscountPoliciesResponse.
type policies struct {
	Policies []policy `json:"policies"`
	Total    int      `json:"total_count"`
}

// policy is IncentiveAndDiscountPolicy.
type policy struct {
	ServiceTypeCode string `json:"service_type_code"`
	ServiceTypeName string `json:"service_type_name,omitempty"`
	Incentive       string `json:"incentive_policy"`
	AllowDiscount   string `json:"allow_discount"`
}

func handleIncentiveDiscountPolicies(_ context.Context, c *operation.Call) (any, error) {
	b := c.State.Workspace.Books
	var list []policy
	strict := make(map[string]int) // by service: the rank of its most restrictive product
	for i := range b.Products {
		p := &b.Products[i]
		if c.Given("service_type_code") && c.Text("service_type_code") != p.ServiceTypeCode {
			continue
		}
		at := slices.IndexFunc(list, func(o policy) bool { return o.ServiceTypeCode == p.ServiceTypeCode })
		if at < 0 {
			at = len(list)
			list = append(list, policy{ServiceTypeCode: p.ServiceTypeCode, ServiceTypeName: p.ServiceTypeName,
				AllowDiscount: "YES"})
			strict[p.ServiceTypeCode] = -1
		}
		if !p.AllowDiscount {
			list[at].AllowDiscount = "NO"
		}
		if word, n := incentiveOf(p.Class); n > strict[p.ServiceTypeCode] {
			list[at].Incentive, strict[p.ServiceTypeCode] = word, n
		}
	}
	slices.SortFunc(list, func(x, y policy) int { return strings.Compare(x.ServiceTypeCode, y.ServiceTypeCode) })
	return &policies{Policies: append([]policy{}, Window(c, list)...), Total: len(list)}, nil
}

// incentiveOf returns the vendor's word for a class, and its rank: the more restrictive, the higher.
func incentiveOf(class books.Class) (word string, place int) {
	switch class {
	case books.Specific:
		return "1", 1
	case books.NoRebate: // performance without rebate
		return "13", 2
	case books.NoClass: // neither
		return "2", 3
	}
	return "0", 0
}
