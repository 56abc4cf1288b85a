package document

import (
	"encoding/json"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// ChartUsage is the amount of a service's lines of a day: Σ payment_amount, in the currency. Several entries of one day
// and service are added up.
type ChartUsage struct {
	Day         period.Day // may be before the cycle: of a late line, or of a cost file's charge period
	Service     string     // service_type_code
	ServiceName string
	Amount      money.AmountTotal
	MonthEnd    bool // charged at the month's end for the cycle; Day is its first day
}

// usageJSON is a Usage as JSON.
type usageJSON struct {
	Day         string            `json:"day"`
	Service     string            `json:"service_type_code"`
	ServiceName string            `json:"service_type_name,omitempty"`
	Amount      money.AmountTotal `json:"payment_amount"`
	MonthEnd    bool              `json:"month_end,omitempty"`
}

// JSONValue returns the value that MarshalJSON writes; openapi.yaml describes its type.
func (u ChartUsage) JSONValue() any {
	return usageJSON{u.Day.String(), u.Service, u.ServiceName, u.Amount, u.MonthEnd}
}

// MarshalJSON writes the day as 2026-09-01.
func (u ChartUsage) MarshalJSON() ([]byte, error) { return json.Marshal(u.JSONValue()) }
