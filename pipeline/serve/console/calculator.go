package console

import (
	"errors"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// calculator shows what a quantity would cost a customer now, with the prices and discounts of bills. Meters begin at 0
// and packages are ignored, as in the API's price enquiry.
func calculator(v *View) (*Page, error) {
	b := v.Call.State.Workspace.Books
	p := &Page{Title: v.T("价格计算", "Price calculator"), Crumbs: []Link{Home(v)},
		Lead: v.T("按当前价格与折扣计算，不含套餐，计量从零开始。",
			"With today's prices and discounts, without packages; meters begin at 0.")}
	fields := []Field{{Name: "sku", Label: "SKU", Value: v.Call.Text("sku"), Required: true},
		{Name: "region_code", Label: v.T("区域", "Region"), Value: v.Call.Text("region_code")},
		{Name: "quantity", Label: v.T("用量", "Quantity"), Value: v.Call.Text("quantity"), Required: true}}
	if v.Call.Caller.Customer == "" {
		fields = append([]Field{{Name: "customer_id", Label: v.T("客户编号", "Customer id"),
			Value: v.Call.Scope.Customer, Required: true}}, fields...)
	}
	if lang := v.Query.Get("lang"); lang != "" {
		fields = append(fields, Field{Name: "lang", Type: "hidden", Value: lang})
	}
	p.Blocks = append(p.Blocks, Block{ID: "ask", Form: &Form{Fields: fields, Button: v.T("计算", "Calculate")}})
	if v.Call.Scope.Customer == "" || v.Call.Text("sku") == "" || v.Call.Text("quantity") == "" {
		return p, nil
	}
	quantity, err := money.ParseQuantity(v.Call.Text("quantity"))
	if err != nil {
		return nil, operation.BadParameter("quantity", operation.Text{Zh: "不是数量",
			En: "is not a quantity: " + err.Error()})
	}
	sku := b.SKU(v.Call.Text("sku"))
	if sku < 0 || b.Products[sku].Model == books.Subscription {
		return nil, operation.BadParameter("sku", operation.Text{Zh: "不是按需产品",
			En: "is no product that is sold by usage"})
	}
	charges, steps, err := quote(v, sku, quantity)
	if none := new(tariff.NoPriceError); errors.As(err, &none) {
		return nil, operation.BadParameter("sku", operation.Text{Zh: "在该区域没有价格", En: "has no price in this region"})
	}
	if err != nil {
		return nil, err
	}
	t, err := chargeTable(v, charges)
	p.Blocks = append(p.Blocks, Block{ID: "cost", Title: v.F("%s %s，%s", "%s %s of %s", quantity.Trim(),
		b.Products[sku].Measure, b.Products[sku].SKU), Table: t,
		Steps: []Step{{Title: v.T("计算过程", "How it is calculated"),
			Steps: sayAll(v, "step", steps)}}})
	return p, err
}

// quote rates a quantity as bills do.
func quote(v *View, sku int32, quantity money.Quantity) (*table.LineCharges, []string, error) {
	b, prices, now := v.Call.State.Workspace.Books, v.Call.State.Prices.Ask(), v.Call.State.Now
	region := v.Call.Text("region_code")
	customer, cycle := b.Customer(v.Call.Scope.Customer), b.Zone.Cycle(v.Call.State.Now)
	charges, steps := &table.LineCharges{}, []string{}
	trace := func(s tariff.DerivationStep) { steps = append(steps, s.String()) }
	if b.Products[sku].Model == books.Percentile {
		bw := tariff.Bandwidth{Customer: customer, SKU: sku, Region: region, Cycle: cycle, Quantity: quantity}
		err := prices.PercentileCharges(&bw, trace, charges)
		return charges, steps, err
	}
	r := rating.NewRater(prices.Measured(sku), func(int32) string { return region })
	r.Trace = trace
	if err := r.Open(customer, cycle, nil); err != nil {
		return nil, nil, err
	}
	if err := r.Usage(&rating.Record{SKU: sku, Resource: []byte("asked"), ID: []byte("asked"), Start: now, End: now,
		Quantity: quantity}, 0, charges); err != nil {
		return nil, nil, err
	}
	var objects []rating.Object
	err := r.CycleEnd(charges, &objects)
	return charges, steps, err
}

// chargeTable shows what the quantity would cost, by tier.
func chargeTable(v *View, charges *table.LineCharges) (*Table, error) {
	t := &Table{Name: "charges", Columns: []Column{
		{Name: "kind", Title: v.T("类型", "Kind")},
		{Name: "tier", Title: v.T("阶梯", "Tier"), Kind: Whole, Some: true, Spare: true},
		{Name: "quantity", Title: v.T("计费量", "Billed quantity"), Kind: Quantity},
		{Name: "unit_price", Title: v.T("单价", "Unit price"), Kind: Quantity},
		{Name: "official_amount", Title: v.T("官网价", "Official"), Kind: Amount},
		{Name: "official_discount_amount", Title: v.T("折扣", "Discount"), Kind: Amount, Spare: true},
		{Name: "truncated_amount", Title: v.T("抹零", "Truncated"), Kind: Amount, Spare: true},
		{Name: "payment_amount", Title: v.T("应付", "Payment"), Kind: Amount}}}
	var official, discount, truncated, payment money.AmountTotal
	for i := range charges.List {
		c := &charges.List[i]
		tier := ""
		if c.Tier != 0 {
			tier = strconv.Itoa(int(c.Tier))
		}
		t.Rows = append(t.Rows, []Cell{kindCell(v, c.Kind.String()), {Text: tier}, QuantityCell(c.Quantity),
			{Text: c.UnitPrice.String(), Shown: document.GroupedDigits(c.UnitPrice.Trim())}, v.Money(c.Official, ""),
			v.Money(c.Discount, ""), v.Money(c.Truncated, ""), v.Money(c.Payment, "")})
		if err := errors.Join(official.Add(c.Official), discount.Add(c.Discount), truncated.Add(c.Truncated),
			payment.Add(c.Payment)); err != nil {
			return nil, err
		}
	}
	t.Total = []Cell{{}, {}, {}, {}, v.Money(official, ""), v.Money(discount, ""), v.Money(truncated, ""),
		v.Money(payment, "")}
	return t, nil
}
