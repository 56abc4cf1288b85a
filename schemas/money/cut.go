package money

import "fmt"

// Mode is how an amount is cut to the currency's digits: rounding.mode of the settings (§2.1, §4.2). The zero
// value is no mode, since there is no default.
type Mode uint8

const (
	// Truncate cuts toward zero.
	Truncate Mode = iota + 1
	// HalfUp rounds to the nearest, halves away from zero.
	HalfUp
	// HalfEven rounds to the nearest, halves to the even neighbour.
	HalfEven
	// Up rounds away from zero.
	Up
)

// ParseMode reads truncate, half_up, half_even or up.
func ParseMode(s string) (Mode, error) {
	switch s {
	case "truncate":
		return Truncate, nil
	case "half_up":
		return HalfUp, nil
	case "half_even":
		return HalfEven, nil
	case "up":
		return Up, nil
	}
	return 0, fmt.Errorf("rounding mode %q is none of truncate, half_up, half_even, up", s)
}

// String gives the word of the settings.
func (m Mode) String() string {
	switch m {
	case Truncate:
		return "truncate"
	case HalfUp:
		return "half_up"
	case HalfEven:
		return "half_even"
	case Up:
		return "up"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// MarshalText gives the word of the settings; no mode is an error.
func (m Mode) MarshalText() ([]byte, error) {
	if _, err := ParseMode(m.String()); err != nil {
		return nil, err
	}
	return []byte(m.String()), nil
}

// UnmarshalText is ParseMode; an error leaves m unchanged.
func (m *Mode) UnmarshalText(text []byte) error {
	mode, err := ParseMode(string(text))
	if err != nil {
		return err
	}
	*m = mode
	return nil
}

// Cut rounds a to the given decimals, 0 to 8, by mode; negative amounts mirror positive ones (§4.2). With more than 8
// decimals it returns a unchanged; fewer than 0 count as 0. It panics if mode is not one of the four.
//
// Rounding 999999999999999999.99999999 up gives 10^18, one unit past the range. Cut returns it exactly, but
// MarshalText, ParseAmount and AmountFromRaw reject it (doc.go, invariant 3).
func (a Amount) Cut(digits int, mode Mode) Amount {
	if digits >= AmountScale {
		return a
	}
	unit := pow10[AmountScale-max(digits, 0)]
	mag := a.v.abs()
	units, rest := mag.quoRem64(unit)
	mag = mag.sub(uint128{0, rest})
	if roundsUp(mode, rest, unit, units.lo&1 == 1) {
		mag, _ = mag.add(uint128{0, unit}) // far below 2^128
	}
	return Amount{mag.signed(a.v.hi < 0)}
}

// CutBy returns a mode by which Cut turns a into given: mode itself if it does, otherwise the first of half up, half
// even, truncate and up that does, or mode if none does.
func (a Amount) CutBy(given Amount, digits int, mode Mode) Mode {
	for _, m := range [...]Mode{mode, HalfUp, HalfEven, Truncate, Up} {
		if a.Cut(digits, m) == given {
			return m
		}
	}
	return mode
}

// Rd is the Rd of §1.1: half away from zero to the currency's digits.
func (a Amount) Rd(digits int) Amount { return a.Cut(digits, HalfUp) }

// Td is the Td of §1.1: truncated toward zero to the currency's digits.
func (a Amount) Td(digits int) Amount { return a.Cut(digits, Truncate) }

// roundsUp reports whether a magnitude is rounded away from zero. rest is what is left over below unit, unit is even,
// and odd says whether the number of whole units is odd.
func roundsUp(mode Mode, rest, unit uint64, odd bool) bool {
	switch mode {
	case Truncate:
		return false
	case HalfUp:
		return rest >= unit/2
	case HalfEven:
		return rest > unit/2 || (rest == unit/2 && odd)
	case Up:
		return rest > 0
	}
	panic("money: cut by " + mode.String())
}
