package document

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Bill is the bill of a customer for a cycle (§8, statements). Amounts are in the header's currency.
type Bill struct {
	Header   PageHeader `json:"header"`
	Customer PageParty  `json:"customer"`
	Partner  PageParty  `json:"partner,omitzero"` // the customer's partner; empty = the vendor
	Amounts  Amounts    `json:"amounts"`
	Payments Payments   `json:"payments"`
	Sections []Section  `json:"sections"` // by service, sku; all lines of the cycle
	// the lines of refunds and adjustments one by one; Sections include them
	Corrections []Correction `json:"corrections"`
	Packages    []Package    `json:"packages"`
	Usage       []ChartUsage `json:"consumption"` // Σ = payment_amount of the bill; empty = no chart
	Annexes     []Annex      `json:"annexes,omitempty"`
	Notes       []string     `json:"notes"` // sentences, such as the rounding rule

	Cover *Letter `json:"-"` // of the HTML (DOC-10); nil = none

	ToCustomer []string `json:"-"` // the notes of the HTML
	Issuers    []string `json:"-"` // the ids of the sellers of the lines, sorted
}

// Amounts is the customer's row of table statements. Official = Discount + Truncated + Payment. Payment = Rounding +
// Due − the taxes that are not included in prices.
type Amounts struct {
	Lines     int64        `json:"line_count"`
	Official  money.Amount `json:"official_amount"`
	Discount  money.Amount `json:"official_discount_amount"`
	Truncated money.Amount `json:"truncated_amount"`
	Payment   money.Amount `json:"payment_amount"`
	Rounding  money.Amount `json:"rounding_amount"`
	Due       money.Amount `json:"due_amount"`

	Tax   *money.Amount `json:"tax_amount,omitempty"` // Σ of Taxes; nil in a cycle without taxes
	Taxes []Tax         `json:"taxes,omitempty"`
}

// Payments says how Payment was or will be paid; its parts add up to it.
type Payments struct {
	// Recorded says that balances pay, so that these are payments; otherwise all but coupons is taken for cash (§6.3).
	Recorded bool `json:"-"`

	Coupon      money.Amount `json:"coupon_amount"`
	StoredValue money.Amount `json:"stored_value_card_amount"`
	Flexi       money.Amount `json:"flexipurchase_coupon_amount"`
	Cash        money.Amount `json:"cash_amount"`
	Credit      money.Amount `json:"credit_amount"`
	Debt        money.Amount `json:"debt_amount"` // at the time of billing
}

// Section is the lines of one product.
type Section struct {
	Service     string `json:"service_type_code"`
	ServiceName string `json:"service_type_name,omitempty"`
	SKU         string `json:"sku"`
	Product     string `json:"product,omitempty"`
	Model       string `json:"pricing_model,omitempty"`
	Measure     string `json:"measure"`
	Items       []Item `json:"items"`
}

// Item is lines of a product that differ only in record, quantity and time.
type Item struct {
	Region      string          `json:"region_code"`
	Object      string          `json:"object,omitempty"` // link or group
	Tier        int             `json:"tier"`             // 0 = none
	Kind        string          `json:"kind"`
	OriginCycle string          `json:"origin_cycle,omitempty"` // of lines of another cycle
	UnitPrice   money.UnitPrice `json:"unit_price"`
	DiscountID  string          `json:"discount_id,omitempty"`
	table.LineSums
}

// Correction is one line of a refund or an adjustment.
type Correction struct {
	ID          string // of the line
	Kind        string // refund, adjustment
	OriginCycle string // empty = this one
	SKU         string //
	Product     string //
	Time        period.Instant
	Payment     money.Amount
	Note        string
}

// correctionJSON is a Correction as JSON.
type correctionJSON struct {
	ID          string       `json:"id"`
	Kind        string       `json:"kind"`
	OriginCycle string       `json:"origin_cycle,omitempty"`
	SKU         string       `json:"sku"`
	Product     string       `json:"product,omitempty"`
	Time        string       `json:"time"`
	Payment     money.Amount `json:"payment_amount"`
	Note        string       `json:"note,omitempty"`
}

// JSONValue returns the value that MarshalJSON writes; openapi.yaml describes its type.
func (c Correction) JSONValue() any {
	return correctionJSON{c.ID, c.Kind, c.OriginCycle, c.SKU, c.Product, c.Time.String(), c.Payment, c.Note}
}

