package document

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Association types (§3.5).
const (
	Referral = 1
	Resale   = 2
)

// Statement is the settlement of a partner and its sellers for a cycle (§6.4), in the header's currency.
type Statement struct {
	Header  PageHeader `json:"header"`
	Partner PageParty  `json:"partner"`
	Kind    string     `json:"kind"` // distributor, reseller, referrer
	// the parties that the partner pays, with every seller_id of rows; the first is in the header
	Sellers    []PageParty `json:"sellers"`
	Summary    Summary     `json:"summary"`
	Rows       []Row       `json:"rows"`       // in the order of table partner_statements
	Incentives []Incentive `json:"incentives"` // of every period that has begun, or only those to show
	Clawbacks  []Clawback  `json:"clawbacks"`
	Taxes      []Tax       `json:"taxes,omitempty"` // not added to the net
	// Σ = Σ payment_amount of the rows; empty = no chart, for example because they have several currencies
	Usage   []ChartUsage `json:"consumption"`
	Annexes []Annex      `json:"annexes,omitempty"`
	Notes   []string     `json:"notes"` // sentences, such as the rounding rule
	Money

	Cover *Letter `json:"-"` // of the HTML (DOC-10); nil = none
}

// Summary has a statement's totals. Net = Owed + Cost − Revenue − Incentives + Clawbacks; above 0 the partner pays.
type Summary struct {
	Owed       money.AmountTotal `json:"owed_amount"`      // Σ of the partner's own rows
	Cost       money.AmountTotal `json:"cost_amount"`      // Σ of the rows of its resellers
	Revenue    money.AmountTotal `json:"revenue_amount"`   // what resellers owe the partner
	Margin     money.AmountTotal `json:"margin_amount"`    // revenue − cost
	Incentives money.AmountTotal `json:"incentive_amount"` // Σ of those with Counts
	Clawbacks  money.AmountTotal `json:"clawback_amount"`  // Σ of Clawbacks, what the partner gives back
	Net        money.AmountTotal `json:"net_amount"`
}

// Row is one row of table partner_statements.
type Row struct {
	SellerID        string       `json:"seller_id"`             // `vendor` or a distributor; empty: referral
	ResellerID      string       `json:"reseller_id,omitempty"` // in a distributor's row about a reseller; else empty
	ResellerName    string       `json:"reseller_name,omitempty"`
	CustomerID      string       `json:"customer_id"`
	CustomerName    string       `json:"customer_name,omitempty"`
	AssociationType int          `json:"association_type"`
	Service         string       `json:"service_type_code"`
	ServiceName     string       `json:"service_type_name,omitempty"`
	ChargingMode    int          `json:"charging_mode"` // 1 period, 3 on demand
	Sign            string       `json:"sign"`          // + or -
	Lines           int64        `json:"line_count"`
	Official        money.Amount `json:"official_amount"`
	Discount        money.Amount `json:"official_discount_amount"`
	Truncated       money.Amount `json:"truncated_amount"`
	Payment         money.Amount `json:"payment_amount"`
	Performance     money.Amount `json:"performance_amount"`
	Owed            money.Amount `json:"owed_amount"`
	Revenue         money.Amount `json:"revenue_amount"`
	Cost            money.Amount `json:"cost_amount"`
	Margin          money.Amount `json:"margin_amount"`

	// currency of the official, truncated and payment amounts; empty = that of the header
	Currency string `json:"customer_currency,omitempty"`
	Rate     string `json:"fx_rate,omitempty"` // from customer_currency to that of the header
	RateDate string `json:"fx_date,omitempty"`
}

// Incentive is one row of table incentives with its next step.
type Incentive struct {
	ProgrammeID string
	Period      string // 2026-09, 2026-Q3
	Performance money.Amount
	Transferred money.Amount
	CarriedIn   money.Amount
	Tier        money.Amount
	Bonus       money.Amount
	Amount      money.Amount
	CarriedOut  money.Amount
	State       string
	Deadline    period.Instant // when the state changes unless somebody acts; 0 = never
	Next        string         // what happens then, `void without a confirmation`; empty = nothing
	Counts      bool           // the period ends with the statement's cycle: Amount is part of the net
}

