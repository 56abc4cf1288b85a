package bss

import (
	"context"
	"net/http"
	"slices"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func quotaCoupons() operation.Operation {
	return operation.Operation{
		Name: "ListQuotaCoupons", Method: http.MethodPost, Path: "/v2/partners/coupon-quotas/query",
		Summary: "The quotas from which a partner issues vouchers or cash coupons",
		Callers: Partners(), Subject: operation.ItsPartner,
		Params: InBody(slices.Concat([]operation.Param{
			WhosePartner(),
			{Name: "quota_ids", Kind: operation.Raw, Of: []string{}, Max: maxList, Meaning: "only these quotas"},
			{Name: "quota_status_list", Kind: operation.Raw, Of: []int32{}, Max: maxList,
				Meaning: "only quotas in these states: 0 in force or not begun, 3 expired; there are no others"},
			{Name: "quota_type", Kind: operation.Whole, Max: 1, Default: "0", Meaning: "0 vouchers, 1 cash coupons"},
			{Name: "create_time_begin", Kind: operation.Moment, Meaning: "no quota has a time of creation"},
			{Name: "create_time_end", Kind: operation.Moment, Meaning: "no quota has a time of creation"},
		}, ValidityParams(), []operation.Param{
			{Name: "indirect_partner_id", Meaning: "the quotas of this reseller"},
		}, PageParams())),
		Answer: quotaList{},
		Handle: handleQuotaCoupons,
	}
}

// maxList is the largest number of values of a list in a request.
const maxList = 100

// quotaList is ListQuotaCouponsResponse.
type quotaList struct {
	Total  int         `json:"total_count"`
	Quotas []quotaInfo `json:"quotas"`
}

// quotaInfo is CouponQuotaV2. A quota of the books has no times of creation and change, and its limits have no names
// that the SDK's documentation lists.
type quotaInfo struct {
	ID            string            `json:"quota_id"`
	Type          int               `json:"quota_type"`
	Value         operation.Decimal `json:"quota_value"`
	Status        int               `json:"quota_status"`
	Balance       operation.Decimal `json:"balance"`
	Measure       int               `json:"measure_id"`
	Currency      string            `json:"currency"`
	EffectiveTime string            `json:"effective_time,omitempty"`
	ExpireTime    string            `json:"expire_time,omitempty"`
}

// States of a quota.
const (
	quotaNormal  = 0
	quotaExpired = 3
)

// quotaInfoOf converts a quota to the form of responses.
func quotaInfoOf(c *operation.Call, q *query.CouponQuota, asOf period.Instant) quotaInfo {
	terms := &c.State.Workspace.Books.Money.CouponQuotas[q.At].Terms
	one := quotaInfo{ID: terms.ID, Type: quotaType(terms), Value: operation.Decimal(terms.Amount.String()),
		Status: quotaNormal, Balance: operation.Decimal(q.Left.String()), Measure: MeasureYuan,
		Currency: c.InCurrency().Code, EffectiveTime: Bound(terms.Valid.From),
		ExpireTime: Bound(terms.Valid.To)}
	if terms.Valid.To <= asOf {
		one.Status = quotaExpired
	}
	return one
}

// quotaType returns 0 for vouchers, 1 for cash coupons, and -1 for pickups, which the vendor's quotas do not have.
func quotaType(terms *books.Coupon) int {
	switch {
	case terms.Pickup:
		return -1
	case terms.Cash:
		return 1
	}
	return 0
}

func handleQuotaCoupons(_ context.Context, c *operation.Call) (any, error) {
	wanted, err := quotaFilter(c)
	if err != nil {
		return nil, err
	}
	if err := NeedPartner(c); err != nil {
		return nil, err
	}
	list, asOf, err := quotasOf(c)
	if err != nil {
		return nil, err
	}
	out := []quotaInfo{}
	for i := range list {
		q := &c.State.Workspace.Books.Money.CouponQuotas[list[i].At]
		one := quotaInfoOf(c, &list[i], asOf)
		if sees(c, q) && one.Type == c.Whole("quota_type") && wanted(&one, q.Terms.Valid) {
			out = append(out, one)
		}
	}
	return &quotaList{Total: len(out), Quotas: Window(c, out)}, nil
}

// quotasOf returns all quotas of the books with what is left of them, as of the last run.
func quotasOf(c *operation.Call) ([]query.CouponQuota, period.Instant, error) {
	asOf, err := AsOf(c)
	if err != nil {
		return nil, asOf, err
	}
	list, err := query.CouponQuotas(c.State.Snap, c.State.Workspace.Books, asOf)
	return list, asOf, err
}

// sees reports whether a quota is in the call's scope (BENEFITS-1).
func sees(c *operation.Call, q *books.CouponQuota) bool {
	b := c.State.Workspace.Books
	if c.Scope.Nothing || b.Partners[q.Partner].ID != c.Scope.Partner {
		return false
	}
	if c.Scope.During == nil {
		return true
	}
	if q.Parent >= 0 && ownerOf(b, q.Parent) != c.Caller.Partner {
		return false
	}
	return slices.ContainsFunc(c.Scope.During, func(d period.Span) bool { return d.Overlaps(q.Terms.Valid) })
}

// ownerOf returns the partner to which a quota belongs.
func ownerOf(b *books.Books, quota int32) string {
	return b.Partners[b.Money.CouponQuotas[quota].Partner].ID
}

// quotaFilter returns the filter of quotas by the call's parameters.
func quotaFilter(c *operation.Call) (func(*quotaInfo, period.Span) bool, error) {
	var ids []string
	var states []int
	if err := List(c, "quota_ids", &ids); err != nil {
		return nil, err
	}
	if err := List(c, "quota_status_list", &states); err != nil {
		return nil, err
	}
	wanted, err := Validity(c)
	if err != nil {
		return nil, err
	}
	if _, err := Between(c, "create_time_begin", "create_time_end"); err != nil {
		return nil, err
	}
	created := c.Given("create_time_begin") || c.Given("create_time_end")
	return func(q *quotaInfo, valid period.Span) bool {
		return !created && (len(ids) == 0 || slices.Contains(ids, q.ID)) &&
			(len(states) == 0 || slices.Contains(states, q.Status)) && wanted(valid)
	}, nil
}
