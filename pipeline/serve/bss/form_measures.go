package bss

// MeasureYuan is the vendor's id of the currency's main unit.
const MeasureYuan = 1

// MeasureID returns the vendor's number of a measure; 0 = the SDK's documentation has none.
func MeasureID(measure string) int {
	switch measure {
	case "piece", "count", "request", "call":
		return 14
	case "Mbps":
		return 15
	case "GB":
		return 17
	}
	return 0
}

// TermKinds returns the vendor's numbers of periods: 周期类型 of its model.
func TermKinds() map[string]int {
	return map[string]int{"year": 19, "month": 20, "day": 24, "hour": 25, "one_off": 5}
}
