package closed

import (
	"encoding/json"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// differenceMessage is the JSON form of a difference. Byte fields hold texts that need not be UTF-8.
type differenceMessage struct {
	Origin    period.Cycle        `json:"origin"`
	Customer  int32               `json:"customer"`
	SKU       int32               `json:"sku"`
	Region    []byte              `json:"region"`
	Resource  []byte              `json:"resource"`
	Fee       bool                `json:"fee"`
	Charge    []byte              `json:"charge"`
	Committed []byte              `json:"committed"`
	Used      money.QuantityTotal `json:"used"`
	Free      money.QuantityTotal `json:"free"`
	Official  money.Amount        `json:"official"`
	Discount  money.Amount        `json:"discount"`
	Truncated money.Amount        `json:"truncated"`
	Payment   money.Amount        `json:"payment"`
	Draws     []byte              `json:"draws"`
	Part      period.Span         `json:"part"`
	PlacePart period.Instant      `json:"place_part"`
	Why       []string            `json:"why"`
}

// MarshalJSON implements json.Marshaler, for messages between tasks.
func (d RerateDifference) MarshalJSON() ([]byte, error) {
	return json.Marshal(differenceMessage{d.Origin, d.Customer, d.SKU, []byte(d.Region), []byte(d.Resource), d.Fee,
		[]byte(d.Charge), []byte(d.Commitment),
		d.Used, d.Free, d.Official, d.Discount, d.Truncated, d.Payment,
		[]byte(d.DrawsText()), d.Part, d.Place.Part, d.Why})
}

// UnmarshalJSON implements json.Unmarshaler. Draws of zero are omitted.
func (d *RerateDifference) UnmarshalJSON(b []byte) error {
	var m differenceMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	draws, err := ParseSumDraws(string(m.Draws))
	if err != nil {
		return err
	}
	*d = RerateDifference{
		Place: Place{Origin: m.Origin, Customer: m.Customer, SKU: m.SKU, Region: string(m.Region),
			Resource: string(m.Resource), Fee: m.Fee, Charge: string(m.Charge),
			Part: m.PlacePart, Commitment: string(m.Committed)},
		Sum: Sum{Used: m.Used, Free: m.Free, Official: m.Official, Discount: m.Discount, Truncated: m.Truncated,
			Payment: m.Payment, Draws: draws},
		Part: m.Part,
		Why:  m.Why,
	}
	return nil
}
