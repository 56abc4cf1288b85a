package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func periodResources() operation.Operation {
	return operation.Operation{
		Name: "ListPayPerUseCustomerResources", Method: http.MethodPost,
		Path:    "/v2/orders/suscriptions/resources/query",
		Summary: "The resources that a customer ordered for a period, as of the last run",
		Callers: Anyone(), Subject: operation.Customers,
		Params: InBody(append([]operation.Param{
			{Name: "customer_id", Meaning: "whose resources; the vendor and partners must send it"},
			{Name: "resource_ids", Kind: operation.Raw, Of: []string{}, Max: 50, Meaning: "only these resources"},
			{Name: "order_id", Meaning: "only resources of this order"},
			{Name: "only_main_resource", Kind: operation.Whole, Max: 1,
				Meaning: "has no effect: no resource belongs to another"},
			{Name: "status_list", Kind: operation.Raw, Of: []int{}, Max: 10,
				Meaning: "only 2 in use, 3 unsubscribed, 5 expired; none is 4, frozen"},
			{Name: "service_type_code", Meaning: "only this service's; case does not matter"},
			{Name: "expire_time_begin", Kind: operation.Moment, Meaning: "expires then or later"},
			{Name: "expire_time_end", Kind: operation.Moment, Meaning: "expires before then"},
		}, PageParams()...)),
		Answer: resourceList{},
		Handle: handlePeriodResources,
	}
}

// resourceList is ListPayPerUseCustomerResourcesResponse.
type resourceList struct {
	Resources []resource `json:"data"`
	Total     int        `json:"total_count"`
}

// resource is OrderInstanceV2. A resource has no project, size or parent, and its id is its only one.
type resource struct {
	ID               string `json:"id"`
	ResourceID       string `json:"resource_id"`
	RegionCode       string `json:"region_code"`
	ServiceTypeCode  string `json:"service_type_code"`
	ResourceTypeCode string `json:"resource_type_code"`
	ResourceTypeName string `json:"resource_type_name,omitempty"`
	ServiceTypeName  string `json:"service_type_name,omitempty"`
	SpecCode         string `json:"resource_spec_code"`
	ProductID        string `json:"product_id"`
	Main             int    `json:"is_main_resource"`
	Status           int    `json:"status"`
	EffectiveTime    string `json:"effective_time"`
	ExpireTime       string `json:"expire_time,omitempty"`
	ExpirePolicy     int    `json:"expire_policy,omitempty"`
}

// The vendor's numbers of a resource's status, and of automatic renewal.
const (
	inUse             = 2
	orderUnsubscribed = 3
	orderExpired      = 5
	renewsItself      = 3
)

// bought is a resource with its order lines, by payment.
type bought struct {
	id     string
	orders []string
	last   *boughtLine // the last one that was not unsubscribed, or without one the last of all
	from   period.Instant
	to     period.Instant // tables.Nothing = never
	kept   bool           // at least one order line was not unsubscribed
}

func handlePeriodResources(ctx context.Context, c *operation.Call) (any, error) {
	if c.Scope.Customer == "" && !c.Scope.Nothing {
		return nil, operation.BadParameter("customer_id", operation.Text{Zh: "必填", En: "is missing: whose resources"})
	}
	var ids []string
	var states []int
	expires, err := Between(c, "expire_time_begin", "expire_time_end")
	if err == nil {
		err = List(c, "resource_ids", &ids)
	}
	if err == nil {
		err = List(c, "status_list", &states)
	}
	if err != nil {
		return nil, err
	}
	at, err := AsOf(c)
	if err != nil {
		return nil, err
	}
	list, err := resourcesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	names := NamesOf(c.State.Workspace.Books)
	out := []resource{}
	for _, r := range list {
		status := r.status(at)
		if len(ids) > 0 && !slices.Contains(ids, r.id) || len(states) > 0 && !slices.Contains(states, status) ||
			c.Given("order_id") && !slices.Contains(r.orders, c.Text("order_id")) ||
			c.Given("service_type_code") && !strings.EqualFold(c.Text("service_type_code"), r.last.service) ||
			!expires(r.to) {
			continue
		}
		one := resource{ID: r.id, ResourceID: r.id, RegionCode: r.last.region, ServiceTypeCode: r.last.service,
			ResourceTypeCode: r.last.resourceType, ResourceTypeName: names.Resources[r.last.resourceType],
			ServiceTypeName: names.Services[r.last.service], SpecCode: r.last.sku, ProductID: r.last.sku, Main: 1,
			Status: status, EffectiveTime: operation.Time(r.from)}
		if r.to != period.Forever {
			one.ExpireTime = operation.Time(r.to)
		}
		if r.last.kind == "auto_renew" && status == inUse {
			one.ExpirePolicy = renewsItself
		}
		out = append(out, one)
	}
	return &resourceList{Resources: Window(c, out), Total: len(out)}, nil
}

// status returns the vendor's number of the resource's status at an instant.
func (r *bought) status(at period.Instant) int {
	switch {
	case !r.kept:
		return orderUnsubscribed
	case at >= r.to:
		return orderExpired
	}
	return inUse
}

// resourcesOf returns the resources of the scope's customer by id. Values that all orders of a resource have in common
// are those of the last one; its term is from the first to the last order that was not unsubscribed.
func resourcesOf(ctx context.Context, c *operation.Call) ([]*bought, error) {
	if c.Scope.Nothing {
		return nil, nil
	}
	lines, err := orderLines(ctx, c, &orderQuery{customer: c.Scope.Customer,
		during: period.Always()})
	if err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(l boughtLine) bool { return !c.Scope.Line(l.partner, l.own) })
	back := make(map[string]bool)
	for i := range lines {
		if orderType(lines[i].kind) == typeUnsubscribe {
			back[lines[i].base] = true
		}
	}
	byID := make(map[string]*bought)
	for i := range lines {
		l := &lines[i]
		if orderType(l.kind) == typeUnsubscribe {
			continue
		}
		r := byID[l.resource]
		if r == nil {
			r = &bought{id: l.resource}
			byID[l.resource] = r
		}
		r.orders = append(r.orders, l.order)
		r.take(l, !back[orderKey(l.customer, l.order, l.line)])
	}
	list := make([]*bought, 0, len(byID))
	for _, r := range byID {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *bought) int { return cmp.Compare(a.id, b.id) })
	return list, nil
}

// take adds an order line that is later than all others of the resource.
func (r *bought) take(l *boughtLine, kept bool) {
	to := l.expire
	if to == tables.Nothing {
		to = period.Forever
	}
	switch {
	case r.kept && !kept: // an unsubscribed line changes nothing
	case r.last == nil, kept && !r.kept, !kept:
		r.last, r.from, r.to, r.kept = l, l.effective, to, kept
	default:
		r.last, r.from, r.to = l, min(r.from, l.effective), max(r.to, to)
	}
}
