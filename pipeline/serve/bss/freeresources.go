package bss

import (
	"cmp"
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

func freeResourcesUsageRecords() operation.Operation {
	return operation.Operation{
		Name: "ListFreeResourcesUsageRecords", Method: http.MethodGet,
		Path:    "/v2/bills/customer-bills/free-resources-usage-records",
		Summary: "What records drew from a customer's prepaid packages",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			WhoseBill(),
			{Name: "deduct_time_begin", Kind: operation.Date, Required: true, Meaning: "first day"},
			{Name: "deduct_time_end", Kind: operation.Date, Required: true, Meaning: "last day, at most 90 days later"},
			{Name: "free_resource_id", Meaning: "only this package's; a package is its own one item"},
			{Name: "product_id", Meaning: "only this package's"},
			{Name: "resource_type_code", Meaning: "only what this kind of resource drew"},
		}, PageParams()...),
		Answer: freeUsages{},
		Handle: handleFreeResourcesUsageRecords,
	}
}

// freeUsages is ListFreeResourcesUsageRecordsResponse.
type freeUsages struct {
	Records []freeUsage `json:"free_resource_records"`
	Total   int         `json:"total_count"`
}

// freeUsage is FreeResourceRecord. The balances before and after are omitted for late billing: the quota may have
// changed by then.
type freeUsage struct {
	DeductTime       string `json:"deduct_time"`
	FreeResourceID   string `json:"free_resource_id"`
	ResourceID       string `json:"resource_id,omitempty"`
	ResourceTypeCode string `json:"resource_type_code,omitempty"`
	ResourceTypeName string `json:"resource_type_name,omitempty"`
	ResourceTag      string `json:"resource_tag,omitempty"`
	ProductID        string `json:"product_id"`
	UsageTypeCode    string `json:"usage_type_code,omitempty"`
	Available        string `json:"available_amount,omitempty"`
	Remaining        string `json:"remaining_amount,omitempty"`
	Used             string `json:"used_amount"`
	Measure          int    `json:"measure_id,omitempty"`
	EffectiveTime    string `json:"effective_time,omitempty"`
	ExpireTime       string `json:"expire_time,omitempty"`
}

// maxDays is the largest distance of the first and the last day.
const maxDays = 90

func handleFreeResourcesUsageRecords(ctx context.Context, c *operation.Call) (any, error) {
	first, _ := c.Day("deduct_time_begin") // both were checked before
	last, _ := c.Day("deduct_time_end")
	if last < first || last-first > maxDays {
		return nil, operation.BadParameter("deduct_time_end", operation.Text{Zh: "须在deduct_time_begin之后90天以内",
			En: "is not within 90 days after deduct_time_begin"})
	}
	b := c.State.Workspace.Books
	wanted := period.Span{From: b.Zone.Start(first), To: b.Zone.Start(last + 1)}
	var all []freeUsage
	for cycle := first.Cycle(); cycle <= last.Cycle(); cycle++ {
		list, err := freeUsagesOf(ctx, c, cycle, wanted)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return &freeUsages{Records: append([]freeUsage{}, Window(c, all)...), Total: len(all)}, nil
}

// freeUsagesOf returns the draws of a cycle within a time, in order of time.
func freeUsagesOf(ctx context.Context, c *operation.Call, cycle period.Cycle, wanted period.Span) ([]freeUsage, error) {
	from := &query.QuotaSources{Snap: c.State.Snap, Books: c.State.Workspace.Books, Prices: c.State.Prices.Bill()}
	report, err := query.BuildQuotas(ctx, from, cycle, c.Scope.Customer, 0)
	none, nobody := new(rows.NoCycleError), new(rows.NotFoundError)
	if errors.As(err, &none) || errors.As(err, &nobody) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(report.Draws, func(x, y query.QuotaDraw) int {
		return cmp.Or(cmp.Compare(x.At(), y.At()), strings.Compare(x.RecordID, y.RecordID),
			strings.Compare(x.PackageID, y.PackageID))
	})
	left := balancesOf(report)
	var out []freeUsage
	for i := range report.Draws {
		d := &report.Draws[i]
		usage, err := freeUsageOf(c.State.Workspace.Books, d, left)
		if err != nil {
			return nil, err
		}
		if wanted.Holds(d.At()) && fits(c, &usage) {
			out = append(out, usage)
		}
	}
	return out, nil
}

func fits(c *operation.Call, u *freeUsage) bool {
	for _, f := range []struct{ name, value string }{{"free_resource_id", u.FreeResourceID},
		{"product_id", u.ProductID}, {"resource_type_code", u.ResourceTypeCode}} {
		if c.Given(f.name) && c.Text(f.name) != f.value {
			return false
		}
	}
	return true
}

// balance is the remainder of a quota while its draws are read.
type balance struct {
	pack string
	span period.Span
	left money.SignedQuantity
	err  error
}

// balancesOf returns the opening balance of each quota period of a report, less late draws.
func balancesOf(r *query.QuotaReport) []balance {
	var out []balance
	for i := range r.Packages {
		for k := range r.Packages[i].Periods {
			q := &r.Packages[i].Periods[k]
			b := balance{pack: r.Packages[i].ID, span: q.Span()}
			b.left, b.err = q.Opening.Signed().Sub(q.Late)
			out = append(out, b)
		}
	}
	return out
}

func freeUsageOf(b *books.Books, d *query.QuotaDraw, left []balance) (freeUsage, error) {
	u := freeUsage{DeductTime: operation.Time(d.At()), FreeResourceID: d.PackageID, ResourceID: d.Resource,
		ResourceTag: d.Tag, ProductID: d.PackageID, Used: d.Quantity.String(), EffectiveTime: operation.Time(d.At())}
	if d.End > 0 {
		u.ExpireTime = operation.Time(d.End)
	}
	if sku := b.SKU(d.SKU); sku >= 0 {
		p := &b.Products[sku]
		u.ResourceTypeCode, u.ResourceTypeName, u.UsageTypeCode, u.Measure = p.ResourceTypeCode, p.ResourceTypeName,
			p.UsageType, MeasureID(p.Measure)
	}
	if d.Late {
		return u, nil
	}
	for i := range left {
		q := &left[i]
		if q.pack != d.PackageID || !q.span.Holds(d.In()) || q.err != nil {
			continue
		}
		u.Available = q.left.String()
		q.left, q.err = q.left.Sub(d.Quantity)
		u.Remaining = q.left.String()
		return u, q.err
	}
	return u, nil
}
