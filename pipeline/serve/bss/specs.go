package bss

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func resourceSpecs() operation.Operation {
	return operation.Operation{
		Name: "ListResourceSpecs", Method: http.MethodPost, Path: "/v2/products/resource-specs-query",
		Summary: "The products of a kind of resources that are sold in a region now",
		Callers: Anyone(), Subject: operation.Nobody,
		Params: InBody([]operation.Param{
			{Name: "cloud_service_type", Required: true, Meaning: "the service"},
			{Name: "resource_type", Required: true, Meaning: "the kind of resources"},
			{Name: "region_code", Required: true, Meaning: "the region"},
			{Name: "charge_mode", Kind: operation.Word, Words: []string{byPeriod, onDemand}, Required: true,
				Meaning: "1 yearly or monthly, 3 on demand"},
			{Name: "filters", Kind: operation.Raw, Of: []specFilter{}, Max: 1, Meaning: "at most one filter"},
			{Name: "marker", Meaning: "the next_marker of the page before; without it, the first page"},
			{Name: "limit", Kind: operation.Whole, Min: 1, Max: 100, Default: "100", Meaning: "most rows to give"},
		}),
		Answer: specList{},
		Handle: handleResourceSpecs,
	}
}

// The vendor's numbers of charge modes.
const (
	byPeriod = "1"
	onDemand = "3"
)

// specFilter is ResourceSpecsFilter.
type specFilter struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// specList is ListResourceSpecsResponse.
type specList struct {
	Page  specPage `json:"page_info"`
	Specs []spec   `json:"cloud_service_basics"`
}

// specPage is PageInfo.
type specPage struct {
	Next string `json:"next_marker,omitempty"`
}

// spec is CloudServiceBasic.
type spec struct {
	Service      string `json:"cloud_service_type"`
	ServiceName  string `json:"cloud_service_type_name,omitempty"`
	Resource     string `json:"resource_type"`
	ResourceName string `json:"resource_type_name,omitempty"`
	Spec         string `json:"resource_spec"`
	SpecName     string `json:"resource_spec_name,omitempty"`
	ChargeMode   string `json:"charge_mode"`
	Region       string `json:"region_code"`
}

func handleResourceSpecs(_ context.Context, c *operation.Call) (any, error) {
	from, err := marker(c)
	if err != nil {
		return nil, err
	}
	var filters []specFilter
	if err := c.Decode("filters", &filters); err != nil {
		return nil, err
	}
	if len(filters) > 1 || len(filters) == 1 && filters[0].Key != "RESOURCE_SPEC" {
		return nil, operation.BadParameter("filters", operation.Text{Zh: "最多1个，键应为RESOURCE_SPEC",
			En: "is not one filter by RESOURCE_SPEC"})
	}
	b := c.State.Workspace.Books
	list := []spec{}
	for i := range b.Products {
		p := &b.Products[i]
		if p.ServiceTypeCode != c.Text("cloud_service_type") || p.ResourceTypeCode != c.Text("resource_type") ||
			len(filters) == 1 && filters[0].Value != p.SKU ||
			!sold(b, int32(i), c.Text("region_code"), c.Text("charge_mode"), c.State.Now) {
			continue
		}
		list = append(list, spec{p.ServiceTypeCode, p.ServiceTypeName, p.ResourceTypeCode, p.ResourceTypeName, p.SKU,
			p.Name, c.Text("charge_mode"), c.Text("region_code")})
	}
	out := &specList{Specs: list[min(from, len(list)):]}
	if limit := c.Whole("limit"); len(out.Specs) > limit {
		out.Specs, out.Page.Next = out.Specs[:limit], strconv.Itoa(from+limit)
	}
	return out, nil
}

// sold reports whether a price of a product is in force in a region for a charge mode (CATALOGUE-2).
func sold(b *books.Books, sku int32, region, mode string, now period.Instant) bool {
	return slices.ContainsFunc(b.Versions, func(v books.Version) bool {
		return v.SKU == sku && v.PriceList == "standard" && (v.Region == "*" || v.Region == region) &&
			v.Valid.Holds(now) &&
			(v.PeriodType != "") == (mode == byPeriod)
	})
}
