package settings

// Tax says how tax is calculated (§10.6). The zero value is the default.
type Tax struct {
	Inclusive bool // prices include the tax; otherwise it is added to them
	PerLine   bool // the tax of each line is rounded; otherwise that of a cycle
}

// Prices is the word of tax.prices.
func (t Tax) Prices() string {
	if t.Inclusive {
		return "inclusive"
	}
	return "exclusive"
}

// Rounding is the word of tax.rounding.
func (t Tax) Rounding() string {
	if t.PerLine {
		return "line"
	}
	return "bill"
}

// taxKeys are the keys of tax.
func taxKeys() []Key {
	return []Key{
		{Name: "tax.prices", Type: "exclusive | inclusive", Default: "exclusive", read: readTaxPrices,
			Meaning: "whether the taxes of taxes.csv are added to payment amounts or included in them"},
		{Name: "tax.rounding", Type: "bill | line", Default: "bill", read: readTaxRounding,
			Meaning: "round the tax of a cycle once, or the tax of each line"},
	}
}

func readTaxPrices(s *Settings, m YAMLMap, key string) {
	s.Tax.Inclusive = m.Word(key, 0, []string{"exclusive", "inclusive"}) == 1
}

func readTaxRounding(s *Settings, m YAMLMap, key string) {
	s.Tax.PerLine = m.Word(key, 0, []string{"bill", "line"}) == 1
}
