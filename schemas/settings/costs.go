package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// CostGrain says which rows of a vendor's cost file are added up before pricing (§11.3).
type CostGrain uint8

// The grains. The zero value is the default.
const (
	ResourceDay CostGrain = iota
	ResourceMonth
	CostRow
)

var (
	costGrainWords  = []string{"resource_day", "resource_month", "row"}
	costFormatWords = []string{"focus"}
)

// String is the grain's word in the settings.
func (g CostGrain) String() string { return costGrainWords[g] }

// Costs configures the feed of vendors' cost files (§11.1). Without a source there is none.
type Costs struct {
	Settle  time.Duration // a delivery without _SUCCESS is complete once its newest file is older than this
	Grain   CostGrain
	Sources CostSources
}

// CostSources holds the sources of cost files, as a pointer so that settings compare with ==; the zero value has none.
type CostSources struct{ list *[]CostSource }

// All lists the sources by name.
func (s CostSources) All() []CostSource {
	if s.list == nil {
		return nil
	}
	return *s.list
}

// Names lists the names of the sources, ascending.
func (s CostSources) Names() []string {
	var names []string
	for _, one := range s.All() {
		names = append(names, one.Source)
	}
	return names
}

// Of is the source of a name.
func (s CostSources) Of(name string) (CostSource, bool) {
	for _, one := range s.All() {
		if one.Source == name {
			return one, true
		}
	}
	return CostSource{}, false
}

// CostSource is one account of a vendor that sends cost files.
type CostSource struct {
	Source   string // the folder below inbox/costs/
	Provider string // a label
	// Fx is the exchange rate to the workspace's currency by cycle, for cycles in which the vendor's invoice states it.
	Fx      map[period.Cycle]money.UnitPrice
	Reading books.CostReading
}

// costKeys are the keys of vendors' cost files.
func costKeys() []Key {
	return []Key{
		{Name: "costs.settle", Type: "duration", Default: "15m", read: readCostSettle,
			Meaning: "a delivery of cost files without _SUCCESS is complete once its newest file is older than this"},
		{
			Name:    "costs.grain",
			Type:    strings.Join(costGrainWords, " | "),
			Default: costGrainWords[0],
			read:    readCostGrain,
			Meaning: "which rows of a cost file are added up to one line",
		},
		{Name: "costs.sources", Type: "[{source: NAME, provider: LABEL, format: focus, fx: {YYYY-MM: \"RATE\"}, " +
			"zone: ZONE, period_end: inclusive, missing: {COLUMN: COLUMN}}]",
			Default: "[]", read: readCostSources,
			Meaning: "vendors' accounts whose cost files are in inbox/costs/NAME"},
	}
}

func readCostSettle(s *Settings, m YAMLMap, key string) {
	s.Costs.Settle = YAMLValue(m, key, s.Costs.Settle, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("%q: not a duration such as 15m", text)
		}
		return d, nil
	})
}

func readCostGrain(s *Settings, m YAMLMap, key string) {
	s.Costs.Grain = CostGrain(m.Word(key, int(s.Costs.Grain), costGrainWords))
}

func readCostSources(s *Settings, m YAMLMap, key string) {
	n := m.Get(key)
	if n == nil || n.Kind == Null {
		return
	}
	if n.Kind != Sequence {
		m.Fail(key, n, "write each source as `- {source: NAME, format: focus}`", "%s, not a list of sources", n.Kind)
		return
	}
	var list []CostSource
	for i := range n.Items {
		if n.Items[i].Kind != Mapping {
			m.Fail(key, &n.Items[i], "write {source: NAME, format: focus}", "%s, not a source", n.Items[i].Kind)
			continue
		}
		one := m.Item(key, i, &n.Items[i], []string{"source", "provider", "format", "fx", "zone",
			"period_end", "missing"})
		one.Require("source", "the folder below inbox/costs/")
		source := CostSource{Source: YAMLValue(one, "source", "", parseCostSource),
			Provider: one.Text("provider", ""), Fx: readFx(one), Reading: books.CostReading{
				Zone:      YAMLValue(one, "zone", period.UTC(), parseZone),
				Inclusive: one.Word("period_end", 0, books.CostEnds()) == 1, Missing: readMissing(one)}}
		one.Word("format", 0, costFormatWords)
		if source.Source != "" &&
			slices.ContainsFunc(list, func(o CostSource) bool { return o.Source == source.Source }) {
			one.Fail("source", one.Get("source"), "keep one of the two", "%q is listed twice", source.Source)
		}
		list = append(list, source)
	}
	slices.SortFunc(list, func(a, b CostSource) int { return strings.Compare(a.Source, b.Source) })
	if len(list) > 0 {
		s.Costs.Sources.list = &list
	}
}

// parseCostSource reads the name of a folder; the name must be usable in the id of a line.
func parseCostSource(text string) (string, error) {
	bad := text == "" || strings.HasPrefix(text, ".") || strings.HasPrefix(text, "_")
	for _, c := range text {
		bad = bad ||
			c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}
	if bad {
		return "", fmt.Errorf("%q: want a name of letters, digits and the signs . - _ only", text)
	}
	return text, nil
}

// readMissing reads what nulls of cost columns are (§11.8).
func readMissing(m YAMLMap) (missing [books.CostColumns]string) {
	n := m.Get("missing")
	if n == nil {
		return missing
	}
	if n.Kind != Mapping {
		m.Fail("missing", n, "write {EffectiveCost: BilledCost}", "%s, not a mapping of cost columns", n.Kind)
		return missing
	}
	for i := range n.Pairs {
		pair := &n.Pairs[i]
		of, ok := books.CostColumnOf(pair.Key)
		from, isColumn := books.CostColumnOf(pair.Value.Text)
		if !ok || of >= books.CostColumns || pair.Value.Text != books.NoCost &&
			(!isColumn || from >= books.CostColumns || from == of) {
			m.Fail("missing", &pair.Value, "name ListCost, ContractedCost, EffectiveCost or BilledCost, and for it "+
				`another of them or "0"`, "%s: %q", pair.Key, pair.Value.Text)
			continue
		}
		missing[of] = pair.Value.Text
	}
	return missing
}

// readFx reads the exchange rates that the vendor's invoices state, by cycle.
func readFx(m YAMLMap) map[period.Cycle]money.UnitPrice {
	n := m.Get("fx")
	if n == nil {
		return nil
	}
	if n.Kind != Mapping {
		m.Fail("fx", n, `write {2026-09: "7.1234"}`, "%s, not a mapping of cycles", n.Kind)
		return nil
	}
	out := make(map[period.Cycle]money.UnitPrice)
	for i := range n.Pairs {
		pair := &n.Pairs[i]
		cycle, err := period.ParseCycle(pair.Key)
		if err != nil {
			m.Fail("fx", &pair.Value, "write a cycle such as 2026-09", "%v", err)
			continue
		}
		rate, err := money.ParseUnitPrice(pair.Value.Text)
		if err != nil || rate == (money.UnitPrice{}) {
			m.Fail("fx", &pair.Value, `write a rate above 0 in quotes, such as "7.1234"`, "cycle %s: %q is not a rate",
				pair.Key, pair.Value.Text)
			continue
		}
		out[cycle] = rate
	}
	return out
}
