package quote

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ChangeQuestion asks for the cost of using another product for the rest of an order's term.
type ChangeQuestion struct {
	Customer string
	Order    string         // order_id, or order_id/order_line
	SKU      string         // the other product
	At       period.Instant // time of the change
}

// Change is the cost of changing an order to another product (QUOTE-6).
type Change struct {
	CustomerID string       `json:"customer_id"`
	Currency   string       `json:"currency"`
	OrderLine  string       `json:"order_line"` // order_id/order_line
	From       string       `json:"sku"`
	To         string       `json:"to_sku"`
	At         string       `json:"at"`
	TermFrom   string       `json:"effective_time"`
	TermTo     string       `json:"expire_time"`
	LeftFrom   string       `json:"left_from"` // to expire_time
	Paid       money.Amount `json:"paid_amount"`
	Official   money.Amount `json:"official_amount"` // for the other product and the complete term
	DiscountID string       `json:"discount_id,omitempty"`
	Payment    money.Amount `json:"payment_amount"` // for the other product and the complete term
	Credit     money.Amount `json:"credit_amount"`  // share of Paid for the remaining term
	Rest       money.Amount `json:"rest_amount"`    // share of Payment for the remaining term
	Amount     money.Amount `json:"change_amount"`  // Rest − Credit
	// official_amount with which an order of type change is billed Amount, after the discounts of any order; nil if
	// there is none
	Order *money.Amount `json:"order_official_amount"`
}

// PriceChange prices a change. It writes nothing. Errors: *workspace.RefusedError if the order or the product does not
// fit.
func PriceChange(ctx context.Context, w *workspace.Workspace, o workspace.Options, q ChangeQuestion) (*Change, error) {
	customer := w.Books.Customer(q.Customer)
	if customer < 0 {
		return nil, &workspace.RefusedError{What: fmt.Sprintf("no customer %q in customers.csv", q.Customer),
			Hint: "check --customer"}
	}
	key, err := orderKeyOf(q.Order)
	if err != nil {
		return nil, err
	}
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	c := &changed{ChangeQuestion: q, customer: customer, key: key, books: w.Books, prices: w.Prices()}
	err = l.Read(func(snap *lake.Snapshot) error { return c.price(ctx, snap) })
	return c.out, err
}

// orderKeyOf reads order_id or order_id/order_line.
func orderKeyOf(text string) (accept.OrderKey, error) {
	cut := strings.LastIndexByte(text, '/')
	if cut < 0 {
		return accept.OrderKey{ID: text, Line: 1}, nil
	}
	n, err := strconv.ParseInt(text[cut+1:], 10, 64)
	if err != nil {
		return accept.OrderKey{}, &workspace.RefusedError{What: fmt.Sprintf("--order %s: %q is no order_line", text,
			text[cut+1:]), Hint: "name the order as order_id or order_id/order_line"}
	}
	return accept.OrderKey{ID: text[:cut], Line: n}, nil
}

// changed is the pricing of one change in progress.
type changed struct {
	ChangeQuestion
	customer int32
	key      accept.OrderKey
	books    *books.Books
	prices   *tariff.Book
	out      *Change
}

func (c *changed) price(ctx context.Context, snap *lake.Snapshot) error {
	base, err := c.base(snap)
	if err != nil {
		return err
	}
	sku := c.books.SKU(c.SKU)
	if sku < 0 || c.books.Products[sku].Model != books.Subscription {
		return &workspace.RefusedError{What: fmt.Sprintf("--to %s: no product of pricing_model period", c.SKU),
			Hint: "name a sku of products.csv that is sold for a period"}
	}
	other := &ordering.Order{Type: ordering.New, Customer: c.customer, SKU: sku, Region: base.Region,
		Quantity: base.Quantity, PeriodType: base.PeriodType, PeriodNum: base.PeriodNum, PayTime: c.At}
	if !ordering.Priced(c.prices, other) {
		return &workspace.RefusedError{What: fmt.Sprintf("--to %s: no price for a %s in region %s at %s", c.SKU,
			base.PeriodType, base.Region, c.At), Hint: "add a price to prices.csv, or name another product"}
	}
	charge, err := ordering.Price(c.prices, other, nil)
	if err != nil {
		return err
	}
	paid := &ordering.PaidOrder{Type: base.Type, PayTime: base.PayTime, Effective: base.Effective, Expire: base.Expire}
	if err := c.billed(ctx, snap, base, paid); err != nil {
		return err
	}
	currency := c.books.CustomerCurrency(c.customer)
	p, err := ordering.PriceChange(paid, charge.Payment, c.At, currency.Digits)
	if err != nil {
		return &workspace.RefusedError{What: fmt.Sprintf("--order %s: %v", base.LineID(), err),
			Hint: "only the rest of a term can be changed; buy the other product with a new order"}
	}
	c.out = &Change{CustomerID: c.Customer, Currency: currency.Code, OrderLine: base.LineID(), From: base.SKUText,
		To: c.SKU, At: c.At.String(), TermFrom: base.Effective.String(), TermTo: base.Expire.String(),
		LeftFrom: p.Left.From.String(), Official: charge.Official, Payment: charge.Payment, Credit: p.Credit,
		Rest: p.Rest, Amount: p.Amount}
	if charge.DiscountID >= 0 {
		c.out.DiscountID = c.books.Discounts[charge.DiscountID].ID
	}
	if c.out.Paid, err = paid.Payment.Sub(paid.Coupons); err != nil {
		return err
	}
	c.out.Order, err = c.orderAmount(other, p.Amount, currency.Digits)
	return err
}

