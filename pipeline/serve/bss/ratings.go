package bss

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// priced returns the parameters of price enquiries about products of a kind.
func priced(product any) []operation.Param {
	return []operation.Param{
		{Name: "project_id", In: operation.Body, Meaning: "a project of the vendor's; prices do not depend on it"},
		{Name: "product_infos", In: operation.Body, Kind: operation.Raw, Required: true, Max: maxAsked, Of: product,
			Meaning: "the products, 1 to 100"},
		{Name: "customer_id", In: operation.Body,
			Meaning: "the customer: partners and the vendor must send it; a customer's key gets its own prices"},
	}
}

func onDemandResourceRatings() operation.Operation {
	return operation.Operation{
		Name: "ListOnDemandResourceRatings", Method: http.MethodPost, Path: "/v2/bills/ratings/on-demand-resources",
		Summary: "What usage would cost a customer now, by the prices and discounts of bills; meters begin at 0, " +
			"packages are ignored",
		Callers: Anyone(), Subject: operation.Customers,
		Params: append(priced([]demandProduct(nil)), operation.Param{Name: "inquiry_precision", In: operation.Body,
			Kind: operation.Whole, Max: 1, Default: "0",
			Meaning: "0: amounts are truncated to 6 decimals, and a discount is their difference; 1: all decimals"}),
		Answer: demandRatings{},
		Handle: handleOnDemandResourceRatings,
	}
}

// demandProduct is a product of an enquiry: DemandProductInfo. Members without omitempty are required.
type demandProduct struct {
	ID           string           `json:"id"`
	Service      string           `json:"cloud_service_type"`
	Resource     string           `json:"resource_type"`
	Spec         string           `json:"resource_spec"`
	Region       string           `json:"region"`
	Zone         string           `json:"available_zone,omitempty"`
	Size         int64            `json:"resource_size,omitempty"`
	SizeMeasure  int64            `json:"size_measure_id,omitempty"`
	UsageFactor  string           `json:"usage_factor"`
	UsageValue   operation.Number `json:"usage_value"`
	UsageMeasure int64            `json:"usage_measure_id,omitempty"`
	Number       int64            `json:"subscription_num"`
}

// periodProduct is a product for a period of an enquiry: PeriodProductInfo.
type periodProduct struct {
	ID          string `json:"id"`
	Service     string `json:"cloud_service_type"`
	Resource    string `json:"resource_type"`
	Spec        string `json:"resource_spec"`
	Region      string `json:"region"`
	Zone        string `json:"available_zone,omitempty"`
	Size        int64  `json:"resource_size,omitempty"`
	SizeMeasure int64  `json:"size_measure_id,omitempty"`
	PeriodType  int64  `json:"period_type"`
	PeriodNum   int64  `json:"period_num"`
	Number      int64  `json:"subscription_num"`
	Installment string `json:"fee_installment_mode,omitempty"`
}

// asked is one product of an enquiry of either kind.
type asked struct {
	ID           string         `json:"id"`
	Service      string         `json:"cloud_service_type"`
	Resource     string         `json:"resource_type"`
	Spec         string         `json:"resource_spec"`
	Region       string         `json:"region"`
	Zone         *string        `json:"available_zone"`
	Size         *int64         `json:"resource_size"`
	SizeMeasure  *int64         `json:"size_measure_id"`
	UsageFactor  string         `json:"usage_factor"`
	UsageValue   jsontext.Value `json:"usage_value"` // a number, or a string with one
	UsageMeasure int64          `json:"usage_measure_id"`
	PeriodType   int64          `json:"period_type"`
	PeriodNum    int64          `json:"period_num"`
	Number       int64          `json:"subscription_num"`
	Installment  *string        `json:"fee_installment_mode"`
}

// demandRatings is ListOnDemandResourceRatingsResponse.
type demandRatings struct {
	Amount   operation.Decimal `json:"amount"`
	Discount operation.Decimal `json:"discount_amount"`
	Official operation.Decimal `json:"official_website_amount"`
	Measure  int               `json:"measure_id"`
	Currency string            `json:"currency"`
	Products []demandRating    `json:"product_rating_results"`
}

// demandRating is DemandProductRatingResult.
type demandRating struct {
	ID        string            `json:"id"`
	ProductID string            `json:"product_id"`
	Amount    operation.Decimal `json:"amount"`
	Discount  operation.Decimal `json:"discount_amount"`
	Official  operation.Decimal `json:"official_website_amount"`
	Measure   int               `json:"measure_id"`
	Discounts []demandDiscount  `json:"discount_rating_results,omitempty"`
}

// demandDiscount is DemandDiscountRatingResult.
type demandDiscount struct {
	ID      string            `json:"discount_id"`
	Type    int               `json:"discount_type,omitempty"`
	Amount  operation.Decimal `json:"amount"`
	Measure int               `json:"measure_id"`
}

// enquiry is a request for a customer's prices at an instant.
type enquiry struct {
	call     *operation.Call
	books    *books.Books
	prices   *tariff.Book
	customer int32
	digits   int // decimals that amounts are cut to
}

