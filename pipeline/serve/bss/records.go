package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

func partnerCouponsRecord() operation.Operation {
	return operation.Operation{
		Name: "ListPartnerCouponsRecord", Method: http.MethodGet,
		Path:    "/v2/promotions/benefits/partner-coupons/records/query",
		Summary: "What a partner issued and reclaimed, what it tried in vain, and which of its coupons expired",
		Callers: Partners(), Subject: operation.Customers,
		Params: append([]operation.Param{
			{Name: "operation_types", Kind: operation.Raw, Of: []string{}, Max: maxList,
				Meaning: "only 1 issued, 2 reclaimed, 4 expired; there are no others"},
			{Name: "quota_id", Meaning: "only coupons of this quota"},
			{Name: "quota_type", Kind: operation.Whole, Max: 1,
				Meaning: "only of quotas of 0 vouchers, 1 cash coupons"},
			{Name: "coupon_ids", Kind: operation.Raw, Of: []string{}, Max: maxList, Meaning: "only these coupons"},
			{Name: "customer_id", Meaning: "only this customer's"},
			{Name: "operation_time_begin", Kind: operation.Moment, Meaning: "then or later"},
			{Name: "operation_time_end", Kind: operation.Moment, Meaning: "before then"},
			{Name: "result", Meaning: "0 what succeeded, -1 what was rejected; others do not filter"},
			{Name: "indirect_partner_id", Meaning: "what this reseller did"},
		}, PageParams()...),
		Answer: couponRecords{},
		Handle: handlePartnerCouponsRecord,
	}
}

// couponRecords is ListPartnerCouponsRecordResponse.
type couponRecords struct {
	Total   int            `json:"total_count"`
	Records []couponRecord `json:"records"`
}

// couponRecord is CouponRecordV2. A test coupon has no quota. The remark on a rejected event is the reason.
type couponRecord struct {
	ID        string            `json:"id"`
	Type      string            `json:"operation_type"`
	Quota     string            `json:"quota_id,omitempty"`
	QuotaType *int              `json:"quota_type,omitempty"`
	Coupon    string            `json:"coupon_id"`
	Customer  string            `json:"customer_id,omitempty"`
	Amount    operation.Decimal `json:"operation_amount"`
	Time      string            `json:"operation_time"`
	Result    string            `json:"result"`
	Remark    string            `json:"remark,omitempty"`

	partner string
	at      period.Instant
}

// Values of operation_type of coupons' records.
const (
	couponIssued    = "1"
	couponReclaimed = "2"
	couponExpired   = "4"
)

func handlePartnerCouponsRecord(_ context.Context, c *operation.Call) (any, error) {
	var types, ids []string
	if err := List(c, "operation_types", &types); err != nil {
		return nil, err
	}
	if err := List(c, "coupon_ids", &ids); err != nil {
		return nil, err
	}
	during, err := Between(c, "operation_time_begin", "operation_time_end")
	if err != nil {
		return nil, err
	}
	list, err := couponRecordsOf(c)
	if err != nil {
		return nil, err
	}
	out := []couponRecord{}
	for _, r := range list {
		result := c.Text("result")
		if !c.Scope.Line(r.partner, r.at) || c.Scope.Customer != "" && r.Customer != c.Scope.Customer ||
			len(types) > 0 && !slices.Contains(types, r.Type) || len(ids) > 0 && !slices.Contains(ids, r.Coupon) ||
			c.Given("quota_id") && c.Text("quota_id") != r.Quota ||
			c.Given("quota_type") && (r.QuotaType == nil || *r.QuotaType != c.Whole("quota_type")) || !during(r.at) ||
			(result == succeeded || result == failed) && result != r.Result {
			continue
		}
		out = append(out, r)
	}
	return &couponRecords{Total: len(out), Records: Window(c, out)}, nil
}

