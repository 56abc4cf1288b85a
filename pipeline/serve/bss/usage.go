package bss

import (
	"context"
	"errors"
	"math/big"
	"net/http"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// measured returns the parameters of operations about measured bandwidth.
func measured() []operation.Param {
	return []operation.Param{
		{Name: "bill_cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
		WhoseBill(),
		{Name: "service_type_code", Required: true, Meaning: "the service"},
		{Name: "resource_type_code", Required: true, Meaning: "the kind of resource"},
		{Name: "usage_type", Required: true, Meaning: "the usage type of the product"},
	}
}

func resourceUsageSummary() operation.Operation {
	return operation.Operation{
		Name: "ListResourceUsageSummary", Method: http.MethodGet,
		Path:    "/v2/bills/customer-bills/resources/usage/summary",
		Summary: "The measured bandwidth of a customer in a cycle, one row for each link or group",
		Callers: Owners(), Subject: operation.ItsCustomer, Params: append(measured(), PageParams()...),
		Answer: usageSummaries{},
		Handle: handleResourceUsageSummary,
	}
}

func resourceUsage() operation.Operation {
	list := PageParams()
	list[1].Max = 1000
	return operation.Operation{
		Name: "ListResourceUsage", Method: http.MethodGet, Path: "/v2/bills/customer-bills/resources/usage/details",
		Summary: "Every sample that a link's or group's bandwidth was measured by",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append(append(measured(), operation.Param{Name: "resource_id", Required: true,
			Meaning: "the link or group"}), list...),
		Answer: usageDetails{},
		Handle: handleResourceUsage,
	}
}

// usageSummaries is ListResourceUsageSummaryResponse.
type usageSummaries struct {
	Total int            `json:"total_count"`
	List  []usageSummary `json:"summary_usage_info_list"`
}

// usageSummary is StatUsageSummaryInfo. Before the cycle has month-end lines it has only the resource.
type usageSummary struct {
	ResourceID string `json:"resource_id"`
	usageTotals
}

// usageTotals has the totals of a month of bandwidth. Values are in Mbps.
type usageTotals struct {
	ActualDays string `json:"actual_days,omitempty"`
	Bandwidth  string `json:"band_width,omitempty"`
	Guaranteed string `json:"monthly_guaranteed_band_width,omitempty"`
	Peak       string `json:"monthly_peak_band_width,omitempty"`
	Measure    int    `json:"band_width_measure_id,omitempty"`
}

// usageDetails is ListResourceUsageResponse.
type usageDetails struct {
	usageTotals
	Total int           `json:"total_count"`
	List  []usageSample `json:"usage_info_list"`
}

// usageSample is StatUsageInfo.
type usageSample struct {
	Time    string `json:"stat_time"`
	Usage   string `json:"usage"`
	Measure int    `json:"measure_id"`
}

// measureMbps is the vendor's id of Mbps.
const measureMbps = 15

// pointsOfDay is the number of points of 5 minutes of a day in the vendor's count.
const pointsOfDay = 288

func handleResourceUsageSummary(ctx context.Context, c *operation.Call) (any, error) {
	list, err := measurements(ctx, c, "")
	if err != nil {
		return nil, err
	}
	out := &usageSummaries{Total: len(list), List: []usageSummary{}}
	for _, a := range Window(c, list) {
		out.List = append(out.List, usageSummary{a.Object, totalsOf(a)})
	}
	return out, nil
}

func handleResourceUsage(ctx context.Context, c *operation.Call) (any, error) {
	out := &usageDetails{List: []usageSample{}}
	list, err := measurements(ctx, c, c.Text("resource_id"))
	if err != nil || len(list) == 0 {
		return out, err
	}
	a := list[0] // the books' reader ensures that a link or group is one object of a region
	out.usageTotals = totalsOf(a)
	var samples []usageSample
	a.EachPoint(func(at period.Instant, mbps *big.Rat) {
		samples = append(samples, usageSample{operation.Time(at), digitsOf(mbps), measureMbps})
	})
	out.Total = len(samples)
	out.List = append(out.List, Window(c, samples)...)
	return out, nil
}

// measurements returns those of the requested links and groups of the customer; resource "" = all.
func measurements(ctx context.Context, c *operation.Call, resource string) ([]*query.Annex, error) {
	_, cycle := cycleOf(c, "bill_cycle")
	w := c.State.Workspace
	from := &query.AnnexSources{Snap: c.State.Snap, Books: w.Books, Prices: c.State.Prices.Bill(),
		Currency: c.InCurrency().Code}
	list, err := query.BuildAnnexes(ctx, from, &query.AnnexRequest{Cycle: cycle, Customer: c.Scope.Customer,
		Resource: resource})
	none, nothing := new(rows.NoCycleError), new(rows.NotFoundError)
	if errors.As(err, &none) || errors.As(err, &nothing) {
		return nil, nil
	}
	var out []*query.Annex
	for _, a := range list {
		p := &w.Books.Products[w.Books.SKU(a.SKU)]
		if p.ServiceTypeCode == c.Text("service_type_code") && p.ResourceTypeCode == c.Text("resource_type_code") &&
			p.UsageType == c.Text("usage_type") {
			out = append(out, a)
		}
	}
	return out, err
}

// totalsOf returns the totals of a measurement; none before the cycle has ended.
func totalsOf(a *query.Annex) usageTotals {
	if !a.MonthEnd {
		return usageTotals{}
	}
	t := usageTotals{ActualDays: digitsOf(big.NewRat(int64(a.Points), pointsOfDay)), Bandwidth: digitsOfText(a.Billed),
		Measure: measureMbps}
	if a.Month != "" { // only enhanced_p95 has a peak and a floor
		t.Guaranteed, t.Peak = digitsOfText(a.Floor), digitsOfText(a.Month)
	}
	return t
}

// maxDigits is the largest number of decimals in the vendor's responses.
const maxDigits = 20

// digitsOf returns a rational as a decimal: exact if 20 decimals are enough, else rounded to them.
func digitsOf(r *big.Rat) string {
	text := r.FloatString(maxDigits)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// digitsOfText is digitsOf for a value of an annex, which may be a fraction.
func digitsOfText(value string) string {
	r, ok := new(big.Rat).SetString(value)
	if !ok {
		return value
	}
	return digitsOf(r)
}
