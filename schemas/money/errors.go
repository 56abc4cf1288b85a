package money

import "fmt"

// Kind says what is wrong with a decimal in input data. Its words are the reasons of §3.20.
type Kind uint8

const (
	// Missing: the text is empty.
	Missing Kind = iota + 1
	// BadDecimal: the form is not that of §1.1, digits exceed the scale, or there is a minus that is not allowed.
	BadDecimal
	// OutOfRange: the form is correct and the number is outside its type's range.
	OutOfRange
)

// String gives the reason's name: missing_value, bad_decimal, out_of_range.
func (k Kind) String() string {
	switch k {
	case Missing:
		return "missing_value"
	case BadDecimal:
		return "bad_decimal"
	case OutOfRange:
		return "out_of_range"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// shownText is how many bytes of a wrong text an error message quotes; Text has all of them.
const shownText = 64

// ParseError is a decimal in input data, a text or a stored integer, that is not a value of the requested type.
type ParseError struct {
	Kind Kind
	Text string // the text as it was given; for a stored integer, the decimal it stands for
	Why  string // what is wrong with it: "thousands separator"
}

// Error is worded to follow the name of a column: `"1,000": thousands separator`.
func (e *ParseError) Error() string {
	if e.Kind == Missing {
		return e.Why
	}
	text := e.Text
	if len(text) > shownText {
		return fmt.Sprintf("%q… (%d bytes): %s", text[:shownText], len(text), e.Why)
	}
	return fmt.Sprintf("%q: %s", text, e.Why)
}

// OpTotal is the Op of a RangeError of a total that is converted to a type with a smaller range.
const OpTotal = "total"

// RangeError is an operation whose exact result is outside the range of its type. It has no result.
type RangeError struct {
	Type string // the type of the result: "quantity"
	Op   string // the operation: "+", "−", "×", "÷ up", OpTotal
	X, Y string // the operands with all digits; Y is empty if there is only one
	Why  string // the range or the condition that was broken: "outside 0 to 10^15"
}

// Error names the operation with its operands: `quantity 1.0000000000 − 2.0000000000: outside 0 to 10^15`.
func (e *RangeError) Error() string {
	if e.Y == "" {
		return fmt.Sprintf("%s %s %s: %s", e.Type, e.Op, e.X, e.Why)
	}
	return fmt.Sprintf("%s %s %s %s: %s", e.Type, e.X, e.Op, e.Y, e.Why)
}
