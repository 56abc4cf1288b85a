package bss

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func renewRateOnPeriod() operation.Operation {
	return operation.Operation{
		Name: "ListRenewRateOnPeriod", Method: http.MethodPost, Path: "/v2/bills/ratings/period-resources/renew-rate",
		Summary: "What renewing a customer's resources would cost now, by the last order that was not unsubscribed",
		Callers: Anyone(), Subject: operation.Customers,
		Params: []operation.Param{
			{Name: "resource_ids", In: operation.Body, Kind: operation.Raw, Required: true, Max: maxResources,
				Of: []string(nil), Meaning: "1 to 10 resources"},
			{Name: "period_type", In: operation.Body, Kind: operation.Word, Words: []string{"2", "3"}, Required: true,
				Meaning: "2 months, 3 years"},
			{Name: "period_num", In: operation.Body, Kind: operation.Whole, Min: 1, Max: 11, Required: true,
				Meaning: "1 to 11 months, or 1 to 3 years"},
			{Name: "include_relative_resources", In: operation.Body, Kind: operation.Flag, Default: "false",
				Meaning: "resources have no others that belong to them"},
			{Name: "customer_id", In: operation.Body,
				Meaning: "the customer: partners and the vendor must send it; a customer's key gets its own resources"},
		},
		Answer: renewRatings{},
		Handle: handleRenewRateOnPeriod,
	}
}

// renewRatings is ListRenewRateOnPeriodResponse. Its amounts are strings.
type renewRatings struct {
	Currency string          `json:"currency"`
	Renewals []renewal       `json:"renew_inquiry_results"`
	Official renewOfficial   `json:"official_website_rating_result"`
	Optional []renewDiscount `json:"optional_discount_rating_results,omitempty"`
	Failed   []renewFailed   `json:"fail_resource_infos,omitempty"`
}

// renewal is RenewInquiryResultInfo.
type renewal struct {
	ResourceID string `json:"resource_id"`
	Amount     string `json:"amount"`
}

// renewOfficial is OfficialWebsiteRatingResultV2.
type renewOfficial struct {
	Official string `json:"official_website_amount"`
}

// renewDiscount is OptionalDiscountRatingResultV2.
type renewDiscount struct {
	ID       string `json:"discount_id"`
	Amount   string `json:"amount"`
	Official string `json:"official_website_amount"`
	Discount string `json:"discount_amount"`
	Type     int    `json:"discount_type,omitempty"`
	Best     int    `json:"best_offer"`
}

// renewFailed is FailResourceInfo.
type renewFailed struct {
	Code       string `json:"error_code"`
	Text       string `json:"error_msg"`
	ResourceID string `json:"resource_id"`
}

const (
	maxResources = 10
	maxYears     = 3
)

func handleRenewRateOnPeriod(_ context.Context, c *operation.Call) (any, error) {
	q, err := newEnquiry(c)
	if err != nil {
		return nil, err
	}
	var ids []string
	if err := c.Decode("resource_ids", &ids); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > maxResources {
		return nil, operation.BadParameter("resource_ids", operation.Textf("应为1到%d个",
			"want 1 to %d", maxResources))
	}
	word := "month"
	if c.Text("period_type") == "3" {
		if word = "year"; c.Whole("period_num") > maxYears {
			return nil, operation.BadParameter("period_num", operation.Textf("年数应为1到%d", "want 1 to %d years",
				maxYears))
		}
	}
	orders, err := lastOrders(c, ids)
	if err != nil {
		return nil, err
	}
	var offers orderOffers
	out := &renewRatings{Currency: c.InCurrency().Code, Renewals: []renewal{}}
	for i, id := range ids {
		last, ok := orders[id]
		var charge *tables.Charge
		if ok {
			last.Type, last.PeriodType, last.PeriodNum = ordering.Renew, word, int64(c.Whole("period_num"))
			if charge, ok, err = q.priceOrder(&last); err != nil {
				return nil, err
			}
		}
		if !ok {
			out.Failed = append(out.Failed, ratingFailed(c, id))
			continue
		}
		if err := offers.add(i, charge); err != nil {
			return nil, err
		}
		out.Renewals = append(out.Renewals, renewal{id, charge.Payment.String()})
	}
	out.Official.Official = offers.official.String()
	for _, o := range offers.list {
		d := &q.books.Discounts[o.discount]
		out.Optional = append(out.Optional, renewDiscount{d.ID, o.amount.String(), o.official.String(), o.off.String(),
			DiscountType(d), 1})
	}
	return out, nil
}

