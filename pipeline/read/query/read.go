package query

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// AnnexLine is one tier of the month-end charge.
type AnnexLine struct {
	ID         string               `json:"id"`
	Tier       int                  `json:"tier"`
	Kind       string               `json:"kind"`
	Quantity   money.SignedQuantity `json:"quantity"`
	UnitPrice  money.UnitPrice      `json:"unit_price"`
	Official   money.Amount         `json:"official_amount"`
	Discount   money.Amount         `json:"official_discount_amount"`
	DiscountID string               `json:"discount_id,omitempty"`
	Truncated  money.Amount         `json:"truncated_amount"`
	Payment    money.Amount         `json:"payment_amount"`
}

// each visits the rows of one file.
func each(snap *lake.Snapshot, e lake.FileEntry, def tables.Def[tables.Line],
	visit func(rows.Row[tables.Line]) error) (err error) {
	rows, err := rows.File(snap, e, def, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Each(visit)
}

// lines reads the object's month-end lines from the lake. If the cycle has none yet, it prices the quantity.
func (s *AnnexSources) lines(a *Annex, k state.MeasureKey, cycle period.Cycle) error {
	a.Lines = []AnnexLine{}
	a.Provisional = a.State != lake.CycleClosed
	id := strings.Join([]string{a.Cycle, a.SKU, a.Region, a.Object}, "/")
	if !a.MonthEnd {
		a.Agrees = true
		return s.price(a, k, cycle, id)
	}
	files, err := s.Snap.Files(lake.CycleOf(cycle))
	if err != nil {
		return err
	}
	bucket := lake.BucketOf(a.CustomerID, max(1, s.Snap.Manifest.Buckets))
	for _, e := range files {
		if e.Table != tables.Lines().Name || e.Day != lake.EndDay || e.Bucket != bucket {
			continue
		}
		err := each(s.Snap, e, tables.Lines(), func(row rows.Row[tables.Line]) error {
			if row.Word(tables.LineCustomerID) != a.CustomerID || string(row.Text(tables.LineID)) != id {
				return nil
			}
			l, err := lineOf(row)
			a.Lines = append(a.Lines, l)
			return err
		})
		if err != nil {
			return err
		}
	}
	return a.compare()
}

// compare compares the lines' quantity with the measured one.
func (a *Annex) compare() error {
	var billed, measured money.QuantityTotal
	for i := range a.Lines {
		if a.Lines[i].Kind != tables.PeriodLine.String() {
			continue
		}
		if err := billed.AddSigned(a.Lines[i].Quantity); err != nil {
			return err
		}
	}
	err := measured.Add(a.Quantity)
	a.Agrees = billed == measured
	return err
}

// price prices the quantity with today's books.
func (s *AnnexSources) price(a *Annex, k state.MeasureKey, cycle period.Cycle, id string) error {
	var charges tables.LineCharges
	bw := tariff.Bandwidth{Customer: k.Customer, SKU: k.SKU, Region: k.Region, Cycle: cycle, Quantity: a.Quantity}
	if err := s.Prices.PercentileCharges(&bw, nil, &charges); err != nil {
		return err
	}
	for i := range charges.List {
		c := &charges.List[i]
		l := AnnexLine{ID: id, Tier: int(c.Tier), Kind: c.Kind.String(), Quantity: c.Quantity, UnitPrice: c.UnitPrice,
			Official: c.Official, Discount: c.Discount, Truncated: c.Truncated, Payment: c.Payment}
		if c.DiscountID >= 0 {
			l.DiscountID = s.Books.Discounts[c.DiscountID].ID
		}
		a.Lines = append(a.Lines, l)
	}
	return nil
}

// lineOf reads a stored line.
func lineOf(row rows.Row[tables.Line]) (AnnexLine, error) {
	l := AnnexLine{ID: string(row.Text(tables.LineID)), Tier: row.Small(tables.LineTier),
		Kind:       row.Word(tables.LineKind),
		DiscountID: row.Word(tables.LineDiscountID)}
	var err error
	if l.Quantity, err = row.Quantity(tables.LineQuantity); err != nil {
		return l, err
	}
	if l.UnitPrice, err = row.UnitPrice(tables.LineUnitPrice); err != nil {
		return l, err
	}
	for _, a := range []struct {
		col tables.AmountColumn[tables.Line]
		to  *money.Amount
	}{{tables.LineOfficialAmount, &l.Official}, {tables.LineOfficialDiscountAmount, &l.Discount},
		{tables.LineTruncatedAmount, &l.Truncated},
		{tables.LinePaymentAmount, &l.Payment}} {
		if *a.to, err = row.Amount(a.col); err != nil {
			return l, fmt.Errorf("line %s: %w", l.ID, err)
		}
	}
	return l, nil
}

// Payment returns the sums of the lines' official_amount and payment_amount.
func (a *Annex) Payment() (official, payment money.AmountTotal, err error) {
	for i := range a.Lines {
		if err = errors.Join(official.Add(a.Lines[i].Official), payment.Add(a.Lines[i].Payment)); err != nil {
			return official, payment, err
		}
	}
	return official, payment, nil
}
