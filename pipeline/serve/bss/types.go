package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
)

func serviceTypes() operation.Operation {
	return operation.Operation{
		Name: "ListServiceTypes", Method: http.MethodGet, Path: "/v2/products/service-types",
		Summary: "The services of the books", Callers: Anyone(), Subject: operation.Nobody,
		Params: append([]operation.Param{
			{Name: "service_type_name", Max: 128, Meaning: "part of the service's name"},
		}, PageParams()...),
		Answer: serviceTypeList{},
		Handle: handleServiceTypes,
	}
}

// serviceTypeList is ListServiceTypesResponse.
type serviceTypeList struct {
	Total int           `json:"total_count"`
	Types []serviceType `json:"service_types"`
}

// serviceType is ServiceTypes. The books have no abbreviation of a service.
type serviceType struct {
	Name string `json:"service_type_name,omitempty"`
	Code string `json:"service_type_code"`
}

func handleServiceTypes(_ context.Context, c *operation.Call) (any, error) {
	var list []serviceType
	for _, p := range distinct(c, func(p *books.Product) string { return p.ServiceTypeCode }) {
		if strings.Contains(p.ServiceTypeName, c.Text("service_type_name")) {
			list = append(list, serviceType{p.ServiceTypeName, p.ServiceTypeCode})
		}
	}
	return &serviceTypeList{Total: len(list), Types: append([]serviceType{}, Window(c, list)...)}, nil
}

func resourceTypes() operation.Operation {
	return operation.Operation{
		Name: "ListResourceTypes", Method: http.MethodGet, Path: "/v2/products/resource-types",
		Summary: "The kinds of resources of the books", Callers: Anyone(), Subject: operation.Nobody,
		Params: PageParams(),
		Answer: resourceTypeList{},
		Handle: handleResourceTypes,
	}
}

// resourceTypeList is ListResourceTypesResponse.
type resourceTypeList struct {
	Total int            `json:"total_count"`
	Types []resourceType `json:"resource_types"`
}

// resourceType is ResourceTypes. The books have no description of a kind of resources.
type resourceType struct {
	Code        string `json:"resource_type_code"`
	Name        string `json:"resource_type_name,omitempty"`
	ServiceType string `json:"service_type_code"`
}

func handleResourceTypes(_ context.Context, c *operation.Call) (any, error) {
	list := resourceTypesOf(c)
	return &resourceTypeList{Total: len(list), Types: append([]resourceType{}, Window(c, list)...)}, nil
}

// resourceTypesOf returns the kinds of resources by code and service. A product without a code has none.
func resourceTypesOf(c *operation.Call) []resourceType {
	var list []resourceType
	for _, p := range distinct(c, func(p *books.Product) string {
		return p.ResourceTypeCode + "\x00" + p.ServiceTypeCode
	}) {
		if p.ResourceTypeCode != "" {
			list = append(list, resourceType{p.ResourceTypeCode, p.ResourceTypeName, p.ServiceTypeCode})
		}
	}
	return list
}

func serviceResources() operation.Operation {
	return operation.Operation{
		Name: "ListServiceResources", Method: http.MethodGet, Path: "/v2/products/service-resources",
		Summary: "The kinds of resources of a service", Callers: Anyone(), Subject: operation.Nobody,
		Params: append([]operation.Param{
			{Name: "service_type_code", Required: true, Meaning: "the service"},
		}, PageParams()...),
		Answer: serviceResourceList{},
		Handle: handleServiceResources,
	}
}

// serviceResourceList is ListServiceResourcesResponse.
type serviceResourceList struct {
	Total int               `json:"total_count"`
	Infos []serviceResource `json:"infos"`
}

// serviceResource is ServiceResourceInfo.
type serviceResource struct {
	Basic resourceBasic `json:"basic_info"`
}

// resourceBasic is ResourceBasicInfo.
type resourceBasic struct {
	Code  string `json:"resource_type_code"`
	Owner string `json:"product_owner_service"`
	Name  string `json:"name,omitempty"`
}

func handleServiceResources(_ context.Context, c *operation.Call) (any, error) {
	var list []serviceResource
	for _, r := range resourceTypesOf(c) {
		if r.ServiceType == c.Text("service_type_code") {
			list = append(list, serviceResource{resourceBasic{r.Code, r.ServiceType, r.Name}})
		}
	}
	return &serviceResourceList{Total: len(list), Infos: append([]serviceResource{}, Window(c, list)...)}, nil
}

func usageTypes() operation.Operation {
	return operation.Operation{
		Name: "ListUsageTypes", Method: http.MethodGet, Path: "/v2/products/usage-types",
		Summary: "What is measured of each kind of resources", Callers: Anyone(), Subject: operation.Nobody,
		Params: append([]operation.Param{
			{Name: "resource_type_code", Meaning: "only of this kind of resources"},
		}, PageParams()...),
		Answer: usageTypeList{},
		Handle: handleUsageTypes,
	}
}

// usageTypeList is ListUsageTypesResponse.
type usageTypeList struct {
	Total int         `json:"total_count"`
	Types []usageType `json:"usage_types"`
}

// usageType is UsageType. The books have no name of a usage type.
type usageType struct {
	Code             string `json:"code"`
	ResourceTypeCode string `json:"resource_type_code,omitempty"`
	ServiceTypeCode  string `json:"service_type_code"`
	ResourceTypeName string `json:"resource_type_name,omitempty"`
	ServiceTypeName  string `json:"service_type_name,omitempty"`
}

func handleUsageTypes(_ context.Context, c *operation.Call) (any, error) {
	var list []usageType
	for _, p := range distinct(c, func(p *books.Product) string {
		return p.UsageType + "\x00" + p.ResourceTypeCode + "\x00" + p.ServiceTypeCode
	}) {
		if p.UsageType == "" || c.Given("resource_type_code") && p.ResourceTypeCode != c.Text("resource_type_code") {
			continue
		}
		list = append(list, usageType{p.UsageType, p.ResourceTypeCode, p.ServiceTypeCode, p.ResourceTypeName,
			p.ServiceTypeName})
	}
	return &usageTypeList{Total: len(list), Types: append([]usageType{}, Window(c, list)...)}, nil
}

// distinct returns the first product of each key, by key.
func distinct(c *operation.Call, key func(*books.Product) string) []*books.Product {
	b := c.State.Workspace.Books
	var out []*books.Product
	seen := make(map[string]bool)
	for i := range b.Products {
		if k := key(&b.Products[i]); !seen[k] {
			seen[k] = true
			out = append(out, &b.Products[i])
		}
	}
	slices.SortFunc(out, func(x, y *books.Product) int { return cmp.Compare(key(x), key(y)) })
	return out
}