// incentiveJSON is an Incentive as JSON.
type incentiveJSON struct {
	ProgrammeID string       `json:"programme_id"`
	Period      string       `json:"period"`
	Performance money.Amount `json:"performance_amount"`
	Transferred money.Amount `json:"transferred_amount"`
	CarriedIn   money.Amount `json:"carried_in"`
	Tier        money.Amount `json:"tier_amount"`
	Bonus       money.Amount `json:"bonus_amount"`
	Amount      money.Amount `json:"incentive_amount"`
	CarriedOut  money.Amount `json:"carried_out"`
	State       string       `json:"state"`
	Deadline    string       `json:"deadline,omitempty"`
	Next        string       `json:"next,omitempty"`
	Counts      bool         `json:"in_net"`
}

// JSONValue returns the value that MarshalJSON writes; openapi.yaml describes its type.
func (i Incentive) JSONValue() any {
	deadline := ""
	if i.Deadline != 0 {
		deadline = i.Deadline.String()
	}
	return incentiveJSON{i.ProgrammeID, i.Period, i.Performance, i.Transferred, i.CarriedIn, i.Tier, i.Bonus, i.Amount,
		i.CarriedOut, i.State, deadline,
		i.Next, i.Counts}
}

// MarshalJSON writes the deadline as RFC 3339, UTC.
func (i Incentive) MarshalJSON() ([]byte, error) { return json.Marshal(i.JSONValue()) }

// Clawback is an incentive that the partner pays back.
type Clawback struct {
	ProgrammeID string       `json:"programme_id"`
	Period      string       `json:"period"` // for which it was paid
	Amount      money.Amount `json:"clawback_amount"`
	Reason      string       `json:"reason"`
}

// subject names the statement in errors.
func (s *Statement) subject() string {
	return fmt.Sprintf("statement of partner %s for %s", s.Partner.ID, s.Header.Cycle)
}

// Check checks that the statement adds up: official = discount + truncated + payment and margin = revenue − cost in
// every row, the summary from the rows, the consumption by day. The error is a *SumError.
func (s *Statement) Check() error {
	if err := s.Header.Check(); err != nil {
		return err
	}
	c := &sums{document: s.subject()}
	var counted Summary
	var payment money.AmountTotal // of the header's currency
	for i := range s.Rows {
		r := &s.Rows[i]
		what := fmt.Sprintf("row %d (customer %s, service %s)", i+1, r.CustomerID, r.Service)
		c.same(what+": official amount", total(r.Official), c.of(total(r.Discount), total(r.Truncated),
			total(r.Payment)))
		c.same(what+": revenue", total(r.Revenue), c.of(total(r.Cost), total(r.Margin)))
		c.add(&counted.Owed, total(r.Owed))
		c.add(&counted.Cost, total(r.Cost))
		c.add(&counted.Revenue, total(r.Revenue))
		c.add(&counted.Margin, total(r.Margin))
		if r.Currency == "" {
			c.add(&payment, total(r.Payment))
		}
		if c.err != nil {
			return c.err
		}
	}
	for i := range s.Incentives {
		if s.Incentives[i].Counts {
			c.add(&counted.Incentives, total(s.Incentives[i].Amount))
		}
	}
	for i := range s.Clawbacks {
		c.add(&counted.Clawbacks, total(s.Clawbacks[i].Amount))
	}
	have := &s.Summary
	c.same("owed", have.Owed, counted.Owed)
	c.same("cost", have.Cost, counted.Cost)
	c.same("revenue", have.Revenue, counted.Revenue)
	c.same("margin", have.Margin, counted.Margin)
	c.same("incentives", have.Incentives, counted.Incentives)
	c.same("claw-backs", have.Clawbacks, counted.Clawbacks)
	c.same("net", have.Net, c.of(counted.Owed, counted.Cost, negated(counted.Revenue), negated(counted.Incentives),
		counted.Clawbacks))
	c.checkUsage(&s.Header, s.Usage, payment)
	return c.err
}

// Write checks the statement and writes it in a format. Errors: *SumError, and those of w.
func (s *Statement) Write(w io.Writer, f Format, o Options) error {
	if err := s.Check(); err != nil {
		return err
	}
	d := writers{json: s.complete(), pages: s.page}
	if err := d.write(w, f, o); err != nil {
		return fmt.Errorf("write %s as %s: %w", s.subject(), f, err)
	}
	return nil
}

// complete returns a copy without nil lists: JSON has [] for them.
func (s *Statement) complete() *Statement {
	out := *s
	out.Sellers = there(out.Sellers)
	out.Rows = there(out.Rows)
	out.Incentives = there(out.Incentives)
	out.Clawbacks = there(out.Clawbacks)
	out.Usage = there(out.Usage)
	out.Notes = there(out.Notes)
	return &out
}
