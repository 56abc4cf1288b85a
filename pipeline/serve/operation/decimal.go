package operation

import "github.com/tollbook/tollbook/schemas/period"

// Time formats a time as the vendor's operations do: `2026-09-01T00:00:00Z`. Fractions of a second are cut off.
func Time(t period.Instant) string {
	part := int64(t) % period.Second
	if part < 0 {
		part += period.Second
	}
	return (t - period.Instant(part)).String()
}

// Decimal is sent as a JSON number with exactly these digits, which the SDK reads as decimal.Decimal. For a field that
// is a string in the SDK, use a string.
type Decimal string

// MarshalJSON writes the digits.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d), nil }

// Number is a number of a request that may also be a string, for openapi.yaml.
type Number string
