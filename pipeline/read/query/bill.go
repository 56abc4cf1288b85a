package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Bill is a customer's lines of a cycle in a form for people.
type Bill struct {
	rows.Statement
	Name     string        `json:"name,omitempty"`
	Taxes    []rows.Tax    `json:"taxes,omitempty"`
	Sections []BillSection `json:"sections"` // by service, sku
}

// BillSection is the lines of one product. Names come from the books; they are empty if the books no longer contain it.
type BillSection struct {
	Service     string            `json:"service_type_code"`
	ServiceName string            `json:"service_type_name,omitempty"`
	SKU         string            `json:"sku"`
	Product     string            `json:"product,omitempty"`
	Model       string            `json:"pricing_model,omitempty"`
	Measure     string            `json:"measure"`
	Items       []BillItem        `json:"items"`
	Payment     money.AmountTotal `json:"payment_amount"`
}

// BillItem is the sum of a product's lines that differ only in record, quantity and time: one price, tier and discount.
// A month-end line of a percentile product is an item of its own, with its measurement.
type BillItem struct {
	Region     string          `json:"region_code"`
	Object     string          `json:"object,omitempty"` // link or group of a percentile line
	Tier       int             `json:"tier"`
	Kind       string          `json:"kind"`
	UnitPrice  money.UnitPrice `json:"unit_price"`
	DiscountID string          `json:"discount_id,omitempty"`
	tables.LineSums
	Measured *MeasuredMonth `json:"measured,omitempty"`
}

// itemKey identifies an item.
type itemKey struct {
	service, sku, region, object string
	tier                         int
	kind                         string
	price                        money.UnitPrice
	discount                     string
}

// columnsOfBill are the columns of lines that a bill needs.
func columnsOfBill() tables.List[tables.Line] {
	return tables.Columns(tables.LineServiceTypeCode, tables.LineRegionCode, tables.LineKind, tables.LineTier,
		tables.LineResourceID,
		tables.LineSKU, tables.LineMeasure,
		tables.LineUsageAmount, tables.LineFreeResourceUsage, tables.LineQuantity, tables.LineUnitPrice,
		tables.LineOfficialAmount,
		tables.LineOfficialDiscountAmount,
		tables.LineDiscountID, tables.LineTruncatedAmount, tables.LinePaymentAmount)
}

// CustomerBill makes a customer's bill. Errors: *NoCycleError; *NotFoundError if the customer has no line in the cycle.
func CustomerBill(ctx context.Context, snap *lake.Snapshot, b *books.Books, cycle lake.Cycle, customer string,
	l rows.Limits) (bill *Bill, err error) {
	bill = &Bill{Sections: []BillSection{}}
	err = rows.EachStatement(ctx, snap, cycle, customer, l, func(s *rows.Statement) error {
		bill.Statement = *s
		return nil
	})
	if err != nil {
		return nil, err
	}
	if bill.CustomerID == "" {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("customer %q has no line in cycle %s", customer, cycle),
			Do: "`tollbook bill --cycle " + cycle.String() + "` lists the customers"}
	}
	if code := b.Customer(customer); code >= 0 {
		rows := b.Customers[code].Rows
		bill.Name = rows[len(rows)-1].Name
	}
	if bill.Tax != nil {
		if bill.Taxes, err = rows.CustomerTaxes(ctx, snap, cycle, customer, l); err != nil {
			return nil, err
		}
		NameTaxes(b, bill.Taxes)
	}
	g, err := gatherLines(ctx, snap, cycle, rows.Selection{Customer: customer, Unsorted: true}, b, l)
	if err == nil && g.sortAgain {
		g, err = gatherLines(ctx, snap, cycle, rows.Selection{Customer: customer}, b, l)
	}
	if err != nil {
		return nil, err
	}
	if err := bill.fill(g.items, g.measures, b); err != nil {
		return nil, err
	}
	return bill, bill.measure(ctx, snap, b, cycle)
}

// NameTaxes sets the names of taxes from the books.
func NameTaxes(b *books.Books, list []rows.Tax) {
	for i := range list {
		if known := b.TaxNamed(list[i].TaxID); known != nil {
			list[i].Name = known.Name
		}
	}
}

// gathered holds the items of lines. Items do not depend on the order of lines; measures do if sortAgain is set.
type gathered struct {
	items     map[itemKey]*BillItem
	measures  map[string]string // by product: that of the newest item's first line
	sortAgain bool              // lines of one product have different measures
}

// gatherLines adds up the selected lines to items.
func gatherLines(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, s rows.Selection, b *books.Books,
	l rows.Limits) (g *gathered, err error) {
	list, err := rows.LinesOf(ctx, snap, cycle, s, columnsOfBill(), l)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	g = &gathered{items: map[itemKey]*BillItem{}, measures: map[string]string{}}
	return g, list.Each(func(row rows.Row[tables.Line]) error { return g.add(b, row) })
}

