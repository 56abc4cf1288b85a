package money

import "testing"

// TestShare checks that a share is rounded half away from zero, whatever its sign.
func TestShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quantity string
		part, of int64
		want     string
	}{
		{"5", 16, 30, "2.6666666667"}, {"-6", 11, 30, "-2.2"}, {"0.0000000001", 1, 2, "0.0000000001"},
		{"-0.0000000001", 1, 2, "-0.0000000001"}, {"0.0000000001", 14, 29, "0"}, {"7", 0, 31, "0"}, {"7", 31, 31, "7"},
		{"1000000000000000", 31, 31, "1000000000000000"},
	} {
		q, err := ParseSignedQuantity(c.quantity)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Share(q, c.part, c.of); err != nil || got.Trim() != c.want {
			t.Errorf("%s × %d/%d = %s, %v; want %s", c.quantity, c.part, c.of, got.Trim(), err, c.want)
		}
	}
	if _, err := Share(SignedQuantity{}, 1, 0); err == nil {
		t.Error("a share of nothing")
	}
}
