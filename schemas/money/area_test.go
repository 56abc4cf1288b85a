package money

import "testing"

// TestArea checks that 5 for two microseconds and 0.5 for one are 10.5, which over four microseconds is 2.625, and that
// the text is exact.
func TestArea(t *testing.T) {
	t.Parallel()
	five, half := quantityOf(t, "5"), quantityOf(t, "0.5")
	a, err := Area{}.Add(five, 2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Area{}.Add(half, 1)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = a.Plus(b); err != nil || a.String() != "105000000000" || a.Over(4).RatString() != "21/8" {
		t.Errorf("%s, %s, %v", a, a.Over(4), err)
	}
	back, err := ParseArea(a.String())
	if err != nil || back != a || a.IsZero() || !(Area{}).IsZero() {
		t.Errorf("%v, %v", back, err)
	}
	if _, err := (Area{}).Add(five, -1); err == nil {
		t.Error("time that runs backwards")
	}
	for _, text := range []string{"", "-1", "1.5", "999999999999999999999999999999999999999"} {
		if _, err := ParseArea(text); err == nil {
			t.Errorf("area %q", text)
		}
	}
	large, err := Area{}.Add(quantityOf(t, "1000000000000000"), 31*86400*1e6)
	for range 12 {
		if err != nil {
			return
		}
		large, err = large.Plus(large)
	}
	t.Error("no error above the range")
}

func quantityOf(t *testing.T, text string) Quantity {
	t.Helper()
	q, err := ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}
