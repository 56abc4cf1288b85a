package bss

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerOrderDetails() operation.Operation {
	return operation.Operation{
		Name: "ShowCustomerOrderDetails", Method: http.MethodGet, Path: "/v2/orders/customer-orders/details/{order_id}",
		Summary: "An order with its lines; an unknown order has none",
		Callers: Anyone(), Subject: operation.Customers,
		Params: append([]operation.Param{
			{Name: "order_id", In: operation.Path, Required: true, Meaning: "the order"},
			{Name: "indirect_partner_id", Meaning: "an order of this reseller's customers"},
		}, PageParams()...),
		Answer: orderDetails{},
		Handle: handleCustomerOrderDetails,
	}
}

// orderDetails is ShowCustomerOrderDetailsResponse.
type orderDetails struct {
	Total int        `json:"total_count"`
	Order *order     `json:"order_info,omitempty"`
	Items []lineItem `json:"order_line_items"`
}

// lineItem is OrderLineItemEntityV2. Products have no category and no description of their own.
type lineItem struct {
	ID              string            `json:"order_line_item_id"`
	ServiceTypeCode string            `json:"service_type_code"`
	ServiceTypeName string            `json:"service_type_name,omitempty"`
	ProductID       string            `json:"product_id,omitempty"`
	PeriodType      *int              `json:"period_type,omitempty"`
	PeriodNum       int64             `json:"period_num,omitempty"`
	EffectiveTime   string            `json:"effective_time,omitempty"`
	ExpireTime      string            `json:"expire_time,omitempty"`
	Number          int64             `json:"subscription_num,omitempty"`
	AfterDiscount   operation.Decimal `json:"amount_after_discount"`
	Official        operation.Decimal `json:"official_amount"`
	Amounts         orderAmounts      `json:"amount_info"`
	Currency        string            `json:"currency"`
	Owner           string            `json:"product_owner_service"`
	Resource        string            `json:"commercial_resource,omitempty"`
	Base            *productObject    `json:"base_product_info,omitempty"`
	OrderID         string            `json:"order_id"`
}

// productObject is ProductObject.
type productObject struct {
	ProductID string `json:"product_id"`
	Owner     string `json:"product_owner_service"`
	Resource  string `json:"commercial_resource,omitempty"`
}

// periodNumbers returns the vendor's numbers of periods of orders' lines.
func periodNumbers() map[string]int {
	return map[string]int{"day": 0, "month": 2, "year": 3, "hour": 4, "one_off": 5}
}

func handleCustomerOrderDetails(ctx context.Context, c *operation.Call) (any, error) {
	lines, err := linesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &orderDetails{Total: len(lines), Items: []lineItem{}}
	if len(lines) == 0 {
		return out, nil
	}
	all, err := orderOf(c, lines)
	if err != nil {
		return nil, err
	}
	all.AgentPay = nil // the model of details has no payer
	names := NamesOf(c.State.Workspace.Books)
	all.ServiceTypeName = names.Services[all.ServiceTypeCode]
	out.Order = &all
	for _, l := range Window(c, lines) {
		item, err := lineItemOf(c, l)
		if err != nil {
			return nil, err
		}
		item.ServiceTypeName = names.Services[item.ServiceTypeCode]
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// linesOf returns the lines of the requested order, of the first customer in the scope that has one, by line number.
func linesOf(ctx context.Context, c *operation.Call) ([]boughtLine, error) {
	if c.Scope.Nothing {
		return nil, nil
	}
	lines, err := orderLines(ctx, c, &orderQuery{customer: c.Scope.Customer, buckets: bucketsOf(c),
		during: period.Always()})
	if err != nil {
		return nil, err
	}
	if lines, err = withLives(c, lines); err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(l boughtLine) bool {
		return l.order != c.Text("order_id") || !c.Scope.Line(l.partner, l.own)
	})
	if len(lines) == 0 {
		return nil, nil
	}
	return byOrder(lines)[0], nil
}

func lineItemOf(c *operation.Call, l boughtLine) (lineItem, error) {
	one, err := orderOf(c, []boughtLine{l})
	if err != nil {
		return lineItem{}, err
	}
	item := lineItem{ID: l.order + "/" + strconv.FormatInt(l.line, 10), ServiceTypeCode: l.service, ProductID: l.sku,
		AfterDiscount: one.AfterDiscount, Official: one.Official, Amounts: one.Amounts, Currency: one.Currency,
		Owner: l.service, Resource: l.resourceType, OrderID: l.order}
	if l.sku != "" {
		item.Base = &productObject{l.sku, l.service, l.resourceType}
	}
	if orderType(l.kind) == typeUnsubscribe { // it has no period
		return item, nil
	}
	if n, ok := periodNumbers()[l.periodType]; ok {
		item.PeriodType, item.PeriodNum = &n, l.periodNum
	}
	item.Number = l.number
	if l.effective != tables.Nothing {
		item.EffectiveTime = operation.Time(l.effective)
	}
	if l.expire != tables.Nothing {
		item.ExpireTime = operation.Time(l.expire)
	}
	return item, nil
}

func refundOrderDetails() operation.Operation {
	return operation.Operation{
		Name: "ShowRefundOrderDetails", Method: http.MethodGet, Path: "/v2/orders/customer-orders/refund-orders",
		Summary: "What an unsubscribe refunded, line by line; another order refunds nothing",
		Callers: Anyone(), Subject: operation.Customers,
		Params: []operation.Param{
			{Name: "order_id", Required: true, Meaning: "the unsubscribe"},
			{Name: "customer_id", Meaning: "only an order of this customer"},
			{Name: "indirect_partner_id", Meaning: "an order of this reseller's customers"},
		},
		Answer: refundList{},
		Handle: handleRefundOrderDetails,
	}
}

// refundList is ShowRefundOrderDetailsResponse.
type refundList struct {
	Total   int          `json:"total_count"`
	Refunds []refundInfo `json:"refund_infos"`
}

// refundInfo is OrderRefundInfoV2. It has no separate amount for what an unsubscription retains.
type refundInfo struct {
	ID               string            `json:"id"`
	Amount           operation.Decimal `json:"amount"`
	Measure          string            `json:"measure_id"`
	CustomerID       string            `json:"customer_id"`
	ResourceTypeCode string            `json:"resource_type_code"`
	ServiceTypeCode  string            `json:"service_type_code"`
	ResourceTypeName string            `json:"resource_type_name,omitempty"`
	ServiceTypeName  string            `json:"service_type_name,omitempty"`
	RegionCode       string            `json:"region_code"`
	BaseOrderID      string            `json:"base_order_id,omitempty"`
}

func handleRefundOrderDetails(ctx context.Context, c *operation.Call) (any, error) {
	lines, err := linesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	names := NamesOf(c.State.Workspace.Books)
	out := &refundList{Refunds: []refundInfo{}}
	for _, l := range lines {
		if orderType(l.kind) != typeUnsubscribe || l.open() {
			continue
		}
		out.Refunds = append(out.Refunds, refundInfo{ID: l.order + "/" + strconv.FormatInt(l.line, 10),
			Amount: operation.Decimal(l.payment.String()), Measure: strconv.Itoa(MeasureYuan),
			CustomerID: l.customer, ResourceTypeCode: l.resourceType, ServiceTypeCode: l.service,
			ResourceTypeName: names.Resources[l.resourceType], ServiceTypeName: names.Services[l.service],
			RegionCode: l.region, BaseOrderID: l.baseOrder})
	}
	out.Total = len(out.Refunds)
	return out, nil
}
