package folder

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestFileName: FOLDER-3. Names are plain, and two ids have two names even if case does not count.
func TestFileName(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"acme-1": "acme-1", "a.b_c": "a.b_c", "Acme": "%41cme", "../x": "%2e%2e%2fx", ".": "%2e", "a..b": "a.%2eb",
		"-a": "%2da", "a.": "a%2e", "50%": "50%25", "é": "%c3%a9",
	} {
		if got := fileName(id); got != want {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if a != b && strings.EqualFold(fileName(a), fileName(b)) {
			t.Errorf("%q and %q are %s", a, b, fileName(a))
		}
		if strings.ContainsAny(fileName(a), "/\\:*?\"<>| \x00") {
			t.Errorf("%q is %s", a, fileName(a))
		}
	})
}