const (
	shortDigits = 6 // decimals of amounts unless all are requested
	maxAsked    = 100
	maxUnits    = 1_000_000
)

// newEnquiry determines the customer of an enquiry. The error is an *operation.Error.
func newEnquiry(c *operation.Call) (*enquiry, error) {
	q := &enquiry{call: c, books: c.State.Workspace.Books, prices: c.State.Prices.Ask(), digits: money.AmountScale}
	if c.Scope.Customer == "" {
		return nil, operation.BadParameter("customer_id", operation.Text{Zh: "必填", En: "is missing: whose prices"})
	}
	if q.customer = q.books.Customer(c.Scope.Customer); q.customer < 0 {
		return nil, operation.NotItsCustomer()
	}
	return q, nil
}

// products reads product_infos. The error is an *operation.Error.
func (q *enquiry) products() ([]asked, error) {
	var list []asked
	if err := q.call.Decode("product_infos", &list); err != nil {
		return nil, err
	}
	if len(list) == 0 || len(list) > maxAsked {
		return nil, operation.BadParameter("product_infos", operation.Textf("应为1到%d个",
			"want 1 to %d", maxAsked))
	}
	seen := make(map[string]bool)
	for i := range list {
		if list[i].ID == "" || seen[list[i].ID] {
			return nil, q.wrong(i, "id", operation.Text{Zh: "缺失或重复", En: "is missing or duplicate"})
		}
		seen[list[i].ID] = true
		if list[i].Number < 1 || list[i].Number > maxUnits {
			return nil, q.wrong(i, "subscription_num", operation.Textf("应为1到%d", "want 1 to %d", maxUnits))
		}
		if size := list[i].Size; size != nil && (*size < 1 || *size > maxUnits) {
			return nil, q.wrong(i, "resource_size", operation.Textf("应为1到%d", "want 1 to %d", maxUnits))
		}
	}
	return list, nil
}

// wrong returns the error for a member of a product.
func (q *enquiry) wrong(i int, member string, why operation.Text) error {
	return operation.BadParameter("product_infos["+strconv.Itoa(i)+"]."+member, why)
}

// sku finds the product of a service, kind of resource and spec. The error is an *operation.Error.
func (q *enquiry) sku(i int, a *asked) (int32, error) {
	sku := q.books.SKU(a.Spec)
	if sku < 0 || q.books.Products[sku].ServiceTypeCode != a.Service ||
		q.books.Products[sku].ResourceTypeCode != a.Resource {
		return 0,
			q.wrong(i, "resource_spec",
				operation.Text{Zh: "不存在该产品", En: "is no product of this service and kind of resource"})
	}
	return sku, nil
}

// unpriced returns the error for a product without a price for the customer.
func (q *enquiry) unpriced(i int) error {
	return q.wrong(i, "resource_spec", operation.Text{Zh: "在该区域没有价格",
		En: "has no price in this region"})
}

func handleOnDemandResourceRatings(_ context.Context, c *operation.Call) (any, error) {
	q, err := newEnquiry(c)
	if err != nil {
		return nil, err
	}
	if c.Whole("inquiry_precision") == 0 {
		q.digits = shortDigits
	}
	list, err := q.products()
	if err != nil {
		return nil, err
	}
	out := &demandRatings{Measure: MeasureYuan, Currency: c.InCurrency().Code, Products: []demandRating{}}
	var all ratedCost
	for i := range list {
		one, sku, err := q.usage(i, &list[i])
		if err != nil {
			return nil, err
		}
		if err := all.join(one); err != nil {
			return nil, err
		}
		r := demandRating{ID: list[i].ID, ProductID: q.books.Products[sku].SKU, Measure: MeasureYuan}
		if r.Official, r.Amount, r.Discount, err = one.texts(); err != nil {
			return nil, err
		}
		if err := q.listDiscounts(&r, one); err != nil {
			return nil, err
		}
		out.Products = append(out.Products, r)
	}
	out.Official, out.Amount, out.Discount, err = all.texts()
	return out, err
}

// listDiscounts adds the discounts of a product. They are truncated; the last one is what is left of the product's
// discount (RATINGS-2).
func (q *enquiry) listDiscounts(r *demandRating, one *ratedCost) error {
	official, after, err := one.cut()
	left, wrong := official.Sub(after)
	if err = errors.Join(err, wrong); err != nil {
		return err
	}
	for i, d := range one.discounts {
		amount := left
		if i < len(one.discounts)-1 {
			if amount, err = d.amount.Amount(); err != nil {
				return err
			}
			amount = amount.Td(one.digits)
		}
		if left, err = left.Sub(amount); err != nil {
			return err
		}
		r.Discounts = append(r.Discounts, demandDiscount{ID: q.books.Discounts[d.index].ID,
			Type:   DiscountType(&q.books.Discounts[d.index]),
			Amount: operation.Decimal(amount.String()), Measure: MeasureYuan})
	}
	return nil
}