// MarshalJSON writes the time as RFC 3339, UTC.
func (c Correction) MarshalJSON() ([]byte, error) { return json.Marshal(c.JSONValue()) }

// Package is one quota period of a prepaid quota. Left can differ from Opening − Drawn if the books changed the quota
// since.
type Package struct {
	PackageID string               `json:"package_id"`
	SKUs      []string             `json:"skus"`
	Region    string               `json:"region_code"`
	Measure   string               `json:"measure,omitempty"`
	From      string               `json:"from,omitempty"` // of this quota period, formatted for people; empty = open
	To        string               `json:"to,omitempty"`
	Opening   money.Quantity       `json:"opening"`
	Drawn     money.SignedQuantity `json:"drawn"`
	Left      money.SignedQuantity `json:"left"`
}

func (b *Bill) subject() string {
	return fmt.Sprintf("bill of customer %s for %s", b.Customer.ID, b.Header.Cycle)
}

// kinds of lines that are corrections.
const (
	kindRefund     = "refund"
	kindAdjustment = "adjustment"
)

// Check checks that the bill adds up: the amounts among themselves and from the items, the payments, the corrections
// (if there are any) and the consumption by day. The error is a *SumError.
func (b *Bill) Check() error {
	if err := b.Header.Check(); err != nil {
		return err
	}
	c := &sums{document: b.subject()}
	var lines int64
	var official, discount, truncated, payment, corrected, listed money.AmountTotal
	for i := range b.Sections {
		for k := range b.Sections[i].Items {
			it := &b.Sections[i].Items[k]
			c.same(fmt.Sprintf("item %d of %s: official amount", k+1, b.Sections[i].SKU), it.Official,
				c.of(it.Discount, it.Truncated, it.Payment))
			lines += it.Lines
			c.add(&official, it.Official)
			c.add(&discount, it.Discount)
			c.add(&truncated, it.Truncated)
			c.add(&payment, it.Payment)
			if it.Kind == kindRefund || it.Kind == kindAdjustment {
				c.add(&corrected, it.Payment)
			}
		}
	}
	a := &b.Amounts
	c.same("official amount", total(a.Official), official)
	c.same("discount", total(a.Discount), discount)
	c.same("truncated amount", total(a.Truncated), truncated)
	c.same("payment amount", total(a.Payment), payment)
	c.same("payment amount of rounding and due", total(a.Payment), c.of(total(a.Rounding), total(a.Due),
		negated(c.added(a.Taxes))))
	if a.Tax != nil {
		var taxes money.AmountTotal
		for i := range a.Taxes {
			c.add(&taxes, total(a.Taxes[i].Amount))
		}
		c.same("tax", total(*a.Tax), taxes)
	}
	p := &b.Payments
	c.same("payment amount by how it is paid", total(a.Payment), c.of(total(p.Coupon), total(p.StoredValue),
		total(p.Flexi), total(p.Cash), total(p.Credit), total(p.Debt)))
	for i := range b.Corrections {
		c.add(&listed, total(b.Corrections[i].Payment))
	}
	c.same("refunds and adjustments", corrected, listed)
	c.checkUsage(&b.Header, b.Usage, payment)
	if c.err == nil && lines != a.Lines {
		c.err = &SumError{Document: c.document, What: "line count", Stated: fmt.Sprint(a.Lines),
			Counted: fmt.Sprint(lines)}
	}
	return c.err
}

// Write checks the bill and writes it in a format. Errors: *SumError, and those of w.
func (b *Bill) Write(w io.Writer, f Format, o Options) error {
	if err := b.Check(); err != nil {
		return err
	}
	d := writers{json: b.complete(), pages: b.page}
	if err := d.write(w, f, o); err != nil {
		return fmt.Errorf("write %s as %s: %w", b.subject(), f, err)
	}
	return nil
}

// complete returns a copy without nil lists: JSON has [] for them.
func (b *Bill) complete() *Bill {
	out := *b
	out.Sections = there(out.Sections)
	out.Corrections = there(out.Corrections)
	out.Packages = there(out.Packages)
	out.Usage = there(out.Usage)
	out.Notes = there(out.Notes)
	return &out
}
