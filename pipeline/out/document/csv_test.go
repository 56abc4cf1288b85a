package document

import "testing"

// TestHarmless tests DOC-6.
func TestHarmless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "a": "a", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a",
		"\t=": "'\t=", "a=1": "a=1"} {
		if got := harmless(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}
