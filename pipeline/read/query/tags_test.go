package query

import "testing"

// TestHas checks which tags a text has. Invariant: TAGS-1.
func TestHas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		has        bool
	}{
		{"team=web", "team=web", true},
		{"team=web", "team", true},
		{"team=web", "team=we", false},
		{"team=web", "tea", false},
		{"cost=1; team = web ,x", "team=web", true},
		{"team=web;team=db", "team=web", false}, // the later pair replaces the earlier one
		{"team=web;team=db", "team=db", true},
		{"team", "team", true},
		{"team", "team=", false},
		{"team=", "team=", true},
		{"", "team", false},
		{`{"team":"web","n":1.50,"on":true}`, "team=web", true},
		{`{"team":"web","n":1.50,"on":true}`, "n=1.50", true},
		{`{"team":"web","n":1.50,"on":true}`, "on=true", true},
		{`{"team":"web"}`, "team=db", false},
		{`{"team":"web"}`, "web", false},
		{`{"a=b":"c"}`, "a=b=c", false}, // the first = separates key and value
	} {
		if got := HasTag([]byte(c.text), c.want); got != c.has {
			t.Errorf("%s of %s: %t", c.want, c.text, got)
		}
	}
}
