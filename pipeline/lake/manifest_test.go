package lake

import "testing"

// TestCyclesDiffer checks that a cycle differs from one that was closed otherwise.
func TestCyclesDiffer(t *testing.T) {
	t.Parallel()
	closed := func(with CloseSettings) CycleRef { return CycleRef{State: CycleClosed, ClosedWith: with} }
	sellers := func(partner string, ids ...string) CloseSettings {
		return CloseSettings{Payments: "ledger", RoundingMode: "up", Sellers: []PartnerSellers{{partner, ids}}}
	}
	all := []CycleRef{
		closed(CloseSettings{}), closed(CloseSettings{Payments: "ledger", RoundingMode: "up"}),
		closed(CloseSettings{Payments: "ledger", RoundingMode: "half_up"}), closed(sellers("m", "d1", "d2")),
		closed(sellers("m", "d2", "d1")), closed(sellers("n", "d1", "d2")), {State: CycleOpen},
		{State: CycleOpen, MonthEnd: true}, {State: CycleOpen, Books: "b"},
		{State: CycleOpen, Files: &ListRef{}}, {State: CycleOpen, Archived: &Archived{}},
	}
	for i, a := range all {
		for k, b := range all {
			if a.Equal(b) != (i == k) {
				t.Errorf("%+v and %+v: equal %t", a, b, a.Equal(b))
			}
		}
	}
	if !closed(sellers("m", "d1", "d2")).Equal(closed(sellers("m", "d1", "d2"))) {
		t.Error("equal sellers differ")
	}
}