// couponRecordsOf returns the records of all partners, by time and id.
func couponRecordsOf(c *operation.Call) ([]couponRecord, error) {
	if c.Scope.Nothing {
		return nil, nil
	}
	issued := map[string]query.IssuedCoupon{}
	err := query.EachIssuedCoupon(c.State.Snap, func(one *query.IssuedCoupon) error {
		issued[one.ID] = *one
		return nil
	})
	if err != nil {
		return nil, err
	}
	out, taken, err := expiries(c, issued)
	if err != nil {
		return nil, err
	}
	err = query.EachCouponRow(c.State.Snap, tables.PartnerEvents(), func(r rows.Row[tables.PartnerEvent]) error {
		if r.Word(tables.PartnerEventFeed) != "coupons" {
			return nil
		}
		amount, err := r.Amount(tables.PartnerEventAmount)
		if err != nil {
			return err
		}
		one := couponRecord{ID: string(r.Text(tables.PartnerEventEventID)), Type: couponIssued,
			Quota: r.Word(tables.PartnerEventScope), Coupon: string(r.Text(tables.PartnerEventSubjectID)),
			Customer: r.Word(tables.PartnerEventOtherID), Result: succeeded,
			partner: r.Word(tables.PartnerEventPartnerID), at: r.Time(tables.PartnerEventTime)}
		if r.Word(tables.PartnerEventType) == account.CouponReclaim.String() {
			one.Type, one.Quota, one.Customer = couponReclaimed, "", ""
			if of, ok := issued[one.Coupon]; ok && of.Partner == one.partner {
				one.Quota, one.Customer = quotaOf(&of), of.Customer
			}
		}
		if reason := r.Word(tables.PartnerEventReason); reason != "" {
			one.Result, one.Remark = failed, reason
		} else if was, ok := taken[one.ID]; ok && one.Type == couponReclaimed {
			amount = was
		}
		one.Amount = operation.Decimal(amount.String())
		out = append(out, one)
		return nil
	})
	for i := range out {
		out[i].Time = operation.Time(out[i].at)
		out[i].QuotaType = typeOfQuota(c, out[i].Quota)
	}
	slices.SortFunc(out, func(x, y couponRecord) int {
		return cmp.Or(cmp.Compare(x.at, y.at), strings.Compare(x.ID, y.ID))
	})
	return out, err
}

// expiries returns the issued coupons that expired, and by event_id what each reclaim took back.
func expiries(c *operation.Call, issued map[string]query.IssuedCoupon) (out []couponRecord,
	taken map[string]money.Amount,
	err error) {
	taken = map[string]money.Amount{}
	err = query.EachCouponRow(c.State.Snap, tables.CouponRecords(), func(r rows.Row[tables.CouponRecord]) error {
		id := string(r.Text(tables.CouponRecordCouponID))
		of, ok := issued[id]
		if !ok {
			return nil
		}
		amount, err := r.Amount(tables.CouponRecordAmount)
		switch r.Word(tables.CouponRecordType) {
		case "reclaim":
			taken[string(r.Text(tables.CouponRecordID))] = amount
		case "expire":
			out = append(out, couponRecord{ID: id + "/expire", Type: couponExpired, Quota: quotaOf(&of), Coupon: id,
				Customer: of.Customer, Amount: operation.Decimal(amount.String()), Result: succeeded,
				partner: of.Partner, at: r.Time(tables.CouponRecordTime)})
		}
		return err
	})
	return out, taken, err
}

// quotaOf returns the quota from which a coupon was issued; "" = it is a test coupon.
func quotaOf(one *query.IssuedCoupon) string {
	if one.Source == account.CouponOfQuota {
		return one.SourceID
	}
	return ""
}

// typeOfQuota returns the vendor's number of a quota's kind; nil = there is no such quota, or it is for pickups.
func typeOfQuota(c *operation.Call, id string) *int {
	m := &c.State.Workspace.Books.Money
	at := m.QuotaNamed(id)
	if id == "" || at < 0 {
		return nil
	}
	if n := quotaType(&m.CouponQuotas[at].Terms); n >= 0 {
		return &n
	}
	return nil
}
