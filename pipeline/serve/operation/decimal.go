package operation

// Decimal is a decimal that goes out as a JSON number with these very digits: what the SDK reads as decimal.Decimal. Where the SDK has a
// string, a plain string is right.
type Decimal string

// MarshalJSON writes the digits.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d), nil }