// add adds a line to its item.
func (g *gathered) add(b *books.Books, row rows.Row[tables.Line]) error {
	key := itemKey{service: row.Word(tables.LineServiceTypeCode), sku: row.Word(tables.LineSKU),
		region: row.Word(tables.LineRegionCode),
		tier:   row.Small(tables.LineTier), kind: row.Word(tables.LineKind), discount: row.Word(tables.LineDiscountID)}
	if code := b.SKU(key.sku); code >= 0 && b.Products[code].Model == books.Percentile {
		key.object = string(row.Text(tables.LineResourceID))
	}
	var err error
	if key.price, err = row.UnitPrice(tables.LineUnitPrice); err != nil {
		return err
	}
	measure := row.Word(tables.LineMeasure)
	if known, ok := g.measures[key.sku]; ok && known != measure {
		g.sortAgain = true
	}
	it := g.items[key]
	if it == nil {
		it = &BillItem{Region: key.region, Object: key.object, Tier: key.tier, Kind: key.kind, UnitPrice: key.price,
			DiscountID: key.discount}
		g.items[key], g.measures[key.sku] = it, measure
	}
	return AddLine(&it.LineSums, row)
}

// AddLine adds a row of lines, read with its quantities and amounts, to sums.
func AddLine(s *tables.LineSums, row rows.Row[tables.Line]) error {
	s.Lines++
	for _, q := range [...]struct {
		col tables.QuantityColumn[tables.Line]
		to  *money.QuantityTotal
	}{{tables.LineUsageAmount, &s.Usage}, {tables.LineFreeResourceUsage, &s.Free}, {tables.LineQuantity, &s.Quantity}} {
		v, err := row.Quantity(q.col)
		if err == nil {
			err = q.to.AddSigned(v)
		}
		if err != nil {
			return err
		}
	}
	for _, a := range [...]struct {
		col tables.AmountColumn[tables.Line]
		to  *money.AmountTotal
	}{{tables.LineOfficialAmount, &s.Official}, {tables.LineOfficialDiscountAmount, &s.Discount},
		{tables.LineTruncatedAmount, &s.Truncated}, {tables.LinePaymentAmount, &s.Payment}} {
		v, err := row.Amount(a.col)
		if err == nil {
			err = a.to.Add(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// OfNoService is the name of lines without a service: those of commitments on more than one product (§10.4).
const OfNoService = "Commitments"

// NewBillSection returns the section of a product, or of a service's lines without a product, with the names of the
// books.
func NewBillSection(b *books.Books, service, sku string) BillSection {
	s := BillSection{Service: service, SKU: sku}
	if code := b.SKU(sku); code >= 0 {
		p := &b.Products[code]
		s.ServiceName, s.Product, s.Model = p.ServiceTypeName, p.Name, p.Model.String()
		return s
	}
	if service == "" {
		s.ServiceName = OfNoService
		return s
	}
	of := func(p books.Product) bool { return p.ServiceTypeCode == service && p.ServiceTypeName != "" }
	if at := slices.IndexFunc(b.Products, of); at >= 0 {
		s.ServiceName = b.Products[at].ServiceTypeName
	}
	return s
}

// fill makes sections from the items.
func (bill *Bill) fill(items map[itemKey]*BillItem, measures map[string]string, b *books.Books) error {
	keys := make([]itemKey, 0, len(items))
	for k := range items {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareItems)
	for _, k := range keys {
		n := len(bill.Sections)
		if n == 0 || bill.Sections[n-1].Service != k.service || bill.Sections[n-1].SKU != k.sku {
			s := NewBillSection(b, k.service, k.sku)
			s.Measure = measures[k.sku]
			bill.Sections = append(bill.Sections, s)
			n++
		}
		s := &bill.Sections[n-1]
		s.Items = append(s.Items, *items[k])
		if err := s.Payment.AddTotal(items[k].Payment); err != nil {
			return err
		}
	}
	return nil
}

func compareItems(a, b itemKey) int {
	return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.sku, b.sku), cmp.Compare(a.region, b.region),
		cmp.Compare(a.object, b.object),
		cmp.Compare(a.tier, b.tier), cmp.Compare(rows.KindRank(a.kind), rows.KindRank(b.kind)), a.price.Cmp(b.price),
		cmp.Compare(a.discount, b.discount))
}

// measure adds their measurement to percentile items, if today's books and the samples give what was billed.
func (bill *Bill) measure(ctx context.Context, snap *lake.Snapshot, b *books.Books, cycle lake.Cycle) error {
	var objects []MeasuredMonth
	for i := range bill.Sections {
		s := &bill.Sections[i]
		if s.Model != books.Percentile.String() {
			continue
		}
		if objects == nil {
			var err error
			if objects, err = MeasureMonth(ctx, snap, b, cycle.Or(0), bill.CustomerID); err != nil {
				return err
			}
		}
		for k := range objects {
			if err := s.show(&objects[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// show adds a measurement to the first item of its object, if the object's items add up to it.
func (s *BillSection) show(m *MeasuredMonth) error {
	var first *BillItem
	var sum money.QuantityTotal
	for i := range s.Items {
		it := &s.Items[i]
		if m.SKU != s.SKU || it.Region != m.Region || it.Object != m.Object || it.Kind != tables.PeriodLine.String() {
			continue
		}
		if first == nil {
			first = it
		}
		if err := sum.AddTotal(it.Quantity); err != nil {
			return err
		}
	}
	var want money.QuantityTotal
	if err := want.Add(m.Quantity); err != nil {
		return err
	}
	if first != nil && sum == want {
		first.Measured = m
	}
	return nil
}
