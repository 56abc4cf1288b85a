package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/problem"
)

// YAMLMap is a mapping whose keys were checked.
type YAMLMap struct {
	At   problem.Pos
	path string
	node *YAMLNode
	c    *problem.Collector
}

// YAMLFields returns n as a mapping and reports keys that are not in known. path is the name of the mapping in
// problems, "" for the document itself. If n is not a mapping, the result is empty, which is a problem unless n is nil.
func YAMLFields(c *problem.Collector, n *YAMLNode, path string, known []string) YAMLMap {
	m := YAMLMap{path: path, c: c, node: &YAMLNode{}}
	if n == nil {
		return m
	}
	m.At = n.Pos
	if n.Kind != Mapping {
		c.Add(n.Pos, "keys: "+strings.Join(known, ", "), "%s, not a mapping", m.describe(n))
		return m
	}
	m.node = n
	for _, pair := range n.Pairs {
		if !slices.Contains(known, pair.Key) {
			c.Add(pair.At, "keys: "+strings.Join(known, ", "), "unknown key %q", m.Name(pair.Key))
		}
	}
	return m
}

func (m YAMLMap) describe(n *YAMLNode) string {
	if m.path == "" {
		return n.Kind.String()
	}
	return m.path + " is " + n.Kind.String()
}

// Name is a key's full name, `rounding.grain`.
func (m YAMLMap) Name(key string) string {
	if m.path == "" {
		return key
	}
	return m.path + "." + key
}

// Get is the value of a key, or nil if the key is absent.
func (m YAMLMap) Get(key string) *YAMLNode {
	for i := range m.node.Pairs {
		if m.node.Pairs[i].Key == key {
			return &m.node.Pairs[i].Value
		}
	}
	return nil
}

// Require is Get, and reports a problem if the key is absent.
func (m YAMLMap) Require(key, hint string) *YAMLNode {
	n := m.Get(key)
	if n == nil {
		m.c.Add(m.At, hint, "missing key %q", m.Name(key))
	}
	return n
}

// YAMLFields returns a key's value as a mapping, as the function Fields does.
func (m YAMLMap) Fields(key string, known []string) YAMLMap {
	return YAMLFields(m.c, m.Get(key), m.Name(key), known)
}

// Item returns the i-th item of a key's list as a mapping, as the function Fields does.
func (m YAMLMap) Item(key string, i int, item *YAMLNode, known []string) YAMLMap {
	return YAMLFields(m.c, item, fmt.Sprintf("%s[%d]", m.Name(key), i+1), known)
}

// Fail adds a problem at a value of the mapping.
func (m YAMLMap) Fail(key string, n *YAMLNode, hint, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	if n.Kind == YAMLScalar {
		m.c.Add(n.Pos, hint, "%s %q: %s", m.Name(key), ShortYAML(n.Text), what)
		return
	}
	m.c.Add(n.Pos, hint, "%s: %s", m.Name(key), what)
}

// FailSecret is Fail for a value that can hold a secret: the problem does not quote it.
func (m YAMLMap) FailSecret(key string, n *YAMLNode, hint, format string, args ...any) {
	m.c.Add(n.Pos, hint, "%s: %s", m.Name(key), fmt.Sprintf(format, args...))
}

// ShortYAML cuts a text that a problem quotes.
func ShortYAML(text string) string {
	if len(text) > 64 {
		return text[:64] + "…"
	}
	return text
}

// Text returns the literal text of a scalar. An absent key gives fallback.
func (m YAMLMap) Text(key, fallback string) string {
	n := m.Get(key)
	if n == nil {
		return fallback
	}
	if n.Kind != YAMLScalar {
		m.Fail(key, n, "", "%s instead of one value", n.Kind)
		return fallback
	}
	return n.Text
}

// Int reads a whole number of lo to hi, written in plain digits. An absent key gives fallback.
func (m YAMLMap) Int(key string, fallback, lo, hi int) int {
	n := m.Get(key)
	if n == nil {
		return fallback
	}
	if n.Kind != YAMLScalar {
		m.Fail(key, n, "", "%s instead of a whole number", n.Kind)
		return fallback
	}
	v, err := strconv.Atoi(n.Text)
	if err != nil || strconv.Itoa(v) != n.Text {
		m.Fail(key, n, "", "not a whole number")
		return fallback
	}
	if v < lo || v > hi {
		m.Fail(key, n, "", "not from %d to %d", lo, hi)
		return fallback
	}
	return v
}

// Bool reads true or false. An absent key gives fallback.
func (m YAMLMap) Bool(key string, fallback bool) bool {
	n := m.Get(key)
	if n == nil {
		return fallback
	}
	if n.Kind != YAMLScalar || n.Quoted || n.Text != "true" && n.Text != "false" {
		m.Fail(key, n, "", "not true or false")
		return fallback
	}
	return n.Text == "true"
}

// Word returns the index of the value in words. An absent key gives fallback.
func (m YAMLMap) Word(key string, fallback int, words []string) int {
	n := m.Get(key)
	if n == nil {
		return fallback
	}
	if n.Kind == YAMLScalar {
		if i := slices.Index(words, n.Text); i >= 0 {
			return i
		}
	}
	m.Fail(key, n, "", "not one of %s", strings.Join(words, ", "))
	return fallback
}

// YAMLValue reads a scalar with parse, whose errors must begin with the quoted text, as those of money and period do.
// An absent key gives fallback. Decimals can be quoted or not: parse gets their literal digits.
func YAMLValue[T any](m YAMLMap, key string, fallback T, parse func(string) (T, error)) T {
	n := m.Get(key)
	if n == nil {
		return fallback
	}
	if n.Kind != YAMLScalar {
		m.Fail(key, n, "", "%s instead of one value", n.Kind)
		return fallback
	}
	v, err := parse(n.Text)
	if err != nil {
		m.c.Add(n.Pos, "", "%s %v", m.Name(key), err)
		return fallback
	}
	return v
}
