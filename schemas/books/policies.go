package books

import (
	"fmt"
	"strings"

	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings/yamldoc"
)

// document reads a YAML book. ok is false when it is not there or cannot be read.
func (l *loader) document(format Format) (root yamldoc.Node, ok bool) {
	data, there := l.data[format.File]
	if !there {
		return yamldoc.Node{}, false
	}
	root, ok = yamldoc.Parse(dir+"/"+format.File, data, &l.c)
	if !ok {
		l.broken[format.File] = true
	}
	return root, ok && root.Kind != yamldoc.Null
}

func names(format Format) []string {
	out := make([]string, len(format.Columns))
	for i, c := range format.Columns {
		out[i] = c.Name
	}
	return out
}

// policies reads policies.yaml (§4.7).
func (l *loader) policies() {
	format := policiesFormat()
	root, ok := l.document(format)
	if !ok {
		return
	}
	if root.Kind != yamldoc.Mapping {
		l.broken[format.File] = true
		l.c.Add(root.Pos, "write `id:` and its keys below it", "%s, not a mapping of policy ids", root.Kind)
		return
	}
	for i := range root.Pairs {
		pair := &root.Pairs[i]
		m := yamldoc.Fields(&l.c, &pair.Value, pair.Key, names(format))
		p := Policy{
			ID:          pair.Key,
			Series:      Series(m.Word("series", 0, seriesWords)),
			Duplicates:  Duplicates(m.Word("duplicates", 0, duplicateWords)),
			MissingZero: m.Word("missing", 0, missingWords) == 1, ValidDaysOnly: m.Bool("valid_days_only", false),
			Kilo: []int{1000, 1024}[m.Word("kilo", 0, []string{"1000", "1024"})],
			Days: DayShare(m.Word("days", 0, daysWords)),
			Drop: yamldoc.Value(m, "drop", mustRate("0.05"), parseDrop),
		}
		if pair.Value.Kind == yamldoc.Mapping {
			m.Require("method", "one of "+strings.Join(methodWords, ", "))
		}
		p.Method = Method(m.Word("method", 0, methodWords))
		if floor := m.Get("floor_share"); floor != nil && p.Method != EnhancedP95 && m.Get("method") != nil {
			m.Fail("floor_share", floor, "remove it", "only enhanced_p95 has one")
		}
		p.FloorShare = yamldoc.Value(m, "floor_share", money.Rate{}, money.ParseRate[string])
		l.b.Policies = append(l.b.Policies, p)
	}
	slices.SortFunc(l.b.Policies, func(a, b Policy) int { return strings.Compare(a.ID, b.ID) })
}

// mustRate is a rate written in this package.
func mustRate(text string) money.Rate {
	rate, err := money.ParseRate(text)
	if err != nil {
		panic("books: " + err.Error())
	}
	return rate
}

// parseDrop reads a share below 1: with everything dropped nothing is left to bill.
func parseDrop(text string) (money.Rate, error) {
	rate, err := money.ParseRate(text)
	if err == nil && rate.Cmp(mustRate("1")) >= 0 {
		err = fmt.Errorf("%q: not below 1", text)
	}
	return rate, err
}
