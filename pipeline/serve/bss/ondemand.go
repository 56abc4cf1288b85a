package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerOnDemandResources() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerOnDemandResources", Method: http.MethodPost,
		Path:    "/v2/partners/sub-customers/on-demand-resources/query",
		Summary: "The resources that a customer used on demand, as of the last run",
		Callers: Partners(), Subject: operation.OneCustomer,
		Params: InBody(append([]operation.Param{
			{Name: "customer_id", Required: true, Meaning: "whose resources"},
			{Name: "indirect_partner_id", Meaning: "of this reseller's customer"},
			{Name: "region_code", Meaning: "only this region's"},
			{Name: "service_type_code", Meaning: "only this service's"},
			{Name: "resource_ids", Kind: operation.Raw, Of: []string{}, Max: 50, Meaning: "only these resources"},
			{Name: "effective_time_begin", Kind: operation.Moment, Meaning: "first used then or later"},
			{Name: "effective_time_end", Kind: operation.Moment, Meaning: "first used before then"},
			{Name: "status", Kind: operation.Whole, Min: 1, Max: 6,
				Meaning: "only 1 in use or 6 closed; none has another"},
		}, PageParams()...)),
		Answer: onDemandList{},
		Handle: handleCustomerOnDemandResources,
	}
}

// onDemandList is ListCustomerOnDemandResourcesResponse.
type onDemandList struct {
	Resources []onDemandResource `json:"resources"`
	Total     int                `json:"total_count"`
}

// onDemandResource is CustomerOnDemandResource.
type onDemandResource struct {
	CustomerID       string `json:"customer_id"`
	RegionCode       string `json:"region_code"`
	ServiceTypeCode  string `json:"service_type_code"`
	ResourceTypeCode string `json:"resource_type_code"`
	ServiceTypeName  string `json:"service_type_name,omitempty"`
	ResourceTypeName string `json:"resource_type_name,omitempty"`
	ResourceID       string `json:"resource_id"`
	EffectiveTime    string `json:"effective_time"`
	ExpireTime       string `json:"expire_time,omitempty"`
	Status           int    `json:"status"`
	SpecCode         string `json:"resource_spec_code"`

	first, last period.Day // with usage
}

// The vendor's numbers of an on-demand resource's status, and how many days without usage close one.
const (
	opened   = 1
	closed   = 6
	idleDays = 31
)

func handleCustomerOnDemandResources(ctx context.Context, c *operation.Call) (any, error) {
	var ids []string
	if err := List(c, "resource_ids", &ids); err != nil {
		return nil, err
	}
	effective, err := Between(c, "effective_time_begin", "effective_time_end")
	if err != nil {
		return nil, err
	}
	at, err := AsOf(c)
	if err != nil {
		return nil, err
	}
	list, err := usedOnDemand(ctx, c)
	if err != nil {
		return nil, err
	}
	zone, names := c.State.Workspace.Books.Zone, NamesOf(c.State.Workspace.Books)
	out := []onDemandResource{}
	for _, r := range list {
		from, to := zone.Start(r.first), zone.Start(r.last+1)
		r.Status, r.EffectiveTime = opened, operation.Time(from)
		if zone.Day(at)-r.last > idleDays {
			r.Status, r.ExpireTime = closed, operation.Time(to)
		}
		if len(ids) > 0 && !slices.Contains(ids, r.ResourceID) || c.Given("status") && c.Whole("status") != r.Status ||
			!effective(from) {
			continue
		}
		r.CustomerID = c.Scope.Customer
		r.ServiceTypeName, r.ResourceTypeName = names.Services[r.ServiceTypeCode], names.Resources[r.ResourceTypeCode]
		out = append(out, r)
	}
	return &onDemandList{Resources: Window(c, out), Total: len(out)}, nil
}

// usedOnDemand returns the resources of the on-demand lines of all cycles of the lake, by id, region and product. A
// line without a day counts for its cycle.
func usedOnDemand(ctx context.Context, c *operation.Call) ([]onDemandResource, error) {
	f := within(c)
	f.add(tables.LineChargingMode.Of(), "3")
	f.where = append(f.where, query.Condition{Column: tables.LineDay.Of(), Op: query.IsNot,
		Values: []string{lake.EventsDay.String(), lake.RerateDay.String(), lake.RestatedDay.String(),
			lake.ChargesDay.String(), lake.CommitmentsDay.String()}})
	f.by("region_code", tables.LineRegionCode.Of())
	f.by("service_type_code", tables.LineServiceTypeCode.Of())
	found := map[string]*onDemandResource{}
	oldest := c.State.Workspace.Books.Zone.Cycle(c.State.Now).Add(-operation.Window)
	for _, ref := range c.State.Snap.Manifest.Cycles {
		if ref.Archived != nil || ref.Period() < oldest {
			continue
		}
		sums, err := f.sums(ctx, ref.Cycle, []string{c.Scope.Customer}, tables.LineResourceID.Of(),
			tables.LineRegionCode.Of(),
			tables.LineSKU.Of(), tables.LineServiceTypeCode.Of(), tables.LineResourceTypeCode.Of(), tables.LineDay.Of())
		if err != nil {
			return nil, err
		}
		for i := range sums {
			note(found, ref.Period(), sums[i].By)
		}
	}
	list := make([]onDemandResource, 0, len(found))
	for _, r := range found {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b onDemandResource) int {
		return cmp.Or(strings.Compare(a.ResourceID, b.ResourceID), strings.Compare(a.RegionCode, b.RegionCode),
			strings.Compare(a.SpecCode, b.SpecCode))
	})
	return list, nil
}

// note adds the day of a sum to its resource. by has the order of the columns in usedOnDemand.
func note(found map[string]*onDemandResource, cycle period.Cycle, by []string) {
	first, last := cycle.First(), cycle.Last()
	if day, err := period.ParseDay(by[len(by)-1]); err == nil {
		first, last = day, day
	}
	key := strings.Join(by[:len(by)-1], "\x00")
	r := found[key]
	if r == nil {
		r = &onDemandResource{ResourceID: by[0], RegionCode: by[1], SpecCode: by[2], ServiceTypeCode: by[3],
			ResourceTypeCode: by[4], first: first, last: last}
		found[key] = r
	}
	r.first, r.last = min(r.first, first), max(r.last, last)
}
