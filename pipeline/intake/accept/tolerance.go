package accept

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CostTolerance is a deviation from FOCUS that is accepted.
type CostTolerance uint8

// The tolerances.
const (
	NullWord CostTolerance = iota
	BlankInTime
	NoOffset
	DateOnly
	Exponent
	LeadingPoint
	Rounded
	Float
	Spelling
	TagsUnreadable
	TagsRepeated
	TagsLiteral
	TagsNull
	NullListCost
	NullContractedCost
	NoSeconds
	OffsetHours
	OffsetNoColon
	FilledListCost // by books.CostColumn
	FilledContractedCost
	FilledEffectiveCost
	FilledBilledCost
	tolerances
)

var toleranceNames = [tolerances]string{"null_word", "blank_in_time", "time_without_offset", "date_without_time",
	"exponent", "leading_point", "rounded", "float", "spelling", "tags_unreadable", "tags_repeated_key", "tags_literal",
	"tags_null", "null_ListCost", "null_ContractedCost", "time_without_seconds", "offset_of_hours",
	"offset_without_colon", "filled_ListCost", "filled_ContractedCost", "filled_EffectiveCost", "filled_BilledCost"}

var toleranceMeanings = [tolerances]string{
	"the word NULL instead of an empty field", "a blank instead of T between date and time",
	"a time without an offset, taken in the zone of the source",
	"a date without a time, taken as its first instant in the zone of the source",
	"a number with an exponent", "a number without a digit before its point",
	"a number with more than 18 decimals, rounded half away from zero", "a number in a FLOAT or DOUBLE column",
	"a word of ChargeCategory, ChargeClass or CommitmentDiscountStatus in other letter case",
	"Tags that are no JSON object of strings: the row has no tags", "a key that Tags has twice: the last one counts",
	"a number or boolean in Tags, taken as its text", "a null in Tags, taken as no tag",
	"ListCost is null: 0 in sums", "ContractedCost is null: 0 in sums",
	"a time without seconds", "an offset of hours alone: +08", "an offset without a colon: +0800",
	"a null ListCost, taken from `missing` of the source", "the same of ContractedCost", "the same of EffectiveCost",
	"the same of BilledCost",
}

// ToleratedCosts lists the names of all tolerances with their meanings.
func ToleratedCosts() (names, meanings []string) { return toleranceNames[:], toleranceMeanings[:] }

// CostTally counts tolerances.
type CostTally struct {
	counts  [tolerances]int64
	missing map[string]int64 // rows of files that lack an optional column
}

func (t *CostTally) lack(column string, rows int64) {
	if t.missing == nil {
		t.missing = make(map[string]int64)
	}
	t.missing[column] += rows
}

// Add adds the counts of another tally.
func (t *CostTally) Add(o *CostTally) {
	for k, n := range o.counts {
		t.counts[k] += n
	}
	for column, rows := range o.missing {
		t.lack(column, rows)
	}
}

// String lists the counts: `exponent:2;missing_ListCost:100`.
func (t *CostTally) String() string {
	var parts []string
	for k, n := range t.counts {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s:%d", toleranceNames[k], n))
		}
	}
	for _, column := range slices.Sorted(maps.Keys(t.missing)) {
		parts = append(parts, fmt.Sprintf("missing_%s:%d", column, t.missing[column]))
	}
	return strings.Join(parts, ";")
}
