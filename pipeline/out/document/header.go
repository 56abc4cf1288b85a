package document

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// PageParty is a vendor, partner or customer. If the name is empty, the id is shown instead.
type PageParty struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// called returns the name for people, or the id.
func (p PageParty) called() string {
	if p.Name == "" || p.Name == p.ID {
		return p.ID
	}
	return visible.Isolated(p.Name)
}

// Full returns the name for people followed by the id.
func (p PageParty) Full() string {
	if called := p.called(); called != p.ID {
		return called + " (" + p.ID + ")"
	}
	return p.ID
}

// PageHeader is what is at the top of every document.
type PageHeader struct {
	Vendor   PageParty
	Cycle    period.Cycle
	Zone     *period.Zone // the contract zone
	Currency string       // ISO 4217
	Digits   int          // of the currency, 0 to 8
	Closed   bool         // else the document is provisional
	MonthEnd bool         // month-end lines are included
	AsOf     period.Instant
}

// headerJSON is a Header as JSON.
type headerJSON struct {
	Vendor   PageParty `json:"vendor"`
	Cycle    string    `json:"cycle"`
	Zone     string    `json:"zone"`
	Currency string    `json:"currency"`
	Digits   int       `json:"digits"`
	State    string    `json:"state"`
	MonthEnd bool      `json:"month_end"`
	AsOf     string    `json:"as_of"`
}

// JSONValue returns the value that MarshalJSON writes; openapi.yaml describes its type.
func (h PageHeader) JSONValue() any {
	zone := ""
	if h.Zone != nil {
		zone = h.Zone.Name()
	}
	return headerJSON{h.Vendor, h.Cycle.String(), zone, h.Currency, h.Digits, h.State(), h.MonthEnd, h.AsOf.String()}
}

// MarshalJSON writes the header with times as RFC 3339, UTC.
func (h PageHeader) MarshalJSON() ([]byte, error) { return json.Marshal(h.JSONValue()) }

// State returns `closed` or `open`, the states of a cycle.
func (h *PageHeader) State() string {
	if h.Closed {
		return "closed"
	}
	return "open"
}

// Status says whether the document's amounts are final.
func (h *PageHeader) Status() string {
	switch {
	case h.Closed:
		return "closed"
	case h.MonthEnd:
		return "provisional, with month-end lines"
	}
	return "provisional, month-end lines still to come"
}

// Time formats an instant in the contract zone, to the minute, with the offset.
func (h *PageHeader) Time(t period.Instant) string {
	return time.UnixMicro(int64(t)).In(h.Zone.Location()).Format("2006-01-02 15:04 -07:00")
}

// rounded formats an amount for people with the currency's digits.
func (h *PageHeader) rounded(c *PageCell) string {
	return GroupedDigits(Rounded(c.Amount.String(), h.Digits))
}

// span returns the cycle's first and last day.
func (h *PageHeader) span() string {
	return h.Cycle.First().String() + " to " + h.Cycle.Last().String()
}

// Check checks that the header has a zone, and a number of digits that an amount can have.
func (h *PageHeader) Check() error {
	switch {
	case h.Zone == nil:
		return fmt.Errorf("document of cycle %s: no zone", h.Cycle)
	case h.Digits < 0 || h.Digits > money.AmountScale:
		return fmt.Errorf("document of cycle %s: %d digits of currency %q, outside 0 to %d", h.Cycle, h.Digits,
			h.Currency, money.AmountScale)
	}
	return nil
}

// PageFigure is one value with its name, for people.
type PageFigure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Annex shows how one billing object of bandwidth was measured. Only the HTML has the drawing, which is SVG without
// references (package query draws one).
type Annex struct {
	Object  string       `json:"object"`
	SKU     string       `json:"sku"`
	Title   string       `json:"title"`
	Heading string       `json:"-"` // Title for people
	Figures []PageFigure `json:"figures"`
	SVG     []byte       `json:"-"`
	// Cut has the complete text of each text of SVG that was too long for its place.
	Cut map[string]string `json:"-"`
}
