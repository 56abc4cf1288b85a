package operation

import "github.com/tollbook/tollbook/schemas/period"

// Time is a time as the vendor's operations have it: `2026-09-01T00:00:00Z`, without a fraction. What the lake has
// more exactly is given
// as the second that it is in.
func Time(t period.Instant) string {
	part := int64(t) % period.Second
	if part < 0 {
		part += period.Second
	}
	return (t - period.Instant(part)).String()
}

// Decimal is a decimal that goes out as a JSON number with these very digits: what the SDK reads as decimal.Decimal.
// Where the SDK has a string, a plain string is right.
type Decimal string

// MarshalJSON writes the digits.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d), nil }

// Number is a number of a request that may also be sent as a string, for openapi.yaml.
type Number string
