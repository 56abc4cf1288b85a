package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// incentives reads incentives.yaml (§6.5).
func (l *loader) incentives() {
	l.programmes("incentives.yaml", "programme", "is duplicate: also on line %d", func(m item) string {
		p := m.programme()
		l.b.Programmes = append(l.b.Programmes, p)
		return p.ID
	})
	slices.SortStableFunc(l.b.Programmes, func(a, b books.Programme) int { return strings.Compare(a.ID, b.ID) })
}

// programmes reads a file with a list of programmes; kind names them in messages. read reads one programme and returns
// its id; twice is the message for an id that an earlier line has.
func (l *loader) programmes(file, kind, twice string, read func(item) (id string)) {
	root, ok := l.files.Document(file)
	if !ok {
		return
	}
	if root.Kind != settings.Sequence {
		l.files.Problems.Add(root.Pos, "write each programme as `- id: …`", "%s, not a list of %ss", root.Kind, kind)
		return
	}
	lines := map[string]int{}
	for i := range root.Items {
		node := &root.Items[i]
		m := l.item(file, node, fmt.Sprintf("%s %d", kind, i+1))
		if node.Kind != settings.Mapping {
			continue
		}
		name := read(m)
		if id := m.Get("id"); id != nil && name != "" {
			if first, found := lines[name]; found {
				m.Fail("id", id, "keep one of the two", twice, first)
			}
			lines[name] = id.Pos.Line
		}
	}
}

// programme reads one programme.
func (m item) programme() books.Programme {
	m.Require("id", "name the programme")
	m.Require("period", "month or quarter")
	p := books.Programme{
		ID:        settings.YAMLValue(m.YAMLMap, "id", "", parseID),
		Quarterly: m.word("period") == 1,
		Graduated: m.word("tier_rule") == 1, CarryNegative: m.Bool("carry_negative", false),
		ConfirmWithinDays: m.Int("confirm_within_working_days", -1, 1, 10_000),
		PayoutQuarterly:   m.word("payout") == 1,
		LapseAfterDays:    m.Int("lapse_after_days", -1, 0, 100_000),
		RollUp:            m.Bool("roll_up", false),
		Cap:               settings.YAMLValue(m.YAMLMap, "cap", money.Amount{}, parseAmount),
		HasCap:            m.Get("cap") != nil,
	}
	p.Valid = m.valid()
	p.Partners = m.partners()
	for _, i := range wordList(m.YAMLMap, "association_types", []string{"1", "2"}, []int{0, 1}) {
		p.AssociationTypes = append(p.AssociationTypes, books.AssociationType(i+1))
	}
	for _, i := range wordList(m.YAMLMap, "product_classes", productClasses(),
		[]int{int(books.Ordinary), int(books.Specific)}) {
		p.ProductClasses = append(p.ProductClasses, books.Class(i))
	}
	p.Tiers = m.tiers()
	if bonus := m.Get("new_customer_bonus"); bonus != nil {
		b := settings.YAMLFields(&m.l.files.Problems, bonus, m.Name("new_customer_bonus"), []string{"rate", "months"})
		if bonus.Kind == settings.Mapping {
			b.Require("rate", "share of the performance, in quotes")
			b.Require("months", "months from the start of an association")
		}
		p.BonusRate = settings.YAMLValue(b, "rate", money.Rate{}, money.ParseRate[string])
		p.BonusMonths = b.Int("months", 0, 1, 1200)
	} else if m.Get("tiers") == nil {
		m.Require("tiers", "a list of {from, rate}")
	}
	return p
}

func parseID(text string) (string, error) {
	if text == "" || strings.TrimSpace(text) != text || strings.ContainsAny(text, ";\r\n\t") {
		return "", fmt.Errorf("%q: not an id", settings.ShortYAML(text))
	}
	return text, nil
}

// productClasses are the words of the classes, as products.csv writes them.
func productClasses() []string {
	return []string{books.Ordinary.String(), books.Specific.String(), books.NoClass.String(), books.NoRebate.String()}
}

