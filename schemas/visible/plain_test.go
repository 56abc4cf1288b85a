package visible_test

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/visible"
)

// TestVisible tests PLAIN-1.
func TestVisible(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a b": "a b", "a\x1b[1m": "a‹U+001B›[1m", "x\u202ey": "x‹U+202E›y",
		"עברית": "עברית", "a\nb": "a‹U+000A›b", "\u200fאב\u061c": "‹U+200F›אב‹U+061C›", "\u2028": "‹U+2028›",
		"👩\u200d👦": "👩\u200d👦", "of \u2068אב\u2069 (12-3)": "of \u2068אב\u2069 (12-3)",
		"\u2068אב": "‹U+2068›אב", "אב\u2069 \u2068ג": "אב‹U+2069› ‹U+2068›ג",
		"\u2068א\u2068ב\u2069\u2069":  "‹U+2068›א\u2068ב\u2069‹U+2069›",
		"\u2068א\u202eב\u2069 \u2067": "‹U+2068›א‹U+202E›ב‹U+2069› ‹U+2067›"} {
		if got := visible.Shielded(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// TestIsolated tests PLAIN-2.
func TestIsolated(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "Acme 3": "Acme 3", "云计算": "云计算", "é": "é",
		"חברה 34": "\u2068חברה 34\u2069", "Acme שלום": "\u2068Acme שלום\u2069", "شركة": "\u2068شركة\u2069",
		"٣٤": "\u2068٣٤\u2069", "evil\u202e12": "evil‹U+202E›12", "א\u202eב": "\u2068א‹U+202E›ב\u2069",
		"\u2068אב\u2069": "\u2068‹U+2068›אב‹U+2069›\u2069"} {
		if got := visible.Isolated(in); got != want {
			t.Errorf("%q is isolated as %q, want %q", in, got, want)
		}
	}
	if got := visible.Closed("of \u2068אב"); got != "of \u2068אב\u2069" {
		t.Errorf("a text that was cut is %q", got)
	}
}