// orderAmount is the official amount with which a change order of the product is billed the given amount; nil if none
// is found.
func (c *changed) orderAmount(o *ordering.Order, amount money.Amount, digits int) (*money.Amount, error) {
	order := *o
	order.Type, order.HasOfficial, order.Official = ordering.Change, true, amount
	charge, err := ordering.Price(c.prices, &order, nil)
	if err != nil || charge.Payment == amount {
		return &amount, err
	}
	d := &c.books.Discounts[charge.DiscountID] // add what a discount subtracted
	var exact money.Amount
	switch {
	case d.Mode == books.ModeReduction:
		exact, err = amount.Add(d.Amount)
	case d.Mode == books.ModeRate && d.Rate.Rat().Sign() > 0:
		exact, err = money.RoundRat(new(big.Rat).Quo(amount.Rat(), d.Rate.Rat()), digits)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// An order has at most the digits of its currency. Half of the last one is rounded up twice: by Rd here, and when
	// the order is paid.
	for _, order.Official = range []money.Amount{exact.Rd(digits), exact.Td(digits)} {
		if charge, err = ordering.Price(c.prices, &order, nil); err != nil || charge.Payment == amount {
			return &order.Official, err
		}
	}
	return nil, nil
}

// base returns the order line that is to be changed.
func (c *changed) base(snap *lake.Snapshot) (*accept.Order, error) {
	book := accept.NewEventBook()
	bucket := lake.BucketOf(c.Customer, max(1, snap.Manifest.Buckets))
	for _, ref := range snap.Manifest.Cycles {
		files, err := snap.Find(lake.FileKey{Table: tables.Orders().Name, Cycle: ref.Cycle, Bucket: bucket})
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if err := book.Load(snap, f, c.books); err != nil {
				gone := new(accept.GoneBookError)
				if errors.As(err, &gone) {
					return nil, &workspace.RefusedError{What: gone.Error(),
						Hint: "put it back into books/" + gone.Book}
				}
				return nil, err
			}
		}
	}
	o := book.Orders[c.key]
	if o == nil || o.Customer != c.customer {
		what := fmt.Sprintf("--order %s: customer %s has no accepted order line %s/%d", c.Order, c.Customer, c.key.ID,
			c.key.Line)
		return nil, &workspace.RefusedError{What: what, Hint: "`tollbook query orders` lists order lines"}
	}
	refuse := func(why, hint string) error {
		return &workspace.RefusedError{What: fmt.Sprintf("--order %s: %s", o.LineID(), why), Hint: hint}
	}
	if o.Type > ordering.AutoRenew {
		return nil, refuse("it is a "+o.Type.String()+" order",
			"name the new order or the renewal whose term it changes")
	}
	if o.PayTime > c.At {
		return nil, refuse("it is paid later, at "+o.PayTime.String(), "check --as-of")
	}
	if id := book.Altered(c.key); id != "" {
		return nil, refuse("order line "+id+" has changed or unsubscribed it",
			"only an order line that no accepted order has changed can be priced")
	}
	return o, nil
}

// billed reads what was billed for the base order from its line.
func (c *changed) billed(ctx context.Context, snap *lake.Snapshot, base *accept.Order, to *ordering.PaidOrder) error {
	bucket := lake.BucketOf(c.Customer, max(1, snap.Manifest.Buckets))
	files, err := snap.Find(lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(base.Cycle),
		Day: lake.EventsDay, Bucket: bucket})
	if err != nil {
		return err
	}
	found := false
	scan := rows.Scan[tables.Line]{Table: tables.Lines(), Cols: tables.Columns(tables.LineCustomerID, tables.LineID,
		tables.LineTradeID,
		tables.LineOfficialAmount, tables.LinePaymentAmount, tables.LineCouponAmount)}
	for _, f := range files {
		err := rows.Groups(ctx, snap, f, scan, func(batch *parquet.Columns[tables.Line]) (err error) {
			for i := range batch.N {
				row := rows.Row[tables.Line]{Cols: batch, I: i}
				if row.Word(tables.LineCustomerID) != c.Customer || string(row.Text(tables.LineID)) != base.LineID() ||
					row.Word(tables.LineTradeID) != base.ID {
					continue
				}
				found = true
				for col, amount := range map[tables.AmountColumn[tables.Line]]*money.Amount{
					tables.LineOfficialAmount: &to.Official,
					tables.LinePaymentAmount:  &to.Payment, tables.LineCouponAmount: &to.Coupons} {
					if *amount, err = row.Amount(col); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("price the change of order line %s: cycle %s has no line of it", base.LineID(), base.Cycle)
	}
	return nil
}
