package layout

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/plain"
)

// Party is a vendor, partner or customer. If the name is empty, the id is shown instead.
type Party struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// called returns the name for people, or the id.
func (p Party) called() string {
	if p.Name == "" || p.Name == p.ID {
		return p.ID
	}
	return plain.Isolated(p.Name)
}

// Full returns the name for people followed by the id.
func (p Party) Full() string {
	if called := p.called(); called != p.ID {
		return called + " (" + p.ID + ")"
	}
	return p.ID
}

// Header is what is at the top of every document.
type Header struct {
	Vendor   Party
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
	Vendor   Party  `json:"vendor"`
	Cycle    string `json:"cycle"`
	Zone     string `json:"zone"`
	Currency string `json:"currency"`
	Digits   int    `json:"digits"`
	State    string `json:"state"`
	MonthEnd bool   `json:"month_end"`
	AsOf     string `json:"as_of"`
}

// JSONValue returns the value that MarshalJSON writes; openapi.yaml describes its type.
func (h Header) JSONValue() any {
	zone := ""
	if h.Zone != nil {
		zone = h.Zone.Name()
	}
	return headerJSON{h.Vendor, h.Cycle.String(), zone, h.Currency, h.Digits, h.State(), h.MonthEnd, h.AsOf.String()}
}

// MarshalJSON writes the header with times as RFC 3339, UTC.
func (h Header) MarshalJSON() ([]byte, error) { return json.Marshal(h.JSONValue()) }

// State returns `closed` or `open`, the states of a cycle.
func (h *Header) State() string {
	if h.Closed {
		return "closed"
	}
	return "open"
}

// Status says whether the document's amounts are final.
func (h *Header) Status() string {
	switch {
	case h.Closed:
		return "closed"
	case h.MonthEnd:
		return "provisional, with month-end lines"
	}
	return "provisional, month-end lines still to come"
}

// Time formats an instant in the contract zone, to the minute, with the offset.
func (h *Header) Time(t period.Instant) string {
	return time.UnixMicro(int64(t)).In(h.Zone.Location()).Format("2006-01-02 15:04 -07:00")
}

// span returns the cycle's first and last day.
func (h *Header) span() string {
	return h.Cycle.First().String() + " to " + h.Cycle.Last().String()
}

// Check checks that the header has a zone, and a number of digits that an amount can have.
func (h *Header) Check() error {
	switch {
	case h.Zone == nil:
		return fmt.Errorf("document of cycle %s: no zone", h.Cycle)
	case h.Digits < 0 || h.Digits > money.AmountScale:
		return fmt.Errorf("document of cycle %s: %d digits of currency %q, outside 0 to %d", h.Cycle, h.Digits,
			h.Currency, money.AmountScale)
	}
	return nil
}

// Figure is one value with its name, for people.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Annex shows how one billing object of bandwidth was measured. Only the HTML has the drawing, which is SVG without
// references (package annex draws one).
type Annex struct {
	Object  string   `json:"object"`
	SKU     string   `json:"sku"`
	Title   string   `json:"title"`
	Heading string   `json:"-"` // Title for people
	Figures []Figure `json:"figures"`
	SVG     []byte   `json:"-"`
	// Cut has the complete text of each text of SVG that was too long for its place.
	Cut map[string]string `json:"-"`
}