// ratingFailed returns the entry for a resource that cannot be renewed.
func ratingFailed(c *operation.Call, id string) renewFailed {
	e := operation.BadParameter("resource_ids", operation.Text{Zh: "资源不存在、已退订或没有续订价格",
		En: "no such resource, or it was unsubscribed, or has no price to renew at"})
	return renewFailed{e.Code.ID, e.Text.In(c.Language), id}
}

// ordered is an order with what renewing its resource needs.
type ordered struct {
	order          ordering.Order
	resource       string
	line, backLine string // order_id/order_line; for an unsubscription backLine is that of the refunded line
	paid           period.Instant
}

// lastOrders returns the last order of each resource of a customer that was not unsubscribed.
func lastOrders(c *operation.Call, resources []string) (map[string]ordering.Order, error) {
	list, err := ordersOf(c)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b ordered) int { return cmp.Compare(a.paid, b.paid) })
	ended := make(map[string]bool) // lines that were unsubscribed, which can be at the instant of their payment
	for _, o := range list {
		if o.order.Type == ordering.Unsubscribe {
			ended[o.backLine] = true
		}
	}
	out := make(map[string]ordering.Order)
	for _, o := range list {
		if o.order.Type != ordering.Unsubscribe && !ended[o.line] && slices.Contains(resources, o.resource) {
			out[o.resource] = o.order
		}
	}
	return out, nil
}

// ordersOf returns all orders of a customer for products that the books have.
func ordersOf(c *operation.Call) (list []ordered, err error) {
	snap, b := c.State.Snap, c.State.Workspace.Books
	bucket := lake.BucketOf(c.Scope.Customer, max(1, snap.Manifest.Buckets))
	for _, ref := range snap.Manifest.Cycles {
		files, err := snap.Find(lake.FileKey{Table: tables.Orders().Name, Cycle: ref.Cycle, Bucket: bucket})
		if err != nil {
			return nil, err
		}
		for _, e := range files {
			err := rows.EachUnsorted(snap, e, tables.Orders(), nil, func(row rows.Row[tables.Order]) error {
				if row.Word(tables.OrderCustomerID) != c.Scope.Customer {
					return nil
				}
				o := ordered{resource: string(row.Text(tables.OrderResourceID)), line: orderLine(row,
					tables.OrderOrderID.Of(),
					tables.OrderOrderLine.Of()),
					backLine: orderLine(row, tables.OrderBaseOrderID.Of(), tables.OrderBaseOrderLine.Of()),
					paid:     row.Time(tables.OrderPayTime)}
				kind, err1 := ordering.ParseOrderType(row.Word(tables.OrderOrderType))
				quantity, err2 := row.Quantity(tables.OrderQuantity)
				o.order = ordering.Order{Type: kind, SKU: b.SKU(row.Word(tables.OrderSKU)),
					Region: row.Word(tables.OrderRegionCode), Quantity: quantity.Abs()}
				if o.order.SKU >= 0 || kind == ordering.Unsubscribe {
					list = append(list, o)
				}
				return errors.Join(err1, err2)
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

func orderLine(row rows.Row[tables.Order], id, number tables.ColumnOf[tables.Order]) string {
	return string(row.Text(tables.TextColumn[tables.Order](id))) + "/" + strconv.FormatInt(
		row.Whole(tables.WholeColumn[tables.Order](number)), 10)
}
