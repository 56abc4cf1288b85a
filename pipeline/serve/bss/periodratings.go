package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

func rateOnPeriodDetail() operation.Operation {
	return operation.Operation{
		Name: "ListRateOnPeriodDetail", Method: http.MethodPost,
		Path: "/v2/bills/ratings/period-resources/subscribe-rate",
		Summary: "What an order of products for a period would cost a customer now, by the prices and discounts of " +
			"orders",
		Callers: Anyone(), Subject: operation.Customers, Params: priced([]periodProduct(nil)),
		Answer: periodRatings{},
		Handle: handleRateOnPeriodDetail,
	}
}

// periodRatings is ListRateOnPeriodDetailResponse.
type periodRatings struct {
	Official periodOfficial   `json:"official_website_rating_result"`
	Optional []periodDiscount `json:"optional_discount_rating_results,omitempty"`
	Currency string           `json:"currency"`
}

// periodOfficial is OfficialWebsiteRatingResult.
type periodOfficial struct {
	Official operation.Decimal `json:"official_website_amount"`
	Measure  int               `json:"measure_id"`
	Products []periodPrice     `json:"product_rating_results"`
}

// periodPrice is PeriodProductOfficialRatingResult.
type periodPrice struct {
	ID        string            `json:"id"`
	ProductID string            `json:"product_id"`
	Official  operation.Decimal `json:"official_website_amount"`
	Measure   int               `json:"measure_id"`
}

// periodDiscount is OptionalDiscountRatingResult: the prices with a discount of the products for which it is the best.
type periodDiscount struct {
	ID       string                `json:"discount_id"`
	Amount   operation.Decimal     `json:"amount"`
	Official operation.Decimal     `json:"official_website_amount"`
	Discount operation.Decimal     `json:"discount_amount"`
	Measure  int                   `json:"measure_id"`
	Type     int                   `json:"discount_type,omitempty"`
	Best     int                   `json:"best_offer"`
	Products []periodDiscountPrice `json:"product_rating_results"`
}

// periodDiscountPrice is PeriodProductRatingResult.
type periodDiscountPrice struct {
	ID        string            `json:"id"`
	ProductID string            `json:"product_id"`
	Amount    operation.Decimal `json:"amount"`
	Official  operation.Decimal `json:"official_website_amount"`
	Discount  operation.Decimal `json:"discount_amount"`
	Measure   int               `json:"measure_id"`
}

func handleRateOnPeriodDetail(_ context.Context, c *operation.Call) (any, error) {
	q, err := newEnquiry(c)
	if err != nil {
		return nil, err
	}
	list, err := q.products()
	if err != nil {
		return nil, err
	}
	var offers orderOffers
	out := &periodRatings{Official: periodOfficial{Measure: MeasureYuan, Products: []periodPrice{}},
		Currency: c.InCurrency().Code}
	for i := range list {
		sku, charge, err := q.order(i, &list[i])
		if err != nil {
			return nil, err
		}
		if err := offers.add(i, charge); err != nil {
			return nil, err
		}
		out.Official.Products = append(out.Official.Products, periodPrice{list[i].ID, q.books.Products[sku].SKU,
			operation.Decimal(charge.Official.String()), MeasureYuan})
	}
	out.Official.Official = operation.Decimal(offers.official.String())
	for _, o := range offers.list {
		d := &q.books.Discounts[o.discount]
		best := periodDiscount{ID: d.ID, Amount: operation.Decimal(o.amount.String()),
			Official: operation.Decimal(o.official.String()),
			Discount: operation.Decimal(o.off.String()), Measure: MeasureYuan, Type: DiscountType(d), Best: 1}
		for _, k := range o.products {
			charge := &offers.charges[k]
			best.Products = append(best.Products, periodDiscountPrice{list[k].ID, list[k].Spec,
				operation.Decimal(charge.Payment.String()),
				operation.Decimal(charge.Official.String()), operation.Decimal(charge.Discount.String()),
				MeasureYuan})
		}
		out.Optional = append(out.Optional, best)
	}
	return out, nil
}

// order prices one product of an enquiry as a new order.
func (q *enquiry) order(i int, a *asked) (int32, *table.Charge, error) {
	sku, err := q.sku(i, a)
	if err != nil {
		return 0, nil, err
	}
	word, ok := map[int64]string{0: "day", 2: "month", 3: "year", 4: "hour"}[a.PeriodType]
	if !ok {
		return 0, nil, q.wrong(i, "period_type", operation.Text{Zh: "应为0、2、3或4", En: "want 0, 2, 3 or 4"})
	}
	if a.PeriodNum < 1 || a.PeriodNum > maxPeriods {
		return 0, nil, q.wrong(i, "period_num", operation.Textf("应为1到%d", "want 1 to %d", maxPeriods))
	}
	if q.books.Products[sku].Model != books.Subscription {
		return 0, nil, q.wrong(i, "resource_spec", operation.Text{Zh: "不是包年/包月产品",
			En: "is not sold for a period"})
	}
	quantity, err := money.QuantityFromInt(a.times())
	if err != nil {
		return 0, nil, q.wrong(i, "subscription_num", operation.Text{Zh: "超出范围", En: "is out of range"})
	}
	charge, ok, err := q.priceOrder(&ordering.Order{Type: ordering.New, SKU: sku, Region: a.Region, Quantity: quantity,
		PeriodType: word, PeriodNum: a.PeriodNum})
	if !ok && err == nil {
		return 0, nil, q.unpriced(i)
	}
	return sku, charge, err
}

// maxPeriods is the largest number of periods that can be requested.
const maxPeriods = 1000

// priceOrder prices an order that the customer would pay now; false if it has no price.
func (q *enquiry) priceOrder(o *ordering.Order) (*table.Charge, bool, error) {
	now := q.call.State.Now
	o.Customer, o.PayTime, o.Effective, o.Expire = q.customer, now, now, now
	if !ordering.Priced(q.prices, o) {
		return nil, false, nil
	}
	charge, err := ordering.Price(q.prices, o, nil)
	return &charge, true, err
}

// orderOffers adds up orders by the discount that is best for each.
type orderOffers struct {
	charges  []table.Charge
	official money.AmountTotal
	after    money.AmountTotal
	list     []orderOffer
}

// orderOffer is one discount, and the orders for which it is the best.
type orderOffer struct {
	discount              int32 // in the books
	products              []int // indexes of orders
	official, amount, off money.AmountTotal
}

func (o *orderOffers) add(i int, c *table.Charge) error {
	o.charges = append(o.charges, *c)
	if err := o.official.Add(c.Official); err != nil {
		return err
	}
	if err := o.after.Add(c.Payment); err != nil || c.DiscountID < 0 {
		return err
	}
	at := -1
	for k := range o.list {
		if o.list[k].discount == c.DiscountID {
			at = k
		}
	}
	if at < 0 {
		at = len(o.list)
		o.list = append(o.list, orderOffer{discount: c.DiscountID})
	}
	offer := &o.list[at]
	offer.products = append(offer.products, i)
	if err := offer.official.Add(c.Official); err != nil {
		return err
	}
	if err := offer.amount.Add(c.Payment); err != nil {
		return err
	}
	return offer.off.Add(c.Discount)
}