// usage prices one product of an enquiry.
func (q *enquiry) usage(i int, a *asked) (*ratedCost, int32, error) {
	sku, err := q.sku(i, a)
	if err != nil {
		return nil, 0, err
	}
	p := &q.books.Products[sku]
	if !strings.EqualFold(a.UsageFactor, p.UsageType) {
		return nil, 0,
			q.wrong(i, "usage_factor", operation.Text{Zh: "不是该产品的使用量类型",
				En: "is not what this product counts"})
	}
	if p.Model == books.Subscription {
		return nil, 0, q.wrong(i, "resource_spec", operation.Text{Zh: "不是按需产品",
			En: "is not sold on demand"})
	}
	quantity, err := quantityOf(a)
	if err != nil {
		return nil, 0, q.wrong(i, "usage_value", operation.Text{Zh: "格式错误", En: "is malformed or out of range"})
	}
	charges, err := q.charges(sku, a.Region, quantity)
	if none := new(tariff.NoPriceError); errors.As(err, &none) {
		return nil, 0, q.unpriced(i)
	}
	if err != nil {
		return nil, 0, err
	}
	one := &ratedCost{digits: q.digits}
	for k := range charges.List {
		if err := one.add(&charges.List[k]); err != nil {
			return nil, 0, err
		}
	}
	return one, sku, nil
}

// quantityOf returns the requested quantity: the usage of each product, of its size, times their number.
func quantityOf(a *asked) (money.Quantity, error) {
	text := string(a.UsageValue)
	if a.UsageValue.Kind() == '"' {
		if err := json.Unmarshal(a.UsageValue, &text); err != nil {
			return money.Quantity{}, err
		}
	}
	q, err := money.ParseQuantity(text)
	if err != nil {
		return q, err
	}
	return money.MulWhole(q, a.times())
}

// times returns the number of requested units of the product: the number of products times their size.
func (a *asked) times() int64 {
	if a.Size == nil {
		return a.Number
	}
	return a.Number * *a.Size
}

// charges rates a quantity as bills do.
func (q *enquiry) charges(sku int32, region string, quantity money.Quantity) (*table.LineCharges, error) {
	now, charges := q.call.State.Now, &table.LineCharges{}
	cycle := q.books.Zone.Cycle(now)
	if q.books.Products[sku].Model == books.Percentile {
		bw := tariff.Bandwidth{Customer: q.customer, SKU: sku, Region: region, Cycle: cycle, Quantity: quantity}
		return charges, q.prices.PercentileCharges(&bw, nil, charges)
	}
	r := rating.NewRater(q.prices.Measured(sku), func(int32) string { return region })
	if err := r.Open(q.customer, cycle, nil); err != nil {
		return nil, err
	}
	if err := r.Usage(&rating.Record{SKU: sku, Resource: []byte("asked"), ID: []byte("asked"), Start: now, End: now,
		Quantity: quantity}, 0, charges); err != nil {
		return nil, err
	}
	var objects []rating.Object
	return charges, r.CycleEnd(charges, &objects)
}

// ratedCost has the official price and the price after discounts, before the cut of bills.
type ratedCost struct {
	official, after money.AmountTotal
	discounts       []taken
	digits          int
}

// taken is the reduction by a discount.
type taken struct {
	index  int32 // in the books
	amount money.AmountTotal
}

func (s *ratedCost) add(c *table.Charge) error {
	after, err := c.Official.Sub(c.Discount)
	if err := errors.Join(err, s.official.Add(c.Official), s.after.Add(after)); err != nil {
		return err
	}
	if c.DiscountID < 0 {
		return nil
	}
	return s.discount(c.DiscountID, func(t *money.AmountTotal) error { return t.Add(c.Discount) })
}

func (s *ratedCost) discount(index int32, add func(*money.AmountTotal) error) error {
	for i := range s.discounts {
		if s.discounts[i].index == index {
			return add(&s.discounts[i].amount)
		}
	}
	s.discounts = append(s.discounts, taken{index: index})
	return add(&s.discounts[len(s.discounts)-1].amount)
}

// join adds another cost in its shown form: truncated to its digits.
func (s *ratedCost) join(o *ratedCost) error {
	s.digits = o.digits
	official, after, err := o.cut()
	return errors.Join(err, s.official.Add(official), s.after.Add(after))
}

// cut returns both amounts truncated to the digits.
func (s *ratedCost) cut() (official, after money.Amount, err error) {
	official, err1 := s.official.Amount()
	after, err2 := s.after.Amount()
	return official.Td(s.digits), after.Td(s.digits), errors.Join(err1, err2)
}

// texts returns the amounts of a response: official, after discounts, and the difference.
func (s *ratedCost) texts() (official, after, discount operation.Decimal, err error) {
	o, a, err := s.cut()
	if err != nil {
		return "", "", "", err
	}
	d, err := o.Sub(a)
	return operation.Decimal(o.String()), operation.Decimal(a.String()), operation.Decimal(d.String()), err
}
