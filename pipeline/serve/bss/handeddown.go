package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func issuedCouponQuotas() operation.Operation {
	return operation.Operation{
		Name: "ListIssuedCouponQuotas", Method: http.MethodGet, Path: "/v2/partners/issued-coupon-quotas",
		Summary: "The quotas that a distributor handed down to its resellers",
		Callers: Partners(), Subject: operation.ItsPartner,
		Params: append([]operation.Param{
			WhosePartner(),
			{Name: "quota_id", Meaning: "only this quota of a reseller"},
			{Name: "indirect_partner_id", Meaning: "only quotas of this reseller"},
			{Name: "parent_quota_id", Meaning: "only what was handed down from this quota"},
		}, PageParams()...),
		Answer: handedDownList{},
		Handle: handleIssuedCouponQuotas,
	}
}

// handedDownList is ListIssuedCouponQuotasResponse.
type handedDownList struct {
	Total  int          `json:"total_count"`
	Quotas []handedDown `json:"quotas"`
}

// handedDown is IssuedCouponQuota.
type handedDown struct {
	quotaInfo
	Reseller     string `json:"indirect_partner_id"`
	Account      string `json:"indirect_partner_account_name,omitempty"`
	ResellerName string `json:"indirect_partner_name,omitempty"`
	Parent       string `json:"parent_quota_id"`
}

func handleIssuedCouponQuotas(_ context.Context, c *operation.Call) (any, error) {
	if err := NeedPartner(c); err != nil {
		return nil, err
	}
	list, asOf, err := quotasOf(c)
	if err != nil {
		return nil, err
	}
	b := c.State.Workspace.Books
	out := []handedDown{}
	for i := range list {
		q := &b.Money.CouponQuotas[list[i].At]
		if !handsDown(c, q) {
			continue
		}
		name := PartnerName(c, q.Partner)
		out = append(out, handedDown{quotaInfoOf(c, &list[i], asOf), b.Partners[q.Partner].ID, name, name,
			b.Money.CouponQuotas[q.Parent].Terms.ID})
	}
	return &handedDownList{Total: len(out), Quotas: Window(c, out)}, nil
}

// handsDown reports whether the call's distributor handed down a quota, to the reseller and from the quota that the
// call names.
func handsDown(c *operation.Call, q *books.CouponQuota) bool {
	b := c.State.Workspace.Books
	if c.Scope.Nothing || q.Parent < 0 || quotaType(&q.Terms) < 0 {
		return false
	}
	from := c.Text("partner_id")
	if c.Caller.Role == keys.Partner {
		from = c.Caller.Partner
	}
	for name, value := range map[string]string{"quota_id": q.Terms.ID, "indirect_partner_id": b.Partners[q.Partner].ID,
		"parent_quota_id": b.Money.CouponQuotas[q.Parent].Terms.ID} {
		if c.Given(name) && c.Text(name) != value {
			return false
		}
	}
	return from == "" || ownerOf(b, q.Parent) == from
}

func couponQuotasRecords() operation.Operation {
	return operation.Operation{
		Name: "ListCouponQuotasRecords", Method: http.MethodGet, Path: "/v2/partners/coupon-quotas/records",
		Summary: "When a distributor handed quotas down to its resellers",
		Callers: Partners(), Subject: operation.ItsPartner,
		Params: append([]operation.Param{
			WhosePartner(),
			{Name: "indirect_partner_id", Meaning: "only what this reseller received"},
			{Name: "quota_id", Meaning: "only this quota of a reseller"},
			{Name: "operation_time_begin", Kind: operation.Moment, Meaning: "then or later"},
			{Name: "operation_time_end", Kind: operation.Moment, Meaning: "before then"},
			{Name: "parent_quota_id", Meaning: "only what was handed down from this quota"},
			{Name: "operation_type", Meaning: "10 handed down; 11, taken back, does not occur; others do not filter"},
		}, PageParams()...),
		Answer: handDownRecords{},
		Handle: handleCouponQuotasRecords,
	}
}

// handDownRecords is ListCouponQuotasRecordsResponse.
type handDownRecords struct {
	Total   int              `json:"total_count"`
	Records []handDownRecord `json:"records"`
}

// handDownRecord is QuotaRecord. A quota is handed down once, at the start of its validity; the books do not name who
// did it.
type handDownRecord struct {
	ID           string            `json:"id"`
	Type         string            `json:"operation_type"`
	Quota        string            `json:"quota_id"`
	Parent       string            `json:"parent_quota_id"`
	Amount       operation.Decimal `json:"amount"`
	Time         string            `json:"operation_time,omitempty"`
	Result       string            `json:"result"`
	Account      string            `json:"indirect_partner_account_name,omitempty"`
	Reseller     string            `json:"indirect_partner_id"`
	ResellerName string            `json:"indirect_partner_name,omitempty"`

	at period.Instant
}

// Values of operation_type of quotas' records.
const (
	quotaGiven = "10"
	quotaTaken = "11"
)

func handleCouponQuotasRecords(_ context.Context, c *operation.Call) (any, error) {
	during, err := Between(c, "operation_time_begin", "operation_time_end")
	if err != nil {
		return nil, err
	}
	if err := NeedPartner(c); err != nil {
		return nil, err
	}
	b := c.State.Workspace.Books
	asOf, err := AsOf(c)
	if err != nil {
		return nil, err
	}
	out := []handDownRecord{}
	for i := range b.Money.CouponQuotas {
		q := &b.Money.CouponQuotas[i]
		from := q.Terms.Valid.From
		if !handsDown(c, q) || from > asOf || !during(from) || c.Text("operation_type") == quotaTaken {
			continue
		}
		name := PartnerName(c, q.Partner)
		out = append(out, handDownRecord{ID: q.Terms.ID, Type: quotaGiven, Quota: q.Terms.ID,
			Parent: b.Money.CouponQuotas[q.Parent].Terms.ID, Amount: operation.Decimal(q.Terms.Amount.String()),
			Time: Bound(from), Result: succeeded, Account: name, Reseller: b.Partners[q.Partner].ID,
			ResellerName: name, at: from})
	}
	slices.SortStableFunc(out, func(x, y handDownRecord) int {
		return cmp.Or(cmp.Compare(x.at, y.at), strings.Compare(x.ID, y.ID))
	})
	return &handDownRecords{Total: len(out), Records: Window(c, out)}, nil
}

// Values of result.
const (
	succeeded = "0"
	failed    = "-1"
)
