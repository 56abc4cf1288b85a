package load

import (
	"fmt"
	"strings"

	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings"
)

// item is one mapping of a YAML book, with the books that its keys refer to.
type item struct {
	settings.YAMLMap
	l      *loader
	format books.Format
}

// item returns the mapping of a node; messages call it what. Keys that the book does not have are reported.
func (l *loader) item(file string, node *settings.YAMLNode, what string) item {
	format := l.files.Formats[file]
	keys := make([]string, len(format.Columns))
	for i, c := range format.Columns {
		keys[i] = c.Name
	}
	return item{settings.YAMLFields(&l.files.Problems, node, what, keys), l, format}
}

// words returns the words that a key can have.
func (m item) words(key string) []string {
	for i := range m.format.Columns {
		if c := &m.format.Columns[i]; c.Name == key {
			return c.Words
		}
	}
	panic("books: no key " + key + " in " + m.format.File)
}

// word is the index of the word of a key; 0 if the key is absent.
func (m item) word(key string) int { return m.Word(key, 0, m.words(key)) }

// policies reads policies.yaml (§4.7).
func (l *loader) policies() {
	const file = "policies.yaml"
	root, ok := l.files.Document(file)
	if !ok {
		return
	}
	if root.Kind != settings.Mapping {
		l.files.Broken[file] = true
		l.files.Problems.Add(root.Pos, "write `id:` and its keys below it", "%s, not a mapping of policy ids",
			root.Kind)
		return
	}
	for i := range root.Pairs {
		pair := &root.Pairs[i]
		m := l.item(file, &pair.Value, pair.Key)
		p := books.Policy{
			ID:          pair.Key,
			Series:      books.Series(m.word("series")),
			Duplicates:  books.Duplicates(m.word("duplicates")),
			MissingZero: m.word("missing") == 1, ValidDaysOnly: m.Bool("valid_days_only", false),
			Kilo: []int{1000, 1024}[m.Word("kilo", 0, []string{"1000", "1024"})],
			Days: books.DayShare(m.word("days")),
			Drop: settings.YAMLValue(m.YAMLMap, "drop", mustRate("0.05"), parseDrop),
		}
		if pair.Value.Kind == settings.Mapping {
			m.Require("method", "one of "+strings.Join(m.words("method"), ", "))
		}
		p.Method = books.Method(m.word("method"))
		p.FloorShare = settings.YAMLValue(m.YAMLMap, "floor_share", money.Rate{}, money.ParseRate[string])
		if !p.FloorShare.IsZero() && p.Method != books.EnhancedP95 && m.Get("method") != nil {
			m.Fail("floor_share", m.Get("floor_share"), "remove it", "only enhanced_p95 has one")
		}
		l.b.Policies = append(l.b.Policies, p)
	}
	slices.SortFunc(l.b.Policies, func(a, b books.Policy) int { return strings.Compare(a.ID, b.ID) })
}

// builtIn adds the policy of an id that needs no row of the book: monthly_p95 of the larger direction of each sample,
// and of the larger of in and out, each measured alone. The book's policy of that name takes its place.
func (l *loader) builtIn(id string) {
	at, ok := slices.BinarySearchFunc(l.b.Policies, id, func(p books.Policy, id string) int {
		return strings.Compare(p.ID, id)
	})
	method, known := map[string]books.Method{"p95": books.MonthlyP95, "p95-max-in-out": books.TransitP95}[id]
	if known && !ok && !l.files.Broken["policies.yaml"] {
		l.b.Policies = slices.Insert(l.b.Policies, at,
			books.Policy{ID: id, Method: method, Kilo: 1000, Drop: mustRate("0.05")})
	}
}

// mustRate parses a rate that is a constant of this package.
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