// parseAmount reads an amount of at least 0.
func parseAmount(text string) (money.Amount, error) {
	a, err := money.ParseAmount(text)
	if err == nil && a.Sign() < 0 {
		return money.Amount{}, fmt.Errorf("%q: below 0", text)
	}
	return a, err
}

// valid is the validity of an item (§1.4). An empty bound counts as absent.
func (m item) valid() period.Span {
	bound := func(key string, open period.Instant) period.Instant {
		if n := m.Get(key); n != nil && n.Text == "" && (n.Kind == settings.YAMLScalar || n.Kind == settings.Null) {
			return open
		}
		return settings.YAMLValue(m.YAMLMap, key, open, func(text string) (period.Instant, error) {
			return period.ParseValidity(text, m.l.s.Zone)
		})
	}
	span := period.Span{From: bound("valid_from", period.Past), To: bound("valid_to", period.Forever)}
	if span.From >= span.To {
		m.Fail("valid_to", m.Get("valid_to"), "", "not after valid_from")
	}
	return span
}

// partners are the partners of a programme; nil = all.
func (m item) partners() []int32 {
	n := m.Get("partners")
	if n == nil || n.Kind == settings.YAMLScalar && n.Text == "*" {
		return nil
	}
	if n.Kind != settings.Sequence || len(n.Items) == 0 {
		m.Fail("partners", n, "", "neither a list of partner ids nor *")
		return nil
	}
	var codes []int32
	for i := range n.Items {
		item := &n.Items[i]
		code := m.l.b.Partner(item.Text)
		switch {
		case item.Kind != settings.YAMLScalar:
			m.Fail("partners", item, "", "%s instead of a partner id", item.Kind)
		case code < 0 && !m.l.files.Broken["partners.csv"]:
			m.Fail("partners", item, "", "not in partners.csv")
		case code >= 0 && slices.Contains(codes, code):
			m.Fail("partners", item, "", "is duplicate")
		case code >= 0:
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// wordList returns the sorted indexes of a list of distinct words; an absent list gives fallback.
func wordList(m settings.YAMLMap, key string, words []string, fallback []int) []int {
	n := m.Get(key)
	if n == nil {
		return fallback
	}
	if n.Kind != settings.Sequence || len(n.Items) == 0 {
		m.Fail(key, n, "", "not a list of %s", strings.Join(words, ", "))
		return fallback
	}
	var out []int
	for i := range n.Items {
		item := &n.Items[i]
		at := slices.Index(words, item.Text)
		switch {
		case item.Kind != settings.YAMLScalar || at < 0:
			m.Fail(key, item, "", "not one of %s", strings.Join(words, ", "))
		case slices.Contains(out, at):
			m.Fail(key, item, "", "is duplicate")
		default:
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

// tiers reads a list of {from, rate} in which from rises.
func (m item) tiers() []books.IncentiveTier {
	n := m.Get("tiers")
	if n == nil {
		return nil
	}
	if n.Kind != settings.Sequence {
		m.Fail("tiers", n, "", "not a list of {from, rate}")
		return nil
	}
	var tiers []books.IncentiveTier
	for i := range n.Items {
		item := &n.Items[i]
		t := settings.YAMLFields(&m.l.files.Problems, item, fmt.Sprintf("%s[%d]", m.Name("tiers"), i+1),
			[]string{"from", "rate"})
		if item.Kind != settings.Mapping {
			continue
		}
		t.Require("from", "the performance from which on the rate applies")
		t.Require("rate", "a share, in quotes")
		tier := books.IncentiveTier{
			From: settings.YAMLValue(t, "from", money.Amount{}, parseAmount), Rate: settings.YAMLValue(t, "rate",
				money.Rate{},
				money.ParseRate[string]),
		}
		if len(tiers) > 0 && t.Get("from") != nil && tier.From.Cmp(tiers[len(tiers)-1].From) <= 0 {
			t.Fail("from", t.Get("from"), "", "not above that of the tier before")
		}
		tiers = append(tiers, tier)
	}
	return tiers
}
