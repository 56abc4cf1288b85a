package bss

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// packageOperations lists the operations about packages.
func packageOperations() []operation.Operation {
	return []operation.Operation{freeResourceInfos(), freeResourceUsages()}
}

func freeResourceInfos() operation.Operation {
	return operation.Operation{
		Name: "ListFreeResourceInfos", Method: http.MethodPost, Path: "/v3/payments/free-resources/query",
		Summary: "The prepaid packages of a customer and what is left of them",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: InBody(append([]operation.Param{
			WhoseBill(),
			{Name: "region_code", Meaning: "only packages of this region; a package of all regions has *"},
			{Name: "order_id", Meaning: "packages come from the books and not from orders, so none is found"},
			{Name: "product_id", Meaning: "only this package"},
			{Name: "product_name", Meaning: "only the package with this id: packages have no other name"},
			{Name: "enterprise_project_id", Meaning: "packages belong to no project, so none is found"},
			{Name: "status", Kind: operation.Whole, Max: 4,
				Meaning: "only 0 not begun, 1 in force, 2 used up, 3 expired; none is 4, unsubscribed"},
			{Name: "service_type_code_list", Kind: operation.Raw, Of: []string{}, Max: 100,
				Meaning: "only packages of these services; case does not matter"},
		}, PageParams()...)),
		Answer: infoList{},
		Handle: handleFreeResourceInfos,
	}
}

// infoList is ListFreeResourceInfosResponse.
type infoList struct {
	Packages []info `json:"free_resource_packages"`
	Total    int    `json:"total_count"`
}

// info is FreeResourcePackageV3. A package has no order, project, source or bundle; its id is its name.
type info struct {
	ID            string `json:"order_instance_id"`
	Product       string `json:"product_id"`
	Name          string `json:"product_name"`
	EffectiveTime string `json:"effective_time,omitempty"`
	ExpireTime    string `json:"expire_time,omitempty"`
	Status        int    `json:"status"`
	Service       string `json:"service_type_code"`
	ServiceName   string `json:"service_type_name,omitempty"`
	Region        string `json:"region_code"`
	Reuse         int    `json:"quota_reuse_mode"`
	Items         []item `json:"free_resources"`
}

// item is FreeResourceV3.
type item struct {
	ID       string `json:"free_resource_id"`
	Amount   string `json:"amount"`
	Original string `json:"original_amount"`
	Measure  int    `json:"measure_id,omitempty"`
}

// Modes of a quota.
const (
	refills = 1
	once    = 2
)

// States of a package.
const (
	notBegun = 0
	inForce  = 1
	usedUp   = 2
	expired  = 3
)

func handleFreeResourceInfos(ctx context.Context, c *operation.Call) (any, error) {
	var services []string
	if err := List(c, "service_type_code_list", &services); err != nil {
		return nil, err
	}
	list, err := stocks(ctx, c)
	if err != nil {
		return nil, err
	}
	out := []info{}
	for i := range list {
		s := &list[i]
		if !packageFits(c, s, services) {
			continue
		}
		one := info{ID: s.pack.ID, Product: s.pack.ID, Name: s.pack.ID, EffectiveTime: Bound(s.pack.Valid.From),
			ExpireTime: Bound(s.pack.Valid.To), Status: s.status, Service: s.product.ServiceTypeCode,
			ServiceName: s.product.ServiceTypeName, Region: s.pack.Region, Reuse: refills,
			Items: []item{{s.pack.ID, s.left, s.pack.Quota.String(), MeasureID(s.measure)}}}
		if s.pack.Reset == books.ResetNone {
			one.Reuse = once
		}
		out = append(out, one)
	}
	return &infoList{Packages: Window(c, out), Total: len(out)}, nil
}

// packageFits reports whether a package matches the call.
func packageFits(c *operation.Call, s *stock, services []string) bool {
	for name, value := range map[string]string{"region_code": s.pack.Region, "product_id": s.pack.ID,
		"product_name": s.pack.ID} {
		if c.Given(name) && c.Text(name) != value {
			return false
		}
	}
	return !c.Given("order_id") && !c.Given("enterprise_project_id") &&
		(!c.Given("status") || c.Whole("status") == s.status) && (len(services) == 0 ||
		slices.ContainsFunc(services, func(code string) bool {
			return strings.EqualFold(code, s.product.ServiceTypeCode)
		}))
}

func freeResourceUsages() operation.Operation {
	return operation.Operation{
		Name: "ListFreeResourceUsages", Method: http.MethodPost,
		Path:    "/v2/payments/free-resources/usages/details/query",
		Summary: "What is left of packages of a customer in their present quota periods",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: InBody([]operation.Param{
			WhoseBill(),
			{Name: "free_resource_ids", Kind: operation.Raw, Of: []string{}, Max: 100, Required: true,
				Meaning: "the packages"},
		}),
		Answer: usageList{},
		Handle: handleFreeResourceUsages,
	}
}

