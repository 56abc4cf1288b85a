package content

import "testing"

func TestTrimZeros(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1.50000000": "1.5", "100": "100", "100.00": "100", "-0.00000000": "0",
		"0": "0", "-1.01": "-1.01"} {
		if got := TrimZeros(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
