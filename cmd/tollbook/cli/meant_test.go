package cli

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/visible"
)

func TestMeant(t *testing.T) {
	t.Parallel()
	names := []string{"revenue", "margin", "low-margin", "top-customers", "top-movers", "debt"}
	for _, c := range []struct{ word, want string }{
		{"margn", "margin"}, {"magrin", "margin"}, {"Margin", "margin"}, {"margins", "margin"},
		{"low_margin", "low-margin"}, {"reveneu", "revenue"}, {"dept", "debt"}, {"top-c", "top-customers"},
		{"rev", "revenue"},
		// in order: two names with this prefix; three wrong letters; half a word; an empty word; no similar name
		{"top", ""}, {"mxxxin", ""}, {"xx", ""}, {"", ""}, {"zzz", ""},
	} {
		if got := visible.Nearest(c.word, names); got != c.want {
			t.Errorf("%q: %q, want %q", c.word, got, c.want)
		}
	}
	e := (&UsageError{What: "no", Hint: "names: revenue"}).Meant("zzz", names)
	if e.Hint != "names: revenue" {
		t.Errorf("the hint of a word that is like no other: %q", e.Hint)
	}
	if e = e.Meant("reveune", names); e.Hint != "did you mean `revenue`?" {
		t.Errorf("%q", e.Hint)
	}
}