// usageList is ListFreeResourceUsagesResponse.
type usageList struct {
	Items []usage `json:"free_resources"`
}

// usage is FreeResourceDetail. Kinds of items and usage types have no names.
type usage struct {
	ID        string            `json:"free_resource_id"`
	Cycle     int               `json:"quota_reuse_cycle,omitempty"`
	CycleType int               `json:"quota_reuse_cycle_type,omitempty"`
	StartTime string            `json:"start_time,omitempty"`
	EndTime   string            `json:"end_time,omitempty"`
	Amount    operation.Decimal `json:"amount"`
	Original  operation.Decimal `json:"original_amount"`
	Measure   int               `json:"measure_id,omitempty"`
}

// The vendor's numbers of quota periods.
const (
	monthly     = 4
	byCalendar  = 1
	byPurchases = 2
)

func handleFreeResourceUsages(ctx context.Context, c *operation.Call) (any, error) {
	var ids []string
	if err := List(c, "free_resource_ids", &ids); err != nil {
		return nil, err
	}
	list, err := stocks(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &usageList{Items: []usage{}}
	for i := range list {
		s := &list[i]
		if !slices.Contains(ids, s.pack.ID) {
			continue
		}
		one := usage{ID: s.pack.ID, StartTime: Bound(s.span.From), EndTime: Bound(s.span.To),
			Amount: operation.Decimal(s.left), Original: operation.Decimal(s.pack.Quota.String()),
			Measure: MeasureID(s.measure)}
		switch s.pack.Reset {
		case books.ResetCycle:
			one.Cycle, one.CycleType = monthly, byCalendar
		case books.ResetAnniversary:
			one.Cycle, one.CycleType = monthly, byPurchases
		case books.ResetNone:
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

// stock is a package and what is left of it.
type stock struct {
	pack    *books.Package
	product *books.Product // the first of its products
	measure string         // of all of its products; "" = several
	status  int
	left    string
	span    period.Span // the quota period, if it is known, or the package's validity
}

// stocks returns the packages of the call's customer, by id and start of validity (PACKAGES-1).
func stocks(ctx context.Context, c *operation.Call) ([]stock, error) {
	b := c.State.Workspace.Books
	customer := b.Customer(c.Scope.Customer)
	if customer < 0 {
		return nil, nil
	}
	asOf, err := AsOf(c)
	if err != nil {
		return nil, err
	}
	report, err := latest(ctx, c)
	if err != nil {
		return nil, err
	}
	list := b.Packages.Of(customer)
	var out []stock
	for i := range list {
		p := &list[i]
		s := stock{pack: p, product: &books.Product{}, status: inForce, left: p.Quota.String(), span: p.Valid}
		if len(p.SKUs) > 0 {
			s.product = &b.Products[p.SKUs[0]]
		}
		s.measure = b.MeasureOf(b.SKUNames(p.SKUs))
		switch {
		case p.Valid.From > asOf:
			s.status = notBegun
		case p.Valid.To <= asOf:
			s.status, s.left = expired, money.Quantity{}.String()
		default:
			if month := b.Zone.Bounds(b.Zone.Cycle(asOf)); p.Reset == books.ResetCycle {
				s.span = period.Span{From: max(month.From, p.Valid.From), To: min(month.To, p.Valid.To)}
			}
			s.find(report, asOf)
		}
		out = append(out, s)
	}
	return out, nil
}

// find sets what is left in the quota period of an instant, from a report.
func (s *stock) find(r *query.QuotaReport, asOf period.Instant) {
	if r == nil {
		return
	}
	for i := range r.Packages {
		for k := range r.Packages[i].Periods {
			q := &r.Packages[i].Periods[k]
			if r.Packages[i].ID != s.pack.ID || !q.Span().Holds(asOf) || !s.pack.Valid.Holds(asOf) {
				continue
			}
			s.left, s.span = q.Left.String(), q.Span()
			if q.Left.Sign() <= 0 {
				s.status = usedUp
			}
		}
	}
}

// latest returns the report of the last cycle of the lake; nil = it has none.
func latest(ctx context.Context, c *operation.Call) (*query.QuotaReport, error) {
	cycles := c.State.Snap.Manifest.Cycles
	if len(cycles) == 0 {
		return nil, nil
	}
	cycle := cycles[len(cycles)-1].Period()
	from := &query.QuotaSources{Snap: c.State.Snap, Books: c.State.Workspace.Books, Prices: c.State.Prices.Bill()}
	report, err := query.BuildQuotas(ctx, from, cycle, c.Scope.Customer, 1)
	if none := new(rows.NoCycleError); errors.As(err, &none) {
		return nil, nil
	}
	return report, err
}
